"""What the tests of the plan share: a visit, its plan, and any visit in any zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from booking import clock
from booking.clock import Lengths
from booking.notices.plan import (
    Channel,
    Kind,
    NoticeClass,
    PlannedNotice,
    Preferences,
    Recipient,
    Visit,
    plan,
)
from booking.notices.planned import Ask

MOOD = Lengths(prep=30, infusion=40, observation=120)
PAIN = Lengths(prep=30, infusion=240, observation=120)
CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK = ZoneInfo("America/New_York")
EVERYTHING = Preferences(escort_sms=True)


def local(month: int, day: int, hour: int, minute: int = 0, zone: ZoneInfo = CHICAGO) -> datetime:
    year = 2026 if month > 6 else 2027
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def infusion(
    starts_at: datetime,
    booked_at: datetime,
    zone: ZoneInfo = CHICAGO,
    lengths: Lengths = MOOD,
) -> Visit:
    times = clock.times_around(starts_at=starts_at, lengths=lengths, zone=zone)
    return Visit(
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        zone=zone,
        is_consultation=False,
        booked_at=booked_at,
        fast_from=times.fast_from,
        drive_after=times.drive_after,
    )


def consultation(starts_at: datetime, booked_at: datetime) -> Visit:
    return Visit(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        zone=CHICAGO,
        is_consultation=True,
        booked_at=booked_at,
    )


def planned(visit: Visit, preferences: Preferences = EVERYTHING) -> list[PlannedNotice]:
    return plan(visit=visit, preferences=preferences, now=visit.changed_at or visit.booked_at)


def one(notices: list[PlannedNotice], kind: Kind, channel: Channel) -> PlannedNotice:
    [notice] = [n for n in notices if n.kind is kind and n.channel is channel]
    return notice


def kinds(notices: list[PlannedNotice]) -> set[Kind]:
    return {n.kind for n in notices}


BOOKED = local(11, 10, 10)
ONE_O_CLOCK = local(11, 23, 13)  # Monday, 1:00 PM CST
ORDINARY = infusion(ONE_O_CLOCK, BOOKED)
AFTERWARDS = {Kind.driving_ended, Kind.how_are_you, Kind.coming_days, Kind.maintenance}


ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "America/Chicago",
            "America/New_York",
            "America/Los_Angeles",
            "America/Phoenix",
            "America/St_Johns",
            "America/Anchorage",
            "Pacific/Honolulu",
            "Pacific/Guam",
            "Australia/Lord_Howe",
            "Antarctica/Troll",
            "Pacific/Chatham",
            "Pacific/Apia",
            "Africa/Casablanca",
        )
    ]
)
CHANGES = [date(2027, 3, 14), date(2027, 3, 28), date(2027, 4, 4), date(2027, 11, 7)]
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31)) | st.builds(
    lambda day, days: day + timedelta(days=days), st.sampled_from(CHANGES), st.integers(-1, 4)
)
PREFERENCES = st.builds(
    Preferences,
    email=st.booleans(),
    sms=st.booleans(),
    has_phone=st.booleans(),
    sms_in_quiet_hours=st.booleans(),
    escort_sms=st.booleans(),
)
DAY, SIXTY_DAYS = 24 * 60, 60 * 24 * 60


@st.composite
def visits(draw: st.DrawFn, least_notice: int = DAY) -> Visit:
    """Any infusion that may be booked, at any moment it may be booked."""
    zone, lengths = draw(ZONES), draw(st.sampled_from([MOOD, PAIN]))
    start = draw(st.sampled_from(clock.grid_starts(day=draw(DAYS), lengths=lengths, zone=zone)))
    notice = draw(st.integers(least_notice, 4 * DAY) | st.integers(least_notice, SIXTY_DAYS))
    visit = infusion(start, start - timedelta(minutes=notice), zone, lengths)
    return replace(visit, first_of_run=draw(st.booleans()))


@st.composite
def asks(draw: st.DrawFn, visit: Visit) -> Ask:
    """Something to sign or to answer, come up at any time since the visit was booked."""
    share = draw(st.floats(0, 1))
    return Ask("consent/1", visit.booked_at + share * (visit.starts_at - visit.booked_at))


@st.composite
def stories(draw: st.DrawFn) -> Visit:
    """Any visit at any point of its life, rules of the door apart."""
    visit = draw(visits(least_notice=12 * 60))
    end = visit.ends_at + timedelta(minutes=draw(st.integers(-90, 600)))
    departed_at = visit.starts_at - timedelta(minutes=draw(st.integers(0, 180)))
    change = st.floats(0, 1).map(lambda f: visit.booked_at + f * (end - visit.booked_at))
    following = st.integers(20, 24 * 40).map(lambda h: visit.starts_at + timedelta(hours=h))
    return replace(
        visit,
        next_infusion=draw(st.none() | following),
        consent_due=draw(st.none() | asks(visit)),
        intake_lapses=draw(st.none() | asks(visit)),
        changed_at=draw(st.none() | change),
        departed_at=draw(st.none() | st.just(departed_at)),
        discharged_at=draw(st.none() | st.just(end)),
        drive_after=clock.drive_after(observation_end=end, zone=visit.zone),
        dose_given=draw(st.booleans()),
        cancelled=draw(st.booleans()),
        over=draw(st.booleans()),
        revision=draw(st.integers(0, 3)),
        preparation_told=draw(st.booleans()),
    )


def is_quiet(instant: datetime, zone: ZoneInfo, until: int = 8) -> bool:
    clock_time = instant.astimezone(zone).time()
    return clock_time >= time(21) or clock_time < time(until)


def may_be_at_night(notice: PlannedNotice, preferences: Preferences) -> bool:
    if notice.notice_class is NoticeClass.O:
        return True
    if notice.channel is Channel.email:
        safety = notice.notice_class is NoticeClass.S
        return safety or notice.kind in {Kind.booked, Kind.changed}
    for_patient = notice.recipient is Recipient.patient
    return notice.notice_class is NoticeClass.S and for_patient and preferences.sms_in_quiet_hours
