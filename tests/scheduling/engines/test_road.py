"""Drives by road: kept in rows, estimated in an outage, and never taken for shorter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np
import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import TestCase
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from pytest_django import Settings

from config.core import heartbeats
from config.core.clock import now
from scheduling import engines, tasks
from scheduling.engines import cache
from scheduling.engines.asking import Cells
from scheduling.engines.breaker import FIRST_WAIT, Breaker
from scheduling.engines.estimate import Bound
from scheduling.engines.road import SILENT, Road
from scheduling.models import TravelTime
from scheduling.travel import Haversine, Matrix, Place
from tests.racing import race
from tests.scheduling.engines.fake import FakeServer

LOOP = Place(41.8786, -87.6251)
OAK_PARK = Place(41.885, -87.7845)
EVANSTON = Place(42.0451, -87.6877)
PILSEN = Place(41.8525, -87.6614)
MILWAUKEE = Place(43.0389, -87.9065)
ST_LOUIS = Place(38.627, -90.1994)
SLOW = [HealthCheck.too_slow]  # where others use the machine as well
CHICAGO = [LOOP, OAK_PARK, EVANSTON, PILSEN]


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


def road(server: FakeServer, *, clock: Callable[[], float] | None = None) -> Road:
    return Road(server=server, breaker=Breaker(clock=clock or Clock()), budget_seconds=60)


def table(road: Road, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
    """Ask as a page does, which keeps what it is told when its work is done."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return road.table(sources, destinations)


@pytest.mark.django_db
def test_it_gives_the_engine_s_drives_in_minutes_rounded_up() -> None:
    server = FakeServer()

    drives = table(road(server), CHICAGO, CHICAGO)

    for row, here in enumerate(CHICAGO):
        for column, there in enumerate(CHICAGO):
            told = 0 if here == there else server.seconds(here, there)
            assert drives.seconds[row, column] == -(-told // 60) * 60
    assert not drives.estimated.any()
    assert drives.metres[0, 1] == server.seconds(LOOP, OAK_PARK) * 10
    assert drives.seconds.dtype == drives.metres.dtype == np.int32


@pytest.mark.django_db
def test_it_answers_one_drive_as_it_does_a_table() -> None:
    by_road = road(FakeServer())
    drives = table(by_road, [LOOP], [EVANSTON])

    assert by_road.minutes(LOOP, EVANSTON) * 60 == drives.seconds[0, 0]
    assert by_road.metres(LOOP, EVANSTON) == drives.metres[0, 0]
    assert by_road.matrix([LOOP, EVANSTON]).seconds[0, 1] == drives.seconds[0, 0]


@pytest.mark.django_db
def test_it_gives_an_empty_table_for_no_places() -> None:
    drives = table(road(FakeServer()), [], [LOOP])

    assert drives.seconds.shape == drives.metres.shape == drives.estimated.shape == (0, 1)


@pytest.mark.django_db
def test_it_reads_a_known_table_in_one_query_and_asks_nobody(
    django_assert_num_queries: Callable[[int], object],
) -> None:
    server = FakeServer(most=10_000)
    homes = [Place(round(41.6 + n / 500, 5), -87.7) for n in range(200)]
    first = table(road(server), homes, [LOOP])
    server.asked.clear()

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        second = table(road(server), homes, [LOOP])

    assert server.asked == []
    np.testing.assert_array_equal(first.seconds, second.seconds)
    np.testing.assert_array_equal(first.metres, second.metres)


@pytest.mark.django_db
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(
    legs=st.lists(st.tuples(st.sampled_from(CHICAGO), st.sampled_from(CHICAGO)), max_size=9),
    known=st.lists(st.sampled_from(CHICAGO), max_size=3, unique=True),
)
def test_it_says_of_pairs_what_it_says_in_a_table(
    legs: list[tuple[Place, Place]], known: list[Place]
) -> None:
    TravelTime.objects.all().delete()
    server = FakeServer(islands=frozenset({PILSEN}))
    whole = table(road(server), CHICAGO, CHICAGO)
    TravelTime.objects.all().delete()
    table(road(server), known, known)

    with TestCase.captureOnCommitCallbacks(execute=True):
        found = road(server).pairs([here for here, _ in legs], [there for _, there in legs])

    assert found.seconds.shape == found.metres.shape == found.estimated.shape == (len(legs),)
    for number, (here, there) in enumerate(legs):
        cell = CHICAGO.index(here), CHICAGO.index(there)
        assert found.estimated[number] == whole.estimated[cell]
        assert found.metres[number] == whole.metres[cell]
        # An estimate may be longer where more has been told that it must not fall short of.
        is_longer = found.seconds[number] > whole.seconds[cell]
        assert found.seconds[number] == whole.seconds[cell] or (is_longer and whole.estimated[cell])


@pytest.mark.django_db
def test_it_reads_many_known_pairs_in_one_query(
    django_assert_num_queries: Callable[[int], object],
) -> None:
    server = FakeServer(most=10_000)
    around = [Place(round(41.6 + n / 2000, 5), round(-87.9 + n / 3000, 5)) for n in range(250)]
    with TestCase.captureOnCommitCallbacks(execute=True):
        first = road(server).pairs(around[:-1], around[1:])
    assert len(server.asked) == 3
    assert TravelTime.objects.count() == 249
    server.asked.clear()

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        second = road(server).pairs(around[:-1], around[1:])

    assert server.asked == []
    assert not first.estimated.any()
    np.testing.assert_array_equal(first.seconds, second.seconds)


@pytest.mark.django_db
def test_it_asks_for_no_more_pairs_when_the_page_s_time_is_up() -> None:
    server = FakeServer()
    hurried = Road(server=server, breaker=Breaker(clock=Clock()), budget_seconds=0)

    found = hurried.pairs([LOOP, LOOP], [EVANSTON, LOOP])

    assert server.asked == []
    assert found.estimated.tolist() == [True, False]


@pytest.mark.django_db
def test_it_asks_only_for_what_it_does_not_know() -> None:
    server = FakeServer()
    by_road = road(server)
    table(by_road, CHICAGO[:3], [LOOP])
    server.asked.clear()

    table(by_road, CHICAGO, [LOOP])

    assert server.asked == [(1, 1)]
    assert TravelTime.objects.count() == 3  # the Loop to itself is no drive


@pytest.mark.django_db
def test_it_takes_places_less_than_a_metre_apart_for_one() -> None:
    server = FakeServer()
    by_road = road(server)
    beside = Place(LOOP.latitude + 0.000004, LOOP.longitude - 0.000004)

    one = table(by_road, [LOOP, beside], [EVANSTON])
    other = table(by_road, [beside], [EVANSTON, LOOP])

    assert one.seconds[0, 0] == one.seconds[1, 0] == other.seconds[0, 0]
    assert other.seconds[0, 1] == 0
    assert server.asked == [(1, 1)]


@hypothesis_settings(deadline=None, suppress_health_check=SLOW)
@given(
    st.lists(
        st.builds(Place, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180)), max_size=5
    )
)
def test_it_numbers_places_to_half_a_step_of_five_decimals(places: list[Place]) -> None:
    for place, code in zip(places, cache.codes(places).tolist(), strict=True):
        again = cache.place_of(code)
        assert abs(again.latitude - place.latitude) <= 0.5e-5 + 1e-9
        assert abs(again.longitude - place.longitude) <= 0.5e-5 + 1e-9
        assert cache.codes([again]).tolist() == [code]


