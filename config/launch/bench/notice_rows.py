"""A million messages that wait, and those of them that fall due.

`python -m config.launch.inside bench.notice_rows wait COUNT`: of the visits there are, COUNT rows
over the sixty days to come.
`... due COUNT SECONDS AT`: COUNT more, due from AT (seconds since 1970) over SECONDS; prints each
row's number and when it is due.
`... look`: explains the claim and times it.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from booking.delivery.sending import due_rows
from booking.models import Appointment, Notice
from config.core.clock import now

LOOKS = 50
LIMIT = 20
OF_EACH = ("id", "appointment", "occurrence", "ideal_at", "send_from", "not_after")


def main() -> None:
    """Do what is asked and print JSON."""
    what, *figures = sys.argv[1:]
    if what == "wait":
        print(json.dumps(wait(int(figures[0]))))
    elif what == "due":
        at = datetime.fromtimestamp(float(figures[2]), UTC)
        print(json.dumps(due(count=int(figures[0]), seconds=float(figures[1]), at=at)))
    else:
        print(json.dumps(look()))


def wait(count: int) -> int:
    """Add rows of the coming sixty days; return how many messages wait now."""
    begins = now() + timedelta(hours=6)
    _insert(count, first=begins, apart=timedelta(days=60) / count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE booking_notice")
    return Notice.objects.filter(status="pending").count()


def due(*, count: int, seconds: float, at: datetime) -> dict[int, float]:
    """Add rows that are due; return when each is, by its number."""
    last = Notice.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    _insert(count, first=at, apart=timedelta(seconds=seconds) / count)
    rows = Notice.objects.filter(pk__gt=last).values_list("pk", "send_from")
    return {pk: send_from.timestamp() for pk, send_from in rows}


def look() -> dict[str, Any]:
    """Explain one look along the index for what is due, and time the taking."""
    at = now()
    milliseconds, plan = [], ""
    for _ in range(LOOKS):
        with transaction.atomic():
            begun = time.perf_counter()
            due_rows(channel="email", notice_class="P", at=at, limit=LIMIT)
            milliseconds.append(1000 * (time.perf_counter() - begun))
            transaction.set_rollback(True)
    with transaction.atomic():
        plan = "\n".join(_explained(at))
    return {"milliseconds": statistics.median(milliseconds), "plan": plan}


def _explained(at: datetime) -> Iterator[str]:
    """Let PostgreSQL say how it looks."""

    def explain(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        return execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", parameters, many, context)

    rows = Notice.objects.in_line(channel="email", notice_class="P", at=at)
    sql, parameters = (
        rows.select_for_update(skip_locked=True).values_list("pk")[:LIMIT].query.sql_with_params()
    )
    with connection.execute_wrapper(explain), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        yield from (line for (line,) in cursor.fetchall())


def _insert(count: int, *, first: datetime, apart: timedelta) -> None:
    """Write copies of one message, each of a visit and an occurrence of its own."""
    visits = Appointment.objects.count()
    taken = Notice.objects.order_by("occurrence").values_list("occurrence", flat=True).last()
    start = 0 if taken is None else taken + 1
    sample = Notice(
        appointment=Appointment.objects.first(),
        kind="evening_before",
        recipient="patient",
        channel="email",
        notice_class="P",
        ideal_at=first,
        send_from=first,
    )
    fields = [f for f in _fields() if f.name not in OF_EACH]
    names = [connection.ops.quote_name(f.column) for f in fields]
    values = [f.get_db_prep_save(f.pre_save(sample, add=True), connection) for f in fields]
    columns = ["appointment_id", "occurrence", "ideal_at", "send_from", "not_after", *names]
    each = ", ".join(["%s"] * len(values))
    given: list[Any] = [start, visits, *values, count, first, apart, visits]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO booking_notice ({", ".join(columns)})
            SELECT a.id, %s + n / %s, t, t, t + interval '20 days', {each}
            FROM generate_series(0, %s - 1) AS n
            CROSS JOIN LATERAL (SELECT %s + n * %s AS t) AS moment
            JOIN (SELECT id, row_number() OVER (ORDER BY starts_at DESC, id) - 1 AS place
                  FROM booking_appointment) AS a ON a.place = n %% %s
            """,  # noqa: S608  columns are ours
            given,
        )


def _fields() -> list[Any]:
    return list(Notice._meta.concrete_fields)  # noqa: SLF001  as documented by Django
