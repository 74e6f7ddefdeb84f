"""Driving times: the formula by hand, then properties over the globe."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from scheduling import legs
from scheduling.travel import EARTH_RADIUS_KM, Haversine, Place, spots

LOOP = Place(latitude=41.8786, longitude=-87.6251)
EVANSTON = Place(latitude=42.0451, longitude=-87.6877)

PLACES = st.builds(Place, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
NEAR = st.builds(Place, latitude=st.floats(41.5, 42.2), longitude=st.floats(-88.3, -87.5))


def by_hand(here: Place, there: Place) -> tuple[int, int]:
    """Metres and minutes with the standard library alone."""
    north, south = math.radians(here.latitude), math.radians(there.latitude)
    half = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north)
        * math.cos(south)
        * math.sin(math.radians(there.longitude - here.longitude) / 2) ** 2
    )
    kilometres = 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))
    metres = round(1000 * 1.3 * kilometres)
    return metres, math.ceil(metres / 1000 / 40 * 60 - 1e-9)


def test_it_drives_from_the_loop_to_evanston() -> None:
    travel = Haversine()

    # 19.224 km as the crow flies, 24.991 km of road, 37.49 minutes at 40 km/h.
    assert travel.metres(LOOP, EVANSTON) == 24991
    assert travel.minutes(LOOP, EVANSTON) == 38


def test_it_takes_no_time_to_stay() -> None:
    assert Haversine().minutes(LOOP, LOOP) == 0
    assert Haversine().metres(LOOP, LOOP) == 0


@pytest.mark.parametrize(("kilometres", "minutes"), [(2, 3), (166, 249)])
def test_it_does_not_add_a_minute_to_a_whole_number_of_minutes(
    kilometres: int, minutes: int
) -> None:
    # In floats 166 km at 40 km/h are 249.00000000000003 minutes.
    degrees = math.degrees(kilometres / 1.3 / EARTH_RADIUS_KM)
    south, north = Place(0.0, 0.0), Place(degrees, 0.0)

    assert Haversine().metres(south, north) == kilometres * 1000
    assert Haversine().minutes(south, north) == minutes


def test_it_rounds_one_metre_more_up_to_the_next_minute() -> None:
    degrees = math.degrees(2.001 / 1.3 / EARTH_RADIUS_KM)

    assert Haversine().minutes(Place(0.0, 0.0), Place(degrees, 0.0)) == 4


@given(here=NEAR, there=NEAR)
def test_it_is_the_published_formula(here: Place, there: Place) -> None:
    metres, minutes = by_hand(here, there)
    travel = Haversine()

    assert abs(travel.metres(here, there) - metres) <= 1  # a tie may round either way
    assert abs(travel.minutes(here, there) - minutes) <= (travel.metres(here, there) != metres)


@given(places=st.lists(PLACES, min_size=1, max_size=6))
def test_it_gives_a_whole_table_the_same_as_pair_by_pair(places: list[Place]) -> None:
    travel = Haversine()
    matrix = travel.matrix(places)

    assert matrix.seconds.dtype == matrix.metres.dtype == np.int32
    assert matrix.seconds.shape == matrix.metres.shape == (len(places), len(places))
    assert not matrix.seconds.diagonal().any()
    assert (matrix.metres == matrix.metres.T).all()
    for row, here in enumerate(places):
        for column, there in enumerate(places):
            assert abs(int(matrix.metres[row, column]) - travel.metres(here, there)) <= 1


def test_it_gives_each_source_a_row_and_each_destination_a_column() -> None:
    table = Haversine().table([LOOP, EVANSTON], [LOOP])

    assert table.seconds.tolist() == [[0], [38 * 60]]
    assert table.metres.tolist() == [[0], [24991]]


@given(pairs=st.lists(st.tuples(NEAR, NEAR), max_size=6))
def test_it_says_of_pairs_what_it_says_in_a_table(pairs: list[tuple[Place, Place]]) -> None:
    sources, destinations = [here for here, _ in pairs], [there for _, there in pairs]
    travel = Haversine()
    found, table = travel.pairs(sources, destinations), travel.table(sources, destinations)

    assert found.seconds.tolist() == table.seconds.diagonal().tolist()
    assert found.metres.tolist() == table.metres.diagonal().tolist()
    assert not found.estimated.any()


def test_it_gives_an_empty_table_for_no_places() -> None:
    assert Haversine().matrix([]).seconds.shape == (0, 0)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(90.1, 0), (-90.1, 0), (0, 180.1), (0, -180.1), (math.nan, 0), (0, math.nan), (math.inf, 0)],
)
def test_it_refuses_a_place_that_is_not_on_the_earth(latitude: float, longitude: float) -> None:
    with pytest.raises(ValueError, match="is not between"):
        Place(latitude=latitude, longitude=longitude)


def across(place: Place) -> Place:
    """The other side of the earth."""
    longitude = place.longitude + (180 if place.longitude <= 0 else -180)
    return Place(-place.latitude, longitude)


@given(st.lists(st.tuples(PLACES, PLACES | st.just("here") | st.just("across")), min_size=1))
def test_it_says_the_same_of_thousands_of_legs_as_of_one(
    drawn: list[tuple[Place, Place | str]],
) -> None:
    ends = {"here": lambda place: place, "across": across}
    pairs = [(one, ends[other](one) if isinstance(other, str) else other) for one, other in drawn]
    travel = Haversine()
    known = spots(np.array([(p.latitude, p.longitude) for pair in pairs for p in pair]))

    found = legs.between(
        travel,
        known,
        origins=np.arange(0, 2 * len(pairs), 2),
        destinations=np.arange(1, 2 * len(pairs), 2),
    )

    assert found.tolist() == [travel.minutes(one, other) for one, other in pairs]
    assert found.tolist() == [by_hand(one, other)[1] for one, other in pairs]
