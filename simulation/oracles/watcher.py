"""Listens to all events of all accounts during a run, as any subscriber could, and notes every broken promise."""

from collections.abc import Collection
from decimal import Decimal
from typing import Final, TypeAlias

import msgspec

from actors.runtime import LoopActor, handles
from messages.balance import Balance
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
from simulation.oracles.ids import order_key, trade_key
from simulation.trace import Trace

_TELLINGS_OF_A_FILL: Final = 1
"""An order is told with each fill, also one that its reports had counted before."""


class Start(msgspec.Struct):
    """What was told from one start of an account or of its connection to the next.

    Attributes:
        is_first: it was the program's start; otherwise something had crashed.
        fills: events of them. synced: how often the account went from syncing to live.
        currencies: told of since the account was last out of live.
        filled: orders by the exchange's id, and how often each may be told again because of its fills.
    """

    is_first: bool = True
    fills: int = 0
    synced: int = 0
    currencies: set[str] = msgspec.field(default_factory=set)
    filled: dict[tuple[Symbol, str | None], int] = msgspec.field(default_factory=dict)

    def take_leave(self, order: Order) -> bool:
        """Whether an order that has not changed may be told once more."""
        left = self.filled.get((order.symbol, order.order_id), 0)
        self.filled[order.symbol, order.order_id] = left - 1
        return left > 0


FillKey: TypeAlias = tuple[Symbol, str, str]
"""Market, order and trade id: the two sides of a trade with oneself are two fills with one trade id."""


def key_of(fill: Fill) -> FillKey:
    """What tells a fill from all others of an account."""
    return fill.symbol, order_key(fill.order_id), trade_key(fill.trade_id)


class Told:
    """What subscribers of one account have been told, life after life.

    Attributes:
        orders: the latest of each order, by client order id where it has one, else by the exchange's id.
        fills: each by market and trade id.
        numbered: the latest of each order by the exchange's id alone. filled: base told in fills, by the same.
        numbered_now, fills_now, balances_now: the same, and balances by currency, of this life of the program only.
        placed: client order ids that were told of before the exchange had named an order: ours, not of another hand.
        named_now: the latest of the order that such an id means, in this life: the one that was placed with it last.
        live_since_s: loop time since when it has been live without a break; None while it is not.
        left_live_s: loop time at which it last left live; None when it never did in this life. left_live_cause: why.
        unknown_markets: those of which it says that it cannot speak. known_since_s: loop time since when it can again.
        deaf_alarms: how often its socket was called deaf.
        starts: of this life, one for the program's and one for each restart of the account or its connection.
    """

    def __init__(self) -> None:
        self.sync_state = SyncState.DOWN
        self.left_live_cause = ""
        self.live_since_s: float | None = None
        self.left_live_s: float | None = None
        self.unknown_markets: set[Symbol] = set()
        self.known_since_s: dict[Symbol, float] = {}
        self.deaf_alarms = 0
        self.starts = [Start()]
        self.orders: dict[tuple[Symbol, str], Order] = {}
        self.fills: dict[FillKey, Fill] = {}
        self.numbered: dict[str, Order] = {}
        self.filled: dict[str, Decimal] = {}
        self.placed: set[tuple[Symbol, str]] = set()
        self.numbered_now: dict[str, Order] = {}
        self.named_now: dict[tuple[Symbol, str], Order] = {}
        self.fills_now: dict[FillKey, Fill] = {}
        self.balances_now: dict[str, Balance] = {}

    def resume(self, now_s: float) -> None:
        """The program goes on after it stood still: what happened meanwhile it need not have told yet."""
        if self.live_since_s is not None:
            self.live_since_s = now_s

    def take_unknown(self, markets: Collection[Symbol], now_s: float) -> None:
        """The markets of which the account says that it cannot speak, from now on."""
        self.known_since_s.update(dict.fromkeys(self.unknown_markets.difference(markets), now_s))
        self.unknown_markets = set(markets)

    def known_for_s(self, symbol: Symbol, now_s: float) -> float:
        """For how long an account that is live has spoken of a market without a break."""
        if self.live_since_s is None or symbol in self.unknown_markets:
            return 0.0
        return now_s - max(self.live_since_s, self.known_since_s.get(symbol, 0.0))

    def begin_life(self) -> None:
        """The program was killed and all that listened to it with it: what comes is told to new listeners."""
        self.sync_state = SyncState.DOWN
        self.left_live_cause = ""
        self.live_since_s = self.left_live_s = None
        self.unknown_markets = set()
        self.starts = [Start()]
        self.numbered_now, self.named_now, self.fills_now, self.balances_now = {}, {}, {}, {}

    def hear(self, order: Order) -> Order | None:
        """Keeps what is told of an order; returns what was told of the same one before, in this life.

        The exchange's id says which one it is. One whose id was never told is that of its client id: unless it is
        placed with the id of one that is over, and was dropped for room or never taken, or is another hand's. A placing
        that is taken up by a next life is told when its fate is known, perhaps without an id.
        """
        number, client_id = None if order.order_id is None else order_key(order.order_id), order.client_order_id
        self.orders[order.symbol, client_id or str(number)] = order
        named = None if client_id is None else self.named_now.get((order.symbol, client_id))
        is_another = order.status is OrderStatus.PENDING or (number is None and named is not None and named.order_id)
        if named is not None and named.is_finished and is_another:
            named = None
        before = named
        if number is not None:
            if number in self.numbered:
                before = self.numbered_now.get(number)
            self.numbered[number] = self.numbered_now[number] = order
        if client_id is not None and number is None:
            self.placed.add((order.symbol, client_id))
        if client_id is not None and (order.symbol, client_id) in self.placed and (named is None or before is named):
            self.named_now[order.symbol, client_id] = order
        return before


