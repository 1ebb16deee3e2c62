"""What the engine tells while it works."""

from decimal import Decimal

from exchanges.simulator.core.book import LevelChange
from exchanges.simulator.core.futures.positions import ClosedPosition, Position
from exchanges.simulator.core.ledger import Balance
from exchanges.simulator.core.orders import BalanceReason, Fill, Order, OrderChange, Trade


class Change:
    """One balance after a change, and by how much the total and the locked part changed.

    ``pair`` and ``order_id`` say what it is about, where only one thing is.
    """

    __slots__ = ("balance", "currency", "freeze", "order_id", "pair", "total")

    def __init__(
        self, currency: str, balance: Balance, total: Decimal, freeze: Decimal, *, pair: str = "", order_id: int = 0
    ) -> None:
        self.pair = pair
        self.order_id = order_id
        self.currency = currency
        self.balance = balance
        self.total = total
        self.freeze = freeze


class Listener:
    """Is told of everything, at the moment it happens; overrides what it cares for. Must not call the engine back."""

    def on_order(self, order: Order, change: OrderChange) -> None:
        """An order of an account that keeps history has changed."""

    def on_fill(self, fill: Fill) -> None:
        """An order of an account that keeps history was filled."""

    def before_late_fill(self, order: Order) -> None:
        """An order that has ended is about to turn out to have traded."""

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        """Balances of an account that keeps history have changed."""

    def on_trade(self, trade: Trade) -> None:
        """Two orders traded."""

    def on_book(self, pair: str, changes: list[LevelChange], last_update_id: int) -> None:
        """Levels have changed; one update id for each change, ending with ``last_update_id``."""

    def on_listed(self, pair: str) -> None:
        """A pair trades from now on."""

    def on_delisted(self, pair: str) -> None:
        """A pair is no more; its open orders have been canceled before."""

    def on_position(self, position: Position) -> None:
        """A position of an account that keeps history has changed."""

    def on_position_closed(self, position: Position, closed: ClosedPosition, order: Order) -> None:
        """A position has just been closed by this order."""

    def on_liquidated(self, position: Position, order: Order, size: Decimal, mark: Decimal) -> None:
        """A position of ``size`` was taken from its account at the price of this order."""

    def on_deleveraged(self, position: Position, order: Order, size: Decimal) -> None:
        """A position that was of ``size`` was reduced by this order, as nobody else took the other side."""
