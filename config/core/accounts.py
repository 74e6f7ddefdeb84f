"""How django-allauth makes and greets accounts here."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import gettext_lazy as _

from config.core.models import Role, User


class AccountAdapter(DefaultAccountAdapter):
    """Signs patients up; every other role is given by an administrator."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "The e-mail or the password is not right. Try again, or choose a new password."
        ),
        "enter_current_password": _("That is not your password."),
        "incorrect_code": _("That is not the code. Look into the newest message."),
        "incorrect_password": _("That is not your password."),
        "too_many_login_attempts": _(
            "Too many tries. Wait five minutes, or choose a new password."
        ),
        "rate_limited": _("That was too often. Please wait a minute."),
    }

    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:  # noqa: FBT001, FBT002
        """Fill the new account from the sign-up form."""
        user.email = form.cleaned_data["email"].lower()
        user.role = Role.PATIENT
        # The page's form asks twice, the API's once.
        told = form.cleaned_data
        self.set_password(user, told["password1"] if "password1" in told else told["password"])
        if commit:
            user.save()
        return user


class SecondStepAdapter(DefaultMFAAdapter):
    """Passkeys, codes of an app and spare codes, in our words."""

    error_messages: ClassVar = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That is not the code. The app shows a new one every half minute."),
    }


def has_verified_email(user: User) -> bool:
    """Whether the person proved that the e-mail address is theirs."""
    verified: bool = EmailAddress.objects.filter(user=user, verified=True).exists()
    return verified


def set_verified_email(user: User) -> None:
    """Record that the clinic itself knows the address to be the person's."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
