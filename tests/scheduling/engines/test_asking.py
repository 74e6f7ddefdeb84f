"""Blocks cover what is wanted, and what is pieced together is what was to be told."""

import math
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from scheduling.engines.asking import MOST_REFUSALS, Cells, Question, blocks
from scheduling.engines.servers import Osrm, Unanswered, Valhalla
from scheduling.travel import Place
from tests.scheduling.engines.fake import FakeServer

SLOW = [HealthCheck.too_slow]  # where others use the machine as well


def places(number: int, *, west: float = -87.9) -> list[Place]:
    return [Place(round(41.7 + 0.013 * n, 5), round(west + 0.0171 * n, 5)) for n in range(number)]


@st.composite
def wishes(draw: st.DrawFn, *, most: int = 14) -> np.ndarray:
    rows, columns = draw(st.integers(0, most)), draw(st.integers(0, most))
    cells = st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns)
    return np.array(draw(cells), dtype=np.bool_).reshape(rows, columns)


def ask(server: FakeServer, wanted: np.ndarray) -> Cells:
    cells = Cells.unknown(*wanted.shape)
    question = Question(
        server=server,
        origins=places(wanted.shape[0]),
        destinations=places(wanted.shape[1], west=-87.8),
        request_seconds=2,
        until=math.inf,
    )
    question.ask(wanted=wanted, into=cells)
    return cells


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(wanted=wishes(), most=st.integers(1, 60))
def test_it_covers_each_wanted_cell_once_in_blocks_that_are_not_too_large(
    wanted: np.ndarray, most: int
) -> None:
    covered = np.zeros(wanted.shape, dtype=int)
    for rows, columns in blocks(wanted, columns=lambda height: most // height):
        assert 1 <= rows.size * columns.size <= most
        part = wanted[np.ix_(rows, columns)]
        assert part.any(axis=0).all() or rows.size == 0
        assert part.any(axis=1).all()
        covered[np.ix_(rows, columns)] += 1
    assert (covered[wanted] == 1).all()
    assert (covered <= 1).all()


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(wanted=wishes(), most=st.integers(1, 30))
def test_it_is_told_the_same_in_blocks_as_at_once(wanted: np.ndarray, most: int) -> None:
    in_blocks, at_once = FakeServer(most=most), FakeServer(most=10_000)

    pieced, whole = ask(in_blocks, wanted), ask(at_once, wanted)

    assert len(at_once.asked) <= 1
    for cells in (pieced, whole):
        assert cells.told[wanted].all()
    np.testing.assert_array_equal(pieced.seconds[wanted], whole.seconds[wanted])
    np.testing.assert_array_equal(pieced.metres[wanted], whole.metres[wanted])


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(
    wanted=wishes(most=9),
    most=st.integers(1, 100),
    bad=st.sets(st.sampled_from(places(9) + places(9, west=-87.8)), max_size=2),
)
def test_it_loses_only_the_refused_places_of_a_refused_block(
    wanted: np.ndarray, most: int, bad: set[Place]
) -> None:
    refusing, islands = frozenset(bad), frozenset(bad)
    wanted_of_good = wanted.copy()
    for row, here in enumerate(places(wanted.shape[0])):
        for column, there in enumerate(places(wanted.shape[1], west=-87.8)):
            wanted_of_good[row, column] &= not {here, there} & bad
    server = FakeServer(most=most, refused=refusing)
    try:
        cells = ask(server, wanted)
    except Unanswered:
        assert not wanted_of_good.any() or len(server.asked) >= MOST_REFUSALS
        return

    truth = ask(FakeServer(islands=islands), wanted)
    told = cells.told & wanted
    np.testing.assert_array_equal(cells.seconds[told], truth.seconds[told])
    if len(server.asked) < MOST_REFUSALS:
        assert told[wanted].all()


def test_it_finds_the_one_bad_place_of_a_large_table() -> None:
    bad = places(50)[31]
    server = FakeServer(most=2500, refused=frozenset({bad}))

    cells = ask(server, np.ones((50, 1), dtype=np.bool_))

    assert cells.told.all()
    assert np.flatnonzero(np.isnan(cells.seconds)).tolist() == [31]
    assert len(server.asked) <= 2 * math.ceil(math.log2(50)) + 1


def test_it_gives_a_server_up_that_refuses_everything() -> None:
    everything = frozenset(places(60) + places(60, west=-87.8))
    server = FakeServer(most=2500, refused=everything)

    with pytest.raises(Unanswered, match="everything"):
        ask(server, np.ones((60, 60), dtype=np.bool_))

    assert len(server.asked) == MOST_REFUSALS


def test_it_keeps_what_was_told_before_the_server_died() -> None:
    server = FakeServer(most=10, dies_after=3)
    cells = Cells.unknown(10, 10)
    question = Question(server, places(10), places(10), request_seconds=2, until=math.inf)

    with pytest.raises(Unanswered):
        question.ask(wanted=np.ones((10, 10), dtype=np.bool_), into=cells)

    assert cells.told.sum() == 30
    assert np.isfinite(cells.seconds[cells.told]).all()


def test_it_begins_no_request_after_its_time() -> None:
    server, ticks = FakeServer(most=10), count()
    cells = Cells.unknown(10, 10)
    question = Question(
        server,
        places(10),
        places(10),
        request_seconds=2,
        until=3.5,
        clock=lambda: float(next(ticks)),
    )

    question.ask(wanted=np.ones((10, 10), dtype=np.bool_), into=cells)

    assert len(server.asked) == 4
    assert cells.told.sum() == 40


@pytest.mark.parametrize("kind", [Osrm, Valhalla])
@pytest.mark.parametrize(
    ("rows", "across", "most"), [(2000, 1, 21), (1, 2000, 21), (600, 600, 144)]
)
def test_it_needs_few_requests_for_what_the_clinic_asks(
    kind: type[Osrm | Valhalla], rows: int, across: int, most: int
) -> None:
    server = object.__new__(kind)  # it only counts
    wanted = np.ones((rows, across), dtype=np.bool_)

    assert len(list(blocks(wanted, columns=server.columns))) <= most
