"""What the patients API takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.core.clock import now
from config.core.models import Role, User
from patients import accounts, gate, intake
from patients.answers import EARLIEST_DATE
from patients.fields import DegreesField, LineField, PhoneField
from patients.models import Address, ConsentDocument, Intake, Order, Patient, Signature, Therapy


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
        "gate": gate.summary(patient=patient),
    }


def flat(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the profile without its nested parts, the escort's under their own names."""
    profile = {name: value for name, value in sent.items() if name not in ("address", "escort")}
    escort = sent.get("escort", {})
    return profile | {f"escort_{name}": value for name, value in escort.items()}


class FindingSerializer(serializers.Serializer[dict[str, Any]]):
    """What screening tells the patient."""

    code = serializers.CharField()
    severity = serializers.CharField()
    detail = serializers.CharField()


class ReviewFindingSerializer(FindingSerializer):
    """What screening tells the reviewer."""

    note = serializers.CharField()
    clearable = serializers.BooleanField()


class ChoiceSerializer(serializers.Serializer[dict[str, Any]]):
    """One possible answer; `value` is text or a whole number."""

    value = serializers.JSONField()
    label = serializers.CharField()  # type: ignore[assignment]


class ShowIfSerializer(serializers.Serializer[dict[str, Any]]):
    """Ask only where an earlier question has one of these answers."""

    question = serializers.CharField()
    any_of = serializers.ListField(child=serializers.JSONField())


class QuestionSerializer(serializers.Serializer[dict[str, Any]]):
    """One question."""

    id = serializers.CharField()
    section = serializers.CharField()
    text = serializers.CharField()
    help = serializers.CharField(allow_blank=True)
    type = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    choices = ChoiceSerializer(many=True)
    minimum = serializers.IntegerField(allow_null=True)
    maximum = serializers.IntegerField(allow_null=True)
    max_length = serializers.IntegerField(allow_null=True)
    show_if = ShowIfSerializer(allow_null=True)


class SectionSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of the form."""

    id = serializers.CharField()
    title = serializers.CharField()
    intro = serializers.CharField(allow_blank=True)


class FormSerializer(serializers.Serializer[dict[str, Any]]):
    """The questionnaire in force."""

    version = serializers.CharField()
    sections = SectionSerializer(many=True)
    questions = QuestionSerializer(many=True)


class SubmitSerializer(serializers.Serializer[dict[str, Any]]):
    """Answers by question id."""

    answers = serializers.DictField()


class IntakeSerializer(serializers.ModelSerializer[Intake]):
    """An intake as its patient sees it."""

    status = serializers.CharField(read_only=True)
    outcome = serializers.CharField(read_only=True)
    findings = FindingSerializer(many=True, read_only=True)
    message = serializers.SerializerMethodField(help_text="What the clinician asks for.")

    class Meta:
        model = Intake
        fields = (
            "id",
            "version",
            "status",
            "outcome",
            "findings",
            "submitted_at",
            "valid_until",
            "message",
        )

    def get_message(self, row: Intake) -> str:
        """Return what was asked; other reasons are the clinic's own."""
        return row.reason if row.status == Intake.Status.ASKED else ""


class ReviewPatientSerializer(serializers.ModelSerializer[Patient]):
    """Whom an intake is about; `id` and `email` both name the patient in an order."""

    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = Patient
        fields = ("id", "email", "name", "date_of_birth", "phone")


class AnswerSerializer(serializers.Serializer[dict[str, Any]]):
    """One question as it was asked, and what was answered."""

    id = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField()


class ReviewSerializer(IntakeSerializer):
    """An intake as the reviewer sees it."""

    findings = ReviewFindingSerializer(many=True, read_only=True)
    patient = ReviewPatientSerializer(read_only=True)
    answers = serializers.SerializerMethodField()
    scores = serializers.JSONField(read_only=True)

    class Meta:
        model = Intake
        fields = (*IntakeSerializer.Meta.fields, "patient", "answers", "scores", "reason")

    @extend_schema_field(AnswerSerializer(many=True))
    def get_answers(self, row: Intake) -> list[dict[str, str]]:
        """Return the answers in words."""
        return intake.in_words(row)


