"""Links in messages: what each says and does, without signing in and without a script.

Looking changes nothing: programs that check mail for harm open every link. Only the form on the
page does something, once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from booking.delivery import paging
from booking.links import answers, pages, tokens
from booking.links.forms import FORMS, AnswerForm
from booking.links.tokens import Link, Purpose
from config.core import throttle
from config.core.errors import Refused, WrongState
from config.core.models import STAFF_ROLES, User

MINUTE = 60
GUESSES_A_MINUTE = 60
OPENED_A_MINUTE = 60
HOUR = 60 * MINUTE
ANSWERED_AN_HOUR = 30

View = Callable[..., HttpResponseBase]


class FormOfAnUnnamedPage(CsrfViewMiddleware):
    """Checks a form's token where the page told the browser not to say where it comes from.

    Under `Referrer-Policy: no-referrer` browsers send `Origin: null` with a form. The cookie and
    the token in the form still have to match, which no other site can bring about.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        is_unnamed = request.META["HTTP_ORIGIN"] == "null"
        verified: bool = is_unnamed or super()._origin_verified(request)  # type: ignore[misc]
        return verified


def discreet(view: View) -> View:
    """Keep the page out of caches and search engines, and its address from everybody else."""

    @wraps(view)
    def quiet(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return quiet


@csrf_exempt
@discreet
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@decorator_from_middleware(FormOfAnUnnamedPage)
def follow(request: HttpRequest, text: str) -> HttpResponse:
    """Show what a link is for, or do it."""
    try:
        link = tokens.read(text)
    except tokens.NoSuchLink:
        return _unknown(request)
    with translation.override(pages.language_of(link)):
        if _is_too_often(request, text):
            return render(request, "booking/links/often.html", pages.frame(link), status=429)
        return _answer(request, link) if request.method == "POST" else _show(request, link)


def _is_too_often(request: HttpRequest, text: str) -> bool:
    """Count by link, not by address: behind one address may be many patients."""
    if not throttle.allows(f"link/{text}", times=OPENED_A_MINUTE, seconds=MINUTE):
        return True
    answers_it = request.method == "POST"
    return answers_it and not throttle.allows(
        f"answer/{text}", times=ANSWERED_AN_HOUR, seconds=HOUR
    )


def _unknown(request: HttpRequest) -> HttpResponse:
    address = request.META.get("REMOTE_ADDR", "")
    is_often = not throttle.allows(f"guess/{address}", times=GUESSES_A_MINUTE, seconds=MINUTE)
    return render(request, "booking/links/unknown.html", status=429 if is_often else 404)


def _show(
    request: HttpRequest, link: Link, *, form: AnswerForm | None = None, refusal: str = ""
) -> HttpResponse:
    form = form or FORMS[link.purpose](zone=pages.zone_of(link))
    page = pages.page(link, refusal=refusal) | {"form": form}
    status = 400 if form.is_bound and not form.is_valid() else page["status"]
    return render(request, f"booking/links/{page['shape']}.html", page, status=status)


def _answer(request: HttpRequest, link: Link) -> HttpResponse:
    form = FORMS[link.purpose](request.POST, zone=pages.zone_of(link))
    if not form.is_valid():
        return _show(request, link, form=form)
    try:
        _record(request, link, form)
    except WrongState:
        return redirect(request.path)  # the page says why
    except Refused as refusal:
        # The same form again, new and unsent.
        return _show(request, link, refusal=_in_words(refusal))
    return redirect(request.path)


def _in_words(refusal: Refused) -> str:
    """Say that it cannot be, in the language of the page; why, where that is English."""
    said = gettext("This cannot be done any more. Please choose again, or call us.")
    why = " ".join(reason.detail for reason in refusal.reasons)
    return f"{said} {why}" if translation.get_language() == "en" else said


def _record(request: HttpRequest, link: Link, form: AnswerForm) -> None:
    if link.purpose is not Purpose.page:
        answers.record(link=link, client_id=form.cleaned_data["client_id"], facts=form.facts())
        return
    user = request.user
    by = user if isinstance(user, User) and user.role in STAFF_ROLES else None
    notice = link.notice
    address = notice.facts.get("to") or notice.address or ", ".join(settings.ON_CALL_EMAILS)
    paging.acknowledge(notice=notice, by=by, address=address[:254])
