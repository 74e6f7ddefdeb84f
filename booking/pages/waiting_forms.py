"""What the pages of the waiting list ask for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import WaitingEntry
from booking.waiting import Wishes
from config.core.doors import OnceForm

Part = WaitingEntry.Part
DAY = timedelta(days=1)
WEEKDAYS = [
    (0, _("Mondays")),
    (1, _("Tuesdays")),
    (2, _("Wednesdays")),
    (3, _("Thursdays")),
    (4, _("Fridays")),
    (5, _("Saturdays")),
    (6, _("Sundays")),
]
PARTS = [
    (Part.ANY, _("Any time of day")),
    (Part.MORNING, _("Mornings, before noon")),
    (Part.AFTERNOON, _("Afternoons")),
]


def _day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class WishForm(OnceForm):
    """Which days and times would suit."""

    first_day = forms.DateField(
        label=_("From"),
        widget=_day_input(),
        error_messages={
            "required": _("Please give the first day that suits you."),
            "invalid": _("Please write the day as in 2026-11-24."),
        },
    )
    last_day = forms.DateField(
        label=_("Until"),
        help_text=_("After this day you are off the list."),
        widget=_day_input(),
        error_messages={
            "required": _("Please give the last day that suits you."),
            "invalid": _("Please write the day as in 2026-11-24."),
        },
    )
    part = forms.ChoiceField(label=_("Time of day"), choices=PARTS, widget=forms.RadioSelect)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Only on these days of the week"),
        help_text=_("Choose none if any day suits you."),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, days: tuple[date, date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days = days
        for name in ("first_day", "last_day"):
            self.fields[name].widget.attrs |= {
                "min": days[0].isoformat(),
                "max": days[1].isoformat(),
            }

    def clean(self) -> dict[str, Any]:
        """Refuse days that cannot be had, each at its own field."""
        data = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if first and first > self.days[1]:
            self.add_error("first_day", _("This is too far ahead to be booked. Choose it sooner."))
        if last and last < self.days[0]:
            self.add_error("last_day", _("This day has passed."))
        elif first and last and last < first:
            self.add_error("last_day", _("This is before the first day."))
        elif first and last and not self.errors and not self._has_a_day(first, last):
            self.add_error("weekdays", _("None of these days lies between the two dates."))
        return data

    def _has_a_day(self, first: date, last: date) -> bool:
        wanted = self.cleaned_data.get("weekdays")
        found = {(first + n * DAY).weekday() for n in range(min((last - first).days + 1, 7))}
        return not wanted or bool(found & set(wanted))

    def wishes(self) -> Wishes:
        """Return what was asked for; a day that has passed is today."""
        return Wishes(
            first_day=max(self.cleaned_data["first_day"], self.days[0]),
            last_day=min(self.cleaned_data["last_day"], self.days[1]),
            weekdays=tuple(self.cleaned_data["weekdays"]),
            part=Part(self.cleaned_data["part"]),
        )
