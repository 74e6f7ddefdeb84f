"""What nobody called us about: looked for every few seconds."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from booking import attention, closing, closures, gates
from booking.delivery import outages, paging
from booking.models import Appointment, Notice, NoticeStatus
from booking.notices import ledger
from booking.notices.planned import Kind, Recipient
from config.core.clock import now
from patients.models import CheckIn, Draft, Intake, Patient

AT_ONCE = 50
# The evening message goes six hours before the food stop or earlier, and has an hour to arrive.
CALL_BEFORE_FOOD_STOP = timedelta(hours=5)
# Answers that were called about while they were written are not called about again when sent.
SAME_CRISIS = timedelta(hours=1)


def run() -> int:
    """Do all of it and return how much there was."""
    return (
        page_unsent_crises()
        + page_crises()
        + page_check_ins()
        + gates.recheck()
        + closures.sweep()
        + closing.sweep()
        + ledger.recover_lapsed()
        + paging.sweep()
        + ask_for_calls()
        + outages.sweep()
    )


def page_unsent_crises() -> int:
    """Alert on-call staff to answers in crisis that are only saved yet, and may never be sent."""
    paged = _paged("draft").filter(created_at__gte=OuterRef("crisis_at"))
    unseen = Draft.objects.filter(~Exists(paged), crisis_at__isnull=False)
    rows = unseen.select_related("patient").order_by("crisis_at", "pk")[:AT_ONCE]
    for draft in rows:
        _page_crisis(draft.patient, _subject(draft), intake=draft.intake)
    return len(rows)


def page_crises() -> int:
    """Alert on-call staff to each intake in crisis that nobody was alerted about."""
    written = Draft.objects.filter(
        intake=OuterRef("pk"), crisis_at__gt=OuterRef("submitted_at") - SAME_CRISIS
    )
    unseen = Intake.objects.filter(
        ~Exists(_paged("intake")), ~Exists(written), outcome=Intake.Outcome.CRISIS
    )
    rows = unseen.select_related("patient").order_by(F("submitted_at"), "pk")[:AT_ONCE]
    for intake in rows:
        _page_crisis(intake.patient, f"intake/{intake.pk}", intake=intake)
    return len(rows)


def page_check_ins() -> int:
    """Alert on-call staff to each check-in that tells of self-harm and nobody was alerted about."""
    unseen = CheckIn.objects.filter(~Exists(_paged("check-in")), self_harm__gt=0)
    rows = unseen.select_related("patient").order_by("at", "pk")[:AT_ONCE]
    for one in rows:
        _page_crisis(one.patient, f"check-in/{one.pk}", intake=None, what="a check-in")
    return len(rows)


def _subject(draft: Draft) -> str:
    """Name what is called about: a later call for help out of the same answers is another one."""
    first = f"draft/{draft.pk}"
    before = Notice.objects.filter(
        kind=Kind.crisis,
        patient=draft.patient,
        subject_of=first,
        created_at__lt=draft.crisis_at,
    )
    return f"{first}/{draft.crisis_at:%Y%m%d%H%M}" if before.exists() else first


def _paged(what: str) -> QuerySet[Notice]:
    subject = Concat(Value(f"{what}/"), Cast(OuterRef("pk"), CharField()))
    is_it = Q(subject_of=subject) | Q(subject_of__startswith=Concat(subject, Value("/")))
    return Notice.objects.filter(is_it, kind=Kind.crisis, patient=OuterRef("patient"))


@transaction.atomic
def _page_crisis(patient: Patient, subject: str, *, intake: Intake | None, what: str = "") -> None:
    paging.page(kind=Kind.crisis, subject_of=subject, detail_facts={}, patient=patient)
    what = what or ("an intake" if intake else "a questionnaire that is not sent yet")
    attention.ask(
        kind="crisis",
        key=subject,
        detail=f"Answers in {what} need a call now.",
        patient=patient,
        intake=intake,
    )


def ask_for_calls() -> int:
    """Have a person call whom no message has told when to stop eating, whatever the reason."""
    at = now()
    told = Notice.objects.filter(
        Q(kind=Kind.evening_before) | Q(why__contains="digest"),
        appointment=OuterRef("pk"),
        version=OuterRef("version"),
        recipient=Recipient.patient,
        status=NoticeStatus.SENT,
    )
    near = Q(fast_from__gt=at, fast_from__lte=at + CALL_BEFORE_FOOD_STOP)
    visits = Appointment.objects.to_come(at=at).filter(near, ~Exists(told))
    return sum(_ask_for_call(visit) for visit in visits.select_related("patient"))


def _ask_for_call(visit: Appointment) -> bool:
    # The key of the task that a failed message opens: asked once, whichever came first.
    return attention.ask_once(
        kind="food_stop_untold",
        key=f"{visit.pk}/{Kind.evening_before}/{visit.version}",
        detail="No message has told the patient when to stop eating: please call.",
        appointment=visit,
    )
