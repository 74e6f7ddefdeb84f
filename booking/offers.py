"""Slots as the bytes of an answer: thousands of local times written at once.

The same times and the same text as `clock.times_around` and `datetime.isoformat` give one by one,
`Z` for no offset, without the seconds that a serializer of a thousand slots would take.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timezone
from itertools import zip_longest
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from booking import clock
from booking.grid import WallClock, wall_clock
from scheduling.instants import DAY, HOUR, MICROSECOND, MINUTE, SECOND, Instants, micros

NAMES = (
    "starts_at",
    "ends_at",
    "heavy_meal_until",
    "fast_from",
    "liquids_until",
    "drive_after",
)
SHOWN = 19  # characters of 2026-11-24T10:30:00


def answer(
    starts: Instants,
    *,
    lengths: clock.Lengths,
    zone: ZoneInfo,
    rules: clock.ClockRules,
    restful: bool,
) -> bytes:
    """Slots in the contract's JSON, with the offset of the service address.

    Parameters
    ----------
    starts
        Ascending.
    restful
        Whether food and driving are asked about; they are null for a consultation.
    """
    clocks = wall_clock(zone=zone, starts=starts)
    ends = starts + lengths.total * MINUTE
    columns: list[Instants | None] = [starts, ends]
    if restful:
        columns += [
            starts - rules.heavy_meal_hours * HOUR,
            starts - rules.food_hours * HOUR,
            starts - rules.liquids_hours * HOUR,
            np.maximum(
                ends + rules.driving_hours * HOUR, _next_mornings(ends, zone, rules, clocks)
            ),
        ]
    shown = _rows(dict(zip_longest(NAMES, columns)), clocks=clocks) if len(starts) else b""
    return b'{"time_zone":%b,"slots":[%b]}' % (json.dumps(zone.key).encode(), shown)


def _next_mornings(
    ends: Instants, zone: ZoneInfo, rules: clock.ClockRules, clocks: WallClock
) -> Instants:
    """The instant of `driving_not_before` on the local day after each end."""
    days, where = np.unique(clocks.local(ends) // DAY, return_inverse=True)
    mornings = [
        micros(clock.at_local(_date(day + 1), rules.driving_not_before, zone))
        for day in days.tolist()
    ]
    return np.array(mornings, dtype=np.int64)[where]


def _date(day: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + day)


def _rows(columns: dict[str, Instants | None], *, clocks: WallClock) -> bytes:
    """The slots as the inside of a JSON array: objects of the columns, joined by commas."""
    count = len(next(column for column in columns.values() if column is not None))
    parts: list[NDArray[np.bytes_]] = []
    for name, column in columns.items():
        key = f'{"," if parts else "{"}"{name}":'
        if column is None:
            parts.append(_constant(f"{key}null", count))
        else:
            parts += [_constant(f'{key}"', count), *_texts(column, clocks)]
    parts.append(_constant("},", count))
    wide = np.concatenate([part.view(np.uint8).reshape(count, -1) for part in parts], axis=1)
    return wide.tobytes()[:-1]


def _constant(text: str, count: int) -> NDArray[np.bytes_]:
    return np.full(count, text.encode(), dtype=f"S{len(text)}")


def _texts(column: Instants, clocks: WallClock) -> list[NDArray[np.bytes_]]:
    """The local day and time of each instant, then its offset and the closing quote.

    Offsets of unlike width are padded after the quote, where JSON allows blanks.
    """
    offsets = clocks.offsets(column)
    local = column + offsets
    days, seconds = local // DAY, local % DAY // SECOND
    first = int(days.min())
    shown = np.arange(first, int(days.max()) + 1).astype("M8[D]")
    ends = {int(offset): f'{_suffix(int(offset))}"' for offset in np.unique(clocks.ahead)}
    width = max(map(len, ends.values()))
    suffixes = np.full(len(column), " " * width, dtype=f"S{width}")
    for offset, end in ends.items():
        suffixes[offsets == offset] = end.ljust(width)
    return [
        np.datetime_as_string(shown).astype("S10")[days - first],
        _TIMES[seconds // 60] if not np.any(seconds % 60) else _times(seconds),
        suffixes,
    ]


def _times(seconds: Instants) -> NDArray[np.bytes_]:
    """Times of day as ISO 8601 has them after a day, `T10:30:00`."""
    shown = np.datetime_as_string(seconds.astype("M8[s]"))
    return np.array([text[10:] for text in shown.tolist()], dtype=f"S{SHOWN - 10}")


_TIMES = _times(np.arange(24 * 60) * 60)  # every minute of a day


def _suffix(offset: int) -> str:
    zone = timezone(offset * MICROSECOND) if offset else UTC
    return datetime(2000, 1, 1, tzinfo=zone).isoformat()[SHOWN:].replace("+00:00", "Z")
