"""Many rows in few bytes: PostgreSQL packs columns into one value, numpy reads them as they are.

Forty thousand rows become one value of a megabyte and a half instead of a list of tuples; several
queries are answered by one statement, and so at one moment. Each connection has it planned once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from config.core.postgres.base import DatabaseWrapper
from scheduling.instants import Instants, micros

MISSING = np.iinfo(np.int64).min  # what stands for NULL among whole numbers
POSTGRES_EPOCH = micros(datetime(2000, 1, 1, tzinfo=UTC))
TEXT_BYTES = 64

# How a column of each kind is sent, in eight bytes that numpy knows, or as padded text.
_SENT = {
    "number": "int8send({0}::bigint)",
    "truth": "int8send({0}::int::bigint)",
    "float": "float8send({0})",
    "instant": "timestamptz_send({0})",
    "day": "int8send(({0} - DATE '1970-01-01')::bigint)",
    "clock": "time_send({0})",
    "text": f"substr(convert_to(rpad({{0}}, {TEXT_BYTES}), 'UTF8'), 1, {TEXT_BYTES})",
}
_NULLS = {"float": r"'\x7ff8000000000000'::bytea", "text": None}
_NULL = r"'\x8000000000000000'::bytea"
_READ = {"float": ">f8", "text": f"S{TEXT_BYTES}"}


@dataclass(frozen=True, slots=True)
class Pack:
    """Rows to read, and the kinds of the columns to read of them, by name.

    Attributes
    ----------
    rows
        A query of these columns, or of one that holds them packed already.
    is_stored
        Whether they are packed already.
    """

    rows: str
    kinds: dict[str, str]
    is_stored: bool = False

    def sql(self) -> str:
        """One row of one value."""
        if self.is_stored:
            return f"SELECT string_agg(c, ''::bytea) FROM ({self.rows}) q(c)"  # noqa: S608
        names = [f"c{number}" for number in range(len(self.kinds))]
        sent = " || ".join(
            _or_null(_SENT[kind].format(name), _NULLS.get(kind, _NULL))
            for name, kind in zip(names, self.kinds.values(), strict=True)
        )
        rows = f"({self.rows}) q({', '.join(names)})"
        return f"SELECT string_agg({sent}, ''::bytea) FROM {rows}"  # noqa: S608

    def columns(self, value: bytes | None) -> Columns:
        """What PostgreSQL sent, as columns."""
        dtype = np.dtype([(name, _READ.get(kind, ">i8")) for name, kind in self.kinds.items()])
        if any(kind == "text" for kind in self.kinds.values()):
            found = np.frombuffer(value or b"", dtype=dtype)
            return Columns({name: found[name] for name in self.kinds}, self.kinds)
        # Eight bytes each: turned around all together.
        wide = np.frombuffer(value or b"", dtype=">i8").reshape(-1, len(self.kinds))
        turned = np.ascontiguousarray(wide.T, dtype=np.int64)
        return Columns(dict(zip(self.kinds, turned, strict=True)), self.kinds)


def _or_null(sent: str, null: str | None) -> str:
    return sent if null is None else f"COALESCE({sent}, {null})"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that were read."""

    _found: dict[str, NDArray[Any]]
    _kinds: dict[str, str]

    def whole(self, name: str) -> Instants:
        """A column of numbers, instants, days since 1970 or clock times, as int64."""
        values: Instants = self._found[name].astype(np.int64)
        if self._kinds[name] == "instant":
            values += POSTGRES_EPOCH
        return values

    def floats(self, name: str) -> NDArray[np.float64]:
        """A column of floats; nan for NULL."""
        values = self._found[name]
        return values.view(np.float64) if values.dtype == np.int64 else values.astype(np.float64)

    def texts(self, name: str) -> tuple[list[str], Instants]:
        """The distinct texts of a column, and the number among them of each row's."""
        distinct, which = np.unique(self._found[name], return_inverse=True)
        return [text.decode().rstrip() for text in distinct.tolist()], which.astype(np.int64)


def read(
    packs: Mapping[str, Pack], *, parameters: Mapping[str, Any], also: str = ""
) -> tuple[dict[str, Columns], list[dict[str, Any]]]:
    """Read several packs by name, and a few rows as dictionaries, in one statement.

    Parameters
    ----------
    also
        A query of few rows.
    """
    asked = [pack.sql() for pack in packs.values()]
    if also:
        asked.append(f"SELECT json_agg(q)::text FROM ({also}) q")  # noqa: S608
    sql = "SELECT " + ", ".join(f"({part})" for part in asked)
    with cast("DatabaseWrapper", connection).binary_cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] = cursor.fetchone() or ()
    found = {
        name: pack.columns(value) for (name, pack), value in zip(packs.items(), row, strict=False)
    }
    return found, json.loads(row[-1] or "[]") if also else []
