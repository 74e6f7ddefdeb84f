"""What to do before and after a visit, and when: the list that its patient works through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from booking import overview, presenting
from booking.models import Appointment
from booking.notices import words
from booking.pages.visits_when import say_near

PREPARED_FROM = timedelta(hours=72)
NO_ALCOHOL_FROM = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do, from an instant on, as `partials/timeline.html` draws it.

    Attributes
    ----------
    state
        `now` (what began last) or `ahead`.
    """

    when: str
    title: str
    detail: str
    state: str


@dataclass(frozen=True, slots=True)
class Todos:
    """What is to be done now and next, and what comes after that; what is over is left out."""

    near: list[Todo]
    rest: list[Todo]

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.near)


def todos_of(visit: Appointment, *, at: datetime) -> Todos:
    """Return what there is to do for a visit at home, in order; nothing for a talk."""
    found = list(_of(visit))
    begun = sum(when <= at for when, _title, _detail in found)
    shown = [_todo(one, visit=visit, at=at) for one in found[max(begun - 1, 0) :]]
    if begun and shown:
        shown[0] = replace(shown[0], when=_("Now"), state="now")
    near = 2 if begun else 1
    return Todos(near=shown[:near], rest=shown[near:])


def _todo(one: tuple[datetime, str, str], *, visit: Appointment, at: datetime) -> Todo:
    when, title, detail = one
    return Todo(
        when=say_near(when, at=at, zone=overview.zone_of(visit)),
        title=title,
        detail=presenting.with_one_stop(detail),
        state="ahead",
    )


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