@pytest.mark.django_db
def test_it_asks_again_when_an_answer_is_old(settings: Settings) -> None:
    server = FakeServer()
    by_road = road(server)
    with time_machine.travel(now(), tick=False) as clock:
        table(by_road, [LOOP], [EVANSTON])
        server.slower = 3
        clock.shift(timedelta(days=settings.TRAVEL_CACHE_DAYS))
        unchanged = table(by_road, [LOOP], [EVANSTON])
        clock.shift(timedelta(seconds=1))
        changed = table(by_road, [LOOP], [EVANSTON])

        assert unchanged.seconds[0, 0] < changed.seconds[0, 0]
        assert TravelTime.objects.get().fetched_at == now()
    assert len(server.asked) == 2


@pytest.mark.django_db
def test_it_prefers_an_old_answer_to_an_estimate_while_the_engine_is_down(
    settings: Settings,
) -> None:
    server = FakeServer()
    by_road = road(server)
    with time_machine.travel(now(), tick=False) as clock:
        known = table(by_road, [LOOP], [EVANSTON])
        clock.shift(timedelta(days=3 * settings.TRAVEL_CACHE_DAYS))
        server.is_down = True
        in_the_outage = table(by_road, [LOOP], [EVANSTON, PILSEN])

    assert len(server.asked) == 2
    assert in_the_outage.seconds[0, 0] == known.seconds[0, 0]
    assert in_the_outage.estimated.tolist() == [[False, True]]


