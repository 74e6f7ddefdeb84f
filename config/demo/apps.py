"""Made-up people for trying the service out."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo's people, their papers and one visit that has passed."""

    name = "config.demo"
    label = "demo"
