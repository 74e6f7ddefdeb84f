"""How often something may be done, counted in Redis for all processes together."""

from __future__ import annotations

import redis
from django.core.cache import cache


def allows(key: str, *, times: int, seconds: int) -> bool:
    """Count one more and say whether it is within the bound; without Redis nobody is held up."""
    name = f"throttle/{key}"
    try:
        cache.add(name, 0, timeout=seconds)
        count: int = cache.incr(name)
    except (redis.RedisError, OSError, ValueError):  # ValueError: it ran out in between
        return True
    return count <= times


def is_spent(key: str, *, times: int) -> bool:
    """Whether what `allows` counts has reached its bound; asking counts nothing."""
    try:
        count: int = cache.get(f"throttle/{key}", 0)
    except (redis.RedisError, OSError):
        return False
    return count >= times