@pytest.mark.django_db
def test_it_estimates_where_there_is_no_road_and_asks_again_the_next_day() -> None:
    server = FakeServer(islands=frozenset({PILSEN}))
    by_road = road(server)
    with time_machine.travel(now(), tick=False) as clock:
        first = table(by_road, [LOOP, EVANSTON], [PILSEN, OAK_PARK])
        again = table(by_road, [LOOP, EVANSTON], [PILSEN, OAK_PARK])
        assert server.asked == [(2, 2)]
        clock.shift(timedelta(days=1, seconds=1))
        table(by_road, [LOOP, EVANSTON], [PILSEN, OAK_PARK])

    assert server.asked == [(2, 2), (2, 1)]
    assert first.estimated.tolist() == again.estimated.tolist() == [[True, False], [True, False]]
    crow = Haversine().table([LOOP, EVANSTON], [PILSEN])
    assert (first.seconds[:, :1] >= 1.5 * crow.seconds).all()
    np.testing.assert_array_equal(first.metres[:, :1], crow.metres)


@pytest.mark.django_db
def test_it_does_not_ask_for_drives_nobody_makes() -> None:
    server = FakeServer()

    drives = table(road(server), [ST_LOUIS, MILWAUKEE], [LOOP])

    assert server.asked == [(1, 1)]
    assert drives.estimated.tolist() == [[True], [False]]


NEAR = st.builds(
    Place,
    latitude=st.integers(4_160_000, 4_210_000).map(lambda step: step / 1e5),
    longitude=st.integers(-8_800_000, -8_760_000).map(lambda step: step / 1e5),
)


@pytest.mark.django_db
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(
    known=st.lists(NEAR, min_size=1, max_size=5, unique=True),
    unknown=st.lists(NEAR, max_size=3, unique=True),
    slower=st.floats(0.1, 4),
)
def test_it_never_takes_a_drive_for_shorter_because_the_engine_is_down(
    known: list[Place], unknown: list[Place], slower: float
) -> None:
    TravelTime.objects.all().delete()
    server = FakeServer(slower=slower)
    with_engine = table(road(server), known, known)
    server.is_down = True
    everywhere = [*known, *(place for place in unknown if place not in known)]

    without = table(road(server), everywhere, everywhere)

    n = len(known)
    np.testing.assert_array_equal(without.seconds[:n, :n], with_engine.seconds)
    np.testing.assert_array_equal(without.metres[:n, :n], with_engine.metres)
    crow = Haversine().matrix(everywhere).seconds
    assert (without.seconds[without.estimated] >= 1.5 * crow[without.estimated]).all()
    assert not without.estimated[:n, :n].any()
    others = ~np.eye(len(everywhere), dtype=np.bool_)
    others[:n, :n] = False
    assert without.estimated[others].all()
    # Had nothing but the bound been kept, no drive it was drawn from would be shorter.
    bound = cache.bound(engine=server.name)
    TravelTime.objects.all().delete()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "bound", lambda **_: bound)
        forgotten = table(road(server), known, known)
    assert (forgotten.seconds >= with_engine.seconds).all()


@pytest.mark.django_db
def test_it_draws_its_bound_from_long_and_short_drives_apart(settings: Settings) -> None:
    around_the_corner = Place(41.8806, -87.6251)  # 222 m as the crow flies, a minute
    assert cache.bound(engine="osrm").ratio == settings.TRAVEL_FALLBACK_FACTOR == 1.5
    for place, seconds in ((around_the_corner, 600), (EVANSTON, 2 * 38 * 60)):
        origin, destination = cache.codes([LOOP, place])
        told = Cells.unknown(1, 1)
        told.seconds[:], told.metres[:], told.told[:] = seconds, 1000, True
        with TestCase.captureOnCommitCallbacks(execute=True):
            cache.keep(
                engine="osrm",
                origins=np.array([origin]),
                destinations=np.array([destination]),
                cells=told,
                straight=Haversine().table([LOOP], [place]),
            )

    bound = cache.bound(engine="osrm")

    assert (bound.ratio, bound.excess_seconds) == (2.0, 540)
    assert cache.bound(engine="valhalla") == Bound(1.5, 0)


