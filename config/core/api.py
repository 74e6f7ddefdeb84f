"""How the API signs in, refuses and answers; shared by every app's `api.py`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from drf_standardized_errors import formatter, handler
from drf_standardized_errors.types import Error, ErrorResponse
from rest_framework import exceptions, status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.errors import Malformed, Reason, Refused
from config.core.models import Role, User


def person(request: Request) -> User:
    """Return the signed-in account."""
    user = request.user
    if not isinstance(user, User):
        raise exceptions.NotAuthenticated
    return user


class RolePermission(BasePermission):
    """Lets only some roles through; the rest get 403."""

    roles: tuple[Role, ...] = ()
    message = "Your role does not allow this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the signed-in person has one of the roles."""
        return isinstance(request.user, User) and request.user.role in self.roles


class IsPatient(RolePermission):
    """Patients."""

    roles = (Role.PATIENT,)


class IsNurse(RolePermission):
    """Nurses."""

    roles = (Role.NURSE,)


class IsClinician(RolePermission):
    """Clinicians."""

    roles = (Role.CLINICIAN,)


class IsDispatcher(RolePermission):
    """Dispatchers, and administrators who stand in for them."""

    roles = (Role.DISPATCHER, Role.ADMINISTRATOR)


class RuleRefusal(exceptions.APIException):
    """409: a rule refuses; every reason is listed."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, refused: Refused) -> None:
        super().__init__(detail=refused.reasons[0].detail, code=refused.reasons[0].code)
        self.refused = refused


class ExceptionHandler(handler.ExceptionHandler):
    """Knows the product's own refusals."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """Map a rule's refusal to 409 and impossible input to 400."""
        if isinstance(exc, Refused):
            return RuleRefusal(exc)
        if isinstance(exc, Malformed):
            detail = [exceptions.ErrorDetail(exc.reason.detail, exc.reason.code)]
            return exceptions.ValidationError({exc.reason.attr or "non_field_errors": detail})
        if isinstance(exc, RequestDataTooBig):
            return exceptions.ParseError("The request is too large.")
        if isinstance(exc, RecursionError):
            return exceptions.ParseError("The request is nested too deeply.")
        converted: Exception = super().convert_known_exceptions(exc)
        return converted


class ExceptionFormatter(formatter.ExceptionFormatter):
    """Lists every reason of a refusal, and the other times where there are some."""

    def get_errors(self) -> list[Any]:
        """Return one error per reason."""
        if isinstance(self.exc, RuleRefusal):
            return [Error(r.code, r.detail, r.attr) for r in self.exc.refused.reasons]
        errors: list[Any] = super().get_errors()
        return errors

    def format_error_response(self, error_response: ErrorResponse) -> Any:
        """Add `alternatives` at top level."""
        body = super().format_error_response(error_response)
        if isinstance(self.exc, RuleRefusal) and self.exc.refused.alternatives is not None:
            body["alternatives"] = self.exc.refused.alternatives()
        return body


def refusal(code: str, detail: str) -> Refused:
    """Return a refusal with a single reason."""
    return Refused([Reason(code, detail)])
