"""Celery's doors to the core: each task is one line."""

from celery import shared_task

from config.core import heartbeats, idempotency


@shared_task
def beat_heartbeat() -> None:
    """Beat rang and a worker answered: both are alive."""
    heartbeats.beat(heartbeats.BEAT)


@shared_task
def forget_old_answers() -> int:
    """Delete idempotent answers past their keeping time."""
    return idempotency.forget_old()


@shared_task
def hear() -> None:
    """Be heard: a worker that receives this hears its queues."""
