"""What a patient says about themselves, as the API takes and gives it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from rest_framework import serializers

from config.core.clock import now
from patients import accounts, gate
from patients.answers import EARLIEST_DATE
from patients.fields import DegreesField, LineField, PhoneField
from patients.models import Address, Patient


class AddressSerializer(serializers.ModelSerializer[Address]):
    """Where the patient is visited; a part of it may be sent alone.

    City, state and coordinates default to those of the ZIP code.
    """

    line1 = LineField(max_length=200, required=False)
    line2 = LineField(max_length=200, required=False, allow_blank=True)
    city = LineField(max_length=100, required=False)
    state = serializers.RegexField(r"^[A-Za-z]{2}\Z", required=False)
    postal_code = serializers.RegexField(r"^[0-9]{5}(-[0-9]{4})?\Z", required=False)
    latitude = DegreesField(min_value=-90, max_value=90, required=False)
    longitude = DegreesField(min_value=-180, max_value=180, required=False)

    class Meta:
        model = Address
        fields = ("line1", "line2", "city", "state", "postal_code", "latitude", "longitude")

    def validate_state(self, state: str) -> str:
        """States are written in capitals."""
        return state.upper()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Half a point is none."""
        for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
            if one in attrs and other not in attrs:
                raise serializers.ValidationError({other: "Give both coordinates."}, "required")
        return attrs


class EscortSerializer(serializers.Serializer[dict[str, Any]]):
    """The adult who stays through the night."""

    name = LineField(max_length=200, required=False, allow_blank=True)
    phone = PhoneField(max_length=40, required=False, allow_blank=True)
    texts = serializers.BooleanField(required=False, help_text="The escort agreed to texts.")


class GateSerializer(serializers.Serializer[dict[str, str]]):
    """`ok`, or the code that refuses an infusion."""

    intake = serializers.CharField()
    order = serializers.CharField()
    consents = serializers.CharField()
    escort = serializers.CharField()
    address = serializers.CharField()


class MeSerializer(serializers.Serializer[dict[str, Any]]):
    """What the patient says about themselves, and which gates are open."""

    email = serializers.EmailField(read_only=True)
    name = LineField(max_length=200, required=False, allow_blank=True)
    date_of_birth = serializers.DateField(required=False, allow_null=True)
    phone = PhoneField(max_length=40, required=False, allow_blank=True)
    time_zone = serializers.CharField(read_only=True)
    address = AddressSerializer(required=False)
    escort = EscortSerializer(required=False)
    channels = serializers.ListField(
        child=serializers.ChoiceField(choices=[("email", "e-mail"), ("sms", "text message")]),
        required=False,
        max_length=10,
    )
    sms_in_quiet_hours = serializers.BooleanField(required=False)
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES,
        required=False,
        help_text="What messages to the patient, and to the escort, are written in.",
    )
    gate = GateSerializer(read_only=True)

    def validate_date_of_birth(self, born: date | None) -> date | None:
        """Nobody was born tomorrow."""
        if born and not EARLIEST_DATE <= born <= now().date():
            raise serializers.ValidationError("Please check the date.", "invalid")
        return born

    def validate_channels(self, channels: list[str]) -> list[str]:
        """Each channel counts once."""
        return sorted(set(channels))


def me(patient: Patient) -> dict[str, Any]:
    """Return the patient as `MeSerializer` shows them."""
    return {
        "email": patient.user.email,
        "name": patient.user.name,
        "date_of_birth": patient.date_of_birth,
        "phone": patient.phone,
        "time_zone": accounts.zone_of(patient).key,
        "address": accounts.address_of(patient),
        "escort": {
            "name": patient.escort_name,
            "phone": patient.escort_phone,
            "texts": patient.escort_texts,
        },
        "channels": patient.channels,
        "sms_in_quiet_hours": patient.sms_in_quiet_hours,
        "language": patient.language,
        "gate": gate.summary(patient=patient),
    }


def flat(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the profile without its nested parts, the escort's under their own names."""
    profile = {name: value for name, value in sent.items() if name not in ("address", "escort")}
    escort = sent.get("escort", {})
    return profile | {f"escort_{name}": value for name, value in escort.items()}
