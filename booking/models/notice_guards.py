"""What PostgreSQL refuses to let happen to a message, whoever asks."""

import pgtrigger

from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused

CLOSED = ("sent", "failed", "expired", "superseded")
TRANSITIONS = [
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
]
GUARDS = [
    never_deleted("notice_is_never_deleted"),
    pgtrigger.FSM(
        name="notice_status_moves_forward",
        field="status",
        transitions=TRANSITIONS,
    ),
    refused(
        "notice_says_one_thing_to_one_recipient",
        "What a message is about, and whom it is for, never changes.",
        condition=changed(
            "appointment",
            "patient",
            "subject_of",
            "kind",
            "occurrence",
            "recipient",
            "channel",
            "seat",
            "notice_class",
            "version",
            "revision",
            "facts",
            "created_at",
        ),
    ),
    refused(
        "notice_is_retimed_only_while_it_waits",
        "A message is given another time only while it waits.",
        condition=~pgtrigger.Q(old__status="pending")
        & changed("ideal_at", "send_from", "not_after"),
    ),
    refused(
        "notice_keeps_the_words_that_were_sent",
        "What was sent, where and when, never changes.",
        condition=pgtrigger.Q(old__status__in=CLOSED)
        & changed("address", "message_id", "title", "body", "sent_at"),
    ),
    refused(
        "notice_is_acknowledged_once",
        "Whoever took care of a page first did.",
        condition=pgtrigger.Q(old__acknowledged_at__isnull=False)
        & changed("acknowledged_at", "acknowledged_by", "acknowledged_as"),
    ),
    refused(
        "notice_is_handled_once",
        "Whoever dealt with a message first did.",
        condition=changed_once_set("handled_at", "handled_by"),
    ),
]
