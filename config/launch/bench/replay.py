"""One client of the bare loop: send recorded statements with psycopg and nothing else.

`python -m config.launch.bench.replay ADDRESS FILE NUMBER OF`: connects, says `ready`, waits for a
line, then sends what was recorded for every OF-th booking from NUMBER on, prepared where it was
prepared, and planned as there, fetching every row, and prints the seconds each took as a JSON list.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from config.core.postgres.base import PLANNED_ONCE

Script = list[tuple[bytes, Any, bool]]
KINDS: dict[str, Callable[[Any], Any]] = {
    "instant": datetime.fromisoformat,
    "day": date.fromisoformat,
    "uuid": UUID,
    "decimal": Decimal,
    "jsonb": Jsonb,
}


def main() -> None:
    """Send the statements."""
    address, file, number, of = sys.argv[1:]
    mine = json.loads(Path(file).read_text(), object_hook=_real)[int(number) :: int(of)]
    scripts: list[Script] = [
        [(text.encode(), given, binary) for text, given, binary in one["statements"]]
        for one in mine
    ]
    with psycopg.connect(address, autocommit=True, options=PLANNED_ONCE) as connection:
        cursor = connection.cursor()
        print("ready", flush=True)
        sys.stdin.readline()
        seconds = [_send(cursor, script) for script in scripts]
    print(json.dumps(seconds))


def _real(told: dict[str, Any]) -> Any:
    """Give what the one name says; anything else is what it is."""
    name, *others = told or [""]
    return told if others or name not in KINDS else KINDS[name](told[name])


def _send(cursor: psycopg.Cursor, script: Script) -> float:
    begun = time.perf_counter()
    for statement, given, binary in script:
        cursor.execute(statement, given, prepare=given is not None, binary=binary)
        if cursor.description:
            cursor.fetchall()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
