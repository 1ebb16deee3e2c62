"""Orders of an account's margin accounts: they stand in the same lists and channels as those of spot.

They rest and are canceled, and no more: they are in no book, lock no spot money and trade with nobody.
"""

from collections.abc import Callable, Collection, Sequence

from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.orders import AccountType, Finish, NewOrder, Order, OrderChange
from exchanges.simulator.core.rules import Reason, RefusedError, check_new, check_tradable


class MarginOrders(Listener):
    """The margin orders of all accounts. ``watchers`` are told of each that changes."""

    def __init__(self, engine: Engine) -> None:
        self.watchers: list[Callable[[Order, OrderChange], None]] = []
        self._engine = engine
        self._orders: dict[int, Order] = {}

    def place(self, account: str, new: NewOrder, account_type: AccountType) -> Order:
        """Takes an order, which rests. Raises ``RefusedError``."""
        rules = self._engine.market(new.pair).rules
        check_tradable(rules, new.side, self._engine.now_ms())
        check_new(new, rules)
        if new.price is None or not new.time_in_force.may_rest:
            raise RefusedError(Reason.INVALID_VALUE, "a margin order must be one that rests")
        now = self._engine.now_ms()
        order = Order(
            id=self._engine.next_order_id(),
            account=account,
            account_type=account_type,
            rules=rules,
            side=new.side,
            type=new.type,
            time_in_force=new.time_in_force,
            amount=new.amount,
            price=new.price,
            remaining=new.amount,
            created_ms=now,
            updated_ms=now,
            text=new.text,
            origin=new.origin,
        )
        self._orders[order.id] = order
        self._tell(order, OrderChange.PUT)
        return order

    def cancel(self, order: Order) -> Order:
        """Ends an open order. Raises ``RefusedError`` when it has ended already."""
        if not order.is_open:
            raise RefusedError(Reason.ORDER_CANCELLED, "Order has been cancelled")
        now_ms = self._engine.now_ms()
        order.finish, order.updated_ms, order.ended_ms = Finish.CANCELED, now_ms, now_ms
        self._tell(order, OrderChange.FINISH)
        return order

    def find(self, order_id: int) -> Order | None:
        """Returns the order with this id, None when there is none."""
        return self._orders.get(order_id)

    def of(self, account: str, types: Collection[AccountType], *, is_open: bool, pair: str = "") -> list[Order]:
        """Returns an account's orders of these types, oldest first; of all pairs unless one is given."""
        return [
            order
            for order in self._orders.values()
            if order.account == account
            and order.account_type in types
            and order.is_open is is_open
            and pair in ("", order.pair)
        ]

    def beside(
        self, spot: Sequence[Order], account: str, types: Collection[AccountType], *, is_open: bool, pair: str = ""
    ) -> Sequence[Order]:
        """Returns what a list of orders of these types shows, given those of spot: in the same order as those."""
        shown = spot if AccountType.SPOT in types else []
        margin = self.of(account, types, is_open=is_open, pair=pair)
        if not margin:
            return shown
        return sorted([*shown, *margin], key=lambda order: order.id if is_open else order.ended_ms)

    def on_delisted(self, pair: str) -> None:
        """Cancels the pair's orders."""
        for order in self._orders.values():
            if order.pair == pair and order.is_open:
                self.cancel(order)

    def _tell(self, order: Order, change: OrderChange) -> None:
        for watcher in self.watchers:
            watcher(order, change)
