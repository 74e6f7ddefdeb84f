"""Who needs what, and may have it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from config.core.clock import now
from config.core.models import append_only, never_deleted


def default_channels() -> list[str]:
    """Both channels, until the patient says otherwise."""
    return ["email", "sms"]


class Patient(models.Model):
    """A person who is cared for."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="patient"
    )
    date_of_birth = models.DateField(null=True, blank=True)
    phone = models.CharField(max_length=16, blank=True, help_text="E.164, such as +13125550100")
    escort_name = models.CharField(max_length=200, blank=True)
    escort_phone = models.CharField(max_length=16, blank=True)
    escort_texts = models.BooleanField("escort agreed to texts", default=False)
    channels = ArrayField(models.CharField(max_length=8), default=default_channels, blank=True)
    sms_in_quiet_hours = models.BooleanField("safety texts at night", default=False)
    alerts = models.CharField(
        max_length=200, blank=True, help_text="What the nurse must know at the door"
    )
    changed_at = models.DateTimeField(
        default=now, help_text="When something a gate asks about last changed"
    )

    class Meta:
        ordering = ("user__email",)
        triggers = [never_deleted("patient_is_never_deleted")]
        constraints = [
            models.CheckConstraint(
                condition=Q(channels__contained_by=["email", "sms"]),
                name="patient_channels_are_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Address(models.Model):
    """Where the patient is visited; appointments copy it."""

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="address")
    line1 = models.CharField(max_length=200)
    line2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=2)
    postal_code = models.CharField(max_length=10)
    latitude = models.FloatField(validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(validators=[MinValueValidator(-180), MaxValueValidator(180)])
    time_zone = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180)),
                name="address_lies_on_the_earth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line1}, {self.city}"


class ServiceArea(models.Model):
    """A circle the clinic drives to."""

    name = models.CharField(max_length=100, unique=True)
    latitude = models.FloatField()
    longitude = models.FloatField()
    radius_km = models.FloatField(validators=[MinValueValidator(1)])
    is_open = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Permit(models.Model):
    """Whether a nurse may give the infusion at home in a state; no row means no."""

    state = models.CharField(max_length=2, unique=True)
    is_permitted = models.BooleanField(default=False)
    licence_kind = models.CharField(max_length=40, default="RN")
    supervision = models.CharField(max_length=200, blank=True)
    is_example = models.BooleanField(
        default=False, help_text="Seeded, not checked by the clinic's counsel"
    )

    class Meta:
        ordering = ("state",)

    def __str__(self) -> str:
        return self.state


