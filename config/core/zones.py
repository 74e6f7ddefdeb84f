"""Which zone a page speaks in."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

AT_THE_CLINIC = ("/admin/", "/staff/")


class ClinicZone:
    """Staff's pages read and take instants in the clinic's own zone; everything else in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer within the zone."""
        if not request.path.startswith(AT_THE_CLINIC):
            return self.get_response(request)
        with timezone.override(ZoneInfo(settings.CLINIC_TIME_ZONE)):
            return self.get_response(request)
