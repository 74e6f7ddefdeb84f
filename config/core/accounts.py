"""How django-allauth makes and greets accounts here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress

from config.core.models import Role, User


class AccountAdapter(DefaultAccountAdapter):
    """Signs patients up; every other role is given by an administrator."""

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


def has_verified_email(user: User) -> bool:
    """Whether the person proved that the e-mail address is theirs."""
    verified: bool = EmailAddress.objects.filter(user=user, verified=True).exists()
    return verified


def set_verified_email(user: User) -> None:
    """Record that the clinic itself knows the address to be the person's."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
