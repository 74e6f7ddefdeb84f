"""What the API gives of a day: one nurse's route, or everybody's."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


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


class UnassignedSerializer(serializers.Serializer[Any]):
    """A visit nobody goes to."""

    appointment = serializers.UUIDField(source="appointment.pk")
    why = serializers.CharField()
    starts_at = serializers.DateTimeField(source="appointment.starts_at")
    ends_at = serializers.DateTimeField(source="appointment.ends_at")
    therapy = serializers.CharField(source="appointment.therapy_id")


class DaySerializer(serializers.Serializer[Any]):
    """Everybody's day."""

    date = serializers.DateField()
    routes = NurseRouteSerializer(many=True)
    unassigned = UnassignedSerializer(many=True)
    totals = TotalsSerializer()
    lower_bound_km = serializers.FloatField(allow_null=True)
    gap_percent = serializers.FloatField(allow_null=True)
