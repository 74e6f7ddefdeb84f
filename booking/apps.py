"""What we promised, and keeping the promise."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """What we promised, and keeping the promise."""

    name = "booking"
