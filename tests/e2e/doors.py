"""Pages at the door as few see them: a wrong password, a link used before, a closed account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import time_machine
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from patients import data_rights
from patients.models import Patient
from tests import factories
from tests.e2e.state import WRONG, State


def wrong(ada: Patient) -> Iterator[State]:
    """What goes wrong where one signs in or chooses a password; the account is Ada's."""
    key = default_token_generator.make_token(ada.user)
    chosen, who = "account_reset_password_from_key", user_pk_to_url_str(ada.user)
    used = reverse(chosen, args=[who, "1-none"])
    unlike = {"password1": "a-pond-without-wind", "password2": "a-lake-without-wind"}
    yield State("new password, link used", used, shows="text=This link no longer works")
    for name, address, fields in (
        ("new password", reverse(chosen, args=[who, key]), unlike),
        ("sign in", reverse("account_login"), {"login": ada.user.email, "password": "a-lake"}),
        ("sign in, empty", reverse("account_login"), {"login": "", "password": ""}),
        ("reset", reverse("account_reset_password"), {"email": "ada"}),
    ):
        yield State(name, address, shows=WRONG, fields=fields)
    newcomer = {
        "name": "Eve Lang",
        "email": f"{uuid4().hex}@example.com",  # the cache counts what is sent to each
        "password1": unlike["password1"],
    }
    signup = reverse("account_signup")
    yield State("code", signup, shows="input[name=code]", fields=newcomer)


def closed() -> State:
    """What a browser still shows that was signed in to it."""
    gone = factories.make_patient(name="Finn Dale", ready=False)
    wish = data_rights.ask_to_close(patient=gone, by=gone.user)
    with time_machine.travel(wish.closes_at + timedelta(minutes=1)):
        data_rights.close(patient=gone)
    gone.user.refresh_from_db()
    return State("closed", reverse("visits"), gone.user, shows="text=New here?")
