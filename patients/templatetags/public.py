"""What templates of the public pages show besides their text."""

from __future__ import annotations

import json

from django import template
from django.utils.safestring import SafeString, mark_safe

from patients import articles, prose

register = template.Library()

# As a browser reads a script, nothing in it may look like the end of one.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.filter
def structured(described: object) -> SafeString:
    """Write what is said to search engines as JSON that can stand in a page."""
    return mark_safe(json.dumps(described, ensure_ascii=False).translate(_ESCAPES))  # noqa: S308


@register.filter
def filled(text: str) -> str:
    """Fill what the clinic has set into a title or a summary."""
    return prose.inline(text, words=articles.words())


@register.filter
def safe_prose(html: str) -> SafeString:
    """Show what `patients.prose` has rendered, which holds no HTML of anybody's."""
    return mark_safe(html)  # noqa: S308
