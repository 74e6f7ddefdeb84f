"""Who may open a page of the patient's, and what sends a form only once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, NamedTuple, ParamSpec
from urllib.parse import SplitResult, urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from config.core import idempotency
from config.core.errors import deadlocks_retried
from config.core.models import IdempotentAnswer, Role, User

P = ParamSpec("P")

# Fields that are never shown again, not even hidden.
NEVER_KEPT = ("csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword", "code")

# The field of a form that says for whom its page was made.
WHOSE = "whose"
MARK_LENGTH = 20


class PatientRequest(HttpRequest):
    """A request that `for_patients` let in."""

    user: User


def for_patients(
    view: Callable[Concatenate[PatientRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let signed-in patients in.

    A stranger signs in first and comes back to what was asked for; what a form had sent is kept
    on the way. Anybody else of the clinic reads where their own pages are (403), and who sends
    the form of a page that was made for somebody else, that nothing was done (409).
    """

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return _refusal(request) or view(_let_in(request), *args, **kwargs)

    return answer


def _let_in(request: Any) -> PatientRequest:
    allowed: PatientRequest = request
    return allowed


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if not isinstance(request.user, User):
        response = _sign_in_first(request)
        # Of those who are signed in, `policies.KeptNowhere` lets nothing be kept.
        add_never_cache_headers(response)
        return response
    if request.user.role != Role.PATIENT:
        return render(request, "not_a_patient.html", status=403)
    return anothers(request) if is_anothers(request) else None


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    asked = request.get_full_path()
    if request.headers.get("HX-Request") == "true":
        # A piece of a page was asked for: the whole page is what to come back to.
        shown = split(request.headers.get("HX-Current-URL", ""))
        asked = f"{shown.path}?{shown.query}" if shown.query else shown.path or asked
        where = redirect_to_login(asked).headers["Location"]
        return HttpResponse(headers={"HX-Redirect": where})
    if request.method == "POST":
        sign_in = f"{reverse('account_login')}?next={reverse('signed-in')}"
        context = {"kept": kept(request), "sign_in": sign_in}
        return render(request, "signed_out.html", context, status=403)
    return redirect_to_login(asked)


def split(address: str) -> SplitResult:
    """Return the parts of an address that a browser sent; none of what is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def kept(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what a form sent, to be sent again: nothing that is secret, and no files."""
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        if name not in NEVER_KEPT
        for value in values
    ]


# -- a form of somebody else's page --------------------------------------------------------------


def mark(user: User, *, secret: str | None = None) -> str:
    """Return what the forms of somebody's pages carry; it says nothing of them."""
    made = salted_hmac("config.core.doors.mark", str(user.pk), secret=secret, algorithm="sha256")
    return made.hexdigest()[:MARK_LENGTH]


def is_anothers(request: HttpRequest) -> bool:
    """Whether a form was made for another account than the one that sends it.

    On a shared computer a page stays open where one patient signs out and the next signs in. A
    form that does not say for whom it was made was made before forms did.
    """
    said, user = request.POST.get(WHOSE), request.user
    if said is None or not isinstance(user, User):
        return False
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return said not in {mark(user, secret=one) for one in secrets}


def anothers(request: HttpRequest) -> HttpResponse:
    """Say that the page was somebody else's and nothing was done; what they typed is not shown."""
    if request.headers.get("HX-Request") == "true":
        said = _("That page was opened with another account. We saved nothing of it.")
        messages.warning(request, said)
        return HttpResponse(headers={"HX-Redirect": reverse("home")})
    return render(request, "anothers_page.html", status=HTTPStatus.CONFLICT)


# -- a form that does its work once --------------------------------------------------------------


class OnceKey(forms.UUIDField):
    """The hidden key of a form; one that is missing or broken is replaced."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, initial=uuid.uuid4)

    def clean(self, value: Any) -> uuid.UUID:
        """Return the key."""
        try:
            key: uuid.UUID | None = super().clean(value)
        except ValidationError:
            key = None
        return key or uuid.uuid4()


class OnceForm(forms.Form):
    """A form that makes something: `form.cleaned_data["once"]` goes to `once`."""

    once = OnceKey()


class _Done(NamedTuple):
    address: str
    is_other: bool


def once(request: PatientRequest, *, key: uuid.UUID, make: Callable[[], str]) -> HttpResponse:
    """Make the thing and go to its address; asked again with the same key, only go there.

    `make` runs in a transaction and returns the address. What it raises undoes everything, the
    key included, so the form can be sent again. A twin sent at the same moment waits for the
    first and goes where it went.
    """
    said = sorted(pair for pair in kept(request) if pair[0] not in ("once", WHOSE))
    sent = idempotency.Sent(request.user, request.path, str(key), idempotency.body_hash(said))
    done = _made_once(sent, make=make)
    if done.is_other:
        messages.info(request, _("We already had this from you. Nothing was done a second time."))
    return redirect(done.address)


@deadlocks_retried
@transaction.atomic
def _made_once(sent: idempotency.Sent, *, make: Callable[[], str]) -> _Done:
    place = idempotency.take(sent)
    if isinstance(place, IdempotentAnswer):
        return _Done(place.body, is_other=place.body_sha256 != sent.body)
    address = make()
    idempotency.keep(place, status=HTTPStatus.SEE_OTHER, body=address)
    return _Done(address, is_other=False)
