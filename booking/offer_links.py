"""Links to an offered time, which work without signing in: each names its offer, and proves it."""

from __future__ import annotations

import re

from django.conf import settings
from django.urls import reverse

from booking.models import Offer
from config.core import proofs

USE = "booking.offering"
SHAPE = re.compile(rf"([1-9][0-9]{{0,17}})-({proofs.CODE})")


class NoSuchOffer(Exception):
    """We made no such offer."""


def url(offer: Offer) -> str:
    """Return the address at which it is answered, without signing in."""
    address: str = settings.SITE_URL + reverse("offer", args=[token(offer)])
    return address


def token(offer: Offer) -> str:
    """Return what names an offer, and proves that we made it."""
    return f"{offer.pk}-{proofs.code(USE, *_about(offer))}"


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
    if found is None or offer is None or not proofs.holds(found[2], USE, *_about(offer)):
        raise NoSuchOffer
    return offer


def _about(offer: Offer) -> tuple[object, ...]:
    return (offer.pk, offer.entry_id, offer.starts_at.timestamp(), offer.offered_at.timestamp())
