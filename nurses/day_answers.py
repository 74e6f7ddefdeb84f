"""What the API gives of a day: one nurse's route, or everybody's."""

from __future__ import annotations

import math
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from nurses import dispatch
from nurses.dispatch import RULES
from nurses.models import Plan
from nurses.route import Stop
from patients import homes


class StopPatientSerializer(serializers.Serializer[Any]):
    """Who is visited."""

    first_name = serializers.CharField(source="user.first_name")
    phone = serializers.CharField()
    alerts = serializers.CharField()


class StopSerializer(serializers.Serializer[Any]):
    """One visit of a route, and the drive to it."""

    appointment = serializers.UUIDField(source="appointment.pk")
    sequence = serializers.IntegerField()
    leave_at = serializers.DateTimeField()
    starts_at = serializers.DateTimeField(source="appointment.starts_at")
    ends_at = serializers.DateTimeField(source="appointment.ends_at")
    time_zone = serializers.CharField(source="appointment.time_zone")
    address = serializers.CharField()
    latitude = serializers.FloatField(source="appointment.latitude")
    longitude = serializers.FloatField(source="appointment.longitude")
    travel_minutes = serializers.IntegerField(source="drive.minutes")
    travel_km = serializers.FloatField(source="drive.km")
    therapy = serializers.CharField(source="appointment.therapy_id")
    status = serializers.CharField(source="appointment.status")
    blocked = serializers.ListField(source="appointment.blocked", child=serializers.CharField())
    patient = StopPatientSerializer(source="appointment.patient")
    directions = serializers.SerializerMethodField(
        help_text="`parking`, `entry`, `stairs`, `pets`, `more`: what the patient said of the home"
    )

    def get_directions(self, stop: Stop) -> dict[str, str]:
        """Return what is known of the way in; only a nurse's own route says it."""
        return homes.as_said(self.context.get("notes", {}).get(stop.appointment.pk))


class ConsultationSerializer(serializers.Serializer[Any]):
    """A talk from the desk."""

    appointment = serializers.UUIDField(source="pk")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    status = serializers.CharField()
    patient = StopPatientSerializer()


class TotalsSerializer(serializers.Serializer[Any]):
    """What a route adds up to, the drive home included."""

    travel_minutes = serializers.IntegerField()
    travel_km = serializers.FloatField()
    visits = serializers.IntegerField()


class ConcernSerializer(serializers.Serializer[Any]):
    """Something about the day that a person should look at."""

    code = serializers.CharField()
    detail = serializers.CharField()
    appointment = serializers.UUIDField(source="appointment.pk")


class RouteSerializer(serializers.Serializer[Any]):
    """A nurse's day."""

    date = serializers.DateField()
    status = serializers.CharField()
    stops = StopSerializer(many=True)
    totals = TotalsSerializer()
    warnings = ConcernSerializer(many=True)
    consultations = ConsultationSerializer(many=True)


class RouteNurseSerializer(serializers.Serializer[Any]):
    """Whose route it is."""

    id = serializers.IntegerField()
    first_name = serializers.CharField(source="user.first_name")


class NurseRouteSerializer(serializers.Serializer[Any]):
    """One route among the day's."""

    nurse = RouteNurseSerializer()
    status = serializers.CharField()
    stops = StopSerializer(many=True)
    totals = TotalsSerializer()
    warnings = ConcernSerializer(many=True)


class ObjectionSerializer(serializers.Serializer[Any]):
    """What stops one nurse."""

    nurse = RouteNurseSerializer()
    rule = serializers.ChoiceField(choices=list(RULES.items()))


class UnassignedSerializer(serializers.Serializer[Any]):
    """A visit nobody goes to."""

    appointment = serializers.UUIDField(source="appointment.pk")
    why = serializers.CharField(help_text="`no_nurse`, or in words what stops the nearest nurses")
    reasons = ObjectionSerializer(many=True)
    starts_at = serializers.DateTimeField(source="appointment.starts_at")
    ends_at = serializers.DateTimeField(source="appointment.ends_at")
    therapy = serializers.CharField(source="appointment.therapy_id")


class MoveSerializer(serializers.Serializer[Any]):
    """A visit that would change nurses."""

    appointment = serializers.UUIDField()
    to = serializers.IntegerField(allow_null=True, help_text="A nurse; null: nobody")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python does not allow as an attribute's name."""
        before = serializers.IntegerField(allow_null=True, help_text="A nurse; null: nobody")
        return {**super().get_fields(), "from": before}


class PlanSummarySerializer(serializers.ModelSerializer[Plan]):
    """A plan in short."""

    plan = serializers.IntegerField(source="pk")
    moves = MoveSerializer(many=True)

    class Meta:
        model = Plan
        fields = (
            *("plan", "purpose", "status", "made_at", "is_minimal", "moves"),
            *("km_before", "km_after", "lower_bound_km", "gap_percent", "proven"),
        )


class PlanSerializer(serializers.ModelSerializer[Plan]):
    """Who should go where on a day, and how good that is."""

    plan = serializers.IntegerField(source="pk")
    date = serializers.DateField(source="day")
    moves = MoveSerializer(many=True)
    km_before = serializers.FloatField(
        help_text="Driving as it is, less to visits whose nurse cannot go either way"
    )
    km_after = serializers.FloatField(help_text="Driving once the moves are made, less the same")
    lower_bound_km = serializers.FloatField(
        help_text="No plan that leaves as few visits out and changes as little drives less"
    )
    gap_percent = serializers.FloatField(help_text="How far the plan may lie above the best")
    unassigned = serializers.SerializerMethodField()
    seconds = serializers.FloatField(source="took_seconds")

    class Meta:
        model = Plan
        fields = (
            *("plan", "date", "purpose", "status", "made_at", "is_minimal", "moves"),
            *("km_before", "km_after", "lower_bound_km", "gap_percent", "proven"),
            *("unassigned", "seconds", "seed"),
        )

    @extend_schema_field(UnassignedSerializer(many=True))
    def get_unassigned(self, plan: Plan) -> Any:
        """Return the visits left out, and why."""
        return UnassignedSerializer(dispatch.left_out(plan), many=True).data


class SecondsField(serializers.FloatField):
    """A length of time that is a number: not infinite, and not "not a number"."""

    def to_internal_value(self, data: Any) -> float:
        """Refuse what no bound would."""
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class PlanInput(serializers.Serializer[Any]):
    """How long to search at most, and where chance begins."""

    seconds = SecondsField(min_value=dispatch.SHORTEST, max_value=dispatch.LONGEST, required=False)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


class PublishInput(serializers.Serializer[Any]):
    """Which plan to carry out."""

    plan = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class PublishedSerializer(serializers.Serializer[Any]):
    """What was published."""

    plan = serializers.IntegerField(source="pk")
    date = serializers.DateField(source="day")
    status = serializers.CharField()
    moves = MoveSerializer(many=True)


class DaySerializer(serializers.Serializer[Any]):
    """Everybody's day."""

    date = serializers.DateField()
    routes = NurseRouteSerializer(many=True)
    unassigned = UnassignedSerializer(many=True)
    totals = TotalsSerializer()
    lower_bound_km = serializers.FloatField(allow_null=True)
    gap_percent = serializers.FloatField(allow_null=True)
    plan = PlanSummarySerializer(allow_null=True, help_text="The last plan that still fits")