class Therapy(models.Model):
    """What can be booked."""

    slug = models.SlugField(max_length=40, primary_key=True)
    name = models.CharField(max_length=100)
    prep_minutes = models.PositiveSmallIntegerField(default=0)
    infusion_minutes = models.PositiveSmallIntegerField()
    observation_minutes = models.PositiveSmallIntegerField(default=0)
    min_interval_hours = models.PositiveSmallIntegerField(default=0)
    price_cents = models.PositiveIntegerField(default=0)
    needs_order = models.BooleanField("is an infusion", default=True)
    max_mg_per_kg = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    max_mg_per_kg_hour = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    max_mg_per_hour = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "slug")
        verbose_name_plural = "therapies"
        constraints = [
            models.CheckConstraint(
                condition=Q(needs_order=False) | Q(observation_minutes__gte=60),
                name="therapy_is_observed_for_an_hour_at_least",
            ),
            models.CheckConstraint(
                condition=Q(needs_order=False)
                | Q(max_mg_per_kg__isnull=False)
                | Q(max_mg_per_kg_hour__isnull=False),
                name="therapy_given_by_order_has_a_dose_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def total_minutes(self) -> int:
        """How long a visit holds the nurse."""
        return self.prep_minutes + self.infusion_minutes + self.observation_minutes


class IntakeQuerySet(models.QuerySet["Intake"]):
    """Reads of intakes."""

    def newest(self, *, patient: Patient) -> Intake | None:
        """Return the intake that speaks for the patient."""
        return self.filter(patient=patient).order_by("-submitted_at", "-pk").first()

    def awaiting_decision(self) -> Self:
        """Return those a clinician has to decide, most urgent first, then oldest."""
        urgency = models.Case(
            models.When(outcome=Intake.Outcome.CRISIS, then=0),
            models.When(outcome=Intake.Outcome.EXCLUDED, then=1),
            default=2,
        )
        waiting = self.filter(status=Intake.Status.AWAITING_REVIEW)
        return waiting.order_by(urgency, "submitted_at", "pk")


class Intake(models.Model):
    """One submitted questionnaire and what became of it."""

    class Status(models.TextChoices):
        """Where the decision stands."""

        AWAITING_REVIEW = "awaiting_review", "Awaiting review"
        CLEARED = "cleared", "Cleared"
        ASKED = "asked", "More was asked"
        DECLINED = "declined", "Declined"

    class Outcome(models.TextChoices):
        """What screening found."""

        ELIGIBLE = "eligible", "Eligible"
        REVIEW = "review", "Review"
        EXCLUDED = "excluded", "Excluded"
        CRISIS = "crisis", "Crisis"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="intakes")
    version = models.CharField(max_length=20)
    answers = models.JSONField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    findings = models.JSONField(default=list)
    scores = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=Status.choices)
    submitted_at = models.DateTimeField(default=now)
    valid_until = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decided_intakes",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        ordering = ("-submitted_at", "-pk")
        indexes = [models.Index(fields=["patient", "-submitted_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["awaiting_review", "cleared", "asked", "declined"]),
                name="intake_has_a_known_status",
            ),
            models.CheckConstraint(
                condition=~Q(status="cleared")
                | Q(outcome="eligible")
                | (Q(decided_by__isnull=False) & ~Q(reason="")),
                name="intake_with_findings_is_cleared_by_a_named_person_with_a_reason",
            ),
        ]
        triggers = [
            never_deleted("intake_is_never_deleted"),
            pgtrigger.FSM(
                name="intake_status_moves_forward",
                field="status",
                transitions=[
                    ("awaiting_review", "cleared"),
                    ("awaiting_review", "asked"),
                    ("awaiting_review", "declined"),
                    ("asked", "cleared"),
                    ("asked", "declined"),
                    ("cleared", "declined"),
                ],
            ),
            pgtrigger.Protect(
                name="intake_answers_never_change",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("answers", "findings", "outcome", "patient"),
            ),
        ]

    def __str__(self) -> str:
        return f"Intake {self.pk} ({self.outcome})"


class OrderQuerySet(models.QuerySet["Order"]):
    """Reads of orders."""

    def in_force(self, *, at: datetime, zone_date: date) -> Self:
        """Return the orders that stand at the instant, whose local date is `zone_date`."""
        return self.filter(
            valid_from__lte=zone_date, valid_until__gte=zone_date, withdrawn_at__isnull=True
        ).order_by("valid_until", "pk")


class Order(models.Model):
    """A prescriber's order for a number of sessions."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="orders")
    therapy = models.ForeignKey(Therapy, on_delete=models.PROTECT, related_name="orders")
    prescriber = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders"
    )
    second_prescriber = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="countersigned_orders",
    )
    sessions = models.PositiveSmallIntegerField("sessions in all")
    sessions_reserved = models.PositiveSmallIntegerField(default=0, editable=False)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    rate_mg_per_hour = models.DecimalField(max_digits=7, decimal_places=2)
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1)
    weighed_on = models.DateField()
    min_interval_hours = models.PositiveSmallIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField()
    evaluated_on = models.DateField("in-person evaluation on")
    created_at = models.DateTimeField(default=now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="withdrawn_orders",
    )
    withdrawn_reason = models.TextField(blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(sessions_reserved__lte=F("sessions")),
                name="order_reserves_no_more_than_it_holds",
            ),
            models.CheckConstraint(
                condition=Q(sessions__gte=1)
                & Q(dose_mg__gt=0)
                & Q(rate_mg_per_hour__gt=0)
                & Q(weight_kg__gt=0),
                name="order_figures_are_positive",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="order_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(second_prescriber__isnull=True) | ~Q(second_prescriber=F("prescriber")),
                name="order_second_prescriber_is_another_person",
            ),
        ]
        triggers = [
            never_deleted("order_is_never_deleted"),
            pgtrigger.Protect(
                name="order_figures_never_change",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "patient",
                    "therapy",
                    "prescriber",
                    "sessions",
                    "dose_mg",
                    "rate_mg_per_hour",
                    "weight_kg",
                    "weighed_on",
                    "valid_from",
                    "min_interval_hours",
                    "evaluated_on",
                ),
            ),
            pgtrigger.Trigger(
                name="order_dose_within_limits",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("t", "patients_therapy%ROWTYPE")],
                func="""
                    SELECT * INTO t FROM patients_therapy WHERE slug = NEW.therapy_id;
                    IF (t.max_mg_per_kg IS NOT NULL AND (
                            NEW.rate_mg_per_hour > NEW.dose_mg * 60 / t.infusion_minutes
                            OR (NEW.second_prescriber_id IS NULL
                                AND NEW.dose_mg > t.max_mg_per_kg * NEW.weight_kg)))
                       OR (t.max_mg_per_kg_hour IS NOT NULL AND (
                            NEW.rate_mg_per_hour > LEAST(t.max_mg_per_kg_hour * NEW.weight_kg,
                                                         t.max_mg_per_hour)
                            OR NEW.dose_mg > NEW.rate_mg_per_hour * t.infusion_minutes / 60))
                    THEN
                        RAISE EXCEPTION 'The dose or rate is above the limit for this weight.'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'order_dose_within_limits';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.therapy_id} for {self.patient}"

    @property
    def sessions_left(self) -> int:
        """How many sessions may still be booked."""
        return self.sessions - self.sessions_reserved


class ConsentDocument(models.Model):
    """One version of a text a patient signs; a new version is a new row."""

    slug = models.SlugField(max_length=40)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)
    is_required = models.BooleanField(default=True)
    published_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("slug", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "version"], name="consent_document_version_is_published_once"
            )
        ]
        triggers = [append_only("consent_document_never_changes")]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class Signature(models.Model):
    """A patient's electronic signature under one version of one document."""

    document = models.ForeignKey(
        ConsentDocument, on_delete=models.PROTECT, related_name="signatures"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="signatures")
    sha256 = models.CharField(max_length=64)
    typed_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField(default=now)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-signed_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["document", "patient"], name="signature_is_given_once_per_version"
            )
        ]
        triggers = [append_only("signature_never_changes")]

    def __str__(self) -> str:
        return f"{self.typed_name}: {self.document}"


def intake_validity() -> timedelta:
    """Return how long an intake is good for."""
    return timedelta(days=settings.INTAKE_DAYS)
