"""Celery's doors to booking: each task is one line."""

from celery import shared_task

from booking import notices, sweeps


@shared_task
def send_due_notices() -> int:
    """Send what is due."""
    return notices.send_due()


@shared_task
def sweep() -> int:
    """Look for what nobody called us about."""
    return sweeps.run()
