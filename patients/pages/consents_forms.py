"""What signing a document asks for."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.answers import storable
from patients.consent import NAME_LENGTH


class SignForm(forms.Form):
    """A typed name, the box, and the hash of the text that was on the page."""

    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    has_read = forms.BooleanField(
        label=_("I have read this text, and I agree to it"),
        error_messages={"required": _("Please tick the box once you have read the text.")},
    )
    typed_name = forms.CharField(
        label=_("Your full name"),
        help_text=_("Typing your name here counts as your signature."),
        max_length=NAME_LENGTH,
        error_messages={"required": _("Please type your full name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "autocapitalize": "words"}),
    )

    def clean_typed_name(self) -> str:
        """Leave out what cannot be stored."""
        name = storable(self.cleaned_data["typed_name"])
        if not name:
            raise forms.ValidationError(_("Please type your full name."), "required")
        return name
