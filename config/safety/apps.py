"""Registers the checks, before any command asks for them."""

from importlib import import_module

from django.apps import AppConfig


class SafetyConfig(AppConfig):
    """Policies above their floors, and no production on an unsafe setting."""

    name = "config.safety"
    label = "safety"

    def ready(self) -> None:
        """Register, now that the models can be asked for."""
        import_module("config.safety.checks")
