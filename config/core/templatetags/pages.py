"""What forms carry beside what they ask, and the way back to what was being booked."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.core import doors, on_the_way
from config.core.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def whose_page(context: dict[str, Any]) -> SafeString | str:
    """Write for whom a form was made, so that nobody else sends it who signs in meanwhile."""
    user = context["request"].user
    if not isinstance(user, User):
        return ""
    return format_html('<input type="hidden" name="{}" value="{}">', doors.WHOSE, doors.mark(user))


@register.inclusion_tag("partials/on_the_way.html", takes_context=True, name="on_the_way")
def show_way(context: dict[str, Any]) -> dict[str, Any]:
    """Offer to go on to where somebody was going before a step came first."""
    return {"way": on_the_way.of(context["request"])}
