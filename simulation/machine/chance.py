"""How often one fault of the machine happens, and from when until when."""

import random
from collections.abc import Callable
from typing import Final

_DECADES: Final = 1.0


class Chance:
    """Decides for each occasion whether the fault happens; outside of its span the answer is no.

    Attributes:
        count: how often it has happened.
    """

    def __init__(
        self, rng: random.Random, now_s: Callable[[], float], *, rate: float, begins_s: float, ends_s: float
    ) -> None:
        """``rate``: probability for each occasion, 0 to 1. ``now_s``: virtual seconds."""
        if not 0 <= rate <= 1:
            raise ValueError(f"rate = {rate!r} is not allowed: 0 to 1")
        self.rng: Final = rng
        self.rate: Final = rate
        self.count = 0
        self._now_s = now_s
        self._begins_s = begins_s
        self._ends_s = ends_s

    def happens(self) -> bool:
        """Whether it happens now."""
        if not self._begins_s <= self._now_s() < self._ends_s or self.rng.random() >= self.rate:
            return False
        self.count += 1
        return True


def some_rate(rng: random.Random, highest: float) -> float:
    """From ``highest`` down to a tenth of it: over many seeds a fault is now frequent, now rare."""
    return highest * 10 ** -rng.uniform(0.0, _DECADES)


def some_seconds(rng: random.Random, shortest_s: float, longest_s: float) -> float:
    """Seconds in between, small ones as likely as large ones."""
    return float(shortest_s * (longest_s / shortest_s) ** rng.random())
