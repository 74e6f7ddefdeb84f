"""What giving a visit up costs, and what goes back: pure values in, values out.

Amounts are whole cents. The figures are this clinic's policy (``docs/payments.md``).
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from booking.clock import check_range

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRules:
    """The clinic's figures.

    Attributes
    ----------
    free_hours
        Elapsed hours before the start, until which cancelling costs nothing.
    late_percent, no_show_percent
        Of the price, later than that, and where nobody was there.
    """

    free_hours: int = 24
    late_percent: int = 50
    no_show_percent: int = 100

    def __post_init__(self) -> None:
        if self.free_hours < 0:
            raise ValueError("hours cannot be negative")
        if not (0 <= self.late_percent <= 100 and 0 <= self.no_show_percent <= 100):
            raise ValueError("a share of the price lies from 0 to 100 percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What cancelling costs at a moment, and what it will.

    Attributes
    ----------
    cents
        Now.
    free_until
        From when on it costs `later_cents`; None if it costs the same whenever it is done.
    """

    cents: int
    free_until: datetime | None = None
    later_cents: int = 0


DEFAULT_RULES = FeeRules()


def share(cents: int, percent: int) -> int:
    """Return a share of an amount in whole cents, half a cent in the patient's favour."""
    return (cents * percent + 49) // 100


def cancelling(
    *, price_cents: int, starts_at: datetime, at: datetime, rules: FeeRules = DEFAULT_RULES
) -> Cost:
    """What it costs to cancel a visit at a moment.

    Parameters
    ----------
    starts_at, at
        Aware instants; the hours between them are elapsed hours, whatever the clocks do.

    Raises
    ------
    ValueError
        If an instant is naive or out of range, or the price negative.
    """
    if price_cents < 0:
        raise ValueError("a price cannot be negative")
    moment = check_range(at)
    free_until = check_range(starts_at) - timedelta(hours=rules.free_hours)
    late = share(price_cents, rules.late_percent)
    if late == 0:
        return Cost(cents=0)
    if moment <= free_until:
        return Cost(cents=0, free_until=free_until, later_cents=late)
    return Cost(cents=late)


def no_show(*, price_cents: int, rules: FeeRules = DEFAULT_RULES) -> int:
    """What a visit costs where nobody was there, in cents."""
    return share(price_cents, rules.no_show_percent)


def going_back(*, paid: Sequence[tuple[Key, int]], fee_cents: int) -> Iterator[tuple[Key, int]]:
    """Yield what goes back of each payment, so that no more than the fee is kept.

    Parameters
    ----------
    paid
        Payments and what is left of each in cents, oldest first; the newest goes back first.
    """
    left = max(0, sum(cents for _, cents in paid) - fee_cents)
    for key, cents in reversed(paid):
        back = min(left, cents)
        left -= back
        if back:
            yield key, back
