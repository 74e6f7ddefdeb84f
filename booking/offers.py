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
from scheduling.instants import DAY, HOUR, MICROSECOND, MINUTE, Instants, micros

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


def _texts(column: Instants, clocks: WallClock) -> tuple[NDArray[np.bytes_], NDArray[np.bytes_]]:
    """The local time of each instant, then its offset and the closing quote.

    Offsets of unlike width are padded after the quote, where JSON allows blanks.
    """
    offsets, which = np.unique(clocks.offsets(column), return_inverse=True)
    shown = np.datetime_as_string((column + offsets[which]).view("M8[us]"), unit="s")
    ends = [f'{_suffix(offset)}"' for offset in offsets.tolist()]
    width = max(map(len, ends), default=0)
    suffixes = np.array([end.ljust(width).encode() for end in ends], dtype=f"S{width}")
    return shown.astype(f"S{SHOWN}"), suffixes[which]


def _suffix(offset: int) -> str:
    zone = timezone(offset * MICROSECOND) if offset else UTC
    return datetime(2000, 1, 1, tzinfo=zone).isoformat()[SHOWN:].replace("+00:00", "Z")
