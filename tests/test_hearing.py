"""A worker that hears nothing of what it is sent ends."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker import state
from kombu.exceptions import OperationalError

from config.celery import app
from config.core import hearing


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    count = [0.0]
    monkeypatch.setattr(hearing, "_seconds", lambda: count[0])
    return count


def test_it_is_deaf_when_it_was_asked_and_did_not_hear(seconds: list[float]) -> None:
    ear = hearing.Ear()
    assert not ear.wants_asking()
    seconds[0] = 15
    assert ear.wants_asking()
    ear.asked(could_be=True)
    seconds[0] = 44
    ear.asked(could_be=True)
    assert not ear.is_deaf()
    seconds[0] = 45
    assert ear.is_deaf()
    ear.hears()
    assert not ear.is_deaf()


def test_it_is_not_deaf_while_the_broker_takes_nothing(seconds: list[float]) -> None:
    ear = hearing.Ear()
    for seconds[0] in range(0, 7200, 10):
        ear.asked(could_be=seconds[0] < 20)
        assert not ear.is_deaf()


def _worker(monkeypatch: pytest.MonkeyPatch, *, hears: bool) -> list[bool]:
    """Run a worker's look-out for a while; return whether it ended it."""
    monkeypatch.setattr(hearing, "SECONDS_BETWEEN_LOOKS", 0.001)
    monkeypatch.setattr(hearing, "ASKS_AFTER", 0.0)
    monkeypatch.setattr(hearing, "DEAF_AFTER", 0.02)
    ended: list[bool] = []
    over = threading.Event()
    asked = [0]
    consumer = SimpleNamespace(on_task_message=set())

    def send_task(*_: object, **__: object) -> None:
        asked[0] += 1
        if hears:
            for callback in consumer.on_task_message:
                callback(None)
        if asked[0] > 100:
            over.set()

    def end() -> None:
        ended.append(True)
        over.set()

    monkeypatch.setattr(hearing, "end", end)
    worker = SimpleNamespace(
        app=SimpleNamespace(send_task=send_task), hostname="w@test", consumer=consumer, steps=[]
    )
    step = hearing.Hearing(worker)
    step.start(worker)
    assert over.wait(20)
    step.stop(worker)
    return ended


@pytest.mark.parametrize("hears", [True, False])
def test_only_a_deaf_worker_is_ended(monkeypatch: pytest.MonkeyPatch, hears: bool) -> None:
    assert bool(_worker(monkeypatch, hears=hears)) is not hears


def test_a_broker_that_is_away_is_not_asked_in_anger(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr(app, "send_task", away)
    assert hearing._ask(app, "w@test") is False


def test_it_ends_by_asking_celery_and_then_by_force(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    monkeypatch.setattr(state, "should_terminate", None)
    monkeypatch.setattr("config.core.hearing.time.sleep", done.append)
    monkeypatch.setattr("config.core.hearing.os.getpgrp", lambda: 0)
    monkeypatch.setattr("config.core.hearing.os._exit", done.append)
    hearing.end()
    assert done == [hearing.SECONDS_TO_END, 70]
    assert state.should_terminate == 70


def test_every_worker_looks_after_its_ear_and_every_bell_is_late_acknowledged() -> None:
    assert hearing.Hearing in app.steps["worker"]
    assert app.conf.worker_direct
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.broker_connection_max_retries is None
    # A bell that a killed worker took with it rings again before anybody is called.
    assert app.conf.broker_transport_options["visibility_timeout"] <= 600
    assert all(isinstance(one["schedule"], float) for one in app.conf.beat_schedule.values())
