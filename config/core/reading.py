"""What a request says is read in one way, whatever it claims."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

ASKS_THE_DATABASE = ("/admin/", "/staff/")


class PlainText:
    """Reads every request as UTF-8, and none of staff's with a NUL in its address.

    Django decodes by any codec a `Content-Type` names, `zlib` included, and the admin hands its
    query to PostgreSQL, whose text holds no NUL: both end in an error.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request as read."""
        request.encoding = settings.DEFAULT_CHARSET
        if request.path.startswith(ASKS_THE_DATABASE) and "%00" in request.META["QUERY_STRING"]:
            raise BadRequest("NUL in the query")
        return self.get_response(request)
