"""What the booking API takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from booking import clock, search
from booking.models import Appointment, Notice
from patients import catalogue
from patients.models import Therapy
from scheduling.models import Nurse

MARGIN = timedelta(days=30)  # what is reckoned around an instant stays in range as well


class InstantField(serializers.DateTimeField):
    """An ISO 8601 instant with an offset, within the years the product can reckon with."""

    default_error_messages = {
        "naive": "Give the offset, such as 2026-11-24T10:30:00-06:00.",
        "out_of_range": "That date is out of range.",
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse naive and far instants before any arithmetic."""
        if value.tzinfo is None:
            self.fail("naive")
        try:
            for edge in (value - MARGIN, value + MARGIN):
                clock.check_range(edge)
            return clock.check_range(value)
        except (ValueError, OverflowError):
            self.fail("out_of_range")
            raise


class TherapySerializer(serializers.ModelSerializer[Therapy]):
    """One therapy of the catalogue."""

    minutes = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()

    class Meta:
        model = Therapy
        fields = ("slug", "name", "minutes", "price", "needs_order", "min_interval_hours")

    def get_minutes(self, therapy: Therapy) -> dict[str, int]:
        """Return the length of each part."""
        return {
            "prep": therapy.prep_minutes,
            "infusion": therapy.infusion_minutes,
            "observation": therapy.observation_minutes,
        }

    def get_price(self, therapy: Therapy) -> str:
        """Return the price in dollars."""
        return f"{therapy.price_cents / 100:.2f}"


class TherapyField(serializers.SlugRelatedField[Therapy]):
    """A therapy that can be booked, by its slug."""

    def __init__(self) -> None:
        super().__init__(slug_field="slug", queryset=Therapy.objects.all())

    def to_internal_value(self, data: Any) -> Therapy:
        """Look the slug up; anything that is not plain text is no slug."""
        if not isinstance(data, str) or "\x00" in data:
            self.fail("does_not_exist", slug_name="slug", value="")
        try:
            therapy = catalogue.offered(data)
        except ValueError:  # half a character
            self.fail("invalid")
        if therapy is None:
            self.fail("does_not_exist", slug_name="slug", value=data)
        return therapy


class SlotQuerySerializer(serializers.Serializer[Any]):
    """Which slots are asked for."""

    therapy = TherapyField()
    to = serializers.DateField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python does not allow as an attribute's name."""
        return {**super().get_fields(), "from": serializers.DateField()}

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse a range that is backwards, too long or too far away."""
        first: date = attrs["from"]
        last: date = attrs["to"]
        for name, day in (("from", first), ("to", last)):
            try:
                clock.check_day(day)
            except ValueError:
                raise serializers.ValidationError(
                    {name: "That date is out of range."}, code="out_of_range"
                ) from None
        if last < first:
            raise serializers.ValidationError({"to": "Must not be before `from`."})
        if (last - first).days >= search.MAX_DAYS:
            raise serializers.ValidationError({"to": f"At most {search.MAX_DAYS} days at a time."})
        return attrs


class SlotSerializer(serializers.Serializer[Any]):
    """A time that can be booked, and what it means."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    heavy_meal_until = serializers.DateTimeField(allow_null=True)
    fast_from = serializers.DateTimeField(allow_null=True)
    liquids_until = serializers.DateTimeField(allow_null=True)
    drive_after = serializers.DateTimeField(allow_null=True)


class SlotsSerializer(serializers.Serializer[Any]):
    """The slots of a range of days."""

    time_zone = serializers.CharField()
    slots = SlotSerializer(many=True)


class BookSerializer(serializers.Serializer[Any]):
    """A start that somebody wants."""

    therapy = TherapyField()
    starts_at = InstantField()


class RescheduleSerializer(serializers.Serializer[Any]):
    """The new start."""

    starts_at = InstantField()


class CancelSerializer(serializers.Serializer[Any]):
    """Why, if the patient wants to say."""

    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class NurseField(serializers.IntegerField):
    """A nurse by number."""

    default_error_messages = {"does_not_exist": "There is no such nurse."}

    def to_internal_value(self, data: Any) -> Any:
        """Find the nurse."""
        number = super().to_internal_value(data)
        nurse = Nurse.objects.select_related("user").filter(pk=number).first()
        if nurse is None:
            self.fail("does_not_exist")
        return nurse


class AssignSerializer(serializers.Serializer[Any]):
    """Who should go."""

    nurse = NurseField()


class AssignedNurseSerializer(serializers.Serializer[Any]):
    """Who goes."""

    id = serializers.IntegerField()
    first_name = serializers.CharField(source="user.first_name")


class AssignedSerializer(serializers.ModelSerializer[Appointment]):
    """A visit and who goes, as a dispatcher sees it."""

    nurse = AssignedNurseSerializer()

    class Meta:
        model = Appointment
        fields = ("id", "status", "starts_at", "ends_at", "time_zone", "nurse", "version")


class AppointmentNurseSerializer(serializers.Serializer[Any]):
    """What a patient may know of the nurse."""

    first_name = serializers.CharField(source="user.first_name")


class AppointmentSerializer(serializers.ModelSerializer[Appointment]):
    """A promised visit, as the patient sees it."""

    therapy = serializers.SlugField(source="therapy_id", read_only=True)
    nurse = AppointmentNurseSerializer(allow_null=True)

    class Meta:
        model = Appointment
        fields = (
            "id",
            "therapy",
            "status",
            "starts_at",
            "ends_at",
            "heavy_meal_until",
            "fast_from",
            "liquids_until",
            "drive_after",
            "time_zone",
            "nurse",
            "course",
            "blocked",
            "version",
        )

    def to_representation(self, instance: Appointment) -> dict[str, Any]:
        """Give the fields that `Meta` lists, instants with the offset of the service address.

        Spelled out: making the fields anew takes longer than all they show.
        """
        zone = ZoneInfo(instance.time_zone)
        instants = {name: getattr(instance, name) for name in _INSTANTS}
        nurse = instance.nurse
        shown = {
            "id": str(instance.pk),
            "therapy": instance.therapy_id,
            "status": instance.status,
            **{name: at and at.astimezone(zone).isoformat() for name, at in instants.items()},
            "time_zone": instance.time_zone,
            "nurse": nurse and {"first_name": nurse.user.first_name},
            "course": instance.course_id,
            "blocked": instance.blocked,
            "version": instance.version,
        }
        return {name: shown[name] for name in self.Meta.fields}


_INSTANTS = (
    "starts_at",
    "ends_at",
    "heavy_meal_until",
    "fast_from",
    "liquids_until",
    "drive_after",
)


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A message that was or will be sent."""

    class Meta:
        model = Notice
        fields = (
            "kind",
            "channel",
            "recipient",
            "occurrence",
            "ideal_at",
            "send_from",
            "not_after",
            "status",
            "sent_at",
            "version",
        )

    def to_representation(self, instance: Notice) -> dict[str, Any]:
        """Add the class, whose name Python keeps for itself."""
        return {**super().to_representation(instance), "class": instance.notice_class}
