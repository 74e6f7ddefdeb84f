"""How django-allauth makes and greets accounts here."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.signals import email_verification_code_rejected
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.adapter import DefaultMFAAdapter
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from config.core import throttle
from config.core.models import Role, User

# Each message's code may be guessed at three times; this bounds how many messages there are.
WRONG_CODES_A_DAY = 30
DAY = 24 * 60 * 60


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

    def pre_login(self, request: Any, user: User, **how: Any) -> Any:
        """Send whoever guessed too often at codes away before there is another one to guess."""
        _refuse_guessing(request, user)
        return super().pre_login(request, user, **how)

    def generate_email_verification_code(self) -> str:
        """Make a code; whoever is signed in and guesses at another address's gets none."""
        if isinstance(self.request.user, User):
            _refuse_guessing(self.request, self.request.user)
        code: str = super().generate_email_verification_code()
        return code

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


def _refuse_guessing(request: Any, user: User) -> None:
    if throttle.is_spent(f"codes/{user.email}", times=WRONG_CODES_A_DAY):
        raise ImmediateHttpResponse(respond_429(request))


# The one receiver of a signal in this house. allauth tells of a wrong code by nothing else that its
# pages and its API share: the API's input cannot be replaced as a page's form can, and the adapter
# hears that some code is wrong, not which or whose.
@receiver(email_verification_code_rejected)
def count_wrong_code(user: User, **_news: Any) -> None:
    """Count the codes that somebody got wrong, over all sessions of the account."""
    throttle.allows(f"codes/{user.email}", times=WRONG_CODES_A_DAY, seconds=DAY)


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
