"""What became of an e-mail after a provider took it."""

from __future__ import annotations

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.db import transaction

from booking import attention
from booking.models import Notice
from booking.notices import words
from booking.notices.planned import Channel
from patients import contacts
from patients.models import ClosedContact

Reason = ClosedContact.Reason
OF_EVENT = {
    EventType.BOUNCED: Reason.BOUNCED,
    EventType.COMPLAINED: Reason.COMPLAINED,
    EventType.UNSUBSCRIBED: Reason.STOPPED,
}
OF_REJECTION = {
    RejectReason.INVALID: Reason.BOUNCED,
    RejectReason.BOUNCED: Reason.BOUNCED,
    RejectReason.SPAM: Reason.COMPLAINED,
    RejectReason.UNSUBSCRIBED: Reason.STOPPED,
}
REMEDY = {
    Reason.BOUNCED: "E-mail to this patient comes back: please call and ask for another address.",
    Reason.COMPLAINED: "This patient reported our e-mail as unwanted: please call and ask.",
    Reason.STOPPED: "This patient unsubscribed from our e-mail: please call and ask.",
}


def heard(*, event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Close an address that takes no e-mail, and have people called who are written to there."""
    reason = OF_EVENT.get(event.event_type)
    if event.event_type == EventType.REJECTED:
        reason = OF_REJECTION.get(event.reject_reason)
    if reason is None or not event.recipient:
        return
    with transaction.atomic():
        shut = contacts.close(
            channel=Channel.email, address=event.recipient, reason=reason, told_by=esp_name[:40]
        )
        _have_them_called(event=event, reason=reason, key=f"contact/{shut.pk}" if shut else "")


def _have_them_called(*, event: AnymailTrackingEvent, reason: str, key: str) -> None:
    """Ask once per closing, and for each message that did not arrive although it was sent."""
    lost = Notice.objects.filter(message_id=(event.metadata or {}).get("message_id") or "none")
    notice = lost.select_related("appointment__patient", "patient").first()
    said = REMEDY[Reason(reason)]
    if notice is not None:
        said = f"{said} Lost: “{words.spoken(notice.kind)}”."
        key = f"lost/{notice.pk}"
    if not key:
        return
    for patient in contacts.people(channel=Channel.email, address=event.recipient or ""):
        attention.ask_once(
            kind="contact_closed",
            key=f"{key}/{patient.pk}",
            detail=said,
            appointment=notice.appointment if notice else None,
            patient=patient,
        )
