"""Who may be sent when, tried start by start from the rows and the words of the rules alone.

Knows none of the columns, gaps and queries of the product: what it shares are the rows, the rules
of intervals and the drives. Told of visits that lie in a shift and on one local day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.conf import settings

from booking.models import Appointment
from patients.models import Patient, Permit, Therapy
from scheduling.gaps import Lunch
from scheduling.intervals import Interval, overlaps
from scheduling.models import Closure, Leave, Nurse, Shift, ShiftException
from scheduling.travel import Place
from tests.scheduling import reference

Drive = Callable[[Place, Place], int]
Stop = tuple[Interval, Place]
EPSILON = timedelta(microseconds=1)  # how long she is at home, where a window begins and ends
FREED = ("cancelled", "no_show", "aborted")


@dataclass(frozen=True)
class Roster:
    """What is entered about one nurse, as the hours she may be sent and what she holds."""

    nurse: Nurse
    home: Place
    windows: list[Interval]
    lunches: list[Lunch]
    visits: list[Stop]

    def day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.nurse.time_zone)).date()


def roster(*, nurse: Nurse, therapy: Therapy, state: str, first: date, last: date) -> Roster:
    zone = ZoneInfo(nurse.time_zone)
    away = [Interval(one.starts_at, one.ends_at) for one in Leave.objects.filter(nurse=nurse)]
    stand = papers(nurse=nurse, therapy=therapy, state=state)
    unfit = [
        Interval(reference.midnight(day, zone), reference.midnight(day + reference.DAY, zone))
        for day in reference.days(first - reference.DAY, last + reference.DAY)
        if not any(begins <= day <= ends for begins, ends in stand)
    ]
    windows, lunches = reference.hours(
        shifts=list(Shift.objects.filter(nurse=nurse, kind="field")),
        exceptions=list(ShiftException.objects.filter(nurse=nurse, kind="field")),
        off=[*away, *unfit],
        zone=zone,
        first=first,
        last=last,
    )
    home = Place(nurse.home_latitude, nurse.home_longitude)
    return Roster(nurse, home, windows, lunches, held(nurse))


def papers(*, nurse: Nurse, therapy: Therapy, state: str) -> list[tuple[date, date]]:
    """The days, first and last, on which a licence and the qualification stand."""
    kinds = [one.licence_kind for one in Permit.objects.filter(state=state) if one.is_permitted]
    qualified = [one.valid_until for one in nurse.qualifications.filter(therapy=therapy)]
    if not (nurse.is_active and nurse.user.is_active and qualified):
        return []
    return [
        (one.valid_from, min(one.valid_until, qualified[0]))
        for one in nurse.licences.filter(state=state)
        if one.kind in kinds
    ]


def held(nurse: Nurse) -> list[Stop]:
    return sorted(
        (Interval(one.starts_at, one.ends_at), Place(one.latitude or 0, one.longitude or 0))
        for one in Appointment.objects.filter(nurse=nurse).exclude(status__in=FREED)
    )


# -- the patient and the clinic --------------------------------------------------------------------


@dataclass(frozen=True)
class Asking:
    """Who asks for what, with `hours` to lie between two infusions, and all that stands against."""

    patient: Patient
    therapy: Therapy
    hours: int
    closures: list[Closure]
    visits: list[Appointment]

    @classmethod
    def of(cls, patient: Patient, therapy: Therapy) -> Asking:
        hours = patient.orders.get(therapy=therapy).min_interval_hours
        visits = list(patient.appointments.select_related("therapy"))
        return cls(patient, therapy, hours, list(Closure.objects.all()), visits)


def may_ask(of: Asking, *, start: datetime, now: datetime) -> bool:
    """Whether clinic and patient have time."""
    zone = ZoneInfo(of.patient.address.time_zone)
    visit = Interval(start, start + timedelta(minutes=of.therapy.total_minutes))
    day = start.astimezone(zone).date()
    return (
        now + timedelta(hours=24) <= start <= now + timedelta(days=60)
        and is_service_time(visit, zone)
        and not any(is_closed(one, patient=of.patient, day=day) for one in of.closures)
        and all(leaves_time(one, visit, hours=of.hours, zone=zone) for one in of.visits)
    )


def is_service_time(visit: Interval, zone: ZoneInfo) -> bool:
    """Whether it begins on a quarter hour and lies between eight and eight."""
    here, until = (one.astimezone(zone) for one in (visit.start, visit.end))
    on_grid = not (here.minute % 15 or here.second or here.microsecond)
    in_hours = time(8) <= here.time() and until.time() <= time(20)
    return on_grid and in_hours and here.date() == until.date()


def leaves_time(other: Appointment, visit: Interval, *, hours: int, zone: ZoneInfo) -> bool:
    """Whether another visit of the patient is not at once, and far enough off if an infusion."""
    is_held = other.status not in FREED
    if is_held and other.starts_at < visit.end and visit.start < other.ends_at:
        return False
    if not other.therapy.needs_order or not (is_held or other.dosed_at):
        return True
    return are_apart(other.starts_at.astimezone(zone), visit.start.astimezone(zone), hours=hours)


def is_closed(closure: Closure, *, patient: Patient, day: date) -> bool:
    if closure.taken_back_at or not closure.first_day <= day <= closure.last_day:
        return False
    everywhere = not closure.states and not closure.postal_prefixes
    postal_code = patient.address.postal_code
    return (
        everywhere
        or patient.address.state in closure.states
        or any(postal_code.startswith(prefix) for prefix in closure.postal_prefixes)
    )


def are_apart(one: datetime, other: datetime, *, hours: int) -> bool:
    """Days apart are counted by the clock as well, and no two are on one local day."""
    passed = abs(one.timestamp() - other.timestamp())
    shown = abs(one.replace(tzinfo=None) - other.replace(tzinfo=None))
    enough = timedelta(hours=hours)
    return one.date() != other.date() and (
        passed >= enough.total_seconds() or (hours % 24 == 0 and shown >= enough)
    )


# -- her day ---------------------------------------------------------------------------------------


def can_go(of: Roster, *, visit: Interval, place: Place, drive: Drive) -> bool:
    """Try the visit on the nurse's whole day."""
    if not any(one.start <= visit.start and visit.end <= one.end for one in of.windows):
        return False
    if any(overlaps(visit, taken) for taken, _ in of.visits):
        return False
    after = sorted([*of.visits, (visit, place)])
    for before, then in legs(of, after):
        touches = visit in (before[0], then[0])
        if touches and then[0].start - before[0].end < drive(before[1], then[1]) * reference.MINUTE:
            return False
    return is_within_limits(of, after, day=of.day(visit.start), drive=drive) and all(
        has_lunch(of, after, lunch, drive) for lunch in of.lunches if overlaps(lunch.shift, visit)
    )


