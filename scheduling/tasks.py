"""Celery's doors to scheduling: each task is one line."""

from celery import shared_task

from scheduling.engines import cache


@shared_task
def forget_old_travel() -> int:
    """Delete drives that nobody asked for again."""
    return cache.forget_old()
