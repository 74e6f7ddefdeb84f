"""Where people may be written to: what closed it, and what they agreed to."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.core.clock import now
from config.core.models import User
from config.core.postgres import prepared
from patients.models import ClosedContact, Patient, TextConsent

EMAIL, SMS = "email", "sms"
# Asked of every message that goes.
CLOSED = """
SELECT reason FROM patients_closedcontact
WHERE channel = %s AND address = %s AND reopened_at IS NULL
ORDER BY id LIMIT 1
"""
# What the pages say beside the box, in the reader's language; kept with each answer as it was read.
WORDING = _(
    "I agree to texts about visits at this number. Their number varies with my visits; message "
    "and data rates may apply. I can reply STOP at any time, or HELP for help."
)
ESCORT_WORDING = _(
    "The adult who stays with me agrees to texts about my visits at this number. Message and data "
    "rates may apply. They can reply STOP at any time, or HELP for help."
)
WORDINGS = {"patient": WORDING, "escort": ESCORT_WORDING}


def kept(*, channel: str, address: str) -> str:
    """Return an address as it is compared: an e-mail's letters have no case here."""
    return address.strip().lower() if channel == EMAIL else address.strip()


def closed(*, channel: str, address: str) -> str:
    """Return why nothing may be sent there; empty where it may."""
    found = prepared.row(CLOSED, [channel, kept(channel=channel, address=address)])
    return str(found[0]) if found else ""


def _shut(*, channel: str, address: str) -> QuerySet[ClosedContact]:
    return ClosedContact.objects.filter(
        channel=channel,
        address=kept(channel=channel, address=address),
        reopened_at__isnull=True,
    )


@transaction.atomic
def close(*, channel: str, address: str, reason: str, told_by: str) -> ClosedContact | None:
    """Close an address for one reason; return the row, None where it was closed for it already.

    A patient who says stop has no texts in the profile from then on.
    """
    where = kept(channel=channel, address=address)
    row = ClosedContact(channel=channel, address=where, reason=reason, told_by=told_by)
    ClosedContact.objects.bulk_create([row], ignore_conflicts=True)
    if channel == SMS and reason == ClosedContact.Reason.STOPPED:
        _agree(where, agreed=False, told_by=told_by)
    # With conflicts ignored PostgreSQL names no row: it is ours if it carries our instant.
    return (
        _shut(channel=channel, address=where).filter(reason=reason, closed_at=row.closed_at).first()
    )


@transaction.atomic
def reopen(*, channel: str, address: str, reasons: Iterable[str], by: User | None = None) -> int:
    """Open an address that was closed for these reasons, and return how many rows said so."""
    where = kept(channel=channel, address=address)
    opened = _shut(channel=channel, address=where).filter(reason__in=list(reasons))
    return opened.update(reopened_at=now(), reopened_by=by)


def start_again(*, phone: str) -> None:
    """Take up texts again at a number that said stop and now says start."""
    with transaction.atomic():
        reopen(channel=SMS, address=phone, reasons=[ClosedContact.Reason.STOPPED])
        _agree(phone, agreed=True, told_by="text")


def _agree(phone: str, *, agreed: bool, told_by: str) -> None:
    """Have whoever is texted there take texts from now on, or none, and keep that they said so."""
    texted = people(channel=SMS, address=phone).order_by("pk")
    for patient in texted.select_for_update(of=("self",)):
        if patient.phone == phone:
            others = {name for name in patient.channels if name != SMS}
            patient.channels = sorted(others | {SMS} if agreed else others)
            record(patient=patient, whose="patient", agreed=agreed, told_by=told_by)
        if patient.escort_phone == phone:
            patient.escort_texts = agreed
            record(patient=patient, whose="escort", agreed=agreed, told_by=told_by)
        patient.changed_at = now()
        patient.save(update_fields=["channels", "escort_texts", "changed_at"])


def people(*, channel: str, address: str) -> QuerySet[Patient]:
    """Return the patients who are, or whose escort is, written to there."""
    if channel == EMAIL:
        return Patient.objects.filter(user__email__iexact=address.strip())
    return Patient.objects.filter(Q(phone=address) | Q(escort_phone=address))


def reached_at(patient: Patient) -> list[tuple[str, str]]:
    """Return the patient's own addresses, by channel."""
    own = [(EMAIL, patient.user.email), (SMS, patient.phone)]
    return [(channel, address) for channel, address in own if address]


def texts_of(patient: Patient) -> dict[str, tuple[str, bool]]:
    """Return whose number takes texts: number and yes or no, for patient and escort."""
    return {
        "patient": (patient.phone, SMS in patient.channels),
        "escort": (patient.escort_phone, patient.escort_texts),
    }


def record_changes(*, patient: Patient, before: dict[str, tuple[str, bool]]) -> None:
    """Keep what the profile says of texts now, where it says something else than before."""
    for whose, (phone, agreed) in texts_of(patient).items():
        if phone and (phone, agreed) != before[whose]:
            record(patient=patient, whose=whose, agreed=agreed, told_by="profile")


def record(*, patient: Patient, whose: str, agreed: bool, told_by: str) -> None:
    """Keep one yes or no, with the words it was given to."""
    phone = patient.phone if whose == "patient" else patient.escort_phone
    TextConsent.objects.create(
        patient=patient,
        whose=whose,
        phone=phone,
        agreed=agreed,
        told_by=told_by,
        wording=str(WORDINGS[whose]),
    )
