"""The forms at the door: making an account, signing in, passwords, passkeys."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as code_forms
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.webauthn import forms as passkey_forms
from django import forms
from django.contrib.auth.hashers import make_password
from django.utils.translation import get_language, gettext, gettext_lazy as _

from config.core.models import User
from patients import accounts, contacts
from patients.models import ClosedContact
from patients.pages.account_fields import LineField, PhoneField, Plain

PASSWORD_HINT = _("At least 10 characters. A few words in a row are good, and easy to remember.")


class SignUpForm(Plain, account_forms.SignupForm):
    """Who the person is and how to reach them: all that a first talk needs."""

    name = LineField(
        label=_("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = PhoneField(
        label=_("Phone number"),
        required=False,
        help_text=_("We call it for your free talk, and the nurse calls it on the day."),
    )
    texts = forms.BooleanField(label=_("Send me texts"), required=False)
    field_order = ("name", "email", "phone", "texts", "password1")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["texts"].help_text = contacts.WORDING
        self.fields["password1"].help_text = PASSWORD_HINT

    def clean(self) -> dict[str, Any]:
        """Texts need a number to go to."""
        told: dict[str, Any] = super().clean() or {}
        if told.get("texts") and not told.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Give the number that texts go to."))
        return told

    def try_save(self, request: Any) -> Any:
        """Take as long over an address that is known as over a new one."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def signup(self, request: Any, user: User) -> None:
        """Keep what was told beside the address and the password."""
        told = self.cleaned_data
        # Closed as an earlier account of the same person's was: they are here again.
        stopped = [ClosedContact.Reason.STOPPED]
        contacts.reopen(channel=contacts.EMAIL, address=user.email, reasons=stopped, by=user)
        accounts.update(
            patient=accounts.patient_of(user),
            profile={
                "name": told["name"],
                "phone": told["phone"],
                "channels": ["email", "sms"] if told["texts"] else ["email"],
                "language": (get_language() or "en")[:2],
            },
        )


class SignInForm(Plain, account_forms.LoginForm):
    """E-mail and password."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        if "remember" in self.fields:
            self.fields["remember"].label = _("Keep me signed in on this device")


class ChangeEmailForm(Plain, account_forms.AddEmailForm):
    """Another address."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].label = _("New e-mail")


class _Twice(Plain):
    """A new password, typed twice."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_HINT
        self.fields["password2"].label = _("New password once more")


class ChangePasswordForm(_Twice, account_forms.ChangePasswordForm):
    """The old password, and the new one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["oldpassword"].label = _("Password until now")


class ResetPasswordForm(Plain, account_forms.ResetPasswordForm):
    """The address of an account whose password is forgotten."""


class NewPasswordForm(_Twice, account_forms.ResetPasswordKeyForm):
    """The new password of whoever forgot theirs."""


class AgainForm(Plain, account_forms.ReauthenticateForm):
    """The password once more."""


class CodeForm(Plain, account_forms.ConfirmEmailVerificationCodeForm):
    """The code that was sent to an address."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget.attrs |= {
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
        }


class _OfTheApp(Plain):
    """A code out of an app, or a spare one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class SecondStepForm(_OfTheApp, code_forms.AuthenticateForm):
    """The second step of signing in."""


class SecondStepAgainForm(_OfTheApp, code_forms.ReauthenticateForm):
    """The second step once more."""


class AddAppForm(_OfTheApp, app_forms.ActivateTOTPForm):
    """The first code of an app."""


class AddPasskeyForm(Plain, passkey_forms.AddWebAuthnForm):
    """A passkey of this device, or one that is carried."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("A name for it")
        self.fields["name"].help_text = _("Such as “My phone”. Only you see it.")
        self.fields["name"].initial = self.initial["name"] = gettext("My device")
        alone = self.fields["passwordless"]
        alone.label = _("It opens my account by itself, without the password")
        alone.help_text = _("Your device asks for your finger, your face or its PIN instead.")
        alone.initial = True


class RenamePasskeyForm(Plain, passkey_forms.EditWebAuthnForm):
    """Another name for a passkey."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("A name for it")
