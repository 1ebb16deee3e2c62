"""What the exchange remembers of one account: its orders, open and ended, and its fills."""

from bisect import insort

from exchanges.simulator.core.config import FeeScheme
from exchanges.simulator.core.orders import Fill, Order


class AccountRecord:
    """The orders and fills of one account, in the order in which they came about.

    An internal account (the house, the synthetic traders) keeps no history, so that a market may run for days.
    """

    def __init__(self, name: str, user_id: int, *, internal: bool, fees: tuple[FeeScheme, ...]) -> None:
        self.name = name
        self.fees = fees
        self.user_id = user_id
        self.internal = internal
        self.orders: dict[int, Order] = {}
        self.open_orders: dict[int, Order] = {}
        self.by_text: dict[str, Order] = {}
        self.finished: dict[str, list[Order]] = {}
        self.fills: list[Fill] = []
        self.fills_by_pair: dict[str, list[Fill]] = {}

    def began(self, order: Order) -> None:
        """Remembers a new order."""
        self.open_orders[order.id] = order
        if self.internal:
            return
        self.orders[order.id] = order
        if order.text:
            self.by_text[order.text] = order

    def ended(self, order: Order) -> None:
        """Moves an order from open to finished; the list of its pair stays sorted by end time."""
        del self.open_orders[order.id]
        order.ended_ms = order.updated_ms
        if not self.internal:
            insort(self.finished.setdefault(order.pair, []), order, key=_ended_ms)

    def remember(self, orders: list[Order], fills: list[Fill]) -> None:
        """Takes over what happened before the first order: finished orders by id, and their fills, which they hold."""
        self.orders = {order.id: order for order in orders}
        self.by_text = {order.text: order for order in orders if order.text}
        for order in sorted(orders, key=_ended_ms):
            self.finished.setdefault(order.pair, []).append(order)
        self.fills = sorted(fills, key=_filled_ms)
        for fill in self.fills:
            self.fills_by_pair.setdefault(fill.pair, []).append(fill)

    def filled(self, order: Order, fill: Fill) -> None:
        """Remembers a fill with its order and its account; lists stay sorted by time, should the clock go back."""
        if self.internal:
            return
        for fills in (order.fills, self.fills, self.fills_by_pair.setdefault(fill.pair, [])):
            insort(fills, fill, key=_filled_ms)

    def open_with_text(self, text: str) -> Order | None:
        """Returns the open order that carries this client id, if there is one."""
        order = self.by_text.get(text)
        return order if order is not None and order.is_open else None


def _ended_ms(order: Order) -> int:
    return order.ended_ms


def _filled_ms(fill: Fill) -> int:
    return fill.time_ms
