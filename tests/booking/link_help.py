"""What the tests of links share: a link in Ada's message, opened and answered."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Notice
from config.core import proofs


def address(purpose: Purpose, notice: Notice) -> str:
    path: str = urlsplit(tokens.url(purpose, notice)).path
    return path


def old_token(purpose: Purpose, notice: Notice) -> str:
    """What stood in a link until November 2026."""
    code = proofs.code(f"booking.links.{purpose}", *tokens._about(notice))
    return f"{purpose[0]}{notice.pk}-{code}"


def opened(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def hidden(shown: str) -> str:
    """The id of the form that was shown."""
    found: list[str] = re.findall(r'name="client_id" value="([^"]+)"', shown)
    return found[0]


def answered(client: Client, path: str, **facts: Any) -> HttpResponse:
    """Open the page, send its form, and return what it leads to."""
    shown = client.get(path).content.decode()
    response: Any = client.post(path, {"client_id": hidden(shown), **facts}, follow=True)
    assert isinstance(response, HttpResponse)
    return response
