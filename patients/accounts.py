"""The patient behind an account, and what they say about themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from config.core.clock import now
from config.core.errors import Malformed
from config.core.models import Role, User
from config.core.postgres import prepared
from patients import contacts, homes, places
from patients.models import Address, Patient

# Farther than this from the middle of the ZIP code, a point is taken for a mistake.
NEAR_ZIP_KM = 80
WHERE = ("line1", "city", "state", "postal_code")
OF_THE_PATIENT = (
    "date_of_birth",
    "phone",
    "escort_name",
    "escort_phone",
    "escort_texts",
    "channels",
    "sms_in_quiet_hours",
    "language",
)
# Where an account keeps its patient from the language of the page to the page itself.
AHEAD = "_patient_read_ahead"
OF_ACCOUNT = """
    SELECT {columns} FROM patients_patient AS patient
    LEFT JOIN patients_address AS address ON address.patient_id = patient.id
    WHERE patient.user_id = %s
"""


def patient_of(user: User) -> Patient:
    """Return the patient of an account, created on first use; the home is read with it."""
    ahead: Patient | None = getattr(user, AHEAD, None)
    if ahead is not None:
        delattr(user, AHEAD)  # given once: who asks again wants what has changed since
        return ahead
    return _stored(user) or Patient.objects.get_or_create(user=user)[0]


def read_ahead(user: User, *, language: str) -> Patient:
    """Return the patient, and give the same row to who asks for it next, in this request.

    Parameters
    ----------
    language
        Of a patient who is created by this.
    """
    patient = _stored(user)
    if patient is None:
        wished = {"language": language}
        patient = Patient.objects.get_or_create(user=user, defaults=wished)[0]
    setattr(user, AHEAD, patient)
    return patient


def _stored(user: User) -> Patient | None:
    of_patient, of_home = _columns()
    found = prepared.row(OF_ACCOUNT.format(columns=f"{of_patient}, {of_home}"), [user.pk])
    if found is None:
        return None
    width = of_patient.count(",") + 1
    patient, home = prepared.load(Patient, found[:width]), found[width:]
    patient.user = user
    # As Django leaves it: of a patient without one it is known that there is none.
    known = patient._state.fields_cache  # noqa: SLF001
    known["address"] = prepared.load(Address, home) if home[0] else None
    return patient


@cache
def _columns() -> tuple[str, str]:
    return prepared.columns(Patient, "patient"), prepared.columns(Address, "address")


def staff(user: object) -> User:
    """Return the account behind a signed-in session."""
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def find(who: str) -> Patient:
    """Return the patient with this id or e-mail; raise `ObjectDoesNotExist` where there is none."""
    if re.fullmatch(r"[0-9]{1,18}", who):
        return Patient.objects.select_related("user").get(pk=int(who))
    return patient_of(User.objects.get(email__iexact=who, role=Role.PATIENT))


def address_of(patient: Patient) -> Address | None:
    """Return where the patient lives, once they have said so."""
    return getattr(patient, "address", None)


def zone_of(patient: Patient) -> ZoneInfo:
    """Return the time zone of the patient's address, else the clinic's."""
    address = address_of(patient)
    return ZoneInfo((address and address.time_zone) or settings.CLINIC_TIME_ZONE)


def touch(patient: Patient) -> None:
    """Record that the answer of a gate may have changed, so that it is asked again soon.

    It locks the patient's row: called first in a transaction, it keeps the order of locks (the
    patient before what belongs to them) that booking keeps as well.
    """
    patient.changed_at = now()
    patient.save(update_fields=["changed_at"])


@transaction.atomic
def update(
    *,
    patient: Patient,
    profile: Mapping[str, Any],
    address: Mapping[str, Any] | None = None,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Change what was sent of the profile, the address and its directions, and nothing else.

    Raises
    ------
    Malformed
        Naming the field of an address that contradicts itself.
    """
    touch(patient)
    if address:
        _change_address(patient=patient, sent=address)
    if notes is not None:
        homes.write(patient=patient, notes=notes)
    if "name" in profile:
        patient.user.name = profile["name"]
        patient.user.save(update_fields=["name"])
    before = contacts.texts_of(patient)
    changed = [name for name in OF_THE_PATIENT if name in profile]
    for name in changed:
        setattr(patient, name, profile[name])
    patient.save(update_fields=changed)
    contacts.record_changes(patient=patient, before=before)


def _change_address(*, patient: Patient, sent: Mapping[str, Any]) -> None:
    address = address_of(patient) or Address(patient=patient)
    before = {name: getattr(address, name) for name in WHERE}
    place = _place(sent.get("postal_code", address.postal_code))
    if sent.get("postal_code", address.postal_code) != address.postal_code:
        address.city, address.state = place.city, place.state
    for name in (*WHERE, "line2"):
        setattr(address, name, sent.get(name, getattr(address, name)))
    _check_address(address, place)
    address.time_zone = place.time_zone
    moved = any(getattr(address, name) != value for name, value in before.items())
    if "latitude" in sent:
        address.latitude, address.longitude = sent["latitude"], sent["longitude"]
    elif moved:
        address.latitude, address.longitude = place.latitude, place.longitude
    _check_point(address, place)
    address.save()
    patient.address = address


def _place(postal_code: str) -> places.ZipPlace:
    if not postal_code:
        raise Malformed("required", "Please give the ZIP code.", "address.postal_code")
    place = places.find_zip(postal_code)
    if place is None:
        raise Malformed("invalid", "We do not know this ZIP code.", "address.postal_code")
    return place


def _check_address(address: Address, place: places.ZipPlace) -> None:
    if not address.line1:
        raise Malformed("required", "Please give the street and number.", "address.line1")
    if address.state != place.state:
        raise Malformed("invalid", f"This ZIP code lies in {place.state}.", "address.state")


def _check_point(address: Address, place: places.ZipPlace) -> None:
    point, middle = (address.latitude, address.longitude), (place.latitude, place.longitude)
    if places.kilometres(point, middle) > NEAR_ZIP_KM:
        raise Malformed("invalid", "This point is far from the ZIP code.", "address.latitude")
