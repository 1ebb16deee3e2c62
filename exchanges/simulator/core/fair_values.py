"""What a pair is worth by common consent: one path for all venues, and how far each venue is from it.

Both are sums of smooth noise of several lengths, a pure function of the seed, the pair and the time: exchanges that
know the seed agree without a word. The path begins at the start price; a venue is never further from it than its basis.
"""

import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Final

COMMON: Final = ((1.0, 0.0002), (5.0, 0.0005), (30.0, 0.0012), (200.0, 0.002), (1_500.0, 0.003))
BASIS: Final = ((3.0, 0.0001), (20.0, 0.0002), (300.0, 0.0003))
"""Lengths in seconds, and heights as shares of the price."""
BASIS_LIMIT: Final = sum(height for _, height in BASIS)
"""How far a venue's price may be from the common one, as a share of it."""


class FairValues:
    """The fair values as one venue sees them. ``now_ms``: ms since 1970; the common path begins at the start prices
    when this is made, so that venues of one world are made at one time."""

    def __init__(self, seed: int, venue: str, now_ms: Callable[[], int]) -> None:
        self._seed = seed
        self._venue = venue
        self._now_ms = now_ms
        self._began_ms = now_ms()

    def moved(self, pair: str, at_ms: int | None = None) -> float:
        """Returns the natural logarithm of what the pair is worth at this venue, now or then, over its start price."""
        then_ms = self._now_ms() if at_ms is None else at_ms
        return self.common(pair, then_ms) + _noise(f"basis {self._seed} {self._venue} {pair}", BASIS, then_ms)

    def common(self, pair: str, at_ms: int) -> float:
        """Returns the same without the venue's basis."""
        common = f"value {self._seed} {pair}"
        return _noise(common, COMMON, at_ms) - _noise(common, COMMON, self._began_ms)


def _noise(name: str, waves: tuple[tuple[float, float], ...], at_ms: int) -> float:
    """Returns the sum of the waves at a time: each goes smoothly from one random height to the next."""
    total = 0.0
    for length_s, height in waves:
        position = at_ms / (length_s * 1000)
        index = math.floor(position)
        share = position - index
        share = share * share * (3 - 2 * share)
        before, after = _height(name, length_s, index), _height(name, length_s, index + 1)
        total += height * (before + (after - before) * share)
    return total


@lru_cache(maxsize=10_000)
def _height(name: str, length_s: float, index: int) -> float:
    return random.Random(f"{name} {length_s} {index}").uniform(-1.0, 1.0)
