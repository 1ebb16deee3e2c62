"""What became of accounts' positions: those closed, taken, or reduced by the exchange; the latest thousand."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.futures.positions import ClosedPosition, Position
from exchanges.simulator.core.orders import ZERO, BalanceReason, Order

KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Closure:
    """A position that was closed, and the order that did it."""

    closed: ClosedPosition
    order: Order


@dataclass(frozen=True, slots=True)
class ForcedTrade:
    """A position of ``size`` (signed contracts) that the exchange traded by ``order``, at this mark price."""

    order: Order
    size: Decimal
    mark: Decimal
    leverage: Decimal
    time_ms: int


class PositionHistory(Listener):
    """By account, oldest first. ``booked``: sums of what wallets were booked since the exchange began, by reason."""

    def __init__(self) -> None:
        self.booked: dict[str, dict[BalanceReason, Decimal]] = {}
        self.closures: dict[str, deque[Closure]] = {}
        self.liquidations: dict[str, deque[ForcedTrade]] = {}
        self.deleveragings: dict[str, deque[ForcedTrade]] = {}

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        """Adds it up."""
        sums = self.booked.setdefault(account, {})
        for change in changes:
            sums[reason] = sums.get(reason, ZERO) + change.total

    def on_position_closed(self, position: Position, closed: ClosedPosition, order: Order) -> None:
        """Keeps it."""
        self.closures.setdefault(position.account, deque(maxlen=KEPT)).append(Closure(closed, order))

    def on_liquidated(self, position: Position, order: Order, size: Decimal, mark: Decimal) -> None:
        """Keeps it."""
        taken = ForcedTrade(order, size, mark, position.leverage, order.updated_ms)
        self.liquidations.setdefault(position.account, deque(maxlen=KEPT)).append(taken)

    def on_deleveraged(self, position: Position, order: Order, size: Decimal) -> None:
        """Keeps it."""
        reduced = ForcedTrade(order, size, order.price, position.leverage, order.updated_ms)
        self.deleveragings.setdefault(position.account, deque(maxlen=KEPT)).append(reduced)
