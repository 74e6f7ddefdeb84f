"""Celery's doors to booking: each task is one line."""

from celery import shared_task

from booking import offering, payments, sweeps
from booking.channels import replies
from booking.delivery import lanes
from booking.notices import reminders


@shared_task
def send_due_notices() -> int:
    """Send what is due."""
    return lanes.ring()


@shared_task
def sweep() -> int:
    """Look for what nobody called us about."""
    return sweeps.run()


@shared_task
def remind() -> int:
    """Look for what patients have left undone."""
    return reminders.run()


@shared_task
def answer_texts() -> int:
    """Answer the texts that people sent."""
    return replies.answer()


@shared_task
def offer_times() -> int:
    """Offer free times to whoever waits for one."""
    return offering.sweep()


@shared_task
def settle_payments() -> int:
    """Look for money that is to be asked for, or goes back."""
    return payments.sweep()
