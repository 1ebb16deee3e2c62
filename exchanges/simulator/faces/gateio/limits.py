"""How many requests an account may make (Gate REST manual, rate limits).

A window begins with the first request that falls into it; the manual does not say whether windows slide.
"""

import enum
import math
from collections.abc import Callable

import msgspec

from exchanges.simulator.core.config import RateLimits


class LimitKind(enum.Enum):
    """What a request counts as."""

    PUBLIC = enum.auto()
    PLACE = enum.auto()
    CONTRACT_ORDER = enum.auto()
    CANCEL = enum.auto()
    PRIVATE = enum.auto()
    WITHDRAW = enum.auto()


class Allowance(msgspec.Struct, frozen=True):
    """What is left of a window after a request. ``reset_ms``: the next window if exhausted, now otherwise."""

    allowed: bool
    limit: int
    remaining: int
    reset_ms: int
    retry_after_s: int

    def headers(self) -> dict[str, str]:
        """Returns Gate's headers; times in ms as on its sockets, as the manual names no unit."""
        headers = {
            "X-Gate-RateLimit-Requests-Remain": str(self.remaining),
            "X-Gate-RateLimit-Limit": str(self.limit),
            "X-Gate-RateLimit-Reset-Timestamp": str(self.reset_ms),
        }
        if not self.allowed:
            headers["Retry-After"] = str(self.retry_after_s)
        return headers


class RateLimiter:
    """Counts requests in windows, one for each kind, who and what."""

    def __init__(self, limits: RateLimits, now_ms: Callable[[], int]) -> None:
        self._enabled = limits.enabled
        self._now_ms = now_ms
        self._allowed = {
            LimitKind.PUBLIC: (limits.public_per_10s, 10_000),
            LimitKind.PLACE: (limits.place_per_s, 1_000),
            LimitKind.CONTRACT_ORDER: (limits.contract_orders_per_s, 1_000),
            LimitKind.CANCEL: (limits.cancel_per_s, 1_000),
            LimitKind.PRIVATE: (limits.private_per_10s, 10_000),
            LimitKind.WITHDRAW: (limits.withdrawals_per_3s, 3_000),
        }
        self._windows: dict[tuple[LimitKind, str, str], tuple[int, int]] = {}

    def take(self, kind: LimitKind, who: str, what: str = "", *, others: int = 0) -> Allowance:
        """Counts one request of ``who`` (account or address) for ``what`` (pair or endpoint), and those of ``others``
        in the same moment, as far as they are allowed."""
        limit, length_ms = self._allowed[kind]
        now = self._now_ms()
        started, used = self._windows.get((kind, who, what), (now, 0))
        if not 0 <= now - started < length_ms:  # a clock may go back
            started, used = now, 0
        if used < limit or not self._enabled:
            spent = used + 1 + min(others, max(0, limit - used - 1))
            self._windows[kind, who, what] = (started, spent)
            remaining = max(0, limit - spent)
            return Allowance(True, limit, remaining, now if remaining else started + length_ms, 0)
        reset = started + length_ms
        return Allowance(False, limit, 0, reset, math.ceil((reset - now) / 1000))
