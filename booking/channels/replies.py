"""Texts that people send back: STOP, START and HELP are obeyed, anything else a person reads.

The words that must be obeyed: CTIA Messaging Principles and Best Practices (2023), 5.1.3, and
47 CFR 64.1200(a)(10) of the US.
"""

from __future__ import annotations

import string
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from booking import attention
from booking.channels import lines
from booking.models import IncomingText
from booking.notices import words
from booking.notices.planned import Channel
from config.core.clock import now
from config.core.errors import constraint_of
from patients import contacts
from patients.models import ClosedContact, Patient

AT_ONCE = 5
ANSWERED_WITHIN = timedelta(hours=1)
"""A later answer would only puzzle."""
ANSWERED_AGAIN_AFTER = timedelta(hours=12)
"""So that two machines do not answer each other all night."""

STOP = {
    "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPT OUT",
    "OPTOUT", "ALTO", "PARAR", "BAJA",
}  # fmt: skip
START = {"START", "UNSTOP", "ALTA", "EMPEZAR"}
HELP = {"HELP", "INFO", "AYUDA"}
Keyword = IncomingText.Keyword


def keyword_of(text: str) -> IncomingText.Keyword:
    """Return what a text asks for; only a text of nothing else is a keyword."""
    said = " ".join(text.upper().split()).strip(string.punctuation + " ")
    asked = {Keyword.STOP: STOP, Keyword.START: START, Keyword.HELP: HELP}
    return next((keyword for keyword, spelt in asked.items() if said in spelt), Keyword.NONE)


@transaction.atomic
def receive(*, number: str, text: str, service_id: str = "") -> None:
    """Keep a text and do what it asks; the same text told twice is kept once."""
    patient = contacts.people(channel=Channel.sms, address=number).order_by("pk").first()
    row = IncomingText(
        number=number,
        text=text,
        keyword=keyword_of(text),
        patient=patient,
        service_id=service_id,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if constraint_of(error) == "incoming_text_is_kept_once":
            return
        raise
    _obey(row)


def _obey(row: IncomingText) -> None:
    if row.keyword == Keyword.STOP:
        _stop(number=row.number, text=row.text, patient=row.patient)
    elif row.keyword == Keyword.START:
        contacts.start_again(phone=row.number)
    elif row.keyword == Keyword.NONE:
        _have_it_read(row)


def _stop(*, number: str, text: str, patient: Patient | None) -> None:
    reason = ClosedContact.Reason.STOPPED
    contacts.close(channel=Channel.sms, address=number, reason=reason, told_by="text")
    if "CANCEL" in text.upper():
        attention.ask(
            kind="text_reply",
            key=f"{number}/cancel",
            detail="A text said “cancel”: texts have stopped. Please ask: was a visit meant?",
            patient=patient,
        )


def _have_it_read(row: IncomingText) -> None:
    said = " ".join(row.text.split())[:300] or "(nothing, or a picture)"
    attention.ask(
        kind="text_reply",
        key=f"text/{row.pk}",
        detail=f"A text came from {row.number}: {said}",
        patient=row.patient,
    )


def answer() -> int:
    """Answer what waits for an answer and return how many went.

    An answer is given up rather than given twice: the row says so before the service is asked.
    """
    waiting = IncomingText.objects.filter(
        answered_at__isnull=True, received_at__gt=now() - ANSWERED_WITHIN
    )
    numbers = waiting.order_by("received_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    with lines.line() as line:
        return sum(_answer(pk, line) for pk in list(numbers))


def _answer(pk: int, line: lines.Line) -> bool:
    with transaction.atomic():
        row = IncomingText.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
        if row is None or row.answered_at is not None:
            return False
        was_answered = _was_answered_lately(row)
        row.answered_at = now()
        row.save(update_fields=["answered_at"])
    if was_answered:
        return False
    message = lines.Message("", words.gsm(_say(row)))
    try:
        key = f"<text-{row.pk}@stillwater>"
        line.send(channel=Channel.sms, to=[row.number], message=message, message_id=key)
    except (lines.NotSent, lines.PerhapsSent):
        return False
    return True


def _was_answered_lately(row: IncomingText) -> bool:
    lately = IncomingText.objects.filter(
        number=row.number, keyword=row.keyword, answered_at__gt=now() - ANSWERED_AGAIN_AFTER
    )
    return lately.exists()


def _say(row: IncomingText) -> str:
    language = row.patient.language if row.patient else settings.DEFAULT_LANGUAGE
    with translation.override(language):
        facts = {
            "clinic": words.clinic(settings.CLINIC_NAME)[: words.NAME_LENGTH] or _("Your clinic"),
            "phone": settings.CLINIC_PHONE,
            "emergency": settings.EMERGENCY_NUMBER,
        }
        said = {
            Keyword.STOP: _("%(clinic)s: you get no more texts. Reply START to get them again."),
            Keyword.START: _(
                "%(clinic)s: you get texts about your visits again. Reply STOP to end."
            ),
            Keyword.HELP: _(
                "%(clinic)s: texts about your visits. Call us: %(phone)s. Emergency: "
                "%(emergency)s. Reply STOP to end."
            ),
            Keyword.NONE: _(
                "%(clinic)s: a person will read your text later. Call us: %(phone)s. Emergency: "
                "%(emergency)s."
            ),
        }[Keyword(row.keyword)]
        return said % facts
