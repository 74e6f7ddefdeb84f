"""How a request to the API says who is asking."""

from __future__ import annotations

from typing import Any

from allauth.core.internal.sessionkit import get_session_user
from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from allauth.headless.internal.sessionkit import lookup_session
from rest_framework.request import Request


class SessionTokenAuthentication(XSessionTokenAuthentication):
    """The app client's token; names its scheme so that a stranger gets 401 and not 403."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Say whose session the token is, reading it once where the library reads it twice."""
        token = self.get_session_token(request)
        session = lookup_session(token) if token else None
        user = get_session_user(session) if session else None
        return (user, session) if user else None

    def authenticate_header(self, request: Request) -> str:
        """Answer the `WWW-Authenticate` challenge."""
        return "X-Session-Token"
