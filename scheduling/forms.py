"""The roster's own forms: they say in words what the database would refuse by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import combinations, pairwise
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.conf import settings
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from unfold.widgets import (
    BASE_CLASSES,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.core.clock import now
from patients.models import Permit
from scheduling.models import Closure, Leave, Nurse, Shift, ShiftException

NARROW = " ".join([*BASE_CLASSES, "px-3", "py-2", "min-w-32"])
LONGEST_CLOSURE = timedelta(days=31)


class ClockInput(forms.TimeInput):
    """A time of day, no wider than it needs in a table."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(attrs={"class": NARROW}, format="%H:%M")


class DayInput(forms.DateInput):
    """A day, no wider than it needs in a table."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"class": NARROW}, format="%Y-%m-%d")


def _choice() -> UnfoldAdminSelectWidget:
    return UnfoldAdminSelectWidget(attrs={"class": "min-w-32"})


class NurseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A nurse, in a zone that exists."""

    class Meta:
        model = Nurse
        fields = (
            "user",
            "is_active",
            "time_zone",
            "home_latitude",
            "home_longitude",
            "max_driving_minutes",
            "max_working_minutes",
        )

    def clean_time_zone(self) -> str:
        """Refuse a zone that no clock knows."""
        name: str = self.cleaned_data["time_zone"]
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValidationError("No such zone. Write it like America/Chicago.") from error


def _kept(formset: BaseInlineFormSet[Any, Nurse, Any]) -> Iterator[dict[str, Any]]:
    """Yield what stands in the rows that are neither empty nor deleted nor wrong already."""
    for form in formset.forms:
        if form not in formset.deleted_forms and form.is_valid() and form.cleaned_data:
            yield form.cleaned_data


class LeaveFormSet(BaseInlineFormSet[Leave, Nurse, Any]):
    """A nurse's leave, which is entered once for any time."""

    def clean(self) -> None:
        """Refuse overlaps here, in words, before the database does."""
        super().clean()
        periods = sorted((row["starts_at"], row["ends_at"]) for row in _kept(self))
        if any(later[0] < earlier[1] for earlier, later in pairwise(periods)):
            raise ValidationError("Two of these overlap. Make them one, or move one of them.")


class ShiftForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line of the weekly pattern."""

    class Meta:
        model = Shift
        fields = (
            "weekday",
            "starts",
            "ends",
            "lunch_minutes",
            "lunch_from",
            "lunch_until",
            "kind",
            "valid_from",
            "valid_until",
        )
        widgets: ClassVar = {
            "weekday": _choice(),
            "kind": _choice(),
            "starts": ClockInput(),
            "ends": ClockInput(),
            "lunch_from": ClockInput(),
            "lunch_until": ClockInput(),
            "valid_from": DayInput(),
            "valid_until": DayInput(),
        }
        labels: ClassVar = {
            "lunch_minutes": "Lunch, min",
            "lunch_from": "Lunch after",
            "lunch_until": "Lunch by",
        }
        help_texts: ClassVar = {"ends": "Earlier than the start: on the next day."}


class ShiftFormSet(BaseInlineFormSet[Shift, Nurse, Any]):
    """A nurse's weekly pattern, which has no two shifts of a kind at once."""

    def clean(self) -> None:
        """Refuse two patterns that would work the same hours."""
        super().clean()
        if any(_clash(one, other) for one, other in combinations(_kept(self), 2)):
            raise ValidationError(
                "Two of these shifts lie at the same time. Give the earlier pattern a last day, "
                "or change its hours."
            )


