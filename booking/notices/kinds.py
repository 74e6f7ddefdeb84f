"""The table of notices: who is told of what, how, when at best and until when it is useful.

A later kind is one more row. The figures are this clinic's policy (``docs/domain.md``,
"Messages").
"""

from collections.abc import Callable
from dataclasses import dataclass

from booking.notices.moments import (
    Case,
    Moment,
    after,
    ahead,
    before,
    consent_due,
    intake_lapses,
    where,
)
from booking.notices.planned import Channel, Kind, NoticeClass, Recipient


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; an ideal time of None means the message is not wanted.

    Attributes
    ----------
    unbound
        Channels that quiet hours do not bind.
    early_on_the_day
        Quiet hours end earlier for it on the day of the visit.
    occurrence
        Which of several of its kind.
    folds_into
        The kind that says it where it would otherwise have to move to the evening before.
    in_digest
        Whether a first word that comes after its time says it too.
    subject
        What it is about besides the visit.
    tells_of_discharge
        Whether a revision of the visit's facts makes it a new message.
    """

    kind: Kind
    notice_class: NoticeClass
    recipient: Recipient
    channels: tuple[Channel, ...]
    ideal: Moment
    useless_from: Moment
    unbound: tuple[Channel, ...] = ()
    early_on_the_day: bool = False
    folds_into: Kind | None = None
    tells_of_discharge: bool = False
    occurrence: int = 0
    in_digest: bool = True
    subject: Callable[[Case], str] = lambda _: ""


def _consent(case: Case) -> str:
    return case.visit.consent_due.subject if case.visit.consent_due else ""


def _intake(case: Case) -> str:
    return case.visit.intake_lapses.subject if case.visit.intake_lapses else ""


_PATIENT, _ESCORT, _STAFF = Recipient.patient, Recipient.escort, Recipient.staff
_EMAIL, _SMS = (Channel.email,), (Channel.sms,)
_BOTH = (Channel.email, Channel.sms)
_P, _F, _S, _O = NoticeClass.P, NoticeClass.F, NoticeClass.S, NoticeClass.O

TABLE = (
    Row(Kind.booked, _F, _PATIENT, _BOTH, Case.booked, Case.start, unbound=_EMAIL),
    *(
        Row(
            Kind.intake_incomplete, _F, _PATIENT, _EMAIL, ahead(intake_lapses(days)), before(48),
            occurrence=days - 1, subject=_intake,
        )
        for days in (1, 2, 3)
    ),
    *(
        Row(
            Kind.consent_due, _P, _PATIENT, _EMAIL,
            ahead(consent_due(hours, is_last=hours == 48)), before(24),
            occurrence=occurrence, in_digest=False, subject=_consent,
        )
        for occurrence, hours in enumerate((96, 72, 48))
    ),
    Row(Kind.prepare, _P, _PATIENT, _EMAIL, ahead(Case.prepare), before(24)),
    Row(Kind.confirm_escort, _P, _PATIENT, _BOTH, ahead(before(24)), before(12)),
    Row(Kind.evening_before, _P, _PATIENT, _BOTH, ahead(Case.evening_before), Case.food_stop),
    Row(
        Kind.fasting, _P, _PATIENT, _SMS, ahead(Case.fasting), Case.food_stop,
        folds_into=Kind.evening_before,
    ),
    Row(
        Kind.last_check, _P, _PATIENT, _SMS, ahead(before(4)), before(2),
        folds_into=Kind.evening_before,
    ),
    Row(
        Kind.today, _P, _PATIENT, _SMS, Case.today, Case.start,
        early_on_the_day=True, folds_into=Kind.evening_before,
    ),
    Row(
        Kind.on_the_way, _S, _PATIENT, _SMS, ahead(Case.departure), Case.arrival,
        early_on_the_day=True,
    ),
    Row(
        Kind.driving_warning, _S, _PATIENT, _BOTH, Case.driving_starts, Case.driving_ends,
        tells_of_discharge=True,
    ),
    Row(
        Kind.driving_warning_escort, _S, _ESCORT, _SMS, Case.driving_starts, Case.driving_ends,
        tells_of_discharge=True,
    ),
    Row(
        Kind.driving_ended, _F, _PATIENT, _EMAIL, Case.driving_may_start, Case.driving_news_ends,
        tells_of_discharge=True,
    ),
    Row(Kind.how_are_you, _F, _PATIENT, _BOTH, Case.how_are_you, Case.how_are_you_ends),
    *(
        Row(
            Kind.coming_days, _F, _PATIENT, _EMAIL, where(Case.ends_run, after(days)), after(7),
            occurrence=occurrence,
        )
        for occurrence, days in enumerate((1, 3))
    ),
    *(
        Row(
            Kind.maintenance, _F, _PATIENT, _EMAIL, where(Case.ends_all, after(days)), after(49),
            occurrence=occurrence,
        )
        for occurrence, days in enumerate((28, 38))
    ),
    Row(Kind.changed, _S, _PATIENT, _BOTH, Case.changed_near, Case.change_matters),
    Row(
        Kind.changed, _F, _PATIENT, _BOTH, Case.changed_far, Case.change_matters,
        unbound=_EMAIL,
    ),
    Row(Kind.no_discharge, _O, _STAFF, _EMAIL, ahead(Case.overdue), Case.never),
)  # fmt: skip
