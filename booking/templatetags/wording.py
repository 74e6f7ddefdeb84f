"""What the HTML of a message adds to the words that it shares with its text."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def strong(value: str) -> SafeString:
    """Set in bold what must not be overlooked, escaped; its lines end only at a comma."""
    *days, hour = str(value).split(", ")
    parts = [(f"{day},",) for day in days] + [(hour,)]
    return format_html(
        "<strong>{}</strong>", format_html_join(" ", '<span class="kept">{}</span>', parts)
    )
