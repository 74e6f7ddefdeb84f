"""Whether the clinic comes to a ZIP code, as far as anybody can say before an address is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from patients import places
from patients.models import Permit


class Answer(StrEnum):
    """What there is to say of a ZIP code."""

    YES = "yes"
    OUTSIDE = "outside"
    NOT_PERMITTED = "not_permitted"
    NO_ZONE = "no_zone"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was asked, what it is, and by which rule of the state."""

    answer: Answer
    postal_code: str
    place: places.ZipPlace | None = None
    permit: Permit | None = None


def of(typed: str) -> Coverage:
    """Say whether the clinic comes to a ZIP or ZIP+4 code, as it was typed."""
    postal_code = "".join(typed.split())
    if not places.is_zip(postal_code):
        return Coverage(Answer.MALFORMED, typed.strip())
    place = places.find_zip(postal_code)
    if place is None:
        return Coverage(Answer.UNKNOWN, postal_code)
    if not place.time_zone:
        return Coverage(Answer.NO_ZONE, postal_code, place)
    permit = Permit.objects.filter(state=place.state).first()
    if permit is None or not permit.is_permitted:
        return Coverage(Answer.NOT_PERMITTED, postal_code, place, permit)
    is_near = places.is_near((place.latitude, place.longitude), places.allowed(place.state))
    return Coverage(Answer.YES if is_near else Answer.OUTSIDE, postal_code, place, permit)
