"""What the pages of booking ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.core.doors import OnceForm
from patients.fields import phone_number
from patients.models import Patient

PHONE_LENGTH = 40
ANY = "any"


class TalkForm(OnceForm):
    """Books a talk; where no phone number is on file it asks for one."""

    phone = forms.CharField(
        label=_("Your phone number"),
        help_text=_("For the talk itself, and if something changes. For example 312 555 0100."),
        max_length=PHONE_LENGTH,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={
            "required": _("Please give a phone number, so that we can reach you for the talk.")
        },
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if patient.phone:
            del self.fields["phone"]

    def clean_phone(self) -> str:
        """Return the number as it is kept."""
        number = phone_number(self.cleaned_data["phone"])
        if not number:
            raise forms.ValidationError(
                _("This is not a phone number we can call. An example is 312 555 0100.")
            )
        return number


class CourseForm(forms.Form):
    """From when on a course is looked for, and at what hour: whatever is not understood is left."""

    start = forms.ChoiceField(label=_("Start in the week of"))
    hour = forms.ChoiceField(label=_("Preferred time of day"))

    def __init__(
        self,
        *args: Any,
        starts: Sequence[tuple[str, str]],
        hours: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("start", starts), ("hour", hours)):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices

    def first(self) -> date | None:
        """Return the day from which on to look."""
        said = self._said("start")
        return date.fromisoformat(said) if said != ANY else None

    def wanted(self) -> time | None:
        """Return the hour that would suit best."""
        said = self._said("hour")
        return time.fromisoformat(said) if said != ANY else None

    def _said(self, name: str) -> str:
        self.full_clean()
        said: str = self.cleaned_data.get(name, ANY)
        return said
