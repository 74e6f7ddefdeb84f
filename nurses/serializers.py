"""What the nurses' API takes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from booking.serializers import InstantField
from config.core.clock import now
from nurses.models import AdverseEvent, Check, Event
from nurses.writing import CLOCK_SKEW
from patients.fields import DegreesField

# What a scale or a monitor can show of a living person.
WEIGHT_KG = (Decimal(20), Decimal(400))


class HappeningInput(serializers.Serializer[Any]):
    """What every row brings: when it happened, and the client's own id for it."""

    at = InstantField()
    client_id = serializers.CharField(max_length=64)


class EventInput(HappeningInput):
    """A step of the visit."""

    event = serializers.ChoiceField(choices=Event.Name.choices)
    latitude = DegreesField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = DegreesField(min_value=-180, max_value=180, required=False, allow_null=True)
    happened = serializers.BooleanField(default=False)

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Half a place is none."""
        if (attrs.get("latitude") is None) != (attrs.get("longitude") is None):
            missing = "latitude" if attrs.get("latitude") is None else "longitude"
            raise serializers.ValidationError({missing: "Give both or neither."})
        return attrs


class PastInstantField(InstantField):
    """An instant that has been, told back as it is stored: in UTC."""

    def to_internal_value(self, value: Any) -> Any:
        """Return text, because the value is kept as JSON."""
        instant = super().to_internal_value(value)
        if instant > now() + CLOCK_SKEW:
            raise serializers.ValidationError(
                "That has not happened yet: check the time.", code="in_the_future"
            )
        return instant.isoformat()


class WeightField(serializers.DecimalField):
    """Kilograms, to the gram."""

    def __init__(self) -> None:
        least, most = WEIGHT_KG
        super().__init__(max_digits=6, decimal_places=3, min_value=least, max_value=most)

    def to_internal_value(self, data: Any) -> Any:
        """Return a plain number, because the value is kept as JSON."""
        return float(super().to_internal_value(data))


class DecisionInput(serializers.Serializer[Any]):
    """What the prescriber decided on the phone."""

    about = serializers.ChoiceField(choices=["food", "weight"])
    decision = serializers.ChoiceField(choices=["go", "stop"])
    prescriber = serializers.CharField(max_length=200)
    reason = serializers.CharField(max_length=1000)


VALUES: dict[str, serializers.Field[Any, Any, Any, Any]] = {
    Check.Kind.IDENTITY: serializers.BooleanField(),
    Check.Kind.ESCORT_PRESENT: serializers.BooleanField(),
    Check.Kind.WARNING_ACKNOWLEDGED: serializers.BooleanField(),
    Check.Kind.LAST_FOOD: PastInstantField(),
    Check.Kind.LAST_DRINK: PastInstantField(),
    Check.Kind.WEIGHT: WeightField(),
    Check.Kind.PRESCRIBER_DECISION: DecisionInput(),
}


class CheckInput(HappeningInput):
    """An answer taken at the door; what it may be depends on its kind."""

    kind = serializers.ChoiceField(choices=Check.Kind.choices)
    value = serializers.JSONField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Read the value as its kind wants it."""
        try:
            value = VALUES[attrs["kind"]].run_validation(attrs["value"])
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from error
        return {**attrs, "value": value}


class ObservationInput(HappeningInput):
    """One set of vital signs."""

    systolic = serializers.IntegerField(min_value=20, max_value=300)
    diastolic = serializers.IntegerField(min_value=10, max_value=250)
    heart_rate = serializers.IntegerField(min_value=0, max_value=300)
    spo2 = serializers.IntegerField(min_value=0, max_value=100)
    respiratory_rate = serializers.IntegerField(
        min_value=0, max_value=100, required=False, allow_null=True
    )
    discharge_score = serializers.IntegerField(
        min_value=0, max_value=10, required=False, allow_null=True
    )
    note = serializers.CharField(max_length=5000, required=False, allow_blank=True)

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Catch the two pressures typed into each other's field."""
        if attrs["diastolic"] > attrs["systolic"]:
            raise serializers.ValidationError({"diastolic": "Must not be above the systolic."})
        return attrs


class MilligramsField(serializers.DecimalField):
    """A mass that is never negative, exact to the microgram."""

    def __init__(self) -> None:
        super().__init__(max_digits=8, decimal_places=3, min_value=Decimal(0))


class DoseInput(HappeningInput):
    """One unit of the medicine."""

    lot = serializers.CharField(max_length=60)
    drawn_mg = MilligramsField()
    given_mg = MilligramsField()
    wasted_mg = MilligramsField()
    returned_mg = MilligramsField()
    witness = serializers.CharField(
        max_length=254, required=False, allow_blank=True, allow_null=True
    )

    def validate_witness(self, witness: str | None) -> str:
        """Nobody, said in any way, is nobody."""
        return witness or ""


class AdverseEventInput(HappeningInput):
    """Something that went wrong with the patient."""

    severity = serializers.ChoiceField(choices=AdverseEvent.Severity.choices)
    description = serializers.CharField(max_length=10_000)
