"""What a browser may do with a page: load, run, send, and keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

from config.core.models import User

# Sensors and the like that no page uses; passkeys are ours alone.
PERMISSIONS = ", ".join(
    [
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "autoplay",
                "camera",
                "display-capture",
                "geolocation",
                "gyroscope",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "usb",
            )
        ),
        *(f"publickey-credentials-{what}=(self)" for what in ("create", "get")),
    ]
)
# The admin's own pages compose styles in attributes and run Alpine, which evaluates attributes.
DESK = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"]}
# Beginning of an address -> what its pages need beyond what every page may.
BEYOND: dict[str, dict[str, Any]] = {
    "/admin/": DESK,
    "/staff/": DESK,
    "/api/docs/": {"style-src": ["'unsafe-inline'"], "img-src": ["data:"]},
    # The picture that an authenticator app reads, drawn for this page alone.
    "/accounts/2fa/totp/": {"img-src": ["data:"]},
}


class PagePolicy(CSPMiddleware):
    """Sends the policy with every page; JSON and files have nothing to load."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Add the headers."""
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        answered: HttpResponseBase = super().process_response(request, response)
        return answered

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> PolicyParts:
        """Widen the policy where pages that are not ours need it."""
        parts = super().get_policy_parts(request, response, *args, **kwargs)
        for beginning, more in BEYOND.items():
            if parts.update is None and request.path.startswith(beginning):
                parts.update = more
        return parts


class KeptNowhere:
    """Lets no cache and no browser keep what somebody saw who was signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and say so; an answer that never asked who it is for says nothing of them."""
        response = self.get_response(request)
        asked = getattr(request, "_cached_user", None)
        if isinstance(asked, User) or "X-Session-Token" in request.headers:
            add_never_cache_headers(response)
        return response
