"""What to do before and after a visit, and when: the list that its patient works through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from booking import overview, presenting
from booking.models import Appointment
from booking.notices import words

PREPARED_FROM = timedelta(hours=72)
NO_ALCOHOL_FROM = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do, from an instant on, as `partials/timeline.html` draws it.

    Attributes
    ----------
    state, said
        `done`, `now` (what began last) or `ahead`; and in words where it helps.
    """

    when: str
    title: str
    detail: str
    state: str
    said: str


def todos_of(visit: Appointment, *, at: datetime) -> list[Todo]:
    """Return what there is to do for a visit at home, in order; nothing for a talk."""
    found = list(_of(visit))
    begun = sum(when <= at for when, _title, _detail in found)
    zone = overview.zone_of(visit)
    said = {begun - 1: _("now"), begun: _("next")}
    return [
        Todo(
            when=presenting.say_near(when, at=at, zone=zone),
            title=title,
            detail=presenting.with_one_stop(detail),
            state="now" if place == begun - 1 else "done" if place < begun else "ahead",
            said=said.get(place, ""),
        )
        for place, (when, title, detail) in enumerate(found)
    ]


def _of(visit: Appointment) -> Iterator[tuple[datetime, str, str]]:
    times = overview.times_of(visit)
    if times is None:
        return
    zone = overview.zone_of(visit)
    names = {
        "escort": words.name(visit.patient.escort_name) or _("your adult"),
        "start": presenting.say_time(times.starts_at, zone),
        "liquids": presenting.say_time(times.liquids_until, zone),
    }
    yield (
        times.starts_at - PREPARED_FROM,
        _("Clear the day"),
        _(
            "Keep the next days free of gatherings and work where you can. Ask %(escort)s to be "
            "there from %(start)s, and somebody to look after children and pets."
        )
        % names,
    )
    yield (
        times.starts_at - NO_ALCOHOL_FROM,
        _("No alcohol from now"),
        _("None until the day after your visit, either."),
    )
    yield times.heavy_meal_until, _("No heavy meal from now"), _("Light food is fine.")
    yield (
        times.fast_from,
        _("Nothing to eat from now"),
        _("Clear drinks are fine until %(liquids)s.") % names,
    )
    yield times.liquids_until, _("Nothing to eat or drink from now"), ""
    yield (
        times.starts_at,
        _("Your nurse arrives"),
        _("Have your adult with you and your list of medicines ready."),
    )
    yield (
        times.ends_at,
        _("Your nurse leaves, and you rest"),
        _("%(escort)s stays with you. No driving, no machinery, no alcohol.") % names,
    )
    yield times.drive_after, _("You may drive again"), _("If you feel fully alert.")
