"""Settings of the API: who may ask, how errors are told, how it describes itself."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.core.authentication.SessionTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "COERCE_DECIMAL_TO_STRING": False,
    "UNICODE_JSON": False,  # an error that quotes a lone surrogate can be told only escaped
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "config.core.api.ExceptionHandler",
    "EXCEPTION_FORMATTER_CLASS": "config.core.api.ExceptionFormatter",
    "ERROR_SCHEMAS": {"409": "config.core.schema.RefusalSerializer"},
    "ALLOWED_ERROR_STATUS_CODES": ["400", "401", "403", "404", "409", "429"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stillwater",
    "DESCRIPTION": (
        "Booking, notices and the visit record of at-home infusions.\n\n"
        "**Signing in.** A program sends "
        '`POST /_allauth/app/v1/auth/login` with `{"email": "…", "password": "…"}`, and sends '
        "`meta.session_token` of the answer as the header `X-Session-Token` with every request. "
        "Whoever has signed in at `/accounts/login/` in this browser can try the requests here "
        "at once."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "AppointmentStatusEnum": "booking.models.Status",
        "NoticeStatusEnum": "booking.models.NoticeStatus",
        "IntakeStatusEnum": "patients.models.Intake.Status",
        "PlanStatusEnum": "nurses.models.Plan.Status",
    }
    | {
        f"{kind}Enum": f"drf_standardized_errors.openapi_serializers.{kind}Enum.choices"
        for kind in (
            "ValidationError",
            "ClientError",
            "ServerError",
            *(f"ErrorCode{status}" for status in (401, 403, 404, 405, 406, 415, 429, 500)),
        )
    },
    "POSTPROCESSING_HOOKS": ["drf_standardized_errors.openapi_hooks.postprocess_schema_enums"],
}
