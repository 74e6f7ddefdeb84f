"""Who needs what, and may have it."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Who needs what, and may have it."""

    name = "patients"
