"""All orders of an account: open ones as live state, finished ones as a bounded memory (R9)."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from actors.account.orders.record import FillsTotal, OrderRecord, completed
from messages.order import Fee, Fill, Order
from messages.symbol import Symbol

_ORPHAN_FILLS_LIMIT: Final = 10_000
_ORPHAN_ORDERS_LIMIT: Final = 10_000
_FILL_IDS_LIMIT: Final = 20_000
_EVICTED_IDS_LIMIT: Final = 20_000
_CLOCK_DOUBT_MS: Final = 10_000
"""By so much we may be wrong about the exchange's clock, or two of its clocks differ."""


class EvictedOrder(msgspec.Struct, frozen=True):
    """What is remembered of a finished order that was dropped for room.

    Attributes:
        filled_quantity: base. updated_ms: the exchange's clock, unix milliseconds. fees: None where they are partial.
    """

    client_order_id: str | None
    filled_quantity: Decimal
    updated_ms: int
    fees: tuple[Fee, ...] | None

    def is_told_by(self, report: Order) -> bool:
        """Whether a report of the same order says nothing that has not been told of it."""
        return report.filled_quantity <= self.filled_quantity and report.updated_ms <= self.updated_ms

    def joined_with(self, report: Order) -> Order:
        """A newer report of the order, with what it does not say and was known."""
        joined = msgspec.structs.replace(
            report,
            client_order_id=report.client_order_id or self.client_order_id,
            updated_ms=max(report.updated_ms, self.updated_ms),
        )
        if self.fees is None or report.filled_quantity != self.filled_quantity:
            return joined
        return msgspec.structs.replace(joined, fees=completed(report.fees, self.fees), fees_are_partial=False)


