"""What we promised, and keeping the promise."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Func, Q

from config.core.clock import now
from config.core.models import never_deleted
from patients.models import Intake, Order, Patient, Therapy
from scheduling.models import Nurse


class Status(models.TextChoices):
    """Where a visit stands."""

    BOOKED = "booked", "Booked"
    EN_ROUTE = "en_route", "Nurse on the way"
    ON_SITE = "on_site", "Nurse on site"
    INFUSING = "infusing", "Infusing"
    OBSERVING = "observing", "Observing"
    DISCHARGED = "discharged", "Discharged"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No show"
    ABORTED = "aborted", "Aborted"
    TRANSFERRED = "transferred", "Transferred to emergency care"


# The promise holds the nurse's and the patient's time in all but these.
FREED = (Status.CANCELLED, Status.NO_SHOW, Status.ABORTED)
OCCUPYING = tuple(status for status in Status if status not in FREED)
UNDER_WAY = (Status.EN_ROUTE, Status.ON_SITE, Status.INFUSING, Status.OBSERVING)
ENDED = (Status.DISCHARGED, Status.COMPLETED, *FREED, Status.TRANSFERRED)

TRANSITIONS = [
    ("booked", "en_route"),
    ("booked", "on_site"),
    ("booked", "cancelled"),
    ("booked", "no_show"),
    ("booked", "aborted"),
    ("booked", "completed"),
    ("en_route", "on_site"),
    ("en_route", "cancelled"),
    ("en_route", "no_show"),
    ("en_route", "aborted"),
    ("on_site", "infusing"),
    ("on_site", "cancelled"),
    ("on_site", "no_show"),
    ("on_site", "aborted"),
    ("on_site", "completed"),
    ("on_site", "transferred"),
    ("infusing", "observing"),
    ("infusing", "aborted"),
    ("infusing", "transferred"),
    ("observing", "discharged"),
    ("observing", "transferred"),
]


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Reads of appointments."""

    def occupying(self) -> Self:
        """Return those that hold the nurse's and the patient's time."""
        return self.filter(status__in=OCCUPYING)

    def overlapping(self, *, start: datetime, end: datetime) -> Self:
        """Return those whose promised period overlaps a stretch of time."""
        return self.filter(period__overlap=(start, end))

    def infusions(self) -> Self:
        """Return visits under an order."""
        return self.filter(order__isnull=False)

    def of(self, *, patient: Patient) -> Self:
        """Return the patient's own, soonest first."""
        return self.filter(patient=patient).order_by("starts_at")

    def to_come(self, *, at: datetime) -> Self:
        """Return promised visits that have not begun."""
        return self.filter(status=Status.BOOKED, starts_at__gt=at)


class Appointment(models.Model):
    """A promise: this nurse is with this patient at this time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    therapy = models.ForeignKey(Therapy, on_delete=models.PROTECT, related_name="appointments")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    nurse = models.ForeignKey(
        Nurse, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    period = models.GeneratedField(
        expression=Func(
            F("starts_at"),
            F("ends_at"),
            function="TSTZRANGE",
            output_field=DateTimeRangeField(),
        ),
        output_field=DateTimeRangeField(),
        db_persist=True,
    )
    prep_minutes = models.PositiveSmallIntegerField()
    infusion_minutes = models.PositiveSmallIntegerField()
    observation_minutes = models.PositiveSmallIntegerField()
    time_zone = models.CharField(max_length=64)
    heavy_meal_until = models.DateTimeField(null=True)
    fast_from = models.DateTimeField(null=True)
    liquids_until = models.DateTimeField(null=True)
    drive_after = models.DateTimeField(null=True)
    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    version = models.PositiveIntegerField(default=1)
    revision = models.PositiveIntegerField(default=0)
    blocked = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    gate_asked_at = models.DateTimeField(default=now)
    first_of_run = models.BooleanField(default=True)
    booked_at = models.DateTimeField(default=now)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=500, blank=True)
    departed_at = models.DateTimeField(null=True, help_text="When the nurse set off")
    dosed_at = models.DateTimeField(null=True, help_text="When the first dose was given")
    discharged_at = models.DateTimeField(null=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at",)
        indexes = [
            models.Index(fields=["nurse", "starts_at"]),
            models.Index(fields=["patient", "starts_at"]),
            models.Index(
                fields=["gate_asked_at"],
                name="appointment_gate_queue",
                condition=Q(status="booked"),
            ),
        ]
        constraints = [
            ExclusionConstraint(
                name="appointment_one_at_a_time_per_nurse",
                expressions=[("nurse", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(status__in=OCCUPYING),
                deferrable=Deferrable.IMMEDIATE,
            ),
            ExclusionConstraint(
                name="appointment_one_at_a_time_per_patient",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=OCCUPYING),
                deferrable=Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="appointment_has_a_known_status"
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=True)
                | Q(
                    heavy_meal_until__isnull=False,
                    fast_from__isnull=False,
                    liquids_until__isnull=False,
                    drive_after__isnull=False,
                    latitude__isnull=False,
                    longitude__isnull=False,
                ),
                name="appointment_for_an_infusion_has_its_clock_and_place",
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=True) | Q(drive_after__gt=F("ends_at")),
                name="appointment_forbids_driving_after_it",
            ),
        ]
        triggers = [
            never_deleted("appointment_is_never_deleted"),
            pgtrigger.FSM(
                name="appointment_status_moves_forward", field="status", transitions=TRANSITIONS
            ),
            pgtrigger.Trigger(
                name="appointment_drive_after_only_moves_later",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(
                    old__dosed_at__isnull=False,
                    new__drive_after__lt=pgtrigger.F("old__drive_after"),
                ),
                func="""
                    RAISE EXCEPTION 'After a dose "do not drive before" only moves later.'
                        USING ERRCODE = 'check_violation',
                              CONSTRAINT = 'appointment_drive_after_only_moves_later';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}, {self.starts_at:%Y-%m-%d %H:%M} UTC"

    @property
    def is_consultation(self) -> bool:
        """Whether this is the free talk, held from a desk."""
        return self.order_id is None


