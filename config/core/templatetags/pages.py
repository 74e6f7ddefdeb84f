"""What every form of a page carries beside what it asks."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.core import doors
from config.core.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def whose_page(context: dict[str, Any]) -> SafeString | str:
    """Write for whom a form was made, so that nobody else sends it who signs in meanwhile."""
    user = context["request"].user
    if not isinstance(user, User):
        return ""
    return format_html('<input type="hidden" name="{}" value="{}">', doors.WHOSE, doors.mark(user))
