"""The state machine agrees with what the database lets through."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from booking.models import ENDED, TRANSITIONS, Status
from nurses import states
from nurses.models import Event

EVERY = list(product(Status, Event.Name, (False, True), (False, True)))


def test_it_takes_only_ways_the_database_lets_through() -> None:
    for status, event, dosed, consultation in EVERY:
        way = states.way(status=status, event=event, dosed=dosed, consultation=consultation)
        for step in pairwise([status, *way]):
            assert step in TRANSITIONS


@pytest.mark.parametrize("status", ENDED)
def test_it_moves_nothing_that_has_ended(status: Status) -> None:
    for consultation in (False, True):
        assert not states.possible(status=status, dosed=True, consultation=consultation)
        assert states.usual(status=status, consultation=consultation) is None


def test_it_never_frees_a_visit_in_which_a_dose_was_given() -> None:
    for status in (Status.INFUSING, Status.OBSERVING):
        found = states.possible(status=status, dosed=True, consultation=False)
        ends = {
            states.after(status=status, event=event, dosed=True, consultation=False)
            for event in found
        }
        assert not ends & {Status.ABORTED, Status.NO_SHOW, Status.CANCELLED}


def test_it_offers_as_usual_only_what_is_possible() -> None:
    for consultation in (False, True):
        for status in Status:
            event = states.usual(status=status, consultation=consultation)
            if event is not None:
                assert event in states.possible(
                    status=status, dosed=True, consultation=consultation
                )