@pytest.mark.django_db
def test_it_makes_no_page_wait_for_a_dead_engine(caplog: pytest.LogCaptureFixture) -> None:
    server, clock = FakeServer(is_down=True), Clock()
    by_road = road(server, clock=clock)

    drives = table(by_road, CHICAGO, [LOOP])
    table(by_road, CHICAGO, [EVANSTON])

    assert drives.estimated.tolist() == [[False], [True], [True], [True]]
    assert len(server.asked) == 1
    assert caplog.messages == ["osrm does not answer (ReadTimeout): drives are estimated"]

    clock.at += FIRST_WAIT
    server.is_down = False
    assert not table(by_road, CHICAGO, [LOOP]).estimated.any()
    assert not table(by_road, CHICAGO, [EVANSTON]).estimated.any()
    assert caplog.messages[1:] == ["osrm answers again"]


@pytest.mark.django_db
def test_it_says_where_drives_come_from(settings: Settings) -> None:
    server, clock = FakeServer(is_down=True), Clock()
    by_road = road(server, clock=clock)
    assert engines.standing() == "haversine"
    settings.TRAVEL_URL = "osrm+http://127.0.0.1:5000"
    assert engines.standing() == "ok"

    table(by_road, [LOOP], [EVANSTON])
    assert engines.standing().startswith("does not answer")

    clock.at += FIRST_WAIT
    server.is_down = False
    table(by_road, [LOOP], [EVANSTON])
    assert engines.standing() == "ok"


@pytest.mark.django_db
def test_it_does_not_hold_an_outage_of_long_ago_against_an_engine(settings: Settings) -> None:
    settings.TRAVEL_URL = "osrm+http://127.0.0.1:5000"
    heartbeats.beat(SILENT)
    with time_machine.travel(now() + timedelta(minutes=10)):
        assert engines.standing() == "ok"


@pytest.mark.django_db
def test_it_keeps_what_it_was_told_before_the_engine_died() -> None:
    server = FakeServer(most=3, dies_after=2)

    drives = table(road(server), CHICAGO, [MILWAUKEE, PILSEN])

    assert 0 < drives.estimated.sum() < 7
    assert TravelTime.objects.count() == 7 - drives.estimated.sum()


@pytest.mark.django_db(transaction=True)
def test_it_writes_nothing_while_a_booking_is_being_made() -> None:
    by_road = road(FakeServer())

    with transaction.atomic():
        by_road.table(CHICAGO, [LOOP])
        assert not TravelTime.objects.exists()
    assert TravelTime.objects.count() == 3

    with transaction.atomic():
        by_road.table(CHICAGO, [EVANSTON])
        transaction.set_rollback(True)
    assert TravelTime.objects.count() == 3

    by_road.table(CHICAGO, [EVANSTON])  # a look is no transaction: kept at once
    assert TravelTime.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_it_breaks_no_booking_when_its_own_rows_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(cache, "_write", fail)
    with transaction.atomic():
        heartbeats.beat("a booking")
        drives = road(FakeServer()).table([LOOP], [EVANSTON])

    assert not drives.estimated.any()
    assert heartbeats.last("a booking") is not None
    assert "the disk is full" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_it_keeps_one_row_of_a_drive_that_many_ask_for_at_once() -> None:
    server = FakeServer(most=10_000)
    homes = [Place(round(41.6 + n / 300, 5), -87.7) for n in range(100)]

    def ask(places: list[Place]) -> Callable[[], int]:
        return lambda: int(road(server).table(places, [LOOP, EVANSTON]).estimated.sum())

    assert race([ask(homes), ask(homes[::-1]), ask(homes), ask(homes[::-1])]) == [0] * 4
    assert TravelTime.objects.count() == 200


@pytest.mark.django_db
def test_it_forgets_places_nobody_has_asked_about_for_long(settings: Settings) -> None:
    by_road = road(FakeServer())
    with time_machine.travel(now(), tick=False) as clock:
        table(by_road, [LOOP], [EVANSTON])
        clock.shift(timedelta(days=4 * settings.TRAVEL_CACHE_DAYS))
        table(by_road, [LOOP], [PILSEN])
        assert tasks.forget_old_travel() == 0
        clock.shift(timedelta(seconds=1))
        assert tasks.forget_old_travel() == 1
    assert TravelTime.objects.get().destination == cache.codes([PILSEN])[0]


@pytest.mark.django_db
def test_it_finds_its_bound_without_reading_every_row() -> None:
    TravelTime.objects.bulk_create(
        TravelTime(
            engine="osrm", origin=n, destination=0, seconds=60, metres=1, ratio=1, excess_seconds=9
        )
        for n in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scheduling_traveltime")
        cursor.execute(
            "EXPLAIN SELECT MAX(ratio), MAX(excess_seconds) FROM scheduling_traveltime "
            "WHERE engine = 'osrm'"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "travel_time_ratio" in plan
    assert "travel_time_excess" in plan
