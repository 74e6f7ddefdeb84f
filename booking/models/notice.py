"""One message to one recipient by one channel: a row that falls due."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from booking.models.appointment import Appointment
from booking.models.notice_guards import GUARDS
from booking.models.status import ENDED
from config.core.clock import now
from patients.models import Patient


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


UNDELIVERED = (NoticeStatus.FAILED, NoticeStatus.EXPIRED, NoticeStatus.UNKNOWN)
OPEN = (
    NoticeStatus.PENDING,
    NoticeStatus.CLAIMED,
    NoticeStatus.SENDING,
    NoticeStatus.UNKNOWN,
)


# What makes two rows the same message to the same recipient at the same address.
IDENTITY = (
    "appointment",
    "patient",
    "subject_of",
    "kind",
    "occurrence",
    "recipient",
    "channel",
    "seat",
    "version",
    "revision",
)
# What rows about the same thing share.
ABOUT = ("appointment_id", "patient_id", "subject_of", "version")
# What its twins share, who say the same to the same recipient another way.
TOLD = tuple(field for field in IDENTITY if field not in ("channel", "seat"))


# Without a next try it is the time itself: PostgreSQL's GREATEST passes over what is null.
DUE_AT = Greatest("send_from", "next_try_at")


# A call that rings is silenced by nobody but a person; what was only planned, by a newer plan.
NOT_GIVEN_UP = Q(recipient="on_call") | ~Q(status="superseded")


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads of notices."""

    def twins_of(self, notice: Notice) -> Self:
        """Return the rows that say the same to the same recipient, by whichever channel."""
        return self.filter(**{field: getattr(notice, field) for field in TOLD})

    def beside(self, notice: Notice) -> Self:
        """Return the rows about the same thing in the same version, to whomever: itself too."""
        return self.filter(**{field: getattr(notice, field) for field in ABOUT})

    def ripe(self, *, at: datetime) -> Self:
        """Return pending rows that may go: their time has come, or the next try's."""
        useful = Q(not_after__isnull=True) | Q(not_after__gt=at)
        waiting = self.alias(due_at=DUE_AT).filter(useful, status=NoticeStatus.PENDING)
        return waiting.filter(held_at__isnull=True, due_at__lte=at)

    def in_line(self, *, channel: str, notice_class: str, at: datetime) -> Self:
        """Return what may go of a class by a channel, soonest first: as an index holds it."""
        ripe = self.ripe(at=at).filter(channel=channel, notice_class=notice_class)
        return ripe.order_by(DUE_AT, "pk")

    def struggling(self) -> Self:
        """Return rows that were tried, failed, and are still to be tried again."""
        return self.filter(status=NoticeStatus.PENDING, attempts__gt=0).exclude(problem="")

    def held(self) -> Self:
        """Return open rows that wait for a person, since a backup was restored."""
        return self.filter(status__in=OPEN, held_at__isnull=False)

    def undelivered(self) -> Self:
        """Return rows that did not get through and that nobody has seen to."""
        return self.filter(status__in=UNDELIVERED, handled_at__isnull=True)

    def open(self) -> Self:
        """Return rows whose fate is not sealed."""
        return self.filter(status__in=OPEN)

    def calling(self) -> Self:
        """Return calls to on-call staff that nobody has acknowledged: a row each, newest first."""
        first = self.filter(
            NOT_GIVEN_UP,
            notice_class="O",
            acknowledged_at__isnull=True,
            send_from__lte=now(),
            occurrence=0,
            channel="email",
            seat=0,
        )
        solved = Q(recipient="staff", appointment__status__in=ENDED)
        calls = first.exclude(solved).order_by("-send_from", "-pk")
        return calls.select_related("appointment__patient__user", "patient__user")


class Notice(models.Model):
    """One message to one recipient by one channel: a row that falls due."""

    # What goes into the patient's copy of their data.
    OF_THE_PATIENT: ClassVar = {"recipient__in": ("patient", "escort")}

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
    seat = models.PositiveSmallIntegerField(
        default=0, help_text="Which of several addresses, where staff are called at each"
    )
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
    held_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it waits for a person, after a restore"
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
    acknowledged_as = models.CharField(
        max_length=254, blank=True, help_text="The address whose link was followed"
    )
    handled_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody dealt with its not having got through"
    )
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("send_from", "pk")
        indexes = [
            models.Index(
                "channel",
                "notice_class",
                DUE_AT,
                "id",
                name="notice_due",
                condition=Q(status="pending", held_at__isnull=True),
            ),
            models.Index(
                fields=["not_after", "id"], name="notice_useless", condition=Q(status="pending")
            ),
            models.Index(
                fields=["held_at", "id"], name="notice_held", condition=Q(held_at__isnull=False)
            ),
            models.Index(
                fields=["lease_until"],
                name="notice_lapsed",
                condition=Q(status__in=["claimed", "sending"]),
            ),
            models.Index(
                fields=["send_from"],
                name="notice_calling",
                condition=Q(notice_class="O", acknowledged_at__isnull=True) & NOT_GIVEN_UP,
            ),
            models.Index(
                fields=["send_from"],
                name="notice_undelivered",
                condition=Q(status__in=["failed", "expired", "unknown"], handled_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=IDENTITY,
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
            models.CheckConstraint(
                condition=Q(
                    acknowledged_at__isnull=True, acknowledged_by__isnull=True, acknowledged_as=""
                )
                | Q(acknowledged_at__isnull=False)
                & (Q(acknowledged_by__isnull=False) | ~Q(acknowledged_as="")),
                name="notice_is_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(handled_at__isnull=True, handled_by__isnull=True)
                | Q(handled_at__isnull=False, handled_by__isnull=False),
                name="notice_is_handled_by_somebody",
            ),
        ]
        triggers = GUARDS

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient} by {self.channel}"