class SymbolOrders:
    """The orders of one symbol. Every operation costs the same however many orders are kept.

    Attributes:
        open: by record, in order of arrival.
        evicted_through_ms: newest time stamp among the finished orders that were dropped for room.
        late_reports: by the exchange's id, orders that may be a late report of a dropped one: nobody is told of them
            until the exchange has been asked.
        contradicted: orders that we took for ended, and that an older word of the exchange was heard of since.
        without_all_fees: see `OrderRecord.lacks_fees`; none of them is dropped for room before it was asked about.
    """

    __slots__ = (
        "_by_client_id",
        "_by_order_id",
        "_evicted",
        "_executed",
        "_executed_limit",
        "_is_held",
        "_kept_for_now",
        "_orphan_count",
        "_orphan_fills",
        "_orphans_denied",
        "_orphans_dropped",
        "_seen_fills",
        "contradicted",
        "evicted_through_ms",
        "late_reports",
        "open",
        "without_all_fees",
    )

    def __init__(self, executed_limit: int, is_held: Callable[[Order], bool] = lambda _: False) -> None:
        """``is_held``: whether an order must not be dropped for room now; see `OrderStore.hold`."""
        self.open: dict[OrderRecord, None] = {}
        self.late_reports: dict[str, OrderRecord] = {}
        self.contradicted: dict[OrderRecord, None] = {}
        self.without_all_fees: dict[OrderRecord, None] = {}
        self.evicted_through_ms: int = 0
        self._by_order_id: dict[str, OrderRecord] = {}
        self._by_client_id: dict[str, OrderRecord] = {}
        self._executed: OrderedDict[OrderRecord, None] = OrderedDict()
        self._executed_limit = executed_limit
        self._is_held = is_held
        self._kept_for_now: dict[OrderRecord, None] = {}
        self._evicted: OrderedDict[str, EvictedOrder] = OrderedDict()
        self._orphan_fills: OrderedDict[str, dict[str, Fill]] = OrderedDict()
        self._orphan_count = 0
        self._orphans_denied: set[str] = set()
        self._orphans_dropped: OrderedDict[str, FillsTotal] = OrderedDict()
        self._seen_fills: OrderedDict[tuple[str, str], int] = OrderedDict()

    @property
    def executed_count(self) -> int:
        return len(self._executed) + len(self._kept_for_now)

    @property
    def orphan_order_ids(self) -> list[str]:
        """Orders that we know by their fills only, and that the exchange has not denied since the last of them."""
        known = dict.fromkeys((*self._orphan_fills, *self._orphans_dropped))
        return [order_id for order_id in known if order_id not in self._orphans_denied]

    def first_orphan_ms(self, order_id: str | None) -> int | None:
        """When the first fill was that we know of an order known by its fills only; None where it is not."""
        times_ms = [fill.time_ms for fill in self._orphan_fills.get(order_id or "", {}).values()]
        total = self._orphans_dropped.get(order_id or "")
        return min(times_ms if total is None else [*times_ms, total.first_ms], default=None)

    def executed(self) -> Iterator[Order]:
        """Finished orders that are kept, oldest first."""
        return (record.order for record in (*self._kept_for_now, *self._executed))

    # -- finding --------------------------------------------------------------------------------------------------

    def find(self, order_id: str | None, client_order_id: str | None, happened_ms: int = 0) -> OrderRecord | None:
        """By the exchange's id first; a client id counts only where the ids do not contradict.

        ``happened_ms``: when the order that is looked for was created or traded, by the exchange's clock; 0: not known.
        A client id may be used again when its order is long over: what was there before we decided to place the order
        that has the id now is another order, and so is one that had the id when it was dropped for room.
        """
        if order_id is not None:
            record = self._by_order_id.get(order_id)
            if record is not None:
                return record
        if client_order_id is None:
            return None
        record = self._by_client_id.get(client_order_id)
        if record is None or order_id is None:
            return record
        evicted = self._evicted.get(order_id)
        is_another = (
            record.order.order_id is not None
            or (evicted is not None and evicted.client_order_id is not None)
            or _is_before(happened_ms, record)
        )
        return None if is_another else record

    def evicted(self, order_id: str | None) -> EvictedOrder | None:
        """What is still known of an order that the exchange has finished and that was dropped for room lately."""
        return None if order_id is None else self._evicted.get(order_id)

    def may_be_echo(self, report: Order, as_of_ms: int) -> bool:
        """Whether an order that is not known may be one that was dropped for room, told of late."""
        through_ms = self.evicted_through_ms
        return report.updated_ms <= through_ms and 0 < max(report.updated_ms, as_of_ms) <= through_ms

    # -- taking in ------------------------------------------------------------------------------------------------

    def add(self, record: OrderRecord) -> list[Fill]:
        """Takes in a new record; returns fills that had come before it, for it to count."""
        self._name(record)
        if record.order.fees_are_partial:
            self.without_all_fees[record] = None
        if record.order.status.is_finished:
            self._keep_executed(record)
        else:
            self.open[record] = None
        return self.index(record)

    def index(self, record: OrderRecord) -> list[Fill]:
        """Files the record under the exchange's id once that is known; returns fills that had come before.

        Of some perhaps only the total was kept, which is in the record then.
        """
        order_id = record.order.order_id
        if order_id is None or order_id in self._by_order_id:
            return []
        self._by_order_id[order_id] = record
        self._evicted.pop(order_id, None)
        self._orphans_denied.discard(order_id)
        total = self._orphans_dropped.pop(order_id, None)
        if total is not None:
            record.apply_total(total)
        fills = list(self._orphan_fills.pop(order_id, {}).values())
        self._orphan_count -= len(fills)
        return fills

    def adopt(self, record: OrderRecord, client_order_id: str, happened_ms: int) -> None:
        """The exchange names the client id of an order that was known by its own id only: if we wait for an order of
        that client id, this is it."""
        awaited = self._by_client_id.get(client_order_id)
        if (
            awaited is not None
            and awaited is not record
            and not awaited.is_acknowledged
            and not _is_before(happened_ms, awaited)
        ):
            record.decided_ms = awaited.decided_ms
            self.open.pop(awaited, None)
            self._executed.pop(awaited, None)
            self._kept_for_now.pop(awaited, None)
            self._by_client_id[client_order_id] = record
        elif awaited is None:
            self._by_client_id[client_order_id] = record

    def acknowledge(self, client_order_id: str, report: Order) -> None:
        """The answer to the placing of an order: what it names is that order, whatever clocks say. It may have been
        told of before."""
        awaited = self._by_client_id.get(client_order_id)
        if awaited is not None and not awaited.is_acknowledged:
            awaited.decided_ms = min(awaited.decided_ms, report.created_ms)
            told = self._by_order_id.get(str(report.order_id))
            if told is not None:
                self.adopt(told, client_order_id, report.created_ms)

    def finish(self, record: OrderRecord) -> bool:
        """Moves a finished order from open to executed; False when it had moved before (exactly once, R2)."""
        if record not in self.open:
            return False
        del self.open[record]
        self._keep_executed(record)
        return True

    def reopen(self, record: OrderRecord) -> None:
        """Moves back an order that we took for finished, and that the exchange tells of as open."""
        for finished in (self._executed, self._kept_for_now):
            if record in finished:
                del finished[record]
                self.open[record] = None

    def remember_dropped(self, order: Order) -> None:
        """Of a finished order that is not kept its end stays known; not where we only concluded it."""
        if order.order_id is None or order.is_inferred:
            return
        fees = None if order.fees_are_partial else order.fees
        self._evicted[order.order_id] = EvictedOrder(
            order.client_order_id, order.filled_quantity, order.updated_ms, fees
        )
        if len(self._evicted) > _EVICTED_IDS_LIMIT:
            self._evicted.popitem(last=False)

    def drop_released(self) -> None:
        """Drops what was kept only because it was held."""
        for record in [record for record in self._kept_for_now if not self._is_needed(record)]:
            del self._kept_for_now[record]
            self._drop(record)

    # -- fills ----------------------------------------------------------------------------------------------------

    def keep_orphan(self, fill: Fill) -> None:
        """Keeps a fill whose order is unknown yet; the oldest give way, and their orders are asked for all the same.

        Their total stays until then: the answer may be older than they are (R6).
        """
        self._orphan_fills.setdefault(fill.order_id, {})[fill.trade_id] = fill
        self._orphans_denied.discard(fill.order_id)
        self._orphan_count += 1
        while self._orphan_count > _ORPHAN_FILLS_LIMIT:
            order_id, fills = self._orphan_fills.popitem(last=False)
            self._orphan_count -= len(fills)
            if order_id in self._orphans_denied:
                self._orphans_denied.discard(order_id)
                continue
            total = self._orphans_dropped.setdefault(order_id, FillsTotal())
            for each in fills.values():
                total.add(each)
            if len(self._orphans_dropped) > _ORPHAN_ORDERS_LIMIT:
                self._orphans_dropped.popitem(last=False)

    def deny_orphans(self, order_id: str) -> None:
        """The exchange says that it does not know the order of these fills: nothing to ask about until it tells more.
        They are kept, as it may yet tell of the order."""
        self._orphans_dropped.pop(order_id, None)
        if order_id in self._orphan_fills:
            self._orphans_denied.add(order_id)

    def is_new_fill(self, trade_id: str, order_id: str, time_ms: int, keep_from_ms: int) -> bool:
        """False when this fill was seen lately, also of an order that has been dropped for room since.

        A trade of the account with itself has two fills of one trade id, one for each order. ``keep_from_ms``: fills
        from here on will be asked for again, so these are not forgotten for want of room. So will those of an order
        that is known by its fills only, however old they are.
        """
        key, total = (trade_id, order_id), self._orphans_dropped.get(order_id)
        if (
            key in self._seen_fills
            or trade_id in self._orphan_fills.get(order_id, ())
            or (total is not None and trade_id in total.trade_ids)
        ):
            return False
        seen = self._seen_fills
        seen[key] = time_ms
        while len(seen) > _FILL_IDS_LIMIT and seen[next(iter(seen))] < keep_from_ms:
            seen.popitem(last=False)
        return True

    # -- helpers --------------------------------------------------------------------------------------------------

    def _name(self, record: OrderRecord) -> None:
        client_order_id = record.order.client_order_id
        if client_order_id is None:
            return
        known = self._by_client_id.get(client_order_id)
        if known is None or not _keeps_name(known, record):
            self._by_client_id[client_order_id] = record

    def _keep_executed(self, record: OrderRecord) -> None:
        self._executed[record] = None
        if len(self._executed) > self._executed_limit:
            oldest = self._executed.popitem(last=False)[0]
            if self._is_needed(oldest):
                self._kept_for_now[oldest] = None
            else:
                self._drop(oldest)

    def _is_needed(self, record: OrderRecord) -> bool:
        return record in self.without_all_fees or self._is_held(record.order)

    def _drop(self, record: OrderRecord) -> None:
        order = record.order
        self.contradicted.pop(record, None)
        self.evicted_through_ms = max(self.evicted_through_ms, order.updated_ms)
        if order.order_id is not None and self._by_order_id.get(order.order_id) is record:
            del self._by_order_id[order.order_id]
            self.remember_dropped(order)
        if order.client_order_id is not None and self._by_client_id.get(order.client_order_id) is record:
            del self._by_client_id[order.client_order_id]


