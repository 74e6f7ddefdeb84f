"""What the nurses' and dispatchers' API gives."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from booking.models import Appointment
from config.core.clock import now
from nurses import visits
from nurses.models import AdverseEvent, Check, Dose, Event, Happening, Observation
from nurses.record import Record
from patients.models import Order, Therapy

HAPPENING = ("id", "at", "client_id", "recorded_at")


class EventSerializer(serializers.ModelSerializer[Event]):
    """A step of the visit, and where the visit stood after it."""

    far_away = serializers.BooleanField(source="is_far_away")

    class Meta:
        model = Event
        fields = (
            *HAPPENING,
            "event",
            "status",
            "latitude",
            "longitude",
            "metres_away",
            "far_away",
            "deviations",
        )


class CheckSerializer(serializers.ModelSerializer[Check]):
    """An answer taken at the door."""

    class Meta:
        model = Check
        fields = (*HAPPENING, "kind", "value")


class ObservationSerializer(serializers.ModelSerializer[Observation]):
    """One set of vital signs."""

    class Meta:
        model = Observation
        fields = (
            *HAPPENING,
            "systolic",
            "diastolic",
            "heart_rate",
            "spo2",
            "respiratory_rate",
            "discharge_score",
            "note",
        )


class DoseSerializer(serializers.ModelSerializer[Dose]):
    """One unit of the medicine."""

    witness = serializers.EmailField(source="witness.email", allow_null=True, default=None)
    witness_pending = serializers.BooleanField(source="is_witness_pending")

    class Meta:
        model = Dose
        fields = (
            *HAPPENING,
            "lot",
            "drawn_mg",
            "given_mg",
            "wasted_mg",
            "returned_mg",
            "witness",
            "witness_pending",
            "exceeds_order",
        )


class AdverseEventSerializer(serializers.ModelSerializer[AdverseEvent]):
    """Something that went wrong with the patient."""

    class Meta:
        model = AdverseEvent
        fields = (*HAPPENING, "severity", "description")


def answer_to(row: Happening) -> dict[str, Any]:
    """Return what was written down; the same row always gives the same answer."""
    makers: dict[type[Happening], type[serializers.ModelSerializer[Any]]] = {
        Event: EventSerializer,
        Check: CheckSerializer,
        Observation: ObservationSerializer,
        Dose: DoseSerializer,
        AdverseEvent: AdverseEventSerializer,
    }
    return dict(makers[type(row)](row).data)


# -- the visit record ----------------------------------------------------------------------------


class VisitPatientSerializer(serializers.Serializer[Any]):
    """What the nurse needs to know of the patient, and no more."""

    first_name = serializers.CharField(source="user.first_name")
    name = serializers.CharField(source="user.name")
    date_of_birth = serializers.DateField(allow_null=True)
    phone = serializers.CharField()
    alerts = serializers.CharField()
    escort_name = serializers.CharField()
    escort_phone = serializers.CharField()


class VisitOrderSerializer(serializers.ModelSerializer[Order]):
    """What was prescribed."""

    prescriber = serializers.CharField(source="prescriber.name")

    class Meta:
        model = Order
        fields = (
            "dose_mg",
            "rate_mg_per_hour",
            "weight_kg",
            "weighed_on",
            "prescriber",
            "valid_until",
        )


class EvvSerializer(serializers.Serializer[Any]):
    """The six elements of electronic visit verification."""

    type_of_service = serializers.CharField(source="appointment.therapy.name")
    person = serializers.CharField(source="appointment.patient.user.name")
    date = serializers.DateField(source="local_date")
    place = serializers.CharField()
    provider = serializers.CharField(source="appointment.nurse.user.name")
    began_at = serializers.DateTimeField(source="arrived_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="closed_at", allow_null=True)


class ReasonSerializer(serializers.Serializer[Any]):
    """One thing that stands in the way."""

    code = serializers.CharField()
    detail = serializers.CharField()


class NextStepSerializer(serializers.Serializer[Any]):
    """What comes next when all goes well, and what would refuse it now."""

    event = serializers.CharField()
    refusals = ReasonSerializer(many=True)


class VisitSerializer(serializers.ModelSerializer[Appointment]):
    """The promise, as the nurse needs it."""

    therapy = serializers.SlugRelatedField[Therapy](slug_field="slug", read_only=True)
    patient = VisitPatientSerializer()
    order = VisitOrderSerializer(allow_null=True)

    class Meta:
        model = Appointment
        fields = (
            "id",
            "therapy",
            "status",
            "starts_at",
            "ends_at",
            "prep_minutes",
            "infusion_minutes",
            "observation_minutes",
            "time_zone",
            "heavy_meal_until",
            "fast_from",
            "liquids_until",
            "drive_after",
            "blocked",
            "version",
            "line1",
            "line2",
            "city",
            "state",
            "postal_code",
            "latitude",
            "longitude",
            "patient",
            "order",
        )


class RecordSerializer(serializers.Serializer[Any]):
    """The whole record of a visit."""

    evv = EvvSerializer(source="*")
    events = EventSerializer(many=True)
    checks = CheckSerializer(many=True)
    observations = ObservationSerializer(many=True)
    doses = DoseSerializer(many=True)
    adverse_events = AdverseEventSerializer(many=True)
    witness_pending = serializers.ListField(child=serializers.IntegerField())
    given_mg = serializers.DecimalField(max_digits=9, decimal_places=3)
    next = serializers.SerializerMethodField()

    def get_next(self, record: Record) -> dict[str, Any] | None:
        """Return the next step and what refuses it."""
        step = visits.next_step(record=record, at=now())
        return dict(NextStepSerializer(step).data) if step else None

    def to_representation(self, instance: Record) -> dict[str, Any]:
        """Put the promise first."""
        promise = VisitSerializer(instance.appointment).data
        return {**promise, **super().to_representation(instance)}
