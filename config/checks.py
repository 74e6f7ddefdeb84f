"""System checks: no policy below its floor, no production on an unsafe setting."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from config.core import policy
from scheduling.engines import servers


@register()
def policy_keeps_its_floors(**_: Any) -> list[CheckMessage]:
    """Refuse a policy looser than its floor."""
    return [Error(sentence, id="stillwater.E001") for sentence in policy.broken_floors()]


@register()
def travel_can_be_asked(**_: Any) -> list[CheckMessage]:
    """Refuse an address that names no engine, and figures that no page could live with."""
    wrong = []
    try:
        if settings.TRAVEL_URL:
            servers.named(settings.TRAVEL_URL)
    except ValueError as error:
        wrong.append(f"TRAVEL_URL cannot be used: {error}.")
    if not 0 < settings.TRAVEL_SECONDS <= 10:
        wrong.append("TRAVEL_SECONDS must be above 0 and at most 10: pages wait for it.")
    if not 1 <= settings.TRAVEL_FALLBACK_FACTOR <= 10:
        wrong.append("TRAVEL_FALLBACK_FACTOR must be from 1 to 10: below 1 drives are too short.")
    return [Error(sentence, id="stillwater.E003") for sentence in wrong]


@register()
def messages_can_be_said(**_: Any) -> list[CheckMessage]:
    """Refuse a language that no message is written in."""
    if settings.DEFAULT_LANGUAGE in dict(settings.LANGUAGES):
        return []
    spoken = " or ".join(dict(settings.LANGUAGES))
    return [Error(f"DEFAULT_LANGUAGE must be {spoken}.", id="stillwater.E004")]


@register()
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
        "EMAIL_URL is not set: no message would leave the clinic.": not settings.EMAIL_URL,
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
