"""What the HTML of a message adds to the words that it shares with its text."""

from __future__ import annotations

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def strong(value: str) -> SafeString:
    """Set in bold what must not be overlooked, escaped; its lines end only at a comma."""
    kept = escape(str(value)).replace(", ", ',</span> <span class="kept">')
    return mark_safe(f'<strong><span class="kept">{kept}</span></strong>')  # noqa: S308  escaped
