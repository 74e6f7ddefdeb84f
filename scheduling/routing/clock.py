"""How long a search may take."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds given, counted from now."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def spent(self) -> float:
        """Return the seconds gone."""
        return time.monotonic() - self.began

    def left(self) -> float:
        """Return the seconds still to go, none when over."""
        return max(0.0, self.seconds - self.spent())

    def share(self, part: float) -> "Clock":
        """Return a clock that stops after part of what is left."""
        return Clock(self.spent() + part * self.left(), self.began)

    def over(self) -> bool:
        """Tell whether the time is up."""
        return self.spent() >= self.seconds
