"""A process that serves keeps the memory of one request for the next."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys

import pytest

from config.launch.state import ROOT

ROUNDS = """
import gc, resource, sys
import numpy as np
from config.core import memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        arrays = [np.ones(40_000) for _ in range(20)]
        del arrays
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 10

if "settle" in sys.argv:
    memory.settle()
faults()
print(faults(), gc.get_freeze_count())
"""


def counted(*arguments: str) -> tuple[int, int]:
    """Pages that Linux had to clear for one round, and objects no collection looks at."""
    command = [sys.executable, "-c", ROUNDS, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    faults, frozen = map(int, done.stdout.split())
    return faults, frozen


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="another allocator")
def test_it_has_no_page_cleared_again_that_it_had_before() -> None:
    assert counted()[0] > 500
    assert counted("settle")[0] < 50


def test_it_looks_no_more_at_what_was_loaded_at_the_start() -> None:
    assert counted()[1] == 0
    assert counted("settle")[1] > 1000
    assert gc.get_freeze_count() == 0  # the tests' own process is left as it was
