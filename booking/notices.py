"""Plan, claim, deliver, expire."""

from __future__ import annotations


def oldest_overdue_seconds() -> float:
    return 0.0
