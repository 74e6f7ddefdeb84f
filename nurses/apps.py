"""The nurse's day."""

from django.apps import AppConfig


class NursesConfig(AppConfig):
    """The nurse's day."""

    name = "nurses"
