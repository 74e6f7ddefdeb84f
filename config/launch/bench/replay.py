"""One client of the bare loop: send recorded statements with psycopg and nothing else.

`python -m config.launch.bench.replay ADDRESS FILE NUMBER OF`: connects, says `ready`, waits for a
line, then sends what was recorded for every OF-th booking from NUMBER on, fetching every row, and
prints the seconds each took as a JSON list.
"""

import json
import sys
import time
from pathlib import Path

import psycopg

Script = list[tuple[bytes, bool]]


def main() -> None:
    """Send the statements."""
    address, file, number, of = sys.argv[1:]
    mine = json.loads(Path(file).read_text())[int(number) :: int(of)]
    scripts = [[(text.encode(), binary) for text, binary in one["statements"]] for one in mine]
    with psycopg.connect(address, autocommit=True, prepare_threshold=None) as connection:
        cursor = connection.cursor()
        print("ready", flush=True)
        sys.stdin.readline()
        seconds = [_send(cursor, script) for script in scripts]
    print(json.dumps(seconds))


def _send(cursor: psycopg.Cursor, script: Script) -> float:
    begun = time.perf_counter()
    for statement, binary in script:
        cursor.execute(statement, binary=binary)
        if cursor.description:
            cursor.fetchall()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
