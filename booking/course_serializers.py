"""What the API of courses takes and gives."""

from __future__ import annotations

from datetime import date
from typing import Any

from rest_framework import serializers

from booking import clock, courses
from booking.serializers import AppointmentSerializer, InstantField, SlotSerializer, TherapyField


class BookCourseSerializer(serializers.Serializer[Any]):
    """The starts that somebody wants, all or none."""

    therapy = TherapyField()
    starts = serializers.ListField(
        child=InstantField(), min_length=1, max_length=courses.MAX_STARTS
    )


class CourseSerializer(serializers.Serializer[Any]):
    """A course and its visits, in the order in which they were asked for."""

    id = serializers.UUIDField()
    therapy = serializers.CharField(source="therapy_id")
    appointments = AppointmentSerializer(many=True)


class SuggestQuerySerializer(serializers.Serializer[Any]):
    """Which course is asked for."""

    therapy = TherapyField()
    time = serializers.TimeField(required=False, format="%H:%M", input_formats=["%H:%M"])

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python does not allow as an attribute's name."""
        return {**super().get_fields(), "from": serializers.DateField(validators=[_in_range])}


def _in_range(day: date) -> None:
    try:
        clock.check_day(day)
    except ValueError:
        raise serializers.ValidationError("That date is out of range.", "out_of_range") from None


class SuggestedCourseSerializer(serializers.Serializer[Any]):
    """A course that fits, none of it held: what it keeps, and its slots."""

    therapy = serializers.CharField()
    time_zone = serializers.CharField()
    visits = serializers.IntegerField(help_text="How many slots there are.")
    whole_course = serializers.IntegerField(
        allow_null=True, help_text="How many make a whole course; null where it has no end."
    )
    limited_by = serializers.ChoiceField(
        choices=["order", "horizon"],
        allow_null=True,
        help_text="Why there are no more: the order's sessions, or how far ahead can be booked.",
    )
    same_time = serializers.BooleanField(help_text="Whether all are at one local clock time.")
    same_nurse = serializers.BooleanField(help_text="Whether one nurse can make them all.")
    summary = serializers.CharField(help_text="The same in a sentence for the patient.")
    slots = SlotSerializer(many=True)
