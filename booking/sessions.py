"""The sessions of an order that visits hold: counted on the order, one by one."""

from __future__ import annotations

from django.db.models import F

from config.core.errors import constraints_as_refusals
from config.core.postgres import prepared
from patients.models import Order

RESERVE = "UPDATE patients_order SET sessions_reserved = sessions_reserved + 1 WHERE id = %s"


def reserve(order: Order | None) -> None:
    """Hold a session for a visit; refused where none is left."""
    if order is not None:
        with constraints_as_refusals():
            prepared.change(RESERVE, [order.pk])


def take_back(order_id: int | None) -> None:
    """Count a session that was given after all; where none is left, staff have been told."""
    if order_id is None:
        return
    left = Order.objects.filter(pk=order_id, sessions_reserved__lt=F("sessions"))
    left.update(sessions_reserved=F("sessions_reserved") + 1)


def release(order_id: int | None) -> None:
    """Give a session back."""
    if order_id is not None:
        Order.objects.filter(pk=order_id).update(sessions_reserved=F("sessions_reserved") - 1)
