"""Who can be sent: nurses, their licences and what they are qualified for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.core.models import never_deleted

MINUTES_OF_A_DAY = 24 * 60


class Nurse(models.Model):
    """A certified nurse who visits, or holds consultations from a desk."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="nurse"
    )
    home_latitude = models.FloatField()
    home_longitude = models.FloatField()
    time_zone = models.CharField(max_length=64, default="America/Chicago")
    is_active = models.BooleanField(default=True)
    max_driving_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Minutes of driving a day, the way home included. Empty: as the clinic set it.",
    )
    max_working_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Minutes of visits and driving a day. Empty: as the clinic set it.",
    )

    class Meta:
        ordering = ("user__name", "pk")
        triggers = [never_deleted("nurse_is_never_deleted")]
        constraints = [
            models.CheckConstraint(
                condition=Q(home_latitude__range=(-90, 90)) & Q(home_longitude__range=(-180, 180)),
                name="nurse_lives_on_the_earth",
                violation_error_message="Latitude is -90 to 90, longitude -180 to 180.",
            ),
            models.CheckConstraint(
                condition=Q(max_driving_minutes__isnull=True)
                | Q(max_driving_minutes__lte=MINUTES_OF_A_DAY),
                name="nurse_drives_no_longer_than_a_day",
                violation_error_message="A day has 1440 minutes: give at most that for driving.",
            ),
            models.CheckConstraint(
                condition=Q(max_working_minutes__isnull=True)
                | Q(max_working_minutes__lte=MINUTES_OF_A_DAY),
                name="nurse_works_no_longer_than_a_day",
                violation_error_message="A day has 1440 minutes: give at most that for working.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Licence(models.Model):
    """A nurse's licence in one state."""

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="licences")
    state = models.CharField(max_length=2)
    kind = models.CharField(max_length=40, default="RN")
    number = models.CharField(max_length=40)
    valid_from = models.DateField()
    valid_until = models.DateField()

    class Meta:
        ordering = ("state", "-valid_until")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="licence_ends_after_it_begins",
                violation_error_message="The licence ends before it begins: look at its two dates.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.number}"


class Qualification(models.Model):
    """A therapy the nurse is qualified for; `consultation` is one of them."""

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="qualifications")
    therapy = models.ForeignKey(
        "patients.Therapy", on_delete=models.PROTECT, related_name="qualifications"
    )
    valid_until = models.DateField()

    class Meta:
        ordering = ("therapy_id",)
        constraints = [
            models.UniqueConstraint(
                fields=["nurse", "therapy"],
                name="qualification_is_held_once_per_therapy",
                violation_error_message="She holds this already: change its date instead.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.therapy_id} until {self.valid_until}"
