"""When beat rings: the tasks look for work themselves, so a ring that is lost costs nothing."""

from typing import Any


def _every(seconds: float, task: str, *, expires: int) -> dict[str, Any]:
    """Ring so often; what nobody answered within `expires` seconds need not ring any more."""
    return {"task": task, "schedule": seconds, "options": {"expires": expires}}


SCHEDULE = {
    "beat-heartbeat": _every(3.0, "config.core.tasks.beat_heartbeat", expires=30),
    "send-due-notices": _every(2.0, "booking.tasks.send_due_notices", expires=10),
    "sweep-booking": _every(5.0, "booking.tasks.sweep", expires=20),
    "answer-texts": _every(5.0, "booking.tasks.answer_texts", expires=20),
    "remind": _every(60.0, "booking.tasks.remind", expires=60),
    "offer-times": _every(20.0, "booking.tasks.offer_times", expires=20),
    "settle-payments": _every(30.0, "booking.tasks.settle_payments", expires=30),
    "sweep-nurses": _every(5.0, "nurses.tasks.sweep", expires=20),
    "plan-days": _every(60.0, "nurses.tasks.plan_days", expires=60),
    "check-rosters": _every(60.0, "nurses.tasks.check_rosters", expires=60),
    "forget-old-travel": _every(86400.0, "scheduling.tasks.forget_old_travel", expires=3600),
    "forget-old-answers": _every(3600.0, "config.core.tasks.forget_old_answers", expires=3600),
}
