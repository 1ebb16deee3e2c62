"""How long to wait before the next attempt."""

import math
import random
from typing import Final

import msgspec

from messages.errors import InvalidValueError

_SHARE: Final = 8
_ALWAYS_S: Final = 2.0


class BackoffSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    first_s: bound of the second attempt's wait (the first attempt after a loss comes at once). max_s: highest bound.
    stable_s: a connection that stayed live so long starts again at the first.
    """

    first_s: float = 0.25
    max_s: float = 30.0
    stable_s: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.max_s:
            raise InvalidValueError("first_s", self.first_s, f"above 0 and at most max_s = {self.max_s}")
        if self.stable_s < 0:
            raise InvalidValueError("stable_s", self.stable_s, "0 or more seconds")


class Backoff:
    """Exponential backoff with full jitter: anything from zero to a bound that doubles, so that many clients that lost
    the same server do not return at the same moment."""

    def __init__(self, settings: BackoffSettings, rng: random.Random) -> None:
        self._settings = settings
        self._rng = rng
        self._failures = 0

    def next_delay_s(self, down_for_s: float = math.inf) -> float:
        """Zero for the first attempt after a stable while, then jittered.

        ``down_for_s``: how long it has been gone. A pause is never longer than an eighth of that, or two seconds: who
        was gone for 15 s is back 2 s after it could be, and hours are still not spent in hammering.
        """
        if not self._failures:
            self._failures = 1
            return 0.0
        bound_s = min(
            self._settings.first_s * 2 ** min(self._failures - 1, 32),
            self._settings.max_s,
            max(down_for_s / _SHARE, _ALWAYS_S),
        )
        self._failures += 1
        return self._rng.uniform(0, bound_s)

    def was_live_for(self, duration_s: float) -> None:
        """Starts again at the first attempt if the connection had been stable."""
        if duration_s >= self._settings.stable_s:
            self._failures = 0
