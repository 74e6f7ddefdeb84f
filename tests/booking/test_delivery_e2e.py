"""A real worker, a real mail server, and a worker killed in the middle of a message."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection
from kombu import Queue

from booking.models import Notice, NoticeStatus
from config.celery import app
from config.core.clock import now
from tests.booking.notice_help import booked, row

WITHIN = 10.0
LEASE = 2


class Sink:
    """A mail server that keeps what it accepts and can hold its answer back."""

    def __init__(self) -> None:
        self.begun: list[EmailMessage] = []
        self.accepted: list[EmailMessage] = []
        self.answers = threading.Event()
        self.answers.set()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.begun.append(message)
        await asyncio.to_thread(self.answers.wait, 30)
        self.accepted.append(message)
        return "250 kept"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    handler, port = Sink(), _free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, port
    handler.answers.set()
    server.stop()


class Workers:
    """Starts real workers on a queue of their own, and ends those it started."""

    def __init__(self, *, folder: Path, port: int) -> None:
        self.queue = f"notices-{uuid4().hex}"
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        parts = urlsplit(settings.DATABASE_URL)._replace(path=f"/{_database()}")
        self.environment = {
            **os.environ,
            "DATABASE_URL": urlunsplit(parts),
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "OUTBOX_DIR": str(folder / "outbox"),
            "NOTICE_LEASE_SECONDS": str(LEASE),
        }

    def start(self) -> subprocess.Popen[bytes]:
        log = self.folder / f"worker-{len(self.running)}.log"
        command = [
            sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-Q", self.queue,
            "-c", "1", "-n", f"{uuid4().hex}@test", "-l", "INFO",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
        ]  # fmt: skip
        with log.open("wb") as out:
            worker = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(worker)
        self.wait_for(lambda: b" ready." in log.read_bytes(), seconds=60, what="a worker")
        return worker

    def ring(self) -> None:
        """Ring the doorbell, as beat does."""
        app.send_task("booking.tasks.send_due_notices", queue=self.queue, expires=5)

    def wait_for(
        self, happened: Callable[[], bool], *, seconds: float, what: str, ring: bool = False
    ) -> float:
        begun = time.monotonic()
        while not happened():
            if time.monotonic() - begun > seconds:
                logs = [path.read_text() for path in sorted(self.folder.glob("*.log"))]
                pytest.fail(f"waited {seconds} s for {what}\n" + "\n".join(logs))
            if ring:
                self.ring()
            time.sleep(0.2)
        return time.monotonic() - begun

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(timeout=20)

    def end(self) -> None:
        for worker in self.running:
            if worker.poll() is None:
                self.kill(worker)
        with app.connection_for_write() as broker:
            Queue(self.queue, channel=broker.channel()).delete()


def _database() -> str:
    name: str = connection.settings_dict["NAME"]
    return name


@pytest.fixture
def workers(sink: tuple[Sink, int], tmp_path: Path) -> Iterator[Workers]:
    started = Workers(folder=tmp_path, port=sink[1])
    yield started
    started.end()


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_nothing_and_the_next_delivers_within_ten_seconds(
    sink: tuple[Sink, int], workers: Workers
) -> None:
    server, _ = sink
    appointment = booked(starts_at=now().replace(minute=0, microsecond=0) + timedelta(days=8))
    prepare = row(appointment=appointment, kind="prepare")
    first = workers.start()

    # The worker is killed while the mail server thinks about a message that is due.
    server.answers.clear()
    Notice.objects.filter(pk=prepare.pk).update(send_from=now())
    workers.wait_for(lambda: bool(server.begun), seconds=WITHIN, what="a message", ring=True)
    assert Notice.objects.get(pk=prepare.pk).status == NoticeStatus.SENDING
    workers.kill(first)
    server.answers.set()

    workers.start()
    Notice.objects.filter(kind="booked", channel="email").update(send_from=now())
    due = [prepare.pk, row(kind="booked", channel="email").pk]
    sent = Notice.objects.filter(pk__in=due, status=NoticeStatus.SENT)
    took = workers.wait_for(
        lambda: sent.count() == 2, seconds=WITHIN, what="both messages", ring=True
    )
    assert took < WITHIN

    subjects = {message["Subject"] for message in server.accepted}
    assert "Getting ready for your visit" in subjects
    tries = [m["Message-ID"] for m in server.begun if m["Subject"].startswith("Getting ready")]
    assert len(tries) == 2
    assert len(set(tries)) == 1
    assert {m["Auto-Submitted"] for m in server.accepted} == {"auto-generated"}
