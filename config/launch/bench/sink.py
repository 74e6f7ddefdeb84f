"""A mail server that takes everything and keeps what came when: `sink.py FILE PORT`.

FILE gets one line a message: its Message-ID and the seconds since 1970 at which it was taken.
"""

import asyncio
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

ID = re.compile(rb"^Message-ID: <notice-(\d+)-", re.M | re.I)


class Keeper:
    """Takes each message and writes down which it was."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a", buffering=1)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        found = ID.search(envelope.content)
        self.file.write(f"{int(found[1]) if found else 0} {time.time()}\n")
        return "250 taken"


async def serve(path: Path, port: int) -> None:
    """Take mail until SIGTERM."""
    loop, keeper = asyncio.get_running_loop(), Keeper(path)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="sink", loop=loop), "127.0.0.1", port
    )
    print("ready", flush=True)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
