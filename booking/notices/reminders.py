"""What a patient has left undone: asked for by message, then by a person; looked for each minute.

Answers begun and not sent, answers that lapse before the visit, texts with a new version, and the
day after a visit a question nobody answered.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from booking import attention, rules
from booking.clock import at_local, local_day
from booking.locks import locked
from booking.models import OCCUPYING, Appointment, Notice, StaffTask, VisitAnswer
from booking.notices import ledger, plan
from booking.notices.later import about_begun
from booking.notices.planned import Kind, PlanRules
from booking.notices.standing import preferences_of
from config.core.clock import now
from patients.accounts import zone_of
from patients.models import ConsentDocument, Intake, Patient, Signature

logger = logging.getLogger(__name__)

AT_ONCE = 50
DAY = timedelta(days=1)
# A visit promised so long ago has been looked at, unless we were down for days.
LOOKED_BACK = 3 * DAY
# So long before the visit the answers are a person's business (`docs/domain.md`, row 2).
A_PERSON_ASKS = 2 * DAY
BEGUN_COUNTS = 4 * DAY
# The first reminder is a day after the promise, and may wait for a morning.
FIRST_REMINDER = DAY + timedelta(hours=11)
PROMISED_AT = Coalesce("changed_at", "booked_at")
LAPSES, UNANSWERED = "intake_lapses", "how_are_you_unanswered"


def run() -> int:
    """Do all of it and return how much there was."""
    return plan_asks() + remind_of_begun() + ask_about_answers() + ask_for_calls()


# -- before a visit ------------------------------------------------------------------------------


def plan_asks() -> int:
    """Plan the reminders of visits promised lately, if something is to be answered or signed.

    A booking does not look for it: its gate has just been found open.
    """
    at = now()
    lately = (
        Appointment.objects.to_come(at=at)
        .infusions()
        .annotate(promised_at=PROMISED_AT)
        .filter(promised_at__gt=at - LOOKED_BACK, patient__channels__contains=["email"])
    )
    found = [*_lapsing(lately, at=at), *_outdated(lately, at=at)]
    return sum(_plan_safely(visit_id) for visit_id in dict.fromkeys(found))


def _lapsing(visits: QuerySet[Appointment], *, at: datetime) -> list[UUID]:
    """Return visits that their patient's answers will not hold until, and nobody was reminded of.

    Only those that a first reminder still precedes by enough: the others are a person's.
    """
    promised_early = Q(promised_at__lt=F("starts_at") - A_PERSON_ASKS - FIRST_REMINDER)
    early = promised_early & Q(starts_at__gt=at + A_PERSON_ASKS)
    rows = _with_answers(visits).filter(early, ~Exists(_told(Kind.intake_incomplete)))
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def _outdated(visits: QuerySet[Appointment], *, at: datetime) -> list[UUID]:
    """Return visits whose patient signed a text that has a newer version."""
    early = Q(promised_at__lt=F("starts_at") - DAY, starts_at__gt=at + DAY)
    untold = visits.filter(early, ~Exists(_told(Kind.consent_due)))
    newer = ConsentDocument.objects.filter(slug=OuterRef("slug"), version__gt=OuterRef("version"))
    found: list[UUID] = []
    for document in ConsentDocument.objects.filter(~Exists(newer), version__gt=1).defer("text"):
        signed = Signature.objects.filter(patient=OuterRef("patient"))
        earlier = signed.filter(
            document__slug=document.slug, document__version__lt=document.version
        )
        rows = untold.filter(Exists(earlier), ~Exists(signed.filter(document=document)))
        found += rows.values_list("pk", flat=True)[:AT_ONCE]
    return found


def _told(kind: Kind) -> QuerySet[Notice]:
    return Notice.objects.filter(kind=kind, appointment=OuterRef("pk"), version=OuterRef("version"))


def _with_answers(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Narrow to those whose patient's answers are cleared, and lapse before the visit."""
    newest = Intake.objects.filter(patient=OuterRef("patient")).order_by("-submitted_at", "-pk")
    annotated = visits.annotate(
        intake_status=Subquery(newest.values("status")[:1]),
        intake_holds=Subquery(newest.values("valid_until")[:1]),
    )
    return annotated.filter(intake_status=Intake.Status.CLEARED, intake_holds__lte=F("starts_at"))


def _plan_safely(visit_id: UUID) -> bool:
    try:
        with transaction.atomic():
            ledger.plan_for(appointment=locked(visit_id))
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("reminders of visit %s: %s", visit_id, type(error).__name__)
        return False
    return True


