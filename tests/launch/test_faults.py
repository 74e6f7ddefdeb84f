"""The short version of `bin/faults`: senders killed, Valkey emptied, a backup put back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from config.launch.state import ROOT

WHERE = ("host", "port", "user", "password", "dbname")


@pytest.mark.django_db
def test_nothing_is_lost_or_said_twice_when_senders_die_and_valkey_is_emptied() -> None:
    cases = ("1", "2", "3", "14", "--short", "--tables-of", _address())
    command = [sys.executable, "-m", "config.launch.faults", *cases]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": met\n") == 4


def _address() -> str:
    """Where the tests' own database is, which has been migrated already."""
    known = connection.get_connection_params()
    return make_conninfo(**{name: known[name] for name in WHERE if name in known})