def _clash(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two patterns are of one kind and weekday, at once, and share hours of that day."""
    if (one["kind"], one["weekday"]) != (other["kind"], other["weekday"]):
        return False
    last_day = one["valid_until"] or date.max, other["valid_until"] or date.max
    if one["valid_from"] > last_day[1] or other["valid_from"] > last_day[0]:
        return False
    begins, ends = one["starts"], _end_that_day(one)
    return bool(begins < _end_that_day(other) and other["starts"] < ends)


def _end_that_day(row: dict[str, Any]) -> time:
    """Return until when a shift lasts on the day it begins."""
    ends: time = row["ends"]
    return ends if ends > row["starts"] else time.max


class ShiftExceptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """What one day changes."""

    class Meta:
        model = ShiftException
        fields = ("day", "effect", "starts", "ends", "kind", "reason")
        help_texts: ClassVar = {
            "starts": "Neither time: the whole day off.",
            "ends": "Earlier than the start: on the next day.",
        }
        widgets: ClassVar = {
            "day": DayInput(),
            "effect": _choice(),
            "kind": _choice(),
            "starts": ClockInput(),
            "ends": ClockInput(),
        }

    def clean(self) -> dict[str, Any]:
        """Say which of the times is missing."""
        data = super().clean() or {}
        missing = [one for one in ("starts", "ends") if one in data and data[one] is None]
        is_extra = data.get("effect") == ShiftException.Effect.EXTRA
        if missing and (is_extra or len(missing) == 1):
            others = "" if is_extra else " Neither of them means the whole day off."
            self.add_error(missing[0], f"Give both times.{others}")
        return data


class ClosureForm(forms.ModelForm):  # type: ignore[type-arg]
    """Days and an area, and what becomes of the visits in them."""

    states = SimpleArrayField(
        forms.CharField(max_length=2),
        required=False,
        help_text="Two letters each, by comma: IL, IN.",
        widget=UnfoldAdminTextInputWidget(),
    )
    postal_prefixes = SimpleArrayField(
        forms.RegexField(
            r"^[0-9]{1,5}$",
            strip=True,
            error_messages={"invalid": "Give one to five digits each: 603, 60611."},
        ),
        required=False,
        label="ZIP codes that begin with",
        help_text="One to five digits each, by comma: 603, 60611.",
        widget=UnfoldAdminTextInputWidget(),
    )
    take_back = forms.BooleanField(
        required=False,
        label="Take this closure back",
        help_text="Its days are open again for good. What it cancelled stays cancelled.",
        widget=UnfoldBooleanSwitchWidget(),
    )

    class Meta:
        model = Closure
        fields = (
            "name",
            "first_day",
            "last_day",
            "states",
            "postal_prefixes",
            "cancels_visits",
            "includes_consultations",
        )
        labels: ClassVar = {
            "name": "Why",
            "cancels_visits": "Cancel the visits that are booked",
            "includes_consultations": "Consultations too",
        }
        help_texts: ClassVar = {
            "name": 'Patients read this, as in "because of a winter storm". Name no treatment: '
            "they would only read of a closure.",
            "cancels_visits": "Otherwise they stay, and nurses go: a task asks you to look.",
            "includes_consultations": "They belong to no area: all on these days stop.",
        }

    def clean_states(self) -> list[str]:
        """Refuse a state the clinic does not know; how it is written does not matter."""
        states = sorted({state.strip().upper() for state in self.cleaned_data["states"]})
        known = set(Permit.objects.values_list("state", flat=True))
        strange = [state for state in states if state not in known]
        if strange:
            raise ValidationError(f"The clinic has no permit row for {', '.join(strange)}.")
        return states

    def clean(self) -> dict[str, Any]:
        """Refuse days that are over, and more of them than one closure should cancel."""
        data = super().clean() or {}
        for field in ("first_day", "last_day"):
            day = data.get(field)
            if field in self.changed_data and day and day < today():
                self.add_error(field, "This day is over.")
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last - first >= LONGEST_CLOSURE:
            self.add_error("last_day", "A closure is 31 days at most: look at the year.")
        return data


def today() -> date:
    """Return the day it is at the clinic."""
    return now().astimezone(ZoneInfo(settings.CLINIC_TIME_ZONE)).date()
