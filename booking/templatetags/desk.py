"""What the desk's pages ask for themselves."""

from __future__ import annotations

from django import template

from booking.delivery import paging
from booking.models import Notice
from booking.notices import timeline

register = template.Library()


@register.simple_tag
def unanswered_calls() -> int:
    """How many calls rang to the end and nobody acknowledged."""
    return paging.unanswered().count()


@register.simple_tag
def held_count() -> int:
    """How many messages wait for a person since a backup was restored."""
    return Notice.objects.held().count()


@register.filter
def masked(text: str) -> str:
    """The words of a message without the links in it that act for the patient."""
    return timeline.masked(text)
