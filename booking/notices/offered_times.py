"""What is said to whoever waits, when a time has come free."""

from __future__ import annotations

from booking import attention
from booking.models import Notice, Offer
from booking.notices.later import about_offer
from booking.notices.planned import Channel, Kind, NoticeClass, Recipient
from booking.notices.standing import preferences_of


def tell(offer: Offer, *, link: str) -> None:
    """Tell of an offer that was just made, in its transaction; of no use once it has run out."""
    patient = offer.entry.patient
    preferences = preferences_of(patient)
    channels = [
        channel
        for channel in Channel
        if preferences.accept(Recipient.patient, channel)
        and (channel is Channel.email or preferences.has_phone)
    ]
    row = {
        "patient": patient,
        "subject_of": about_offer(offer.pk),
        "kind": Kind.offer.value,
        "recipient": Recipient.patient.value,
        "notice_class": NoticeClass.F.value,
        "ideal_at": offer.offered_at,
        "send_from": offer.offered_at,
        "not_after": offer.expires_at,
        # As an instant: it is said in the language of whoever reads it.
        "facts": {"link": link, "starts": offer.starts_at.isoformat()},
    }
    Notice.objects.bulk_create(Notice(**row, channel=channel.value) for channel in channels)
    if not channels:
        attention.ask_once(
            kind="offer_untold",
            key=about_offer(offer.pk),
            detail="A time came free for a patient who takes no messages: please call.",
            patient=patient,
        )
