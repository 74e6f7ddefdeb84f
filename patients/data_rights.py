"""A copy of everything about a patient, and the closing of an account.

What is clinical is never deleted: an account that closes loses the ways to reach the person, the
ways to sign in and the ways into the home, and keeps the record of care.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q

from config.core import devices
from config.core.clock import now
from config.core.errors import WrongState
from config.core.models import IdempotentAnswer, User
from patients import contacts
from patients.accounts import touch
from patients.models import (
    COOLING_OFF,
    AccountClosure,
    ClosedContact,
    HomeNotes,
    Intake,
    Patient,
)

# The machinery of sending, paying and repeating: nothing of it is about the person.
MACHINERY = frozenset(
    {
        "answers_lost",
        "attempts",
        "claimed_by",
        "client_id",
        "gate_asked_at",
        "held_at",
        "intent_id",
        "lease_until",
        "looked_at",
        "message_id",
        "next_try_at",
        "refund_id",
        "seat",
        "service_id",
        "session_id",
        "tries",
        "url",
    }
)
AT_ONCE = 200
CLOSED = "account closed"


# -- a copy ---------------------------------------------------------------------------------------


def tables() -> dict[type[models.Model], list[str]]:
    """Return every table that tells of a patient, with the ways that lead from it to them.

    Found by the foreign keys, so a table that is added is in the copy. One row may lead there by
    one way and the next by another: a message is about a visit, an intake or nothing but a person.
    """
    reached = _reached()
    ways: dict[type[models.Model], list[str]] = {Patient: [""]}
    for model in reached[1:]:
        known = [field for field in model._meta.concrete_fields if field.related_model in ways]  # noqa: SLF001
        ways[model] = [
            f"{field.name}__{way}" if way else field.name
            for field in known
            for way in ways[cast("type[models.Model]", field.related_model)]
        ]
    return {model: ways[model] for model in reached[1:]}


def _reached() -> list[type[models.Model]]:
    """Return the patient's table and all that lead there, the nearest first."""
    reached: list[type[models.Model]] = [Patient]
    for model in reached:
        for relation in model._meta.related_objects:  # noqa: SLF001
            told = relation.related_model
            if told not in reached:
                reached.append(told)
    return reached


def copy(patient: Patient) -> Iterator[str]:
    """Yield a JSON document of everything that is kept about a patient, table by table."""
    yield f'{{"made_at": {_json(now())},\n"account": {_json(_account(patient))}'
    for model, ways in tables().items():
        yield f",\n{_json(str(model._meta.verbose_name_plural))}: ["  # noqa: SLF001
        yield from _rows(model, ways, patient)
        yield "\n]"
    yield "}\n"


def _rows(model: type[models.Model], ways: list[str], patient: Patient) -> Iterator[str]:
    leads_here = reduce(or_, (Q(**{way: patient}) for way in ways))
    found = model._default_manager.filter(leads_here)  # noqa: SLF001
    # Messages to the clinic's own people are not the patient's.
    found = found.filter(**getattr(model, "OF_THE_PATIENT", {})).order_by("pk")
    shown = _fields(model)
    between = "\n"
    for row in found.iterator(chunk_size=AT_ONCE):
        told = {field.name: _value(row, field) for field in shown}
        yield between + _json(OTHERWISE.get(model, dict)(told))
        between = ",\n"


def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    fields = model._meta.concrete_fields  # noqa: SLF001
    return [
        field
        for field in fields
        if field.name not in MACHINERY
        and not field.generated
        and field.related_model is not Patient
    ]


def _value(row: models.Model, field: models.Field[Any, Any]) -> Any:
    """Return a cell; of the clinic's own people only what they are here."""
    if field.related_model is User:
        person = getattr(row, field.name)
        return person and person.role
    return getattr(row, field.attname)


def _as_told(intake: Mapping[str, Any]) -> dict[str, Any]:
    """Return an intake with what was found in the words that the patient was told."""
    findings = [{"found": one["detail"]} for one in intake["findings"]]
    return {**intake, "findings": findings, "reason": None}


