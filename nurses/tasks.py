"""Celery's doors to the nurse's day: each task is one line."""

from celery import shared_task

from nurses import planning, sweeps


@shared_task
def sweep() -> int:
    """Find what changed under booked visits and ask people to act."""
    return sweeps.run()


@shared_task
def plan_days() -> int:
    """Plan the days that are due and publish those whose hour has come."""
    return planning.run()


@shared_task
def check_rosters() -> int:
    """Find visits whose nurse may no longer be sent."""
    return sweeps.check_rosters()
