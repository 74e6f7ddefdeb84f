"""Who waits for a time where all are taken, what they were offered, and which days changed."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q

from booking.models.appointment import Appointment
from config.core.clock import now
from config.core.models import never_deleted, period_column
from config.core.triggers import changed, refused
from patients.models import Patient, Therapy
from scheduling.models import Nurse


class WaitingEntryQuerySet(models.QuerySet["WaitingEntry"]):
    """Reads of who waits."""

    def open(self) -> Self:
        """Return who still waits, in the order of the line."""
        return self.filter(ended_at__isnull=True).order_by("in_line_since", "pk")


class WaitingEntry(models.Model):
    """One patient waits for a visit of one kind, on some days, at some time of day."""

    class Part(models.TextChoices):
        """Which part of a day suits."""

        ANY = "any", "Any time"
        MORNING = "morning", "Mornings"
        AFTERNOON = "afternoon", "Afternoons"

    class Ending(models.TextChoices):
        """Why somebody waits no more."""

        LEFT = "left", "Left the list"
        TAKEN = "taken", "Took an offer"
        BOOKED = "booked", "Booked a time"
        OVER = "over", "The days have passed"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="waiting")
    therapy = models.ForeignKey(Therapy, on_delete=models.PROTECT, related_name="waiting")
    first_day = models.DateField()
    last_day = models.DateField()
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, help_text="None: any day"
    )
    part = models.CharField(max_length=12, choices=Part.choices, default=Part.ANY)
    joined_at = models.DateTimeField(default=now)
    in_line_since = models.DateTimeField(
        default=now, help_text="The place in line; later after an offer that ran out"
    )
    looked_at = models.DateTimeField(
        null=True, help_text="When free times were last looked for; not yet, or anew"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=12, choices=Ending.choices, blank=True)

    objects = WaitingEntryQuerySet.as_manager()

    class Meta:
        ordering = ("in_line_since", "pk")
        verbose_name = "place on the waiting list"
        verbose_name_plural = "waiting list"
        indexes = [
            models.Index(
                fields=["in_line_since", "id"],
                name="waiting_entry_line",
                condition=Q(ended_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "therapy"],
                name="waiting_entry_is_open_once",
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="waiting_entry_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[0, 1, 2, 3, 4, 5, 6]),
                name="waiting_entry_weekdays_are_known",
            ),
            models.CheckConstraint(
                condition=Q(part__in=["any", "morning", "afternoon"]),
                name="waiting_entry_part_of_day_is_known",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending="")
                | Q(
                    ended_at__isnull=False,
                    ending__in=["left", "taken", "booked", "over"],
                ),
                name="waiting_entry_that_ended_says_why",
            ),
        ]
        triggers = [
            never_deleted("waiting_entry_is_never_deleted"),
            refused(
                "waiting_entry_is_for_one_patient_and_therapy",
                "A place in line is not handed on.",
                condition=changed("patient", "therapy", "joined_at"),
            ),
            refused(
                "waiting_entry_moves_only_back_in_line",
                "Nobody is moved forward in line.",
                condition=pgtrigger.Q(new__in_line_since__lt=pgtrigger.F("old__in_line_since")),
            ),
            refused(
                "waiting_entry_that_ended_stays_so",
                "Whoever waits again gets a new place.",
                condition=pgtrigger.Q(old__ended_at__isnull=False)
                & changed("ended_at", "ending", "first_day", "last_day", "in_line_since"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}, {self.first_day:%Y-%m-%d} to {self.last_day:%Y-%m-%d}"


class OfferQuerySet(models.QuerySet["Offer"]):
    """Reads of offers."""

    def open(self) -> Self:
        """Return those that nobody has answered, and that have not run out in the rows."""
        return self.filter(state="offered")

    def run_out(self, *, at: datetime) -> Self:
        """Return open ones whose time is up."""
        return self.open().filter(expires_at__lte=at)


class Offer(models.Model):
    """A free time offered to whoever is next in line; nothing is held for it.

    `nurse` is who was free when it was offered: of her time nobody else is offered any meanwhile.
    """

    class State(models.TextChoices):
        """Where an offer stands."""

        OFFERED = "offered", "Offered"
        TAKEN = "taken", "Taken"
        LAPSED = "lapsed", "Ran out"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    entry = models.ForeignKey(WaitingEntry, on_delete=models.PROTECT, related_name="offers")
    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    period = period_column()
    time_zone = models.CharField(max_length=64)
    offered_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OFFERED)
    ended_at = models.DateTimeField(null=True, blank=True)
    appointment = models.OneToOneField(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="offer"
    )

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ("-offered_at", "-pk")
        indexes = [
            models.Index(fields=["expires_at"], name="offer_open", condition=Q(state="offered")),
        ]
        constraints = [
            ExclusionConstraint(
                name="offer_of_a_nurses_time_is_to_one_at_a_time",
                expressions=[("nurse", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(state="offered"),
            ),
            models.UniqueConstraint(
                fields=["entry"],
                name="offer_is_open_once_per_place_in_line",
                condition=Q(state="offered"),
            ),
            models.UniqueConstraint(
                fields=["entry", "starts_at"],
                name="offer_of_a_time_is_made_once",
                condition=~Q(state="withdrawn"),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="offer_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("offered_at")) & Q(expires_at__lte=F("starts_at")),
                name="offer_runs_out_before_its_visit",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", ended_at__isnull=True)
                | Q(
                    state__in=["taken", "lapsed", "declined", "withdrawn"],
                    ended_at__isnull=False,
                ),
                name="offer_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="taken", appointment__isnull=False)
                | Q(~Q(state="taken"), appointment__isnull=True),
                name="offer_taken_is_a_visit",
            ),
        ]
        triggers = [
            never_deleted("offer_is_never_deleted"),
            pgtrigger.FSM(
                name="offer_state_moves_forward",
                field="state",
                transitions=[
                    ("offered", "taken"),
                    ("offered", "lapsed"),
                    ("offered", "declined"),
                    ("offered", "withdrawn"),
                ],
            ),
            refused(
                "offer_is_one_time_for_one_place_in_line",
                "What was offered, and until when, never changes.",
                condition=changed(
                    "entry",
                    "nurse",
                    "starts_at",
                    "ends_at",
                    "time_zone",
                    "offered_at",
                    "expires_at",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"


class WaitingDay(models.Model):
    """What a day was made of when it was last looked at, and when that last changed."""

    day = models.DateField(primary_key=True)
    stamp = models.BigIntegerField(help_text="Of all that makes times free or takes them")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
