"""What all share and none owns."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Accounts, clock, errors, idempotency and policy."""

    name = "config.core"
    label = "core"
    verbose_name = "Accounts"
