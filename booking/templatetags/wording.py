"""What the HTML of a message adds to the words that it shares with its text."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def strong(value: str) -> SafeString:
    """Set in bold what must not be overlooked; what is written there is escaped."""
    return format_html("<strong>{}</strong>", value)
