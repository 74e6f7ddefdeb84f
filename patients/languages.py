"""The language a page is written in: a patient's own, else what the browser asks for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.request import Request

from config.core.models import Role, User
from patients import accounts

ENGLISH = "en"
# The clinic's own pages, and what programs and probes read.
IN_ENGLISH = (
    "/admin/",
    "/staff/",
    "/route/",
    "/api/",
    "/_allauth/",
    "/hooks/",
    "/livez",
    "/readyz",
)


def asked_for(request: HttpRequest) -> str:
    """Return what this browser chose, else prefers; it asks no database."""
    wish = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or request.headers.get(
        "Accept-Language"
    )
    if not wish:
        return str(settings.DEFAULT_LANGUAGE)
    return translation.get_language_from_request(request).partition("-")[0]


def named(request: HttpRequest | Request) -> str | None:
    """Return the language that a program wants of those spoken here, if it names one."""
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    codes = (code.partition("-")[0] for code, _ in wanted)
    return next((code for code in codes if code in dict(settings.LANGUAGES)), None)


def of(request: HttpRequest) -> str:
    """Return the language to answer in."""
    if request.path.startswith(IN_ENGLISH):
        return ENGLISH
    user = request.user
    if not isinstance(user, User):
        return asked_for(request)
    if user.role != Role.PATIENT:
        return ENGLISH
    # What they read until now is how they are written to from now on.
    return accounts.read_ahead(user, language=asked_for(request)).language


def choose(*, user: User, language: str) -> None:
    """Keep the language that a patient chose, for pages and messages alike."""
    if user.role == Role.PATIENT:
        accounts.update(patient=accounts.patient_of(user), profile={"language": language})


class PageLanguage:
    """Answers each request in its language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and say which language it is."""
        language = of(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language"])
        return response
