"""What an account knows and what each piece of news does to it: plain synchronous code, no actors, no sockets.

Every method returns what changed, for the caller to tell others. Nothing here forgets on a guess: an order that should
be there and is not, or that looks odd, is in doubt: the caller asks the exchange about it (R3, R6).
"""

from collections.abc import Iterable

import msgspec

from actors.account.funds.funds import Funds
from actors.account.funds.reservations import Reservation
from actors.account.orders.record import OrderRecord
from actors.account.orders.store import OrderStore, SymbolOrders
from actors.journal import SymbolMemory
from messages.commands import OrderReference
from messages.enums import OrderStatus
from messages.order import VANISHED, Fill, Order
from messages.symbol import Symbol


class OrderKey(msgspec.Struct, frozen=True):
    """An order to ask the exchange about, by whichever ids are known."""

    symbol: Symbol
    order_id: str | None
    client_order_id: str | None

    @classmethod
    def of(cls, named: Order | OrderReference) -> "OrderKey":
        """By the ids of an order, or of a command about one."""
        return cls(named.symbol, named.order_id, named.client_order_id)


class AccountState:
    """Orders of one account, whatever it trades, and its funds, which know what orders of its product cost.

    Attributes:
        orders, funds: the two.
        fills_count: fills counted. has_new_inconsistent: something to ask about has come up; for the caller to reset.
        fills_asked_from_ms: fills from here on will be asked for again (the exchange's clock), so none of them is
            forgotten; for the caller to set.
        query_lag_ms: so long after something happened a query may not know of it yet; for the caller to set.
    """

    def __init__(self, funds: Funds, *, executed_limit: int = 1000) -> None:
        """``executed_limit``: finished orders kept for each symbol (R9), 1 or more."""
        self.orders = OrderStore(executed_limit)
        self.funds = funds
        self.fills_count = 0
        self.has_new_inconsistent = False
        self.fills_asked_from_ms = 0
        self.query_lag_ms = 0

    # -- restart --------------------------------------------------------------------------------------------------

    def restore(self, memory: SymbolMemory) -> tuple[Order, ...]:
        """Takes in what the journal remembers of one symbol.

        Nothing of it is new but the orders that are returned: of those only the last fills were filed.
        """
        orders = self.orders.of(memory.symbol)
        for order in (*memory.finished_orders, *memory.open_orders):
            self.apply_order(_before_conclusion(order) if order.is_inferred else order)
            if order.is_inferred:
                # When the exchange was asked is not in the journal: later than its last word.
                may_have_ended = order.finish_reason == VANISHED
                self.conclude_unknown(OrderKey.of(order), order.updated_ms + 1, may_have_ended=may_have_ended)
        for order in memory.lately_finished:
            orders.remember_dropped(order)
        for trade_id, order_id in memory.fill_ids:
            orders.is_new_fill(trade_id, order_id, memory.newest_fill_ms, 0)
        for fill in memory.fills:
            record = orders.find(fill.order_id, fill.client_order_id, fill.time_ms)
            if record is not None:
                was_inferred = record.is_inferred
                record.apply_fill(fill)
                self._file(orders, record, was_inferred=was_inferred)
        for fill in memory.loose_fills:
            if orders.find(fill.order_id, None) is None:
                orders.keep_orphan(fill)  # the exchange is asked for its order
                self.has_new_inconsistent = True
        orders.evicted_through_ms = max(orders.evicted_through_ms, memory.older_through_ms)
        filed = (order for order in (*memory.finished_orders, *memory.open_orders) if not order.is_inferred)
        now = ((order, self.known(order)) for order in filed)
        return tuple(known for order, known in now if known and known.filled_quantity > order.filled_quantity)

    def restore_unresolved(self, order: Order) -> None:
        """An order of an earlier life that was to be sent: whether it arrived is for the exchange to say (R4).

        Its money is set aside until then.
        """
        if self.orders.find(order.symbol, order.order_id, order.client_order_id) is None:
            self.orders.of(order.symbol).add(OrderRecord(order))
            self.funds.restore(order)

    # -- orders ---------------------------------------------------------------------------------------------------

    def begin_order(self, order: Order, reservation: Reservation, decided_ms: int = 0) -> None:
        """Files our own PENDING order and sets money aside for it.

        ``decided_ms``: by the exchange's clock; what it tells of earlier moments is not of this order.

        Raises:
            InsufficientBalanceError: what is available less what is set aside does not cover it; nothing has changed.
        """
        assert order.client_order_id is not None, "an order of ours carries a client order id"
        self.funds.reserve(order.client_order_id, reservation)
        self.orders.of(order.symbol).add(OrderRecord(order, decided_ms=decided_ms))

    def apply_order(self, report: Order, as_of_ms: int = 0) -> Order | None:
        """Joins one report of the exchange; returns the order as now known, or None when nobody is to be told anything.

        ``as_of_ms``: of the query that found the order so, by the exchange's clock; 0 where there was none.
        """
        orders = self.orders.of(report.symbol)
        record = orders.find(report.order_id, report.client_order_id, report.created_ms)
        if record is None or (record.is_refused and report.order_id is not None):
            return self._apply_unknown(orders, report, as_of_ms)
        was_inferred = record.is_inferred
        if report.client_order_id is not None and record.order.client_order_id is None:
            orders.adopt(record, report.client_order_id, report.created_ms)
        changed = record.apply(report, as_of_ms)
        if report.order_id is not None:
            for fill in orders.index(record):
                changed |= record.apply_fill(fill)
        if was_inferred or self.funds.has_reservations or record.order.status.is_finished:
            self._file(orders, record, was_inferred=was_inferred)
        return record.order if changed else None

    def _apply_unknown(self, orders: SymbolOrders, report: Order, as_of_ms: int) -> Order | None:
        """A report of an order that is not known: new, placed elsewhere, or an echo of one that was dropped for room.

        What the exchange has finished stays so (R2). Of what may be an echo nobody is told before the exchange, asked
        after the dropped ones had ended, confirms it.
        """
        record = None if report.order_id is None else orders.late_reports.get(report.order_id)
        if record is not None:
            record.apply(report, as_of_ms)
        evicted = orders.evicted(report.order_id)
        if evicted is not None:
            if report.is_open or (not as_of_ms and evicted.is_told_by(report)):
                return None
            report = evicted.joined_with(report)
        elif report.is_open and report.order_id is not None and orders.may_be_echo(report, as_of_ms):
            if record is None:
                orders.late_reports[report.order_id] = OrderRecord(report, as_of_ms)
                self.has_new_inconsistent = True
            return None
        if record is None:
            record = OrderRecord(report, as_of_ms)
        else:
            del orders.late_reports[str(report.order_id)]
        for fill in orders.add(record):
            record.apply_fill(fill)
        self._file_fees(orders, record)
        return record.order

    def apply_fill(self, fill: Fill) -> tuple[Order | None, bool]:
        """Counts one fill, once (R2).

        Returns:
            The order as now known, or None when nothing changed or the order is unknown yet (the fill waits for it);
            and whether the fill was new.
        """
        orders = self.orders.of(fill.symbol)
        if not orders.is_new_fill(fill.trade_id, fill.order_id, fill.time_ms, self.fills_asked_from_ms):
            return None, False
        record = orders.find(fill.order_id, fill.client_order_id, fill.time_ms)
        if record is None or record.is_refused:
            orders.keep_orphan(fill)
            self.fills_count += 1
            return None, True
        was_inferred = record.is_inferred
        if fill.client_order_id is not None and record.order.client_order_id is None:
            orders.adopt(record, fill.client_order_id, fill.time_ms)
        if not record.apply_fill(fill):
            return None, False
        self.fills_count += 1
        for earlier in orders.index(record):
            record.apply_fill(earlier)
        self._file(orders, record, was_inferred=was_inferred)
        return record.order, True

    def _file(self, orders: SymbolOrders, record: OrderRecord, *, was_inferred: bool) -> None:
        """Keeps an order where it belongs now, and its money set aside as long as no balance shows it."""
        if record.order.status.is_finished:
            orders.finish(record)
        elif was_inferred:
            orders.reopen(record)
        if was_inferred or record.is_inferred:
            if record.is_contradicted:
                orders.contradicted[record] = None
                self.has_new_inconsistent = True
            else:
                orders.contradicted.pop(record, None)
        self._file_fees(orders, record)
        if self.funds.has_reservations:
            self._settle_funds(orders, record)

    def _file_fees(self, orders: SymbolOrders, record: OrderRecord) -> None:
        """What it lacks is asked for."""
        if record.lacks_fees(self.query_lag_ms):
            orders.without_all_fees[record] = None
            self.has_new_inconsistent = True
        elif orders.without_all_fees:
            orders.without_all_fees.pop(record, None)

    def _settle_funds(self, orders: SymbolOrders, record: OrderRecord) -> None:
        order = record.order
        if order.client_order_id is None or orders.find(None, order.client_order_id) is not record:
            return  # not ours, or an earlier order of a client id that is used again
        taken_ms = max(order.created_ms or order.updated_ms, record.decided_ms) if record.is_acknowledged else None
        self.funds.settle(order, taken_ms)

    def find(self, order_key: OrderKey) -> Order | None:
        """The order of that key as it is known now."""
        record = self.orders.find(order_key.symbol, order_key.order_id, order_key.client_order_id)
        return None if record is None else record.order

    def known(self, report: Order) -> Order | None:
        """The order that a report is about, as it is known now."""
        return self.find(OrderKey.of(report))

    def is_about(self, report: Order, order_key: OrderKey) -> bool:
        """Whether a report, once it was heard, tells of the order of that key: an exchange that is asked by client id
        may answer with an earlier order that had the same."""
        record = self.orders.find(order_key.symbol, order_key.order_id, order_key.client_order_id)
        return record is None or record.order.order_id == report.order_id

    def mark_unresolved(self, symbol: Symbol, client_order_id: str) -> Order | None:
        """The request left and no answer came: the order is UNRESOLVED, its money stays set aside (R3)."""
        return self._mark(symbol, client_order_id, OrderStatus.UNRESOLVED, None)

    def reject_order(self, symbol: Symbol, client_order_id: str, reason: str) -> Order | None:
        """It is certain that the exchange has no such order: refused by it, or by us before it left."""
        return self._mark(symbol, client_order_id, OrderStatus.REJECTED, reason)

    def _mark(self, symbol: Symbol, client_order_id: str, status: OrderStatus, reason: str | None) -> Order | None:
        record = self.orders.find(symbol, None, client_order_id)
        if record is None or not record.mark(status, reason):
            return None
        self._file(self.orders.of(symbol), record, was_inferred=False)
        return record.order

    def conclude_unknown(self, order_key: OrderKey, asked_ms: int, *, may_have_ended: bool = False) -> Order | None:
        """The exchange, asked by the ids of ``order_key`` at ``asked_ms`` of its clock, knows no such order.

        That is our conclusion, not its word: the order has ended, as filled as its fills say, until the exchange tells
        something newer (R6). Asked by client id only, one that the exchange has told of is still believed.

        ``may_have_ended``: an order that it never told of may have been there, have ended without a fill and be
        forgotten since.

        Returns the order as now known, or None when nothing changed.
        """
        orders = self.orders.known(order_key.symbol)
        if orders is None:
            return None
        record = orders.find(order_key.order_id, order_key.client_order_id)
        if record is None:
            if order_key.order_id is not None:
                orders.deny_orphans(order_key.order_id)
                orders.late_reports.pop(order_key.order_id, None)
            return None
        changed = record.conclude(asked_ms, by_order_id=order_key.order_id is not None, may_have_ended=may_have_ended)
        self._file(orders, record, was_inferred=False)
        return record.order if changed else None

    # -- snapshots ------------------------------------------------------------------------------------------------

    def missing_from(self, listed: Iterable[Order]) -> list[OrderKey]:
        """Open orders of ours that a complete list of open orders lacks: to be asked for by id (R6)."""
        listed = list(listed)
        order_ids = {(order.symbol, order.order_id) for order in listed}
        client_ids = {(order.symbol, order.client_order_id) for order in listed if order.client_order_id is not None}
        return [
            OrderKey.of(record.order)
            for record in self.orders.open_records()
            if record.order.status is not OrderStatus.PENDING
            and (record.order.symbol, record.order.order_id) not in order_ids
            and (record.order.symbol, record.order.client_order_id) not in client_ids
        ]

    def inconsistent_orders(self) -> list[OrderKey]:
        """Orders that what we heard does not settle.

        UNRESOLVED; filled whole but not ended; taken for ended, and then an older word came late; ended, with fees that
        are partial; known by fills only; perhaps the echo of an order long finished.
        """
        found = [
            OrderKey.of(record.order)
            for record in self.orders.open_records()
            if record.order.status is OrderStatus.UNRESOLVED or record.is_filled_but_not_finished
        ]
        for symbol, orders in self.orders.symbols():
            found.extend(OrderKey.of(record.order) for record in (*orders.contradicted, *orders.without_all_fees))
            found.extend(OrderKey(symbol, order_id, None) for order_id in orders.orphan_order_ids)
            found.extend(OrderKey.of(record.order) for record in orders.late_reports.values())
        return found

    @property
    def unresolved_count(self) -> int:
        return sum(1 for record in self.orders.open_records() if record.order.status is OrderStatus.UNRESOLVED)


def _before_conclusion(order: Order) -> Order:
    """An order as the exchange's own words left it, before we concluded that it had ended."""
    status = OrderStatus.PARTIALLY_FILLED if order.filled_quantity else OrderStatus.NEW
    return msgspec.structs.replace(order, status=status, finish_reason=None)
