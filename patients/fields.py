"""Fields that the framework does not bring: one line of text, a phone number, degrees."""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar

import phonenumbers
from rest_framework import serializers

from patients.answers import storable

REGION = "US"  # of numbers typed without a country
AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")


def phone_number(text: str) -> str:
    """Return a phone number in any usual spelling as E.164; empty where it is none."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def in_groups(number: str) -> str:
    """Return `+1 312 555 0123`, where it is such a number: as it is said."""
    return AMERICAN.sub(r"+1 \1 \2 \3", number)


class LineField(serializers.CharField):
    """One line of text without control characters: it ends up in headers, messages and forms."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Clean first, so that what is left is measured."""
        if isinstance(data, str):
            data = " ".join(storable(data).split())
        return super().run_validation(data)


class PhoneField(LineField):
    """A phone number in any usual spelling, kept as E.164."""

    default_error_messages: ClassVar = {
        "invalid_phone": "Give a phone number, such as +1 312 555 0100."
    }

    def to_internal_value(self, data: Any) -> str:
        """Return the number as E.164; an empty one stays empty."""
        text = super().to_internal_value(data)
        number = phone_number(text)
        if text and not number:
            self.fail("invalid_phone")
        return number


class DegreesField(serializers.FloatField):
    """A finite number of degrees."""

    def to_internal_value(self, data: Any) -> float:
        """Refuse what a float cannot hold, and what compares with nothing."""
        try:
            value = super().to_internal_value(data)
        except OverflowError:
            self.fail("invalid")
        if isinstance(data, bool) or not math.isfinite(value):
            self.fail("invalid")
        return value