class Watcher(LoopActor):
    """Subscribed to every account before its first connection.

    Checks at every event: R2 (filled never falls, an order that the exchange has finished never reopens, what an order
    is never changes, a fill is told once, nothing is told again that is known) and R5 (no order is taken while the
    account is not live).
    """

    def __init__(self, told: dict[str, Told], violations: list[str], trace: Trace) -> None:
        super().__init__()
        self.name = "watcher"
        self._told = told
        self._violations = violations
        self._trace = trace

    @handles(ConnectionStatusEvent)
    def _status(self, event: ConnectionStatusEvent) -> None:
        self._trace.tell(f"a status event of {event.name}", event.cause)
        told = self._of(event.name)
        is_live, was_live = event.sync_state is SyncState.LIVE, told.sync_state is SyncState.LIVE
        if event.sync_state is SyncState.DOWN:
            told.starts.append(Start())
        elif not event.since_ms and not is_live:  # the root supervisor's own word
            told.starts.append(Start(is_first=False))
        if is_live and told.sync_state is SyncState.SYNCING:
            told.starts[-1].synced += 1
        if was_live and not is_live:
            told.left_live_s, told.left_live_cause = self.now(), event.cause
        if not is_live:
            told.live_since_s = None
            told.starts[-1].currencies.clear()
        elif not was_live:
            told.live_since_s = self.now()
        if is_live and not event.links.public_ws:
            self._broken(event.name, "is live without the market data of its venue (R5)")
        told.sync_state = event.sync_state
        told.take_unknown(event.unknown_markets, self.now())
        told.deaf_alarms += "is deaf" in event.cause
        if self._trace.on:
            self._trace.add(event.name, f"is {event.sync_state.value} {event.cause}")

    @handles(OrderUpdateEvent)
    def _order(self, event: OrderUpdateEvent) -> None:
        told, order = self._of(event.account), event.order
        name = order.client_order_id or str(order.order_id)
        if self._trace.on:
            self._trace.add(
                event.account,
                f"order {order.client_order_id} {order.order_id} {order.status.value} "
                f"{order.filled_quantity}/{order.quantity}",
            )
        before = told.hear(order)
        if before is None:
            if order.status is OrderStatus.PENDING and told.sync_state is not SyncState.LIVE:
                self._broken(event.account, f"order {name} was taken while {told.sync_state.value} (R5)")
            return
        is_named = before.client_order_id is None and order.client_order_id is not None  # which was heard of late
        if is_named:
            before = msgspec.structs.replace(before, client_order_id=order.client_order_id)
        # A finished one may have been dropped for room and asked for again (R9).
        if order == before and order.is_open and not is_named and not told.starts[-1].take_leave(order):
            self._broken(event.account, f"order {name} was told again with nothing new (R2)")
        if _kind_of(order) != _kind_of(before):
            self._broken(event.account, f"order {name} was {_kind_of(before)} and is {_kind_of(order)} (R2)")
        if order.updated_ms < before.updated_ms:
            self._broken(event.account, f"order {name} went back to {order.updated_ms} ms (R2)")
        if before.is_finished and order.is_open and not before.is_inferred:
            self._broken(event.account, f"order {name} went from {before.status.value} to {order.status.value} (R2)")
        if order.filled_quantity < before.filled_quantity and not before.filled_is_derived:
            fall = f"{before.filled_quantity} to {order.filled_quantity}"
            self._broken(event.account, f"filled of order {name} fell from {fall} (R2)")
        if before.order_id is not None and before.order_id != order.order_id:
            self._broken(event.account, f"order {name} was {before.order_id} and is {order.order_id}: doubled (R3)")

    @handles(ExecutionReportEvent)
    def _fill(self, event: ExecutionReportEvent) -> None:
        told, fill = self._of(event.account), event.fill
        key = key_of(fill)
        if self._trace.on:
            self._trace.add(event.account, f"fill {fill.trade_id} of {fill.order_id}: {fill.quantity} at {fill.price}")
        if key in told.fills_now:
            self._broken(event.account, f"fill {fill.trade_id} of {fill.symbol} was told twice (R2)")
        if key not in told.fills:
            number = order_key(fill.order_id)
            told.filled[number] = told.filled.get(number, Decimal(0)) + fill.quantity
        told.fills[key] = told.fills_now[key] = fill
        told.starts[-1].fills += 1
        told.starts[-1].filled[fill.symbol, fill.order_id] = _TELLINGS_OF_A_FILL

    @handles(BalanceUpdateEvent)
    def _balances(self, event: BalanceUpdateEvent) -> None:
        told = self._of(event.account)
        for balance in event.balances:
            before, start = told.balances_now.get(balance.currency), told.starts[-1]
            is_known = before is not None and (before.available, before.locked) == (balance.available, balance.locked)
            if is_known and balance.currency in start.currencies:
                self._broken(event.account, f"{balance.currency} was told again with nothing new (R2)")
            if before is not None and balance.currency in start.currencies and balance.updated_ms < before.updated_ms:
                self._broken(event.account, f"{balance.currency} went back to {balance.updated_ms} ms (R2)")
            start.currencies.add(balance.currency)
            told.balances_now[balance.currency] = balance
        if self._trace.on:
            for balance in event.balances:
                self._trace.add(event.account, f"{balance.currency} {balance.available} + {balance.locked}")

    @handles(ErrorEvent)
    def _error(self, event: ErrorEvent) -> None:
        self._trace.tell(f"an error event of {event.name}", event.message)
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


def _kind_of(order: Order) -> tuple[object, ...]:
    """What an order is, whatever becomes of it."""
    return order.symbol, order.side.value, order.type.value, order.time_in_force.value, order.client_order_id
