"""What nobody called us about: looked for every few seconds."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from booking import attention, closures, gates
from booking.delivery import outages, paging
from booking.models import Appointment, Notice, NoticeStatus
from booking.notices import ledger
from booking.notices.planned import Kind, Recipient
from config.core.clock import now
from patients.models import Intake

AT_ONCE = 50
# The evening message goes six hours before the food stop or earlier, and has an hour to arrive.
CALL_BEFORE_FOOD_STOP = timedelta(hours=5)


def run() -> int:
    """Do all of it and return how much there was."""
    return (
        page_crises()
        + gates.recheck()
        + closures.sweep()
        + ledger.recover_lapsed()
        + paging.sweep()
        + ask_for_calls()
        + outages.sweep()
    )


def page_crises() -> int:
    """Alert on-call staff to each intake in crisis that nobody was alerted about."""
    subject = Concat(Value("intake/"), Cast(OuterRef("pk"), CharField()))
    paged = Notice.objects.filter(kind=Kind.crisis, subject_of=subject, patient=OuterRef("patient"))
    unseen = Intake.objects.filter(~Exists(paged), outcome=Intake.Outcome.CRISIS)
    rows = unseen.select_related("patient").order_by(F("submitted_at"), "pk")[:AT_ONCE]
    for intake in rows:
        _page_crisis(intake)
    return len(rows)


@transaction.atomic
def _page_crisis(intake: Intake) -> None:
    subject = f"intake/{intake.pk}"
    paging.page(kind=Kind.crisis, subject_of=subject, detail_facts={}, patient=intake.patient)
    attention.ask(
        kind="crisis",
        key=subject,
        detail="Answers in an intake need a call now.",
        patient=intake.patient,
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
