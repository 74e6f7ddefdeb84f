"""The same POST sent again is answered again, not done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.core.clock import now
from config.core.errors import Reason, Refused, deadlocks_retried, is_deadlock
from config.core.models import IdempotentAnswer, User
from config.core.postgres import prepared

KEY_LENGTH = 255
PATH_LENGTH = 500
FIRST = """
    INSERT INTO core_idempotentanswer (user_id, method, path, key, body_sha256, body, created_at)
    VALUES (%s, %s, %s, %s, %s, '', %s) ON CONFLICT DO NOTHING RETURNING id
"""
KEEP = "UPDATE core_idempotentanswer SET status = %s, body = %s WHERE id = %s"


class _NotKept(Exception):
    """Carries an answer that is not to be kept out of the transaction it rolls back."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def is_kept(status: int) -> bool:
    """Whether an answer with this status is given again: 2xx and 409."""
    return 200 <= status < 300 or status == 409


def body_hash(data: Any) -> str:
    """Hash a parsed JSON body so that spacing and order of keys do not matter."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def forget_old() -> int:
    """Delete answers past their keeping time and return how many."""
    limit = now() - timedelta(hours=settings.IDEMPOTENCY_KEEP_HOURS)
    return IdempotentAnswer.objects.filter(created_at__lt=limit).delete()[0]


class Sent(NamedTuple):
    """A POST as it came, which may come again; `body` is the hash of what it said."""

    user: User
    path: str
    key: str
    body: str


def take(sent: Sent) -> int | IdempotentAnswer:
    """Take the place of the answer to a POST, or give the answer that stands there.

    The place is a row of the transaction that is open: a twin sent at the same moment waits on
    the unique index until it is committed, then finds the answer.
    """
    told = [sent.user.pk, "POST", sent.path[:PATH_LENGTH], sent.key, sent.body, now()]
    place = prepared.row(FIRST, told)
    if place is not None:
        return int(place[0])
    return IdempotentAnswer.objects.get(
        user=sent.user, method="POST", path=sent.path[:PATH_LENGTH], key=sent.key
    )


def keep(place: int, *, status: int, body: str) -> None:
    """Put the answer into the place that `take` took."""
    prepared.change(KEEP, [status, body, place])


@deadlocks_retried
def answer_once(sent: Sent, *, answer: Callable[[], Response]) -> Response:
    """Give the kept answer, or make, keep and give it."""
    try:
        with transaction.atomic():
            place = take(sent)
            if isinstance(place, IdempotentAnswer):
                return _given_before(place, body=sent.body)
            response = answer()
            if not is_kept(response.status_code):
                raise _NotKept(response)
            told = JSONRenderer().render(response.data).decode() or "null"
            keep(place, status=response.status_code, body=told)
            return response
    except _NotKept as not_kept:
        return not_kept.response


def _given_before(row: IdempotentAnswer, *, body: str) -> Response:
    if row.body_sha256 != body:
        raise Refused([Reason("idempotency_conflict", "This key was used with another body.")])
    return Response(json.loads(row.body), status=row.status)


class IdempotentView(APIView):
    """An API view whose POST honours `Idempotency-Key`."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Wrap the POST handler when a key came with it."""
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key:
            return
        if len(key) > KEY_LENGTH or "\x00" in key:
            raise ValidationError({"Idempotency-Key": f"At most {KEY_LENGTH} characters."})
        method = request.method.lower()
        setattr(self, method, self._answer_once(key, getattr(self, method)))

    def _answer_once(self, key: str, handler: Callable[..., Response]) -> Callable[..., Response]:
        def post(request: Request, *args: Any, **kwargs: Any) -> Response:
            def answer() -> Response:
                try:
                    with transaction.atomic():
                        return handler(request, *args, **kwargs)
                except Exception as error:
                    if is_deadlock(error):
                        raise
                    response = self.handle_exception(error)
                    response.exception = True
                    return response

            user: User = request.user  # type: ignore[assignment]
            sent = Sent(user, request.path, key, body_hash(request.data))
            return answer_once(sent, answer=answer)

        return post
