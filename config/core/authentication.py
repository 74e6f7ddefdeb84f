"""How a request to the API says who is asking."""

from __future__ import annotations

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from rest_framework.request import Request


class SessionTokenAuthentication(XSessionTokenAuthentication):
    """The app client's token; names its scheme so that a stranger gets 401 and not 403."""

    def authenticate_header(self, request: Request) -> str:
        """Answer the `WWW-Authenticate` challenge."""
        return "X-Session-Token"
