"""Short proofs that we gave an address out: a code over what it names, under the site's own key."""

from __future__ import annotations

import base64
import hmac

from django.conf import settings
from django.utils.crypto import salted_hmac

LENGTH = 20  # of base32: 100 bits
CODE = rf"[a-z2-7]{{{LENGTH}}}"
"""What a code looks like, as part of a regular expression."""


def code(use: str, *about: object) -> str:
    """Return the code for one use of what is named; of another use it is another."""
    return _code(use, about, settings.SECRET_KEY)


def holds(given: str, use: str, *about: object) -> bool:
    """Whether a code is ours, under the key in force or one before it."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(given, _code(use, about, key)) for key in keys)


def _code(use: str, about: tuple[object, ...], key: str) -> str:
    said = "/".join(map(str, about))
    proof = salted_hmac(use, said, secret=key, algorithm="sha256").digest()
    return base64.b32encode(proof).decode().lower()[:LENGTH]
