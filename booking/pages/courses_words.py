"""What a suggested course keeps, and what it means, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _, ngettext

from booking import presenting, series
from booking.pages import picker_words as words
from booking.pages.book_planned import Planned
from patients.models import Therapy

PATTERNS = {
    "pain-240": lambda: _("on days in a row"),
    "mood-40": lambda: _("over two to three weeks"),
    "maintenance-40": lambda: _("four to six weeks apart"),
}


def summary(found: Mapping[str, Any], visits: Sequence[Planned]) -> str:
    """Say what is suggested, what it keeps, and why there is no more of it."""
    count = len(visits)
    said = [
        ngettext("One visit", "%(count)s visits %(pattern)s", count)
        % {"count": count, "pattern": PATTERNS[found["therapy"]]()}
    ]
    if count > 1:
        same = _("each at %(time)s") % {"time": visits[0].time}
        said.append(same if found["same_time"] else _("not all at one time of day"))
        one = _("the same nurse can come each time")
        said.append(one if found["same_nurse"] else _("not always the same nurse"))
    return ", ".join(said) + "."


def limit(found: Mapping[str, Any]) -> str:
    """Say why the course is not whole; empty where it is."""
    whole = series.PATTERNS[found["therapy"]].visits
    if found["limited_by"] == "order":
        said = _("Your order has no more visits left.")
        return f"{said} {_('A whole course is %(whole)s.') % {'whole': whole}}" if whole else said
    if found["limited_by"] == "horizon":
        return _("Later visits can be booked once they are %(days)s days ahead.") % {
            "days": settings.HORIZON_DAYS
        }
    return ""


def other_hour(wanted: time | None, visits: Sequence[Planned]) -> str:
    """Say that the hour asked for cannot be kept; empty where it can, or none was asked for."""
    if wanted is None:
        return ""
    said = words.say_clock(wanted)
    if all(visit.time == said for visit in visits):
        return ""
    near = _("Not every visit fits at %(time)s. This is as near as can be.") % {"time": said}
    return presenting.with_one_stop(near)


def no_driving(visits: Sequence[Planned]) -> str:
    """Say that there is no driving from the first visit to after the last, where that is so."""
    apart = pairwise(visits)
    if len(visits) < 2 or any(_driving(one) < other.starts_at for one, other in apart):
        return ""
    last = visits[-1].marks["driving"]
    said = _("You cannot drive between these visits, from the first one until %(until)s.")
    until = words.say_start(last.at, visits[-1].zone)
    return presenting.with_one_stop(said % {"until": until})


def _driving(visit: Planned) -> Any:
    return visit.marks["driving"].at


def none(therapy: Therapy) -> str:
    """Say that no course fits."""
    return _("No course %(pattern)s fits in the next %(days)s days.") % {
        "pattern": PATTERNS[therapy.pk](),
        "days": settings.HORIZON_DAYS,
    }
