"""What the HTML of a message adds to the words that it shares with its text."""

from __future__ import annotations

import re

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

KEPT_TOGETHER = re.compile(r"(?<!,) ")

register = template.Library()


@register.filter
def strong(value: str) -> SafeString:
    """Set in bold what must not be overlooked, escaped; a line of it ends only at a comma."""
    return format_html("<strong>{}</strong>", KEPT_TOGETHER.sub("\u00a0", str(value)))
