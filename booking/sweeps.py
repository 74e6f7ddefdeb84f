"""What nobody called us about: looked for every few seconds."""

from __future__ import annotations

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Concat

from booking import attention, gates, notices
from booking.models import Notice
from booking.planned import Kind
from patients.models import Intake

AT_ONCE = 50


def run() -> int:
    """Do all of it and return how much there was."""
    return page_crises() + gates.recheck() + notices.recover_lapsed()


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
    notices.page(kind=Kind.crisis, subject_of=subject, detail_facts={}, patient=intake.patient)
    attention.ask(
        kind="crisis",
        key=subject,
        detail="Answers in an intake need a call now.",
        patient=intake.patient,
        intake=intake,
    )