def legs(of: Roster, visits: list[Stop]) -> Iterator[tuple[Stop, Stop]]:
    """Her ways, from home and back to it in each window."""
    for window in of.windows:
        inside = [one for one in visits if overlaps(one[0], window)]
        leaves = Interval(window.start - EPSILON, window.start)
        returns = Interval(window.end, window.end + EPSILON)
        yield from pairwise([(leaves, of.home), *inside, (returns, of.home)])


def is_within_limits(of: Roster, visits: list[Stop], *, day: date, drive: Drive) -> bool:
    """Whether driving, and driving with visits, stay below what she may do on a local day."""
    ways = [
        drive(before[1], then[1])
        for before, then in legs(of, visits)
        if of.day((then if then in visits else before)[0].start) == day
    ]
    visiting = [one.end - one.start for one, _ in visits if of.day(one.start) == day]
    working = sum(ways) + sum(visiting, timedelta()) // reference.MINUTE
    most_driving, most_working = (
        clinics if own is None else own
        for own, clinics in (
            (of.nurse.max_driving_minutes, settings.MAX_DRIVING_MINUTES),
            (of.nurse.max_working_minutes, settings.MAX_WORKING_MINUTES),
        )
    )
    return sum(ways) <= most_driving and working <= most_working


def has_lunch(of: Roster, visits: list[Stop], lunch: Lunch, drive: Drive) -> bool:
    """Whether some minute can begin it: off, or between two stops with time left for the drive."""
    length = lunch.minutes * reference.MINUTE
    begins = lunch.window.start
    while begins + length <= lunch.window.end:
        wanted = Interval(begins, begins + length)
        if not any(overlaps(window, wanted) for window in of.windows):
            return True
        for before, then in legs(of, visits):
            spare = then[0].start - before[0].end - drive(before[1], then[1]) * reference.MINUTE
            if before[0].end <= begins and wanted.end <= then[0].start and length <= spare:
                return True
        begins += reference.MINUTE
    return False