class DecisionSerializer(serializers.Serializer[dict[str, Any]]):
    """What a clinician decided, and why."""

    decision = serializers.ChoiceField(choices=list(intake.DECISIONS))
    reason = serializers.CharField(max_length=4000)


class ConsentSerializer(serializers.ModelSerializer[ConsentDocument]):
    """A document in its current version, and when this patient signed it."""

    signed_at = serializers.SerializerMethodField()

    class Meta:
        model = ConsentDocument
        fields = ("slug", "version", "title", "sha256", "text", "is_required", "signed_at")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_signed_at(self, document: ConsentDocument) -> str | None:
        """Return the instant, or null while it is unsigned."""
        at = self.context["signed"].get(document.pk)
        return at.isoformat() if at else None


class SignSerializer(serializers.Serializer[dict[str, Any]]):
    """A signature: the name as typed, and the hash of the text that was read."""

    typed_name = LineField(max_length=200)
    sha256 = serializers.CharField(max_length=64)


class SignatureSerializer(serializers.ModelSerializer[Signature]):
    """What was signed."""

    slug = serializers.CharField(source="document.slug")
    version = serializers.IntegerField(source="document.version")

    class Meta:
        model = Signature
        fields = ("slug", "version", "sha256", "typed_name", "signed_at")


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order; the prescriber by name."""

    therapy = serializers.CharField(source="therapy_id")
    sessions_left = serializers.IntegerField(read_only=True)
    prescriber = serializers.CharField(source="prescriber.__str__")

    class Meta:
        model = Order
        fields = (
            "id",
            "therapy",
            "sessions",
            "sessions_left",
            "dose_mg",
            "rate_mg_per_hour",
            "weight_kg",
            "weighed_on",
            "min_interval_hours",
            "valid_from",
            "valid_until",
            "evaluated_on",
            "prescriber",
            "withdrawn_at",
        )


class WriteOrderSerializer(serializers.Serializer[dict[str, Any]]):
    """An order to write."""

    patient = serializers.CharField(max_length=254, help_text="The patient's e-mail, or their id.")
    therapy = serializers.SlugField(max_length=40)
    sessions = serializers.IntegerField(min_value=1, max_value=100)
    dose_mg = serializers.DecimalField(max_digits=7, decimal_places=2)
    rate_mg_per_hour = serializers.DecimalField(max_digits=7, decimal_places=2)
    weight_kg = serializers.DecimalField(max_digits=5, decimal_places=1)
    weighed_on = serializers.DateField()
    valid_from = serializers.DateField()
    valid_until = serializers.DateField()
    evaluated_on = serializers.DateField(
        required=False,
        allow_null=True,
        help_text="Day of the in-person evaluation, on or before `valid_from`; without it: 409.",
    )
    second_prescriber = serializers.EmailField(
        required=False, allow_null=True, help_text="Another clinician, for a dose above the limit."
    )

    def validate_patient(self, who: str) -> Patient:
        """Find the patient by e-mail or id."""
        try:
            return accounts.find(who)
        except ObjectDoesNotExist:
            raise serializers.ValidationError(
                "There is no such patient.", "does_not_exist"
            ) from None

    def validate_therapy(self, slug: str) -> Therapy:
        """Find the therapy."""
        therapy = Therapy.objects.filter(slug=slug, is_active=True).first()
        if therapy is None:
            raise serializers.ValidationError("There is no such therapy.", "does_not_exist")
        return therapy

    def validate_second_prescriber(self, email: str | None) -> User | None:
        """Find the other clinician."""
        if email is None:
            return None
        second = User.objects.filter(email__iexact=email, role=Role.CLINICIAN).first()
        if second is None:
            raise serializers.ValidationError("There is no such clinician.", "does_not_exist")
        return second