OTHERWISE: Mapping[type[models.Model], Callable[[dict[str, Any]], dict[str, Any]]] = {
    Intake: _as_told
}


def _account(patient: Patient) -> dict[str, Any]:
    user = patient.user
    where = ("date_of_birth", "phone", "escort_name", "escort_phone", "escort_texts", "channels")
    more = ("sms_in_quiet_hours", "language", "alerts", "intake_begun_at")
    return {
        "email": user.email,
        "name": user.name,
        "made_at": user.date_joined,
        **{name: getattr(patient, name) for name in (*where, *more)},
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified")),
        "ways_to_sign_in": list(
            Authenticator.objects.filter(user=user).values("type", "created_at")
        ),
        "signed_in": [
            {"since": one.since, "ip": one.ip, "browser": one.browser, "device": one.system}
            for one in devices.of(user=user, session_key=None)
        ],
        "not_written_to": list(
            ClosedContact.objects.filter(
                address__in=[user.email.lower(), patient.phone or "-"]
            ).values("channel", "address", "reason", "closed_at", "reopened_at")
        ),
    }


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


# -- closing an account ---------------------------------------------------------------------------


def closure_of(patient: Patient) -> AccountClosure | None:
    """Return the wish to close the account that stands, carried out or not."""
    return AccountClosure.objects.filter(patient=patient, withdrawn_at__isnull=True).first()


@transaction.atomic
def ask_to_close(*, patient: Patient, by: User) -> AccountClosure:
    """Note that the account is to be closed after a week; asked again, return what was noted."""
    touch(patient)
    at = now()
    return closure_of(patient) or AccountClosure.objects.create(
        patient=patient, asked_at=at, asked_by=by, closes_at=at + COOLING_OFF
    )


@transaction.atomic
def keep_open(*, patient: Patient, by: User) -> AccountClosure | None:
    """Take the wish back; return it, None where there was none."""
    touch(patient)
    wish = closure_of(patient)
    if wish is None or wish.closed_at is not None:
        return None
    wish.withdrawn_at, wish.withdrawn_by = now(), by
    wish.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return wish


@transaction.atomic
def close(*, patient: Patient) -> None:
    """Close the account: nobody signs in to it, nobody is written to, no door code is kept.

    Raises
    ------
    WrongState
        If nobody asked for it, or the time to think again is not over.
    """
    touch(patient)
    wish = closure_of(patient)
    if wish is None or wish.closed_at is not None or wish.closes_at > now():
        raise WrongState("Nobody asked to close this account, or it is too early.")
    _close_contacts(patient)
    _forget(patient)
    _shut_out(patient.user)
    wish.closed_at = now()
    wish.save(update_fields=["closed_at"])


def _close_contacts(patient: Patient) -> None:
    """Have nothing sent there any more, unless somebody else is reached there too."""
    reached = [
        (contacts.EMAIL, patient.user.email),
        (contacts.SMS, patient.phone),
        (contacts.SMS, patient.escort_phone),
    ]
    for channel, address in reached:
        others = contacts.people(channel=channel, address=address).exclude(pk=patient.pk)
        if address and not others.exists():
            contacts.close(
                channel=channel,
                address=address,
                reason=ClosedContact.Reason.STOPPED,
                told_by=CLOSED,
            )


def _forget(patient: Patient) -> None:
    HomeNotes.objects.filter(patient=patient).delete()
    empty = {"phone": "", "escort_name": "", "escort_phone": "", "escort_texts": False}
    Patient.objects.filter(pk=patient.pk).update(**empty, channels=[], sms_in_quiet_hours=False)


def _shut_out(user: User) -> None:
    devices.sign_out(user=user)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    IdempotentAnswer.objects.filter(user=user).delete()
    user.email, user.is_active = f"closed-{user.pk}@account.invalid", False
    user.set_unusable_password()
    user.save(update_fields=["email", "is_active", "password"])
