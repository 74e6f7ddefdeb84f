"""What the pages that change a visit ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.pages import picker
from patients.answers import storable

REASON_LENGTH = 300


class VersionForm(forms.Form):
    """A form that says which version of the visit its page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class MoveForm(VersionForm):
    """The time to move a visit to."""

    starts_at = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def clean_starts_at(self) -> datetime:
        """Read the instant that the page offered."""
        starts_at = picker.read_at(self.cleaned_data["starts_at"])
        if starts_at is None:
            raise forms.ValidationError(_("Please choose one of the times."))
        return starts_at


class CancelForm(VersionForm):
    """Whether only this visit, or the later ones of its course too; and why, if one wants to say.

    Parameters
    ----------
    later
        How many visits of the course come after this one.
    """

    which = forms.ChoiceField(
        label=_("What would you like to cancel?"),
        choices=[
            ("this", _("Only this visit")),
            ("later", _("This visit and the later ones of the course")),
        ],
        widget=forms.RadioSelect,
        initial="this",
    )
    reason = forms.CharField(
        label=_("Would you tell us why?"),
        help_text=_("It helps us plan. Nothing depends on it."),
        required=False,
        max_length=REASON_LENGTH,
        error_messages={"max_length": _("Please use at most %(limit_value)s characters.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, later: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not later:
            del self.fields["which"]

    def again(self, *, version: int) -> CancelForm:
        """Return the form anew, with what was typed, for the visit as it is now."""
        typed = {name: self.cleaned_data.get(name) for name in self.fields}
        return CancelForm(initial=typed | {"version": version}, later=int("which" in self.fields))

    @property
    def and_later(self) -> bool:
        """Whether the later ones of the course are meant too."""
        return self.cleaned_data.get("which") == "later"

    def clean_reason(self) -> str:
        """Leave out what the database cannot keep."""
        return storable(self.cleaned_data["reason"])
