"""What changed each account's balances, and why: the latest thousand changes."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.orders import BalanceReason

KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Booking:
    """One change of what an account owns of a currency, and the total after it; about what, where that is one thing."""

    id: int
    time_ms: int
    currency: str
    change: Decimal
    total: Decimal
    reason: BalanceReason
    pair: str = ""
    order_id: int = 0


class AccountBook(Listener):
    """Keeps bookings by account, oldest first; what is only locked or set free is none."""

    def __init__(self, *, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._bookings: dict[str, deque[Booking]] = {}
        self._last_id = 0

    def of(self, account: str) -> list[Booking]:
        """Returns an account's bookings."""
        return list(self._bookings.get(account, ()))

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        """Notes what has changed hands."""
        for change in changes:
            if change.total:
                self._last_id += 1
                booking = Booking(
                    self._last_id,
                    self._now_ms(),
                    change.currency,
                    change.total,
                    change.balance.total,
                    reason,
                    change.pair,
                    change.order_id,
                )
                self._bookings.setdefault(account, deque(maxlen=KEPT)).append(booking)
