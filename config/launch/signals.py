"""SIGINT, SIGTERM and a closed terminal: stop once, in order, undisturbed."""

import signal
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked this process to stop."""


def raise_stopped() -> None:
    """From now on the first of these signals raises `Stopped`, and later ones do nothing."""
    for each in STOPPING:
        signal.signal(each, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped
