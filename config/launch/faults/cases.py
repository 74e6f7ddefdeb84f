"""What may break while messages are sent, and what must be true all the same.

"Exact" means: each message that was due is received once, inside its window.
"""

from collections.abc import Callable
from dataclasses import dataclass

from config.launch.bench.report import Bar
from config.launch.faults import broken, told, waited
from config.launch.faults.stage import Stage
from config.launch.faults.vectors import VECTORS


@dataclass(frozen=True)
class Case:
    """One thing that breaks.

    Attributes
    ----------
    play
        Breaks it; `many` is how often or how much.
    many, few
        How much in full, and how much in the short version.
    """

    number: int
    title: str
    promise: str
    play: Callable[[Stage, int], tuple[str, bool]]
    many: int
    few: int

    def bar(self, stage: Stage, *, short: bool) -> Bar:
        """Play it and say what was measured."""
        measured, met = self.play(stage, self.few if short else self.many)
        return Bar(f"{self.number}. {self.title}: {self.promise}", measured, met)


CASES = (
    Case(
        1, "kill -9 before the provider took it", "exact, within lease + 60 s",
        broken.killed_before, many=200, few=2,
    ),
    Case(
        2, "kill -9 after it, before the row says so",
        "none lost, at most twice with one Message-ID; follow-ups at most once",
        broken.killed_after, many=50, few=2,
    ),
    Case(
        3, "Valkey killed and emptied with 500 due", "exact within 2 min, no hand needed",
        broken.valkey_lost, many=500, few=100,
    ),
    Case(
        4, "every connection reset 20 times", "consuming again within 60 s",
        broken.connections_reset, many=20, few=5,
    ),
    Case(
        5, "PostgreSQL restarted in the middle", "nothing lost", broken.postgres_restarted,
        many=400, few=80,
    ),
    Case(
        6, "mail server refusing, hanging, 4xx, 5xx for 2 h of a simulated clock",
        "others not held up, staff told within 5 min, nothing late, then all",
        waited.provider_down, many=120, few=10,
    ),
    Case(7, "3 beats and 4 senders", "exact", broken.crowd, many=1000, few=100),
    Case(8, "clock stepped by 1 h and 1 day, on and back", "exact, nothing early",
        waited.clock_stepped, many=20, few=10,
    ),
    Case(
        9, "days when clocks change, in four zones, of a simulated clock",
        "each message leaves at its minute and says its times to the minute and the abbreviation",
        told.clocks_changed, many=len(VECTORS), few=3,
    ),
    Case(
        10, "1,000,000 messages wait, 10,000 fall due in one minute",
        "p99 of lateness <= 60 s, flat memory, an indexed look, each once",
        told.a_million_wait, many=1_000_000, few=5_000,
    ),
    Case(
        11, "visits booked, moved and cancelled by the rules while senders deliver, 1,000 runs",
        "nothing of a dead version is sent after the change has committed",
        told.changed_while_sending, many=1000, few=20,
    ),
    Case(
        12, "nobody sends for 36 h of a simulated clock",
        "what is still useful once, S then P then F, digests, the rest listed",
        waited.long_outage, many=10, few=3,
    ),
    Case(
        13, "a discharge corrected by 2 h, both ways",
        "“do not drive before” in what was received only moves later",
        told.discharge_corrected, many=20, few=4,
    ),
    Case(
        14, "an older backup restored", "nothing sent again until staff release it",
        broken.backup_restored, many=50, few=5,
    ),
    Case(15, "senders silent", "alarm within 5 min", broken.silent, many=300, few=300),
)  # fmt: skip
