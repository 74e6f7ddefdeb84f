"""Links to an offered time, which work without signing in: each names its offer, and proves it."""

from __future__ import annotations

import base64
import hmac
import re

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from booking.models import Offer

SHAPE = re.compile(r"([1-9][0-9]{0,17})-([a-z2-7]{20})")


class NoSuchOffer(Exception):
    """We made no such offer."""


def url(offer: Offer) -> str:
    """Return the address at which it is answered, without signing in."""
    address: str = settings.SITE_URL + reverse("offer", args=[token(offer)])
    return address


def token(offer: Offer) -> str:
    """Return what names an offer, and proves that we made it."""
    return f"{offer.pk}-{_code(offer, settings.SECRET_KEY)}"


def read(text: str) -> Offer:
    """Return the offer that a link names.

    Raises
    ------
    NoSuchOffer
        If we made none such.
    """
    found = SHAPE.fullmatch(text)
    rows = Offer.objects.select_related("entry__patient__user", "entry__therapy")
    offer = rows.filter(pk=int(found[1])).first() if found else None
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if (
        found is None
        or offer is None
        or not any(hmac.compare_digest(found[2], _code(offer, key)) for key in keys)
    ):
        raise NoSuchOffer
    return offer


def _code(offer: Offer, key: str) -> str:
    about = (offer.pk, offer.entry_id, offer.starts_at.timestamp(), offer.offered_at.timestamp())
    said = "/".join(map(str, about))
    proof = salted_hmac("booking.offering", said, secret=key, algorithm="sha256").digest()
    return base64.b32encode(proof).decode().lower()[:20]
