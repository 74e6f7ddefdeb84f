"""What the patients API takes and gives."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.core.models import Role, User
from patients import accounts, intake
from patients.fields import LineField
from patients.models import Intake, Order, Patient, Signature, Therapy


class FindingSerializer(serializers.Serializer[dict[str, Any]]):
    """What screening tells the patient."""

    code = serializers.CharField()
    severity = serializers.CharField()
    detail = serializers.CharField()


class ReviewFindingSerializer(FindingSerializer):
    """What screening tells the reviewer."""

    note = serializers.CharField()
    clearable = serializers.BooleanField()


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


class ConsentSerializer(serializers.Serializer[dict[str, Any]]):
    """A document in its current version as it was read, and when this patient signed it."""

    slug = serializers.SlugField(source="document.slug")
    version = serializers.IntegerField(source="document.version")
    language = serializers.CharField(source="wording.language")
    title = serializers.CharField(source="wording.title")
    sha256 = serializers.CharField(source="wording.sha256")
    text = serializers.CharField(source="wording.text")
    is_required = serializers.BooleanField(source="document.is_required")
    signed_at = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_signed_at(self, row: dict[str, Any]) -> str | None:
        """Return the instant, or null while it is unsigned."""
        at = row["signed_at"]
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
