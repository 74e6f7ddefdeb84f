"""ZIP codes, their zones, and distances."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from patients import places

CHICAGO = (41.88, -87.63)


def points() -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def test_it_finds_a_zip_code_and_its_longer_form() -> None:
    place = places.look_up_zip("60614")
    assert place is not None
    assert (place.city, place.state, place.time_zone) == ("Chicago", "IL", "America/Chicago")
    assert places.look_up_zip("60614-1234") == place


@pytest.mark.parametrize("text", ["", "00000", "abc", "6061", "٦٠٦١٤", "60614\x00", "🙂" * 5])
def test_it_knows_no_place_for_what_is_no_zip_code(text: str) -> None:
    assert places.look_up_zip(text) is None


def test_it_takes_a_place_without_a_zone_for_unknown() -> None:
    assert places.find_zip("09001") is not None
    assert places.look_up_zip("09001") is None


def test_it_takes_a_zone_that_is_a_town_for_none() -> None:
    place = places.find_zip("99634")
    assert place is not None
    assert place.time_zone == ""


def test_it_knows_a_distance() -> None:
    # Chicago to Milwaukee, about 130 km as the crow flies.
    assert places.kilometres(CHICAGO, (43.0389, -87.9065)) == pytest.approx(131, abs=2)


@given(a=points(), b=points())
def test_it_is_as_far_there_as_back(a: tuple[float, float], b: tuple[float, float]) -> None:
    there = places.kilometres(a, b)
    assert there == pytest.approx(places.kilometres(b, a))
    assert 0 <= there <= 20_016
    assert places.kilometres(a, a) == 0