class OrderStore:
    """The orders of all symbols."""

    def __init__(self, executed_limit: int) -> None:
        """``executed_limit``: finished orders kept for each symbol, 1 or more."""
        self._executed_limit = executed_limit
        self._symbols: dict[Symbol, SymbolOrders] = {}
        self._held: Counter[tuple[Symbol, str]] = Counter()

    def of(self, symbol: Symbol) -> SymbolOrders:
        """The market, made when there was none: for news, never for a question (R10)."""
        orders = self._symbols.get(symbol)
        if orders is None:
            orders = self._symbols[symbol] = SymbolOrders(self._executed_limit, self._is_held)
        return orders

    def hold(self, symbol: Symbol, order_id: str | None, client_order_id: str | None) -> None:
        """Until `release`, an order by these names is not dropped for room once it has finished: what came of a command
        or a question that is under way could not be told otherwise (R4). Holds are counted."""
        for name in (order_id, client_order_id):
            if name is not None:
                self._held[symbol, name] += 1

    def release(self, symbol: Symbol, order_id: str | None, client_order_id: str | None) -> None:
        """Ends one hold of the same names."""
        for name in (order_id, client_order_id):
            if name is not None:
                self._held[symbol, name] -= 1
                if self._held[symbol, name] <= 0:
                    del self._held[symbol, name]
        orders = self._symbols.get(symbol)
        if orders is not None:
            orders.drop_released()

    def _is_held(self, order: Order) -> bool:
        held, symbol = self._held, order.symbol
        return bool(held) and ((symbol, order.order_id) in held or (symbol, order.client_order_id) in held)

    def find(self, symbol: Symbol, order_id: str | None, client_order_id: str | None) -> OrderRecord | None:
        """The order if it is known; see `SymbolOrders.find`."""
        orders = self._symbols.get(symbol)
        return None if orders is None else orders.find(order_id, client_order_id)

    def executed(self, symbol: Symbol) -> tuple[Order, ...]:
        """Finished orders of a market that are kept, oldest first."""
        orders = self._symbols.get(symbol)
        return () if orders is None else tuple(orders.executed())

    def known(self, symbol: Symbol) -> SymbolOrders | None:
        """The market if anything was heard of it: for questions."""
        return self._symbols.get(symbol)

    def symbols(self) -> Iterator[tuple[Symbol, SymbolOrders]]:
        return iter(self._symbols.items())

    def open_records(self, symbol: Symbol | None = None) -> list[OrderRecord]:
        """Open orders of one symbol or of all, oldest first within a symbol."""
        if symbol is not None:
            orders = self._symbols.get(symbol)
            return list(orders.open) if orders is not None else []
        return [record for orders in self._symbols.values() for record in orders.open]

    @property
    def open_count(self) -> int:
        return sum(len(orders.open) for orders in self._symbols.values())

    @property
    def executed_count(self) -> int:
        return sum(orders.executed_count for orders in self._symbols.values())

    @property
    def symbols_with_executed(self) -> int:
        return sum(1 for orders in self._symbols.values() if orders.executed_count)


def _is_before(happened_ms: int, record: OrderRecord) -> bool:
    """Whether something happened before we decided to place this order."""
    return 0 < happened_ms < record.decided_ms - _CLOCK_DOUBT_MS


def _keeps_name(known: OrderRecord, record: OrderRecord) -> bool:
    """Which of two orders is meant by the client id that both have: the one that is younger."""
    if not record.is_acknowledged:
        return False  # of ours, just decided
    if not known.is_acknowledged:
        return not known.is_refused or _is_before(record.order.created_ms, known)
    return known.order.created_ms > record.order.created_ms
