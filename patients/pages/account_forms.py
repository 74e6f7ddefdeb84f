"""What a person says about themselves, a page at a time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from patients import contacts, homes, places
from patients.models import Address, HomeNotes, Patient
from patients.pages.account_fields import BirthField, LineField, PhoneField, Plain


class ProfileForm(Plain):
    """Some of what a person says about themselves; it begins with what is on file."""

    def __init__(self, data: Any = None, *, patient: Patient) -> None:
        super().__init__(data, initial=self.kept(patient))
        self.patient = patient

    @classmethod
    def kept(cls, patient: Patient) -> dict[str, Any]:
        """Return what is on file."""
        return {name: getattr(patient, name) for name in cls.base_fields}

    @property
    def profile(self) -> dict[str, Any]:
        """What the rule is told."""
        return self.cleaned_data


class AboutForm(ProfileForm):
    """Name, date of birth, telephone."""

    name = LineField(
        label=_("Your full name"),
        max_length=200,
        help_text=_("As your doctor has it: the nurse checks it at the door."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    date_of_birth = BirthField(label=_("Date of birth"), required=False)
    phone = PhoneField(
        label=_("Phone number"),
        required=False,
        help_text=_("We call it for your free talk, and the nurse calls it on the day."),
    )

    @classmethod
    def kept(cls, patient: Patient) -> dict[str, Any]:
        """Return what is on file; the name is the account's."""
        return {
            "name": patient.user.name,
            "date_of_birth": patient.date_of_birth,
            "phone": patient.phone,
        }


class HomeForm(Plain):
    """Where the nurse comes to, and how she gets in; city and state follow from the ZIP code."""

    line1 = LineField(
        label=_("Street and number"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    line2 = LineField(
        label=_("Apartment or floor"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    postal_code = forms.RegexField(
        r"^[0-9]{5}(-[0-9]{4})?\Z",
        label=_("ZIP code"),
        help_text=_("City and state follow from it."),
        error_messages={"invalid": _("A ZIP code has five digits, such as 60302.")},
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
    )
    parking = LineField(
        label=_("Parking"),
        max_length=200,
        required=False,
        help_text=_("Where the nurse may leave the car, and whether it costs anything."),
    )
    entry = LineField(
        label=_("Door, code and bell"),
        max_length=200,
        required=False,
        help_text=_("Which door, the code, the name on the bell. Only your nurse and we see it."),
    )
    stairs = LineField(
        label=_("Stairs and elevator"),
        max_length=200,
        required=False,
        help_text=_("Such as “third floor, no elevator”. The nurse carries equipment."),
    )
    pets = LineField(
        label=_("Pets"),
        max_length=200,
        required=False,
        help_text=_("Please keep them in another room while the nurse is there."),
    )
    more = LineField(label=_("Anything else"), max_length=300, required=False)

    WHERE = ("line1", "line2", "postal_code")

    @classmethod
    def kept(cls, address: Address | None, notes: HomeNotes | None) -> dict[str, Any]:
        """Return what is on file."""
        home = {name: getattr(address, name) for name in cls.WHERE} if address else {}
        return home | ({name: getattr(notes, name) for name in homes.SAID} if notes else {})

    def clean_postal_code(self) -> str:
        """A code that the table does not know is a slip of the finger."""
        code: str = self.cleaned_data["postal_code"]
        if places.find_zip(code) is None:
            raise forms.ValidationError(_("We do not know this ZIP code."), "unknown")
        return code

    @property
    def address(self) -> dict[str, Any]:
        """What was said of where it is."""
        return {name: self.cleaned_data[name] for name in self.WHERE}

    @property
    def notes(self) -> dict[str, str]:
        """What was said of how to get in."""
        return {name: self.cleaned_data[name] for name in homes.SAID}


class EscortForm(ProfileForm):
    """The adult who stays through the night."""

    escort_name = LineField(
        label=_("Their name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    escort_phone = PhoneField(
        label=_("Their phone number"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "inputmode": "tel"}),
    )
    escort_texts = forms.BooleanField(
        label=_("Text them when I must not drive"),
        required=False,
        help_text=contacts.ESCORT_WORDING,
    )


class MessagesForm(ProfileForm):
    """How messages come, and in which language."""

    email = forms.BooleanField(label=_("E-mail"), required=False)
    sms = forms.BooleanField(label=_("Texts"), required=False, help_text=contacts.WORDING)
    sms_in_quiet_hours = forms.BooleanField(
        label=_("Text me at night too when it is about my safety"),
        required=False,
        help_text=_(
            "Otherwise no text comes between 9 PM and 8 AM, and on the day of a visit 7 AM."
        ),
    )
    language = forms.ChoiceField(
        label=_("Language of pages and messages"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
    )

    @classmethod
    def kept(cls, patient: Patient) -> dict[str, Any]:
        """Return what is on file."""
        return {
            "email": "email" in patient.channels,
            "sms": "sms" in patient.channels,
            "sms_in_quiet_hours": patient.sms_in_quiet_hours,
            "language": patient.language,
        }

    def clean_sms(self) -> bool:
        """Texts need a number to go to."""
        wanted: bool = self.cleaned_data["sms"]
        if wanted and not self.patient.phone:
            raise forms.ValidationError(
                _("There is no phone number yet: give it under “About you” first."), "no_phone"
            )
        return wanted

    @property
    def profile(self) -> dict[str, Any]:
        """What the rule is told."""
        told = self.cleaned_data
        return {
            "channels": [name for name in ("email", "sms") if told[name]],
            "sms_in_quiet_hours": told["sms_in_quiet_hours"],
            "language": told["language"],
        }
