"""A text that cannot be delivered is said by e-mail instead."""

from __future__ import annotations

from booking.models import Notice
from booking.models.notice import TOLD
from booking.notices.planned import Channel, Recipient
from booking.notices.standing import patient_of, preferences_of
from config.core.clock import now

WHY = "instead of a text"
SAME = (*TOLD, "notice_class", "not_after", "facts")


def by_email(notice: Notice) -> bool:
    """Make the e-mail twin of a patient's text that failed; false where it has one or cannot.

    In the caller's transaction. The twin is asked about like any other just before it is sent.
    """
    if notice.channel != Channel.sms or notice.recipient != Recipient.patient:
        return False
    at = now()
    if notice.not_after is not None and notice.not_after <= at:
        return False
    if not preferences_of(patient_of(notice)).accept(Recipient.patient, Channel.email):
        return False
    same = {field: getattr(notice, field) for field in SAME}
    twin = Notice(
        **same, channel=Channel.email.value, ideal_at=notice.ideal_at, send_from=at, why=WHY
    )
    if Notice.objects.twins_of(notice).filter(channel=Channel.email).exists():
        return False
    Notice.objects.bulk_create([twin], ignore_conflicts=True)
    return True
