"""Celery's doors to booking: each task is one line."""

from celery import shared_task

from booking import lanes, replies, sweeps


@shared_task
def send_due_notices() -> int:
    """Send what is due."""
    return lanes.ring()


@shared_task
def sweep() -> int:
    """Look for what nobody called us about."""
    return sweeps.run()


@shared_task
def answer_texts() -> int:
    """Answer the texts that people sent."""
    return replies.answer()
