"""Who can be sent, when and where."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Who can be sent, when and where."""

    name = "scheduling"
