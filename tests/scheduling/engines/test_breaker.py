"""A dead engine is left alone, longer each time, and tried by one at a time."""

from dataclasses import dataclass

from scheduling.engines.breaker import FIRST_WAIT, LONGEST_WAIT, Breaker


@dataclass
class Clock:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


def test_it_lets_everyone_ask_while_all_is_well() -> None:
    breaker = Breaker(clock=Clock())

    assert all(breaker.lets_ask() for _ in range(3))
    assert not breaker.answered()


def test_it_lets_one_try_after_a_pause_that_doubles() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    pause = FIRST_WAIT
    breaker.failed()
    for _ in range(10):
        assert not breaker.lets_ask()
        clock.at += pause - 0.001
        assert not breaker.lets_ask()
        clock.at += 0.002
        assert breaker.lets_ask()
        assert not breaker.lets_ask()  # one is trying
        breaker.failed()
        pause = min(2 * pause, LONGEST_WAIT)
    assert pause == LONGEST_WAIT


def test_it_lets_another_try_when_the_one_never_came_back() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    breaker.failed()
    clock.at += FIRST_WAIT
    assert breaker.lets_ask()

    clock.at += FIRST_WAIT
    assert breaker.lets_ask()


def test_it_is_open_to_all_after_the_first_answer() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    breaker.failed()
    breaker.failed()
    clock.at += LONGEST_WAIT

    assert breaker.lets_ask()
    assert breaker.answered()
    assert breaker.lets_ask()
    assert breaker.lets_ask()
    assert not breaker.answered()
    breaker.failed()
    clock.at += FIRST_WAIT  # it begins again at the shortest
    assert breaker.lets_ask()
