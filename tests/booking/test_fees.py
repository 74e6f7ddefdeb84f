"""What giving a visit up costs, and what goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from booking import fees
from booking.fees import FeeRules

STARTS_AT = datetime(2027, 3, 14, 15, 0, tzinfo=UTC)  # the day clocks go forward in Chicago
PRICE = 49_500


def cost(hours: float, *, price: int = PRICE, rules: FeeRules = fees.DEFAULT_RULES) -> fees.Cost:
    at = STARTS_AT - timedelta(hours=hours)
    return fees.cancelling(price_cents=price, starts_at=STARTS_AT, at=at, rules=rules)


def test_it_costs_nothing_until_24_elapsed_hours_before_and_says_until_when() -> None:
    early = cost(24)
    assert (early.cents, early.later_cents) == (0, 24_750)
    assert early.free_until == STARTS_AT - timedelta(hours=24)


def test_it_costs_half_a_second_later() -> None:
    late = cost(24 - 1 / 3600)
    assert (late.cents, late.free_until) == (24_750, None)


@pytest.mark.parametrize(
    ("price", "rules"), [(0, fees.DEFAULT_RULES), (PRICE, FeeRules(late_percent=0))]
)
def test_it_names_no_hour_where_it_never_costs_anything(price: int, rules: FeeRules) -> None:
    for hours in (48, 1):
        assert cost(hours, price=price, rules=rules) == fees.Cost(cents=0)


def test_half_a_cent_is_in_the_patient_s_favour() -> None:
    assert fees.share(99, 50) == 49
    assert fees.share(101, 50) == 50
    assert fees.share(100, 33) == 33
    assert fees.no_show(price_cents=PRICE) == PRICE


@pytest.mark.parametrize(
    "figures", [{"free_hours": -1}, {"late_percent": 101}, {"no_show_percent": -1}]
)
def test_it_refuses_figures_that_cannot_be(figures: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"hours|percent"):
        FeeRules(**figures)


def test_it_refuses_a_naive_instant_and_a_negative_price() -> None:
    with pytest.raises(ValueError, match="zone"):
        fees.cancelling(price_cents=1, starts_at=STARTS_AT, at=datetime(2027, 3, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        cost(1, price=-1)


def test_the_newest_payment_goes_back_first() -> None:
    back = fees.going_back(paid=[("deposit", 10_000), ("rest", 39_500)], fee_cents=24_750)
    assert list(back) == [("rest", 24_750)]
    back = fees.going_back(paid=[("deposit", 10_000), ("rest", 39_500)], fee_cents=0)
    assert list(back) == [("rest", 39_500), ("deposit", 10_000)]


@given(
    paid=st.lists(st.integers(0, 200_000), max_size=5),
    fee=st.integers(0, 500_000),
)
def test_what_is_kept_is_never_more_than_the_fee_nor_more_goes_back_than_was_paid(
    paid: list[int], fee: int
) -> None:
    back = dict(fees.going_back(paid=list(enumerate(paid)), fee_cents=fee))
    assert all(0 < cents <= paid[key] for key, cents in back.items())
    assert sum(paid) - sum(back.values()) == min(fee, sum(paid))


@given(price=st.integers(0, 1_000_000), percent=st.integers(0, 100))
def test_a_share_is_a_part(price: int, percent: int) -> None:
    part = fees.share(price, percent)
    assert 0 <= part <= price
    assert abs(part - price * percent / 100) <= 0.5
