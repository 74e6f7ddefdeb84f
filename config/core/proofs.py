"""Short proofs that we gave an address out: a code over what it names, under the site's own key."""

from __future__ import annotations

import base64
import hmac

from django.conf import settings
from django.core.signing import BASE62_ALPHABET, b62_encode
from django.utils.crypto import salted_hmac

LENGTH = 20  # of base32: 100 bits
CODE = rf"[a-z2-7]{{{LENGTH}}}"
"""What a code looks like, as part of a regular expression."""
SHORT_LENGTH = 11  # of base62: 65 bits
SHORT = rf"[0-9a-zA-Z]{{{SHORT_LENGTH}}}"
"""What a code for a text looks like, of which a whole message has room for 160 characters."""


def code(use: str, *about: object) -> str:
    """Return the code for one use of what is named; of another use it is another."""
    return _code(use, about, settings.SECRET_KEY)


def holds(given: str, use: str, *about: object) -> bool:
    """Whether a code is ours, under the key in force or one before it."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(given, _code(use, about, key)) for key in keys)


def short_code(use: str, *about: object) -> str:
    """Return a code as `code` does, for addresses that stand in a text."""
    return _short_code(use, about, settings.SECRET_KEY)


def short_holds(given: str, use: str, *about: object) -> bool:
    """Whether a short code is ours, under the key in force or one before it."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(given, _short_code(use, about, key)) for key in keys)


def _code(use: str, about: tuple[object, ...], key: str) -> str:
    return base64.b32encode(_proof(use, about, key)).decode().lower()[:LENGTH]


def _short_code(use: str, about: tuple[object, ...], key: str) -> str:
    # Of its own use: neither code tells anything of the other.
    proof = int.from_bytes(_proof(f"{use}.short", about, key))
    code = b62_encode(proof % len(BASE62_ALPHABET) ** SHORT_LENGTH)
    return code.rjust(SHORT_LENGTH, BASE62_ALPHABET[0])


def _proof(use: str, about: tuple[object, ...], key: str) -> bytes:
    said = "/".join(map(str, about))
    return salted_hmac(use, said, secret=key, algorithm="sha256").digest()
