"""Doors that mail and SMS services knock at: what bounced, what somebody texted back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from anymail.signals import tracking
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_resolver
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from booking.channels import news, receipts, replies
from patients.answers import storable
from patients.fields import phone_number

# What services call a sender, a text and its own name: Twilio, Vonage, Plivo, and plain words.
SENDER = ("From", "msisdn", "from", "number")
SAID = ("Body", "text", "Text", "body", "message")
NAME = ("MessageSid", "messageId", "MessageUUID", "id")
# In a receipt, the number that was texted (Vonage's `to` is ours) and what became of the text.
TEXTED = ("To", "msisdn", "to", "number")
STATE = ("MessageStatus", "SmsStatus", "Status", "status", "state")

# django-anymail tells its news by a signal; whoever mounts the door below listens to it.
tracking.connect(news.heard, dispatch_uid="booking.channels.news")


@csrf_exempt
@require_POST
def text(request: HttpRequest, secret: str) -> HttpResponse:
    """Take a text that somebody sent to the clinic's number."""
    told, number = _from_service(request, secret, SENDER)
    replies.receive(number=number, text=_one(told, SAID)[:1600], service_id=_one(told, NAME)[:100])
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def receipt(request: HttpRequest, secret: str) -> HttpResponse:
    """Take what a service says became of a text of ours."""
    told, number = _from_service(request, secret, TEXTED)
    if receipts.is_lost(_one(told, STATE)):
        receipts.lost(number=number)
    return HttpResponse(status=204)


def _from_service(
    request: HttpRequest, secret: str, names: tuple[str, ...]
) -> tuple[Mapping[str, Any], str]:
    """Return what the service tells, and about whose number; nobody else is heard."""
    ours = settings.SMS_WEBHOOK_SECRET
    if not ours or not constant_time_compare(secret, ours):
        raise Http404
    told = _told(request)
    number = phone_number(_one(told, names))
    if not number:
        raise BadRequest("whose number?")
    return told, number


def _told(request: HttpRequest) -> Mapping[str, Any]:
    if request.content_type != "application/json":
        return request.POST
    try:
        told = json.loads(request.body)
    except ValueError as error:
        raise BadRequest("not JSON") from error
    if not isinstance(told, dict):
        raise BadRequest("not an object")
    return told


def _one(told: Mapping[str, Any], names: tuple[str, ...]) -> str:
    found = next((told[name] for name in names if told.get(name)), "")
    return storable(found).strip() if isinstance(found, str) else ""


@csrf_exempt
def email(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Let django-anymail read a provider's news; only of the one in use, and never unguarded."""
    if provider != settings.EMAIL_PROVIDER or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    found = get_resolver("anymail.urls").resolve(f"/{provider}/tracking/")
    answer: HttpResponseBase = found.func(request)
    return answer
