"""Listens to all events of all accounts during a run, as any subscriber could, and notes every broken promise."""

from actors.runtime import LoopActor, handles
from messages.enums import OrderStatus, SyncState
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatusEvent,
    ErrorEvent,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.order import Fill, Order
from messages.symbol import Symbol
from simulation.trace import Trace


class Told:
    """What subscribers of one account have been told, life after life.

    Attributes:
        orders: the latest of each order, by client order id where it has one, else by the exchange's id.
        fills: each by market and trade id.
        orders_now, fills_now: the same of this life of the program only.
    """

    def __init__(self) -> None:
        self.sync_state = SyncState.DOWN
        self.orders: dict[tuple[Symbol, str], Order] = {}
        self.fills: dict[tuple[Symbol, str], Fill] = {}
        self.orders_now: dict[tuple[Symbol, str], Order] = {}
        self.fills_now: dict[tuple[Symbol, str], Fill] = {}

    def begin_life(self) -> None:
        """The program was killed and all that listened to it with it: what comes is told to new listeners."""
        self.sync_state = SyncState.DOWN
        self.orders_now, self.fills_now = {}, {}


class Watcher(LoopActor):
    """Subscribed to every account before its first connection.

    Checks at every event: R2 (filled never falls, a finished order never reopens, a fill is told once) and R5 (no order
    is taken while the account is not live).
    """

    def __init__(self, told: dict[str, Told], violations: list[str], trace: Trace) -> None:
        super().__init__()
        self.name = "watcher"
        self._told = told
        self._violations = violations
        self._trace = trace

    @handles(ConnectionStatusEvent)
    def _status(self, event: ConnectionStatusEvent) -> None:
        self._of(event.name).sync_state = event.sync_state
        if self._trace.on:
            self._trace.add(event.name, f"is {event.sync_state.value} {event.cause}")

    @handles(OrderUpdateEvent)
    def _order(self, event: OrderUpdateEvent) -> None:
        told, order = self._of(event.account), event.order
        key = order.symbol, order.client_order_id or str(order.order_id)
        if self._trace.on:
            self._trace.add(
                event.account,
                f"order {order.client_order_id} {order.order_id} {order.status.value} "
                f"{order.filled_quantity}/{order.quantity}",
            )
        before = told.orders_now.get(key)
        told.orders[key] = told.orders_now[key] = order
        was_never_taken = before is not None and before.status is OrderStatus.REJECTED and before.order_id is None
        if before is None or (was_never_taken and order.status is OrderStatus.PENDING):
            if order.status is OrderStatus.PENDING and told.sync_state is not SyncState.LIVE:
                self._broken(event.account, f"order {key[1]} was taken while {told.sync_state.value} (R5)")
            return
        if before.is_finished and order.is_open:
            self._broken(event.account, f"order {key[1]} went from {before.status.value} to {order.status.value} (R2)")
        if order.filled_quantity < before.filled_quantity:
            fall = f"{before.filled_quantity} to {order.filled_quantity}"
            self._broken(event.account, f"filled of order {key[1]} fell from {fall} (R2)")
        if before.order_id is not None and before.order_id != order.order_id:
            self._broken(event.account, f"order {key[1]} was {before.order_id} and is {order.order_id}: doubled (R3)")

    @handles(ExecutionReportEvent)
    def _fill(self, event: ExecutionReportEvent) -> None:
        told, fill = self._of(event.account), event.fill
        key = fill.symbol, fill.trade_id
        if self._trace.on:
            self._trace.add(event.account, f"fill {fill.trade_id} of {fill.order_id}: {fill.quantity} at {fill.price}")
        if key in told.fills_now:
            self._broken(event.account, f"fill {fill.trade_id} of {fill.symbol} was told twice (R2)")
        told.fills[key] = told.fills_now[key] = fill

    @handles(BalanceUpdateEvent)
    def _balances(self, event: BalanceUpdateEvent) -> None:
        if self._trace.on:
            for balance in event.balances:
                self._trace.add(event.account, f"{balance.currency} {balance.available} + {balance.locked}")

    @handles(ErrorEvent)
    def _error(self, event: ErrorEvent) -> None:
        if self._trace.on:
            self._trace.add(event.name, f"error in {event.where}: {event.message}")

    def _of(self, account: str) -> Told:
        told = self._told.get(account)
        if told is None:
            told = self._told[account] = Told()
        return told

    def _broken(self, account: str, what: str) -> None:
        self._violations.append(f"{account}: {what}")
        self._trace.add("VIOLATION", f"{account}: {what}")
