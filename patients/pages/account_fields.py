"""Fields of a person's own pages: one line of text, a telephone number, a date of birth."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.core.clock import now
from patients.answers import EARLIEST_DATE, storable
from patients.fields import phone_number


class Plain(forms.Form):
    """Our own words for what is missing, and no example inside a field, as if it were typed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.error_messages["required"] = _("Please fill this in.")
            if name == "email":
                field.label = _("E-mail")
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = _("Write it like name@example.com.")


class LineField(forms.CharField):
    """One line of text without control characters."""

    def to_python(self, value: Any) -> str:
        """Clean first, so that what is left is measured."""
        return " ".join(storable(super().to_python(value) or "").split())


class PhoneField(LineField):
    """A telephone number in any usual spelling, kept as E.164."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"})
        super().__init__(**{"max_length": 40, "widget": widget, **options})

    def clean(self, value: Any) -> str:
        """Return the number as E.164; an empty one stays empty."""
        text = super().clean(value)
        number = phone_number(text)
        if text and not number:
            raise forms.ValidationError(
                _("We cannot read this number. Write it like 312 555 0100."), "invalid_phone"
            )
        return number

    def prepare_value(self, value: Any) -> Any:
        """Show a kept number as people write it."""
        return shown(value) if isinstance(value, str) else value


def shown(number: str) -> str:
    """Return a North American number as people write it; any other as it is kept."""
    if len(number) == len("+13125550100") and number.startswith("+1") and number[1:].isdigit():
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


class BirthField(forms.DateField):
    """A date of birth, typed in the device's own way or as 5/17/1985."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"})
        formats = ["%Y-%m-%d", "%m/%d/%Y", "%m-%d-%Y"]
        super().__init__(**{"widget": widget, "input_formats": formats, **options})

    def clean(self, value: Any) -> date | None:
        """Nobody was born tomorrow."""
        born: date | None = super().clean(value)
        if born and not EARLIEST_DATE <= born <= now().date():
            raise forms.ValidationError(_("Please check the year."), "invalid")
        return born
