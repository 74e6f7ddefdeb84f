"""The values that a plan of notices is made from, and made of."""

from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from booking.clock import check_range


class NoticeClass(StrEnum):
    """What gives way when a message would land in quiet hours."""

    P = "P"  # prepare: moves earlier
    F = "F"  # follow-up: moves later
    S = "S"  # safety now: e-mail is never delayed
    O = "O"  # on-call staff: any hour  # noqa: E741


class Channel(StrEnum):
    """How a message travels."""

    email = "email"
    sms = "sms"


class Recipient(StrEnum):
    """Who is told."""

    patient = "patient"
    escort = "escort"
    nurse = "nurse"
    on_call = "on_call"
    staff = "staff"


class Kind(StrEnum):
    """What a message is about."""

    booked = "booked"
    intake_incomplete = "intake_incomplete"
    consent_due = "consent_due"
    prepare = "prepare"
    confirm_escort = "confirm_escort"
    evening_before = "evening_before"
    fasting = "fasting"
    last_check = "last_check"
    today = "today"
    on_the_way = "on_the_way"
    driving_warning = "driving_warning"
    driving_warning_escort = "driving_warning_escort"
    driving_ended = "driving_ended"
    how_are_you = "how_are_you"
    coming_days = "coming_days"
    maintenance = "maintenance"
    adverse_event = "adverse_event"
    changed = "changed"
    no_discharge = "no_discharge"
    crisis = "crisis"
    unwell = "unwell"
    route = "route"
    offer = "offer"


@dataclass(frozen=True, slots=True)
class Ask:
    """Something the patient has to do before the visit, and since when it can be asked for.

    Attributes
    ----------
    subject
        What it is about, such as ``consent/12``: another one is asked for anew.
    """

    subject: str
    since: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", check_range(self.since))


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a plan needs to know of an appointment; its instants are kept in UTC.

    Attributes
    ----------
    fast_from
        The food stop; None for a consultation.
    drive_after
        No driving before this; None for a consultation.
    version, revision
        Of the promise, and of the facts recorded since (a discharge).
    booked_at
        When the visit was booked, or re-booked before anyone was told of an earlier time.
    changed_at
        When a time that had been told was changed, or the visit cancelled; None if nothing is to
        be told.
    first_of_run
        Whether no infusion of the same run comes before it.
    next_infusion
        When the patient's next infusion after this one starts, given or promised; None if there is
        none.
    consent_due, intake_lapses
        A text signed before that has a new version; answers that do not hold until the visit.
    preparation_told
        Whether preparation went out for an earlier version.
    departed_at, arrived_at
        The nurse's events.
    discharged_at, dose_given
        What was recorded.
    cancelled, over
        Cancelled; or ended without a discharge: aborted, no-show, transferred, completed.
    """

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    is_consultation: bool
    booked_at: datetime
    version: int = 1
    revision: int = 0
    fast_from: datetime | None = None
    drive_after: datetime | None = None
    changed_at: datetime | None = None
    first_of_run: bool = True
    next_infusion: datetime | None = None
    consent_due: Ask | None = None
    intake_lapses: Ask | None = None
    preparation_told: bool = False
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    discharged_at: datetime | None = None
    dose_given: bool = False
    cancelled: bool = False
    over: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, datetime):
                object.__setattr__(self, field.name, check_range(value))

    @property
    def is_ahead(self) -> bool:
        """Whether the promise still stands and has not been kept."""
        return not (self.cancelled or self.over or self.discharged_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Which messages the patient takes, and whether the escort has agreed to any.

    Attributes
    ----------
    has_phone
        Whether a text has anywhere to go.
    """

    email: bool = True
    sms: bool = True
    sms_in_quiet_hours: bool = False
    escort_sms: bool = False
    has_phone: bool = True

    def accept(self, recipient: Recipient, channel: Channel) -> bool:
        """Whether a recipient may be written to by a channel."""
        if recipient is Recipient.patient:
            return self.email if channel is Channel.email else self.sms
        return self.escort_sms if recipient is Recipient.escort else True

    def taken(self, recipient: Recipient, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        """Return by which of some channels a recipient is told.

        What would only be texted goes by e-mail to a patient who cannot be texted.
        """
        if recipient is Recipient.patient and channels == (Channel.sms,):
            is_texted = self.sms and self.has_phone
            channels = channels if is_texted or not self.email else (Channel.email,)
        return tuple(channel for channel in channels if self.accept(recipient, channel))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRules:
    """Quiet hours and graces, as local times of day and lengths [policy]."""

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    quiet_until_on_the_day: time = time(7)
    moved_earlier_to: time = time(20, 30)
    evening_before_at: time = time(19)
    told_before_food_stop: timedelta = timedelta(hours=6)
    fasting_before: timedelta = timedelta(minutes=60)
    how_are_you_at: time = time(10)
    driving_ends_not_before: time = time(8)
    run: timedelta = timedelta(days=7)
    grace: timedelta = timedelta(minutes=3)
    near: timedelta = timedelta(hours=24)
    on_the_way_lasts: timedelta = timedelta(minutes=60)
    no_discharge_after: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNotice:
    """One message to one recipient by one channel.

    Attributes
    ----------
    ideal_at, send_from
        When it would be sent at best, and when it is.
    not_after
        When it becomes useless; None never.
    why
        Why it is not, or not only, what its kind says: ``quiet hours`` (moved), ``with today``
        (the evening message also says what `today` would have), ``digest`` (says everything
        useful whose own time had passed), ``no texts`` (by e-mail, to whom cannot be texted).
    subject
        What it is about besides the visit; see `Ask`.
    """

    kind: Kind
    recipient: Recipient
    channel: Channel
    notice_class: NoticeClass
    ideal_at: datetime
    send_from: datetime
    not_after: datetime | None
    occurrence: int = 0
    version: int = 1
    revision: int = 0
    why: str = ""
    subject: str = ""
