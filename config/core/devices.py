"""Where an account is signed in, as its owner sees it, and signing out there.

allauth's `usersessions` notes each sign-in; a row whose session is over is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

from config.core.clock import now
from config.core.models import User

# What a browser calls itself -> what people call it; the first that fits: each names others too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """One place where the account is signed in."""

    id: int
    browser: str
    system: str
    ip: str
    since: datetime
    is_this: bool


def of(*, user: User, session_key: str | None) -> list[Device]:
    """Return where the account is signed in, the one in hand first, then the newest."""
    rows = sorted(_alive(user), key=lambda row: (row.session_key != session_key, -row.pk))
    return [
        Device(
            id=row.pk,
            browser=_named(row.user_agent, BROWSERS),
            system=_named(row.user_agent, SYSTEMS),
            ip=row.ip,
            since=row.created_at,
            is_this=row.session_key == session_key,
        )
        for row in rows
    ]


def sign_out(*, user: User, only: int | None = None, but: str | None = None) -> int:
    """End one session of an account, or all but one, or all; return how many there were."""
    rows = UserSession.objects.filter(user=user)
    if only is not None:
        rows = rows.filter(pk=only)
    if but is not None:
        rows = rows.exclude(session_key=but)
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)


def _alive(user: User) -> QuerySet[UserSession]:
    session = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now())
    rows: QuerySet[UserSession] = UserSession.objects.filter(Exists(session), user=user)
    return rows


def _named(agent: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in names if sign in agent), "")
