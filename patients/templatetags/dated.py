"""Say instants of documents and check-ins in templates."""

from __future__ import annotations

from django import template

from patients import dates

register = template.Library()
register.filter("dated", dates.say_moment)
register.filter("day_of", dates.say_day)
register.filter("short_day", dates.say_short_day)
