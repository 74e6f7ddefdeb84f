"""Say amounts in templates as the rules say them."""

from __future__ import annotations

from django import template

from booking import prices

register = template.Library()


@register.filter
def money(cents: int) -> str:
    """`$495.00`."""
    return prices.say(cents)
