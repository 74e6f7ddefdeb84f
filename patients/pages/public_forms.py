"""What a visitor may ask of the public pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext, gettext_lazy as _


class ZipForm(forms.Form):
    """A ZIP code."""

    zip = forms.CharField(
        label=_("Your ZIP code"),
        max_length=20,
        help_text=_("Five digits, such as 60302. We do not keep it."),
        error_messages={"required": _("Type your ZIP code first.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
    )

    def say_malformed(self) -> None:
        """Say what a ZIP code looks like."""
        self.add_error("zip", gettext("A ZIP code has five digits, such as 60302."))


class QuestionForm(forms.Form):
    """Words to look for."""

    q = forms.CharField(
        label=_("Find an answer"),
        max_length=100,
        help_text=_("One or two words, such as alcohol or driving."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
