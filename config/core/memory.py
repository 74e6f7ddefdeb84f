"""How a process that serves requests keeps house with its memory."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

# Of malloc.h: what is asked for one by one, and how much may lie free before it is given back.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
KEPT = 64 << 20


def settle() -> None:
    """Keep what is loaded now out of every later collection, and what a search frees for the next.

    Left to itself glibc gives a search's megabytes back to Linux after each request, and has every
    page of them cleared anew at the next: a sixth of the search in a large clinic. An allocator
    that knows no such figures is left alone.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for figure in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD):
            libc.mallopt(figure, KEPT)
    gc.collect()
    gc.freeze()
