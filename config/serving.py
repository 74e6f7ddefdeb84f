"""The worker that gunicorn serves the site with."""

from __future__ import annotations

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """Threads, which take a new connection only while one of them is free for it.

    gunicorn's own takes whatever comes, and a connection stays where it was taken: of eight that
    are kept, one process of two was seen to have seven, and to answer them four times as slowly as
    the other did its one. Here it waits in the kernel's queue, where the others see it too.
    """

    @property
    def worker_connections(self) -> int:
        """How many connections may be open for the next one to be taken."""
        waiting = len(self.keepalived_conns) + len(self.pending_conns)
        return min(self._most, waiting + int(self.cfg.threads))

    @worker_connections.setter
    def worker_connections(self, most: int) -> None:
        self._most = most
