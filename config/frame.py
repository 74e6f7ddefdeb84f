"""What belongs to every page: its language, and what is shown where a page cannot be."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from config.core import context, doors
from config.core.models import User
from patients import languages

# Forms of allauth carry secrets: what they had sent is never shown again.
NOT_KEPT = ("/accounts/", "/admin/", "/staff/", "/route/")


@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Change the language, and go back to the page it was asked from."""
    chosen = request.POST.get("language", "")
    if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
        languages.choose(user=request.user, language=chosen)
    return set_language(request)


def signed_in(request: HttpRequest) -> HttpResponse:
    """Send whoever signed in for a form in another tab back to it."""
    return render(request, "signed_in.html")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Offer to send a form of our own again whose key has changed since, as signing in does.

    A browser says where a form stood. One from elsewhere is refused, as is one that does not say.
    What somebody else typed before them is not offered to who signed in.
    """
    is_ours = _is_ours(request)
    if is_ours and doors.is_anothers(request):
        return doors.anothers(request)
    sent = doors.kept(request) if is_ours else []
    response = render(request, "403_csrf.html", {"kept": sent}, status=HTTPStatus.FORBIDDEN)
    add_never_cache_headers(response)
    return response


def _is_ours(request: HttpRequest) -> bool:
    origin = doors.split(request.headers.get("Origin", ""))
    is_here = (origin.scheme, origin.netloc) == (request.scheme, request.get_host())
    return is_here and not request.path.startswith(NOT_KEPT)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say so in the reader's language, without asking a database that may be what failed."""
    with translation.override(languages.asked_for(request)):
        told = render_to_string("500.html", context.site(request))
    return HttpResponse(told, status=HTTPStatus.INTERNAL_SERVER_ERROR)
