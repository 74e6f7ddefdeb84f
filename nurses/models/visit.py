"""What happened at the home: append-only rows; a correction names the row it corrects."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from booking.models import Appointment, Status
from config.core.clock import now
from config.core.models import append_only
from config.core.triggers import refused_where

FAR_METRES = 100
MOST_MG = Decimal("99999.999")  # what the column holds; "not a number" sorts above every number


class Happening(models.Model):
    """What every row of the visit record carries; a replayed `client_id` changes nothing."""

    client_id = models.CharField(max_length=64)
    at = models.DateTimeField(help_text="When it happened")
    recorded_at = models.DateTimeField(default=now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} UTC"

    @property
    def subject(self) -> str:
        """What a page to on-call says it is about, such as `adverse_event/12`."""
        return f"{str(self._meta.verbose_name).replace(' ', '_')}/{self.pk}"


class Event(Happening):
    """A step of the visit."""

    class Name(models.TextChoices):
        """What can happen."""

        DEPART = "depart", "Nurse set off"
        ARRIVE = "arrive", "Nurse arrived"
        START_INFUSION = "start_infusion", "Infusion started"
        END_INFUSION = "end_infusion", "Infusion ended"
        DISCHARGE = "discharge", "Patient discharged"
        TRANSFER = "transfer", "Transferred to emergency care"
        ABORT = "abort", "Aborted"
        NO_SHOW = "no_show", "Nobody there"
        START = "start", "Consultation started"
        COMPLETE = "complete", "Consultation completed"

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="events")
    event = models.CharField(max_length=16, choices=Name.choices)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    metres_away = models.PositiveIntegerField(null=True, help_text="From the promised address")
    deviations = ArrayField(models.CharField(max_length=40), default=list)
    status = models.CharField(
        max_length=16, choices=Status.choices, help_text="Where the visit stood after it"
    )

    class Meta(Happening.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "client_id"], name="event_is_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    event__in=[
                        "depart",
                        "arrive",
                        "start_infusion",
                        "end_infusion",
                        "discharge",
                        "transfer",
                        "abort",
                        "no_show",
                        "start",
                        "complete",
                    ]
                ),
                name="event_has_a_known_name",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | (Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180))),
                name="event_happens_on_the_earth",
            ),
        ]
        triggers = [append_only("event_never_changes")]

    @property
    def is_far_away(self) -> bool:
        """Whether the device was clearly somewhere else; it is flagged, never blocked."""
        return self.metres_away is not None and self.metres_away > FAR_METRES


class Check(Happening):
    """An answer taken at the door or before leaving."""

    class Kind(models.TextChoices):
        """What is asked."""

        IDENTITY = "identity", "Identity"
        ESCORT_PRESENT = "escort_present", "Escort present"
        WARNING_ACKNOWLEDGED = "warning_acknowledged", "Warning acknowledged"
        LAST_FOOD = "last_food", "Last food"
        LAST_DRINK = "last_drink", "Last drink"
        WEIGHT = "weight", "Weight"
        PRESCRIBER_DECISION = "prescriber_decision", "Prescriber's decision"

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="checks")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    value = models.JSONField()

    class Meta(Happening.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "client_id"], name="check_is_recorded_once"
            )
        ]
        triggers = [append_only("check_never_changes")]


class Observation(Happening):
    """One set of vital signs."""

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="observations"
    )
    systolic = models.PositiveSmallIntegerField(help_text="mmHg")
    diastolic = models.PositiveSmallIntegerField(help_text="mmHg")
    heart_rate = models.PositiveSmallIntegerField(help_text="beats per minute")
    spo2 = models.PositiveSmallIntegerField(help_text="per cent")
    respiratory_rate = models.PositiveSmallIntegerField(null=True, help_text="breaths per minute")
    discharge_score = models.PositiveSmallIntegerField(null=True, help_text="Aldrete or PADSS")
    note = models.TextField(blank=True)

    class Meta(Happening.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "client_id"], name="observation_is_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(systolic__range=(20, 300))
                & Q(diastolic__range=(10, 250))
                & Q(heart_rate__range=(0, 300))
                & Q(spo2__range=(0, 100)),
                name="observation_is_humanly_possible",
            ),
            models.CheckConstraint(
                condition=Q(discharge_score__isnull=True) | Q(discharge_score__lte=10),
                name="observation_score_is_at_most_ten",
            ),
        ]
        triggers = [append_only("observation_never_changes")]


class Dose(Happening):
    """One unit of the medicine: drawn = given + wasted + returned, always."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="doses")
    lot = models.CharField(max_length=60)
    drawn_mg = models.DecimalField(max_digits=8, decimal_places=3)
    given_mg = models.DecimalField(max_digits=8, decimal_places=3)
    wasted_mg = models.DecimalField(max_digits=8, decimal_places=3)
    returned_mg = models.DecimalField(max_digits=8, decimal_places=3)
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    exceeds_order = models.BooleanField(default=False)

    class Meta(Happening.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "client_id"], name="dose_is_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(drawn_mg=F("given_mg") + F("wasted_mg") + F("returned_mg")),
                name="dose_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(drawn_mg__gte=0)
                & Q(given_mg__gte=0)
                & Q(wasted_mg__gte=0)
                & Q(returned_mg__gte=0),
                name="dose_is_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(drawn_mg__lte=MOST_MG)
                & Q(given_mg__lte=MOST_MG)
                & Q(wasted_mg__lte=MOST_MG)
                & Q(returned_mg__lte=MOST_MG),
                name="dose_figures_are_numbers",
            ),
            models.CheckConstraint(
                condition=Q(witness__isnull=True) | ~Q(witness=F("recorded_by")),
                name="dose_witness_is_another_person",
            ),
        ]
        triggers = [
            append_only("dose_never_changes"),
            # Asked at the commit, because the visit is told after the row is written.
            refused_where(
                "dose_is_known_to_its_visit",
                "A visit at which a dose was given says when the first one was.",
                at_commit=True,
                condition=pgtrigger.Q(new__given_mg__gt=0),
                sql="""
                    NOT EXISTS (
                        SELECT FROM booking_appointment
                        WHERE id = NEW.appointment_id AND dosed_at IS NOT NULL
                    )
                """,
            ),
        ]

    @property
    def is_witness_pending(self) -> bool:
        """Whether waste was recorded without a named witness."""
        return self.wasted_mg > 0 and self.witness_id is None


class AdverseEvent(Happening):
    """Something that went wrong with the patient."""

    class Severity(models.TextChoices):
        """How bad it was."""

        MILD = "mild", "Mild"
        MODERATE = "moderate", "Moderate"
        SEVERE = "severe", "Severe"
        LIFE_THREATENING = "life_threatening", "Life-threatening"

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="adverse_events"
    )
    severity = models.CharField(max_length=20, choices=Severity.choices)
    description = models.TextField()

    class Meta(Happening.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "client_id"], name="adverse_event_is_recorded_once"
            )
        ]
        triggers = [append_only("adverse_event_never_changes")]