def ask_about_answers() -> int:
    """Have a person ask whose answers lapse before a visit that is near."""
    at = now()
    near = Appointment.objects.to_come(at=at).infusions().filter(starts_at__lte=at + A_PERSON_ASKS)
    asked = StaffTask.objects.filter(
        kind=LAPSES, appointment=OuterRef("pk"), created_at__gte=OuterRef("promised_at")
    )
    unasked = near.annotate(promised_at=PROMISED_AT).filter(~Exists(asked))
    visits = list(_with_answers(unasked).select_related("patient")[:AT_ONCE])
    for visit in visits:
        attention.ask(
            kind=LAPSES,
            key=f"{visit.pk}/{visit.version}",
            detail="The patient's health answers lapse before this visit: please call.",
            appointment=visit,
            patient=visit.patient,
        )
    return len(visits)


# -- before there is a visit ---------------------------------------------------------------------


def remind_of_begun() -> int:
    """Plan the reminders of whoever opened the questionnaire and did not send it."""
    at = now()
    told = Notice.objects.filter(
        kind=Kind.intake_incomplete,
        patient=OuterRef("pk"),
        created_at__gte=OuterRef("intake_begun_at"),
    )
    # Whatever came of them: who was declined is not asked to try again.
    answered = Intake.objects.filter(patient=OuterRef("pk"), valid_until__gt=at)
    begun = Patient.objects.filter(
        ~Exists(told),
        ~Exists(answered),
        intake_begun_at__gt=at - BEGUN_COUNTS,
        channels__contains=["email"],
    )
    patients = list(begun.select_related("address").order_by("intake_begun_at")[:AT_ONCE])
    Notice.objects.bulk_create(
        [row for patient in patients for row in _of_begun(patient, at=at)], ignore_conflicts=True
    )
    return len(patients)


def _of_begun(patient: Patient, *, at: datetime) -> Iterator[Notice]:
    begun_at = patient.intake_begun_at
    if begun_at is None:
        return
    for planned in plan.questionnaire(
        begun_at=begun_at,
        zone=zone_of(patient),
        preferences=preferences_of(patient),
        now=at,
        subject=about_begun(begun_at),
        rules=rules.plan_rules(),
    ):
        yield Notice(**ledger.fields_of(planned), patient=patient)


# -- after a visit -------------------------------------------------------------------------------


def ask_for_calls() -> int:
    """Have a nurse call who was given a dose and has not said how they are in a day's time."""
    at = now()
    answered = VisitAnswer.objects.filter(
        appointment=OuterRef("pk"), purpose__in=["feeling", "unwell"]
    )
    asked = StaffTask.objects.filter(kind=UNANSWERED, appointment=OuterRef("pk"))
    silent = Appointment.objects.infusions().filter(
        ~Exists(answered),
        ~Exists(asked),
        dosed_at__isnull=False,
        ends_at__gt=at - 6 * DAY,
        ends_at__lt=at - DAY,
    )
    visits = list(silent.select_related("patient").order_by("ends_at"))
    days = _infusion_days(visits)
    return sum(_ask_for_call(visit, days=days[visit.patient_id], at=at) for visit in visits)


def _infusion_days(visits: Sequence[Appointment]) -> dict[int, set[date]]:
    """Return on which days the patients have infusions, where those take place."""
    patients = {visit.patient_id for visit in visits}
    first = min((visit.starts_at for visit in visits), default=now())
    promised = Appointment.objects.infusions().filter(
        patient__in=patients, status__in=OCCUPYING, starts_at__gte=first
    )
    days: dict[int, set[date]] = defaultdict(set)
    for patient_id, start, zone in promised.values_list("patient", "starts_at", "time_zone"):
        days[patient_id].add(local_day(start, ZoneInfo(zone)))
    return days


def _ask_for_call(visit: Appointment, *, days: set[date], at: datetime) -> bool:
    """A day after `how_are_you` would have asked; the nurse herself does on a day she comes."""
    zone = ZoneInfo(visit.time_zone)
    asked_on = local_day(visit.starts_at, zone) + DAY
    if asked_on in days or at < at_local(asked_on, PlanRules().how_are_you_at, zone) + DAY:
        return False
    attention.ask(
        kind=UNANSWERED,
        key=str(visit.pk),
        detail="The patient has not said how they are since the visit: a nurse calls, please.",
        appointment=visit,
        patient=visit.patient,
    )
    return True
