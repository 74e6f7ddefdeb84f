"""Count what one GET asks the database: `python -m config.launch.inside bench.count TOKEN PATH`."""

import sys

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

OK = 200


def main() -> None:
    """Ask twice, since the first fills what the process keeps, and print the second's count."""
    token, path = sys.argv[1:]
    client = Client(headers={"X-Session-Token": token, "Host": "127.0.0.1"})
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
    if answer.status_code != OK:
        sys.exit(f"GET {path} gave {answer.status_code}")
    print(len(asked))