class NoticeStatus(models.TextChoices):
    """Where a message stands."""

    PENDING = "pending", "Pending"
    CLAIMED = "claimed", "Claimed"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    UNKNOWN = "unknown", "Unknown"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"
    SUPERSEDED = "superseded", "Superseded"


OPEN = (
    NoticeStatus.PENDING,
    NoticeStatus.CLAIMED,
    NoticeStatus.SENDING,
    NoticeStatus.UNKNOWN,
)


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads of notices."""

    def due(self, *, at: datetime) -> Self:
        """Return pending rows whose time has come and not gone, safety first, then soonest."""
        urgency = models.Case(
            models.When(notice_class="O", then=0),
            models.When(notice_class="S", then=1),
            models.When(notice_class="P", then=2),
            default=3,
        )
        ripe = Q(next_try_at__isnull=True) | Q(next_try_at__lte=at)
        useful = Q(not_after__isnull=True) | Q(not_after__gt=at)
        pending = self.filter(ripe, useful, status=NoticeStatus.PENDING, send_from__lte=at)
        return pending.order_by(urgency, "send_from", "pk")

    def open(self) -> Self:
        """Return rows whose fate is not sealed."""
        return self.filter(status__in=OPEN)

    def calling(self) -> Self:
        """Return pages to on-call staff that nobody has acknowledged, newest first."""
        pages = self.filter(notice_class="O", acknowledged_at__isnull=True, send_from__lte=now())
        ours = pages.exclude(status=NoticeStatus.SUPERSEDED).order_by("-send_from", "-pk")
        return ours.select_related("appointment__patient__user", "patient__user")


class Notice(models.Model):
    """One message to one recipient by one channel: a row that falls due."""

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="notices"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="notices"
    )
    subject_of = models.CharField(
        max_length=80, blank=True, help_text="What else it is about, such as intake/12"
    )
    kind = models.CharField(max_length=32)
    occurrence = models.PositiveSmallIntegerField(default=0)
    recipient = models.CharField(max_length=16)
    channel = models.CharField(max_length=8)
    notice_class = models.CharField("class", max_length=1)
    version = models.PositiveIntegerField(default=1)
    revision = models.PositiveIntegerField(default=0)
    ideal_at = models.DateTimeField()
    send_from = models.DateTimeField()
    not_after = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=100, blank=True, help_text="Why it is not at its ideal time")
    facts = models.JSONField(default=dict, help_text="What the text needs besides the appointment")
    status = models.CharField(
        max_length=12, choices=NoticeStatus.choices, default=NoticeStatus.PENDING
    )
    claimed_by = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(
        null=True, blank=True, help_text="Not before, after a try that failed"
    )
    answers_lost = models.PositiveSmallIntegerField(
        default=0, help_text="How often the provider may have sent it without our knowing"
    )
    address = models.CharField(max_length=254, blank=True)
    message_id = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("send_from", "pk")
        indexes = [
            models.Index(fields=["send_from"], name="notice_due", condition=Q(status="pending")),
            models.Index(
                fields=["lease_until"],
                name="notice_lapsed",
                condition=Q(status__in=["claimed", "sending"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "appointment",
                    "patient",
                    "subject_of",
                    "kind",
                    "occurrence",
                    "recipient",
                    "channel",
                    "version",
                    "revision",
                ],
                name="notice_is_planned_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(notice_class__in=["P", "F", "S", "O"]), name="notice_has_a_known_class"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "sms"]), name="notice_has_a_known_channel"
            ),
            models.CheckConstraint(
                condition=Q(not_after__isnull=True) | Q(not_after__gte=F("send_from")),
                name="notice_is_due_before_it_is_useless",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="notice_that_is_sent_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["claimed", "sending"]) | Q(lease_until__isnull=False),
                name="notice_in_hand_has_a_lease",
            ),
        ]
        triggers = [
            never_deleted("notice_is_never_deleted"),
            pgtrigger.FSM(
                name="notice_status_moves_forward",
                field="status",
                transitions=[
                    ("pending", "claimed"),
                    ("pending", "expired"),
                    ("pending", "superseded"),
                    ("claimed", "pending"),
                    ("claimed", "sending"),
                    ("claimed", "expired"),
                    ("claimed", "superseded"),
                    ("claimed", "failed"),
                    ("sending", "sent"),
                    ("sending", "pending"),
                    ("sending", "unknown"),
                    ("sending", "failed"),
                    ("sending", "expired"),
                    ("sending", "superseded"),
                    ("unknown", "pending"),
                    ("unknown", "expired"),
                    ("unknown", "superseded"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient} by {self.channel}"


class StaffTask(models.Model):
    """Something a person at the clinic has to do."""

    kind = models.CharField(max_length=40)
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    intake = models.ForeignKey(
        Intake, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    key = models.CharField(max_length=120, help_text="One open task per kind and key")
    detail = models.CharField(max_length=500)
    created_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("done_at", "-created_at")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(done_at__isnull=True),
                name="staff_task_is_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.detail
