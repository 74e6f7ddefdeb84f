"""System checks: no policy below its floor, no production on an unsafe setting."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from booking.notices import words
from config.core import policy
from config.safety.starting import TAG


@register(TAG)
def policy_keeps_its_floors(**_: Any) -> list[CheckMessage]:
    """Refuse a policy looser than its floor."""
    return [Error(sentence, id="stillwater.E001") for sentence in policy.broken_floors()]


@register(TAG)
def travel_can_be_asked(**_: Any) -> list[CheckMessage]:
    """Refuse an address that names no engine, and figures that no page could live with."""
    wrong = _wrong_with_travel_url()
    if not 0 < settings.TRAVEL_SECONDS <= 10:
        wrong.append("TRAVEL_SECONDS must be above 0 and at most 10: pages wait for it.")
    if not 1 <= settings.TRAVEL_FALLBACK_FACTOR <= 10:
        wrong.append("TRAVEL_FALLBACK_FACTOR must be from 1 to 10: below 1 drives are too short.")
    return [Error(sentence, id="stillwater.E003") for sentence in wrong]


def _wrong_with_travel_url() -> list[str]:
    if not settings.TRAVEL_URL:
        return []
    # Read only where there is one: a command starts without a routing server's client.
    servers = import_module("scheduling.engines.servers")
    try:
        servers.named(settings.TRAVEL_URL)
    except ValueError as error:
        return [f"TRAVEL_URL cannot be used: {error}."]
    return []


@register(TAG)
def messages_can_be_said(**_: Any) -> list[CheckMessage]:
    """Refuse a language that no message is written in, and a sender who says what it is about."""
    wrong = []
    if settings.DEFAULT_LANGUAGE not in dict(settings.LANGUAGES):
        spoken = " or ".join(dict(settings.LANGUAGES))
        wrong.append(f"DEFAULT_LANGUAGE must be {spoken}.")
    wrong += [
        f"{name} says what visits are for, and stands in every message."
        for name in ("DEFAULT_FROM_EMAIL", "SITE_URL")
        if settings.PRODUCTION and words.NAMING.search(getattr(settings, name))
    ]
    return [Error(sentence, id="stillwater.E004") for sentence in wrong]


@register(TAG)
def texts_can_be_sent(**_: Any) -> list[CheckMessage]:
    """Refuse an address of an SMS service that cannot be read or does not say whom it goes to."""
    if not settings.SMS_URL:
        return []
    texts = import_module("booking.channels.texts")  # as above: Apprise takes its time
    sentences = {
        "SMS_URL must say where the number goes: write {to} there.": "{to}" not in settings.SMS_URL,
        "SMS_URL is not an address that Apprise reads.": not texts.is_understood(),
        "SMS_WEBHOOK_SECRET needs 20 characters or more: STOP comes back by it.": (
            len(settings.SMS_WEBHOOK_SECRET) < 20
        ),
    }
    return [Error(why, id="stillwater.E005") for why, is_wrong in sentences.items() if is_wrong]


@register(TAG)
def money_adds_up(**_: Any) -> list[CheckMessage]:
    """Refuse fees that are no share, deposits that are no amounts, half of a payment service."""
    shares = ("CANCEL_FEE_PERCENT", "NO_SHOW_FEE_PERCENT")
    wrong = [
        f"{name} must be from 0 to 100."
        for name in shares
        if not 0 <= getattr(settings, name) <= 100
    ]
    sentences = {
        "CANCEL_FREE_HOURS cannot be negative.": settings.CANCEL_FREE_HOURS < 0,
        "OFFER_MINUTES must be 30 or more: less is no time to answer.": settings.OFFER_MINUTES < 30,
        "CURRENCY is three small letters, such as usd.": not re.fullmatch(
            "[a-z]{3}", settings.CURRENCY
        ),
        "DEPOSITS names therapies and whole cents.": not all(
            isinstance(cents, int) and cents >= 0 for cents in settings.DEPOSITS.values()
        ),
        "STRIPE_WEBHOOK_SECRET is needed with STRIPE_SECRET_KEY: what is paid comes by it.": bool(
            settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRET
        ),
    }
    wrong += [why for why, is_wrong in sentences.items() if is_wrong]
    return [Error(sentence, id="stillwater.E006") for sentence in wrong]


@register(TAG)
def production_is_safe(**_: Any) -> list[CheckMessage]:
    """Refuse to start in production on an unsafe value, and say which and why."""
    if not settings.PRODUCTION:
        return []
    unsafe = {
        "SECRET_KEY is the development key: anyone could forge a session.": (
            settings.SECRET_KEY == settings.INSECURE_SECRET_KEY
        ),
        "DEBUG is on: errors would show settings and patients' data.": settings.DEBUG,
        "DATABASE_URL is not set.": not settings.DATABASE_URL,
        "REDIS_URL is not set.": not settings.REDIS_URL,
        "Neither EMAIL_URL nor EMAIL_PROVIDER is set: no message would leave the clinic.": (
            not (settings.EMAIL_URL or settings.EMAIL_PROVIDER)
        ),
        "EMAIL_URL signs in without TLS: the password and every message could be read on the way; "
        "write smtp+tls:// or smtp+ssl://.": _mails_in_clear(),
        "STAFF_MFA_REQUIRED is off: a stolen password would open every record.": (
            not settings.STAFF_MFA_REQUIRED
        ),
        "SITE_URL is not https: links in messages would be readable on the way.": (
            not settings.SITE_URL.startswith("https://")
        ),
        "ON_CALL_EMAILS names nobody real: an emergency would page no one.": (
            not settings.ON_CALL_EMAILS or "on-call@example.com" in settings.ON_CALL_EMAILS
        ),
    }
    return [Error(why, id="stillwater.E002") for why, is_unsafe in unsafe.items() if is_unsafe]


def _mails_in_clear() -> bool:
    """Whether a mail server is signed in to in clear; one of the house that asks nothing may be."""
    is_safe = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    return bool(settings.EMAIL_URL and settings.EMAIL_HOST_USER and not is_safe)
