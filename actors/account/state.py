"""What an account knows and what each piece of news does to it: plain synchronous code, no actors, no sockets.

Every method returns what changed, for the caller to tell others. Nothing here forgets on a guess: an order that should
be there and is not, or that looks odd, becomes a *doubt* for the caller to ask the exchange about (R3, R6).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from actors.account.order_record import OrderRecord
from actors.account.order_store import OrderStore
from actors.journal import SymbolMemory
from messages.balance import Balance
from messages.enums import OrderStatus
from messages.errors import InsufficientBalanceError
from messages.order import Fill, Order
from messages.symbol import Symbol
from messages.validation import ZERO

FILL_OVERLAP_MS: Final = 5_000
"""Fills are asked for again from so long before: a history may lag behind the trading."""


class Doubt(msgspec.Struct, frozen=True):
    """An order to ask the exchange about, by whichever ids are known."""

    symbol: Symbol
    order_id: str | None
    client_order_id: str | None


class Reservation(msgspec.Struct, frozen=True):
    """Money that an order on its way will lock, from the moment it is sent until the exchange speaks of it."""

    currency: str
    amount: Decimal


class AccountState:
    """Balances and orders of one spot account."""

    def __init__(self, *, executed_limit: int = 1000) -> None:
        """``executed_limit``: finished orders kept for each symbol (R9), 1 or more."""
        self.orders = OrderStore(executed_limit)
        self.balances: dict[str, Balance] = {}
        self.fills_count = 0
        self._reservations: dict[str, Reservation] = {}
        self._reserved: dict[str, Decimal] = {}

    # -- restart --------------------------------------------------------------------------------------------------

    def restore(self, memory: SymbolMemory) -> None:
        """Takes in what the journal remembers of one symbol; nobody is told, for nothing is new."""
        orders = self.orders.of(memory.symbol)
        for order in (*memory.finished_orders, *memory.open_orders):
            self.hear_order(order)
        for trade_id in memory.trade_ids:
            orders.is_new_trade(trade_id)
        for fill in memory.fills:
            record = orders.find(fill.order_id, fill.client_order_id)
            if record is not None:
                record.hear_fill(fill)
        orders.evicted_through_ms = max(orders.evicted_through_ms, memory.older_through_ms)

    def restore_unresolved(self, order: Order) -> None:
        """An order of an earlier life that was to be sent: whether it arrived is for the exchange to say (R4)."""
        if self.orders.of(order.symbol).find(order.order_id, order.client_order_id) is None:
            self.orders.of(order.symbol).add(OrderRecord(order))

    # -- orders ---------------------------------------------------------------------------------------------------

    def begin_order(self, order: Order, reservation: Reservation) -> None:
        """Files our own PENDING order and sets money aside for it.

        Raises:
            InsufficientBalanceError: what is available less what is set aside does not cover it; nothing has changed.
        """
        available = self.available(reservation.currency)
        if reservation.amount > available:
            raise InsufficientBalanceError(reservation.currency, reservation.amount, available)
        assert order.client_order_id is not None, "an order of ours carries a client order id"
        self.orders.of(order.symbol).add(OrderRecord(order))
        self._reservations[order.client_order_id] = reservation
        self._reserved[reservation.currency] = self._reserved.get(reservation.currency, ZERO) + reservation.amount

    def hear_order(self, report: Order, as_of_ms: int = 0) -> Order | None:
        """Joins one report of the exchange; returns the order as now known, or None when nothing changed.

        ``as_of_ms``: of the query that found the order so, by the exchange's clock; 0 where there was none.
        """
        orders = self.orders.of(report.symbol)
        record = orders.find(report.order_id, report.client_order_id)
        if record is not None and _was_never_accepted(record) and report.order_id is not None:
            orders.replace_rejected(record)
            record = None
        if record is None:
            record = OrderRecord(report, as_of_ms)
            waiting = orders.add(record)
            changed = True
        else:
            changed = record.hear(report, as_of_ms)
            waiting = [] if report.order_id is None else orders.index(record)
        for fill in waiting:
            changed |= record.hear_fill(fill)
        if record.is_acknowledged and self._reservations:
            self._release(record.order.client_order_id)
        if record.order.status.is_finished:
            orders.finish(record)
        return record.order if changed else None

    def hear_fill(self, fill: Fill) -> tuple[Order | None, bool]:
        """Counts one fill, once (R2).

        Returns:
            The order as now known, or None when nothing changed or the order is unknown yet (the fill waits for it);
            and whether the fill was new.
        """
        orders = self.orders.of(fill.symbol)
        if not orders.is_new_trade(fill.trade_id):
            return None, False
        record = orders.find(fill.order_id, fill.client_order_id)
        if record is None or _was_never_accepted(record):
            is_new = orders.keep_orphan(fill)
            self.fills_count += is_new
            return None, is_new
        if not record.hear_fill(fill):
            return None, False
        self.fills_count += 1
        orders.index(record)
        self._release(record.order.client_order_id)
        return record.order, True

    def find(self, doubt: Doubt) -> Order | None:
        """The order of a doubt as it is known now."""
        record = self.orders.of(doubt.symbol).find(doubt.order_id, doubt.client_order_id)
        return None if record is None else record.order

    def known(self, report: Order) -> Order | None:
        """The order that a report is about, as it is known now."""
        return self.find(Doubt(report.symbol, report.order_id, report.client_order_id))

    def mark_unresolved(self, symbol: Symbol, client_order_id: str) -> Order | None:
        """The request left and no answer came: the order is UNRESOLVED, its money stays set aside (R3)."""
        return self._mark(symbol, client_order_id, OrderStatus.UNRESOLVED, None)

    def reject_order(self, symbol: Symbol, client_order_id: str, reason: str) -> Order | None:
        """It is certain that the exchange has no such order: refused by it, or by us before it left."""
        order = self._mark(symbol, client_order_id, OrderStatus.REJECTED, reason)
        if order is not None:
            self._release(client_order_id)
        return order

    def _mark(self, symbol: Symbol, client_order_id: str, status: OrderStatus, reason: str | None) -> Order | None:
        orders = self.orders.of(symbol)
        record = orders.find(None, client_order_id)
        if record is None or not record.mark(status, reason):
            return None
        if record.order.is_finished:
            orders.finish(record)
        return record.order

    def conclude_unknown(self, doubt: Doubt) -> Order | None:
        """The exchange, asked by id, knows no such order: it has ended, as filled as its fills say.

        Returns the order as now known, or None when nothing changed.
        """
        orders = self.orders.of(doubt.symbol)
        record = orders.find(doubt.order_id, doubt.client_order_id)
        if record is None:
            if doubt.order_id is not None:
                orders.drop_orphans(doubt.order_id)
            return None
        if not record.is_acknowledged:
            client_order_id = record.order.client_order_id
            return (
                None if client_order_id is None else self.reject_order(doubt.symbol, client_order_id, "never_arrived")
            )
        whole = ZERO < record.order.quantity <= record.order.filled_quantity
        changed = record.conclude(OrderStatus.FILLED if whole else OrderStatus.CANCELED, "vanished")
        orders.finish(record)
        return record.order if changed else None

    def believe(self, doubt: Doubt) -> None:
        """The exchange, asked by id, confirmed an order that might have been a late echo."""
        orders = self.orders.of(doubt.symbol)
        record = orders.find(doubt.order_id, doubt.client_order_id)
        if record is not None:
            orders.echoes.pop(record, None)

    # -- snapshots ------------------------------------------------------------------------------------------------

    def missing_from(self, listed: Iterable[Order]) -> list[Doubt]:
        """Open orders of ours that a complete list of open orders lacks: to be asked for by id (R6)."""
        listed = list(listed)
        order_ids = {(order.symbol, order.order_id) for order in listed}
        client_ids = {(order.symbol, order.client_order_id) for order in listed if order.client_order_id is not None}
        return [
            _doubt(record)
            for record in self.orders.open_records()
            if record.order.status is not OrderStatus.PENDING
            and (record.order.symbol, record.order.order_id) not in order_ids
            and (record.order.symbol, record.order.client_order_id) not in client_ids
        ]

    def hear_all_balances(self, balances: Iterable[Balance], as_of_ms: int) -> tuple[Balance, ...]:
        """Joins a complete list: a currency that it lacks is zero, unless an event says something newer."""
        listed = {balance.currency: balance for balance in balances}
        zeros = (
            Balance(currency=currency, available=ZERO, locked=ZERO, updated_ms=as_of_ms)
            for currency in self.balances
            if currency not in listed
        )
        return self.hear_balances([*listed.values(), *zeros])

    def doubts(self) -> list[Doubt]:
        """Orders that what we heard does not settle.

        UNRESOLVED; filled whole but not ended; known by fills only; perhaps the echo of an order long finished.
        """
        found = [
            _doubt(record)
            for record in self.orders.open_records()
            if record.order.status is OrderStatus.UNRESOLVED or record.is_filled_but_not_finished
        ]
        for symbol, orders in self.orders.symbols():
            found.extend(Doubt(symbol, order_id, None) for order_id in orders.orphan_order_ids)
            found.extend(_doubt(record) for record in orders.echoes)
        return found

    def fills_needed(self, symbols: Iterable[Symbol], since_ms: int) -> dict[Symbol, int]:
        """Markets whose fills may have been missed, each with the time (unix milliseconds) from which on.

        Args:
            symbols: markets to ask about in any case. since_ms: the start of the account's knowledge.
        """
        needed = dict.fromkeys(symbols, since_ms)
        for symbol, orders in self.orders.symbols():
            needed[symbol] = orders.fills_through_ms - FILL_OVERLAP_MS if orders.fills_through_ms else since_ms
        return needed

    def fills_loaded(self, symbols: Iterable[Symbol], through_ms: int) -> None:
        """Every fill of these markets up to ``through_ms`` (the exchange's clock) has been loaded and heard."""
        for symbol in symbols:
            orders = self.orders.of(symbol)
            orders.fills_through_ms = max(orders.fills_through_ms, through_ms)

    # -- balances -------------------------------------------------------------------------------------------------

    def hear_balances(self, balances: Iterable[Balance]) -> tuple[Balance, ...]:
        """Joins balances, newest wins by the exchange's time stamp; returns those that changed."""
        known = self.balances
        changed = []
        for balance in balances:
            before = known.get(balance.currency)
            if before is not None and balance.updated_ms < before.updated_ms:
                continue
            known[balance.currency] = balance
            if before is None or before.available != balance.available or before.locked != balance.locked:
                changed.append(balance)
        return tuple(changed)

    def available(self, currency: str) -> Decimal:
        """What a new order may use: available on the exchange less what orders on their way will lock."""
        balance = self.balances.get(currency)
        free = balance.available if balance is not None else ZERO
        return free - self._reserved.get(currency, ZERO)

    @property
    def unresolved_count(self) -> int:
        return sum(1 for record in self.orders.open_records() if record.order.status is OrderStatus.UNRESOLVED)

    def _release(self, client_order_id: str | None) -> None:
        if client_order_id is None:
            return
        reservation = self._reservations.pop(client_order_id, None)
        if reservation is not None:
            self._reserved[reservation.currency] -= reservation.amount


def _was_never_accepted(record: OrderRecord) -> bool:
    return not record.is_acknowledged and record.order.status is OrderStatus.REJECTED


def _doubt(record: OrderRecord) -> Doubt:
    order = record.order
    return Doubt(order.symbol, order.order_id, order.client_order_id)
