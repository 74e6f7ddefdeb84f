"""A clock that jumps or differs from the database's is not believed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from config.core import steady

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = 3600, 86400


class Seconds:
    """Seconds since the machine was started."""

    def __init__(self) -> None:
        self.count = 1000.0

    def __call__(self) -> float:
        return self.count


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    counted = Seconds()
    monkeypatch.setattr(steady, "_since_start", counted)
    return counted


@pytest.mark.parametrize("by", [HOUR, -HOUR, DAY, -DAY])
def test_a_jump_is_seen_and_one_that_stays_is_believed_after_ten_minutes(
    seconds: Seconds, by: int
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        watch = steady.Watch()
        clock.shift(by + 2)
        seconds.count += 2
        assert watch.jump() == by
        clock.shift(599)
        seconds.count += 599
        assert watch.jump() == by
        clock.shift(1)
        seconds.count += 1
        assert watch.jump() == 0
        assert watch.jump() == 0


def test_a_jump_that_is_taken_back_is_forgotten(seconds: Seconds) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        watch = steady.Watch()
        clock.shift(HOUR)
        assert watch.jump() == HOUR
        clock.shift(-HOUR)
        assert watch.jump() == 0
        assert watch.jumped_at is None


def test_a_night_without_a_jump_is_nothing(seconds: Seconds) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        watch = steady.Watch()
        clock.shift(DAY)
        seconds.count += DAY
        assert watch.jump() == 0


@pytest.mark.django_db
def test_a_clock_an_hour_from_the_database_s_is_doubted(seconds: Seconds) -> None:
    assert steady.doubt(steady.Watch()) == ""
    with time_machine.travel(datetime.now(UTC).timestamp() + HOUR, tick=True):
        assert "+36" in steady.doubt(steady.Watch())
