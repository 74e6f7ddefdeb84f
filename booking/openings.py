"""Which days changed since they were last looked at: one number a day of all that makes it up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from booking import clock, rules
from booking.models import OCCUPYING, WaitingDay

BITS = 2**63
# Who works when, and where not: few rows. A change there may free any day.
HOUSE = " UNION ALL ".join(
    f"SELECT sum(hashtextextended(one::text, 0)) FROM {table} AS one"  # noqa: S608
    for table in (
        "scheduling_shift",
        "scheduling_shiftexception",
        "scheduling_leave",
        "scheduling_closure",
        "scheduling_licence",
        "scheduling_qualification",
    )
)
# The states by name, as in `search.HOLDING`, so that the index made for it answers.
VISITS = f"""
    SELECT (starts_at AT TIME ZONE %s)::date,
        sum(hashtextextended(concat_ws('/', id, version, nurse_id), 0))
    FROM booking_appointment
    WHERE status IN ({", ".join(f"'{status}'" for status in OCCUPYING)})
        AND ends_at > %s AND starts_at < %s
    GROUP BY 1
"""  # noqa: S608


def look(*, at: datetime) -> set[date]:
    """Keep what each day until the horizon is made of, and return those that changed."""
    stamps = _stamps(at=at)
    known = dict(WaitingDay.objects.values_list("day", "stamp"))
    changed = {day for day, stamp in stamps.items() if known.get(day) != stamp}
    WaitingDay.objects.bulk_create(
        [WaitingDay(day=day, stamp=stamps[day], changed_at=at) for day in sorted(changed)],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["stamp", "changed_at"],
    )
    WaitingDay.objects.filter(day__lt=min(stamps)).delete()
    return changed


def _stamps(*, at: datetime) -> dict[date, int]:
    zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
    horizon = rules.latest_start(asked_at=at)
    with connection.cursor() as cursor:
        cursor.execute(HOUSE)
        house = sum(int(row[0] or 0) for row in cursor.fetchall())
        cursor.execute(VISITS, [zone.key, at, horizon])
        visits = {day: int(stamp) for day, stamp in cursor.fetchall()}
    first, last = clock.local_day(at, zone), clock.local_day(horizon, zone)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day: (house + visits.get(day, 0)) % BITS for day in days}
