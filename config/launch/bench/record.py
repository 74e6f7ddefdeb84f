"""Book visits one after another through the whole site in one process, and write down how.

`python -m config.launch.inside bench.record FILE < TOKENS`. For each token (one a line) one visit
is booked at a slot that was offered and that no other patient wanted. FILE gets, as JSON, for each
booking what was asked and every statement PostgreSQL was sent for it, so that anybody can send the
same to a copy of the database: as text with its values in it, or as text and values where the site
sends it prepared.
"""

import json
import random
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.test import Client
from psycopg.pq import Format
from psycopg.types.json import Jsonb

from config.core.clock import now

DAYS = 26
HOST = "127.0.0.1"
CREATED = 201
TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")
# Its text, its values if it is prepared, and whether the answer comes in binary.
Statement = tuple[str, Any, bool]


def main() -> None:
    """Book for each token and write the file."""
    tokens = sys.stdin.read().split()
    Path(sys.argv[1]).write_text(json.dumps(list(record(tokens))))


def record(tokens: list[str]) -> Iterator[dict[str, Any]]:
    """Yield, for each token that got a visit, the wish and its statements."""
    draw = random.Random(1)  # noqa: S311 -- which slot
    connection.force_debug_cursor = True
    taken: set[str] = set()
    for number, token in enumerate(tokens):
        client = Client(headers={"X-Session-Token": token, "Host": HOST})
        for starts_at in _offered(client, draw, day=2 + number % DAYS, taken=taken):
            taken.add(starts_at)
            body = {"therapy": "mood-40", "starts_at": starts_at}
            status, statements = _booked(client, body)
            if status == CREATED:
                yield {"token": token, "body": body, "statements": statements}
                break


def _booked(client: Client, body: dict[str, str]) -> tuple[int, list[Statement]]:
    """Book, and give the statements in order."""
    sent: list[Statement] = []
    compose: Any = connection.ops

    def note(execute: Any, sql: Any, parameters: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        cursor = context["cursor"].cursor
        if isinstance(cursor, psycopg.ClientCursor):  # it writes values into the text itself
            sent.append((compose.compose_sql(sql, parameters), None, False))
        else:
            sent.append((sql, _plain(parameters), cursor.format == Format.BINARY))
        return execute(sql, parameters, many, context)

    connection.queries_log.clear()
    with connection.execute_wrapper(note):
        answer = client.post("/api/v1/appointments/", body, content_type="application/json")
    # Django tells its log alone where a transaction begins and ends.
    texts, noted = [one["sql"] for one in connection.queries_log], iter(sent)
    return answer.status_code, [
        (text, None, False) if text in TRANSACTION else next(noted) for text in texts
    ]


def _plain(value: Any) -> Any:
    """Give a value as JSON knows it, what JSON does not know with the name of its kind."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Jsonb):
        return {"jsonb": value.obj}
    kinds = {datetime: "instant", date: "day", UUID: "uuid", Decimal: "decimal"}
    return {kinds[type(value)]: str(value)} if type(value) in kinds else value


def _offered(client: Client, draw: random.Random, *, day: int, taken: set[str]) -> list[str]:
    date = (now() + timedelta(days=day)).date().isoformat()
    asked = {"therapy": "mood-40", "from": date, "to": date}
    slots = client.get("/api/v1/slots/", asked).json()["slots"]
    starts = [slot["starts_at"] for slot in slots if slot["starts_at"] not in taken]
    draw.shuffle(starts)
    return starts[:4]
