"""A person who is cared for, and where they live."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, refused


def default_channels() -> list[str]:
    """Both channels, until the patient says otherwise."""
    return ["email", "sms"]


def default_language() -> str:
    """The clinic's usual one, until the patient says otherwise."""
    code: str = settings.DEFAULT_LANGUAGE
    return code


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
    language = models.CharField(
        max_length=2,
        choices=[("en", "English"), ("es", "Español")],
        default=default_language,
        help_text="What messages to the patient and to the adult who stays are written in",
    )
    alerts = models.CharField(
        max_length=200, blank=True, help_text="What the nurse must know at the door"
    )
    intake_begun_at = models.DateTimeField(
        null=True, editable=False, help_text="When a questionnaire was opened that was not sent yet"
    )
    changed_at = models.DateTimeField(
        default=now, help_text="When something a gate asks about last changed"
    )

    class Meta:
        ordering = ("user__email",)
        indexes = [
            models.Index(
                fields=["intake_begun_at"],
                name="patient_intake_not_sent",
                condition=Q(intake_begun_at__isnull=False),
            ),
        ]
        triggers = [
            never_deleted("patient_is_never_deleted"),
            refused(
                "patient_is_one_person",
                "What is known of a person is not handed on to another account.",
                condition=changed("user"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(channels__contained_by=["email", "sms"]),
                name="patient_channels_are_known",
            ),
            models.CheckConstraint(
                condition=Q(language__in=["en", "es"]), name="patient_language_is_known"
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
        triggers = [
            never_deleted("address_is_never_deleted"),
            refused(
                "address_is_one_patients",
                "A home is not handed on to another patient.",
                condition=changed("patient"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line1}, {self.city}"
