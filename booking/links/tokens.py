"""Links in messages that work without signing in: one purpose, one message, until a certain time.

A link names the message it stands in and proves by a code that we wrote it there. The code covers
what can never change of that message, so that a number that is given anew after a restored backup
opens nothing. Which end a link has follows from its purpose and the visit as it is now.

A link is as short as is safe: a text of 160 characters says until when not to drive, and has room
for the link with which that is acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core.signing import b62_decode, b62_encode
from django.urls import reverse

from booking.models import Notice
from config.core import proofs

# The letter of a purpose, the message's number in digits and letters, and the code.
SHAPE = re.compile(rf"([a-z])([1-9a-zA-Z][0-9a-zA-Z]{{0,10}})({proofs.SHORT})")
# As links were until November 2026: some are of use for weeks.
OLD_SHAPE = re.compile(rf"([a-z])([1-9][0-9]{{0,18}})-({proofs.CODE})")
LARGEST = 2**63 - 1
# How long after the planned end a link about the time afterwards is of use.
FEELING_LASTS = timedelta(days=3)
UNWELL_LASTS = timedelta(days=14)
PAGE_LASTS = timedelta(days=7)


class Purpose(StrEnum):
    """What a link is for, and nothing else; its first letter stands in the link."""

    escort = "escort"
    ate = "ate"
    visit = "visit"
    warning = "warning"
    unwell = "unwell"
    feeling = "feeling"
    page = "page"


BY_LETTER = {purpose[0]: purpose for purpose in Purpose}


class NoSuchLink(Exception):
    """We wrote no such link."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link we wrote: what it is for, and the message it stands in."""

    purpose: Purpose
    notice: Notice

    @property
    def ends_at(self) -> datetime:
        """Until when it does what it is for."""
        visit = self.notice.appointment
        if visit is None or self.purpose is Purpose.page:
            return self.notice.created_at + PAGE_LASTS
        if self.purpose is Purpose.unwell:
            return visit.ends_at + UNWELL_LASTS
        if self.purpose is Purpose.feeling:
            return visit.ends_at + FEELING_LASTS
        if self.purpose is Purpose.warning:
            return visit.drive_after or visit.ends_at
        return visit.ends_at if self.purpose is Purpose.ate else visit.starts_at

    def is_over(self, *, at: datetime) -> bool:
        """Whether it is too late for what it is for."""
        return at >= self.ends_at


def url(purpose: Purpose, notice: Notice) -> str:
    """Return the link to stand in a message; in one that is only looked at, it leads nowhere."""
    address: str = settings.SITE_URL + reverse("link", args=[token(purpose, notice)])
    return address


def token(purpose: Purpose, notice: Notice) -> str:
    """Return what names the purpose and the message, and proves that we wrote it."""
    code = proofs.short_code(_use(purpose), *_about(notice))
    return f"{purpose[0]}{b62_encode(notice.pk or 1)}{code}"


def read(text: str) -> Link:
    """Return what a link says.

    Raises
    ------
    NoSuchLink
        If it was not made here, or for another purpose or message.
    """
    if found := SHAPE.fullmatch(text):
        return _found(found, number=b62_decode(found[2]), holds=proofs.short_holds)
    if found := OLD_SHAPE.fullmatch(text):
        return _found(found, number=int(found[2]), holds=proofs.holds)
    raise NoSuchLink


def _found(found: re.Match[str], *, number: int, holds: Callable[..., bool]) -> Link:
    purpose = BY_LETTER.get(found[1])
    if purpose is None or number > LARGEST:
        raise NoSuchLink
    rows = Notice.objects.select_related("appointment__patient__user", "patient__user")
    notice = rows.filter(pk=number).first()
    if notice is None or not holds(found[3], _use(purpose), *_about(notice)):
        raise NoSuchLink
    return Link(purpose=purpose, notice=notice)


def _use(purpose: Purpose) -> str:
    return f"booking.links.{purpose}"


def _about(notice: Notice) -> tuple[object, ...]:
    made_at = notice.created_at.timestamp() if notice.pk else ""
    return (notice.pk, notice.appointment_id, notice.patient_id, notice.kind, made_at)
