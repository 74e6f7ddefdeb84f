"""The one seam through which the product reads the time."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Return the present instant, aware and in UTC."""
    return timezone.now()
