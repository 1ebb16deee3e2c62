"""How much may be asked (docs/venues/mexc.md, rate limits): one pool of weight an address, two of calls an account."""

import enum
import math
from collections.abc import Callable

from exchanges.simulator.core.config import RateLimits
from exchanges.simulator.faces.mexc.errors import TOO_MANY_REQUESTS, MexcError


class Pool(enum.Enum):
    """What is counted together."""

    WEIGHT = enum.auto()
    ORDER_CALLS = enum.auto()
    CALLS = enum.auto()


class RateLimiter:
    """Counts in windows that begin with the first request that falls into them."""

    def __init__(self, limits: RateLimits, now_ms: Callable[[], int]) -> None:
        self._enabled = limits.enabled
        self._now_ms = now_ms
        self._allowed = {
            Pool.WEIGHT: (limits.weight_per_10s, 10_000),
            Pool.ORDER_CALLS: (limits.order_calls_per_s, 1_000),
            Pool.CALLS: (limits.calls_per_s, 1_000),
        }
        self._windows: dict[tuple[Pool, str], tuple[int, int]] = {}

    def take(self, pool: Pool, who: str, cost: int = 1, *, others: int = 0) -> None:
        """Counts a request of ``who`` (account or address), and those of ``others`` as far as they are allowed.

        Raises ``MexcError`` when there were too many.
        """
        limit, length_ms = self._allowed[pool]
        now = self._now_ms()
        started, used = self._windows.get((pool, who), (now, 0))
        if not 0 <= now - started < length_ms:  # a clock may go back
            started, used = now, 0
        if used + cost > limit and self._enabled:
            raise too_many(math.ceil((started + length_ms - now) / 1000))
        self._windows[pool, who] = (started, used + cost + min(others * cost, max(0, limit - used - cost)))


def too_many(retry_after_s: int) -> MexcError:
    """Returns the refusal of a request over the limit."""
    return MexcError(TOO_MANY_REQUESTS, "Too Many Requests", {"Retry-After": str(retry_after_s)})
