"""What the OpenAPI document says of the parts that describe themselves badly."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the session token in the OpenAPI document."""

    target_class = "config.core.authentication.SessionTokenAuthentication"
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token"}


class RefusedReasonSerializer(serializers.Serializer[dict[str, Any]]):
    """One reason of a refusal."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class RefusalSerializer(serializers.Serializer[dict[str, Any]]):
    """409: a rule refuses; every reason is listed, in the order of the rules."""

    type = serializers.CharField()
    errors = RefusedReasonSerializer(many=True)  # type: ignore[assignment]
    alternatives = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Other starts that can be had."
    )
