"""The short version of `bin/faults`: senders killed, Valkey emptied, a backup put back."""

from __future__ import annotations

import subprocess
import sys

from config.launch.state import ROOT


def test_nothing_is_lost_or_said_twice_when_senders_die_and_valkey_is_emptied() -> None:
    command = [sys.executable, "-m", "config.launch.faults", "1", "2", "3", "14", "--short"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": met\n") == 4
