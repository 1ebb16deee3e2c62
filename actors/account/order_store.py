"""All orders of an account: open ones as live state, finished ones as a bounded memory (R9)."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from actors.account.order_record import OrderRecord
from messages.order import Fill, Order
from messages.symbol import Symbol

_ORPHAN_FILLS_LIMIT: Final = 10_000
_TRADE_IDS_LIMIT: Final = 20_000


class SymbolOrders:
    """The orders of one symbol. Every operation costs the same however many orders are kept.

    Attributes:
        open: by record, in order of arrival. executed_count: finished orders kept.
        evicted_through_ms: newest time stamp among the finished orders that were dropped for room.
        fills_through_ms: every fill up to here has been loaded; the exchange's clock.
        echoes: open orders that may be a late report of a dropped one, until the exchange has been asked.
    """

    __slots__ = (
        "_by_client_id",
        "_by_order_id",
        "_executed",
        "_executed_limit",
        "_orphan_count",
        "_orphan_fills",
        "_seen_order",
        "_seen_trade_ids",
        "echoes",
        "evicted_through_ms",
        "fills_through_ms",
        "open",
    )

    def __init__(self, executed_limit: int) -> None:
        self.open: dict[OrderRecord, None] = {}
        self.echoes: dict[OrderRecord, None] = {}
        self.evicted_through_ms: int = 0
        self.fills_through_ms: int = 0
        self._by_order_id: dict[str, OrderRecord] = {}
        self._by_client_id: dict[str, OrderRecord] = {}
        self._executed: deque[OrderRecord] = deque()
        self._executed_limit = executed_limit
        self._orphan_fills: dict[str, list[Fill]] = {}
        self._orphan_count = 0
        self._seen_trade_ids: set[str] = set()
        self._seen_order: deque[str] = deque()

    @property
    def executed_count(self) -> int:
        return len(self._executed)

    @property
    def orphan_order_ids(self) -> tuple[str, ...]:
        """Orders that we know by their fills only."""
        return tuple(self._orphan_fills)

    def executed(self) -> Iterator[Order]:
        """Finished orders that are kept, oldest first."""
        return (record.order for record in self._executed)

    def find(self, order_id: str | None, client_order_id: str | None) -> OrderRecord | None:
        """By the exchange's id first; a client id counts only where the ids do not contradict."""
        if order_id is not None:
            record = self._by_order_id.get(order_id)
            if record is not None:
                return record
        if client_order_id is None:
            return None
        record = self._by_client_id.get(client_order_id)
        if record is None or order_id is None or record.order.order_id is None:
            return record
        return record if record.order.order_id == order_id else None

    def add(self, record: OrderRecord) -> list[Fill]:
        """Takes in a new record; returns fills that had come before it, for it to count."""
        order = record.order
        if order.client_order_id is not None:
            self._by_client_id[order.client_order_id] = record
        if order.is_finished:
            self._keep_executed(record)
        else:
            self.open[record] = None
            if 0 < order.updated_ms <= self.evicted_through_ms:
                self.echoes[record] = None
        return self.index(record)

    def index(self, record: OrderRecord) -> list[Fill]:
        """Files the record under the exchange's id once that is known; returns fills that had come before."""
        order_id = record.order.order_id
        if order_id is None or order_id in self._by_order_id:
            return []
        self._by_order_id[order_id] = record
        fills = self._orphan_fills.pop(order_id, [])
        self._orphan_count -= len(fills)
        return fills

    def finish(self, record: OrderRecord) -> bool:
        """Moves a finished order from open to executed; False when it had moved before (exactly once, R2)."""
        if record not in self.open:
            return False
        del self.open[record]
        self.echoes.pop(record, None)
        self._keep_executed(record)
        return True

    def replace_rejected(self, record: OrderRecord) -> None:
        """Forgets an order that we took for never accepted, because the exchange now says that it was."""
        client_order_id = record.order.client_order_id
        if client_order_id is not None and self._by_client_id.get(client_order_id) is record:
            del self._by_client_id[client_order_id]

    def keep_orphan(self, fill: Fill) -> bool:
        """Keeps a fill whose order is unknown yet; False when it was kept already or there is no room."""
        fills = self._orphan_fills.setdefault(fill.order_id, [])
        if self._orphan_count >= _ORPHAN_FILLS_LIMIT or any(known.trade_id == fill.trade_id for known in fills):
            return False
        fills.append(fill)
        self._orphan_count += 1
        return True

    def drop_orphans(self, order_id: str) -> None:
        """Forgets fills of an order that the exchange says it does not know."""
        self._orphan_count -= len(self._orphan_fills.pop(order_id, []))

    def is_new_trade(self, trade_id: str) -> bool:
        """False when this trade id was seen lately, also on an order that has been dropped for room since."""
        if trade_id in self._seen_trade_ids:
            return False
        self._seen_trade_ids.add(trade_id)
        self._seen_order.append(trade_id)
        if len(self._seen_order) > _TRADE_IDS_LIMIT:
            self._seen_trade_ids.discard(self._seen_order.popleft())
        return True

    def _keep_executed(self, record: OrderRecord) -> None:
        self._executed.append(record)
        if len(self._executed) > self._executed_limit:
            self._drop(self._executed.popleft())

    def _drop(self, record: OrderRecord) -> None:
        order = record.order
        self.evicted_through_ms = max(self.evicted_through_ms, order.updated_ms)
        if order.order_id is not None and self._by_order_id.get(order.order_id) is record:
            del self._by_order_id[order.order_id]
        if order.client_order_id is not None and self._by_client_id.get(order.client_order_id) is record:
            del self._by_client_id[order.client_order_id]


class OrderStore:
    """The orders of all symbols."""

    def __init__(self, executed_limit: int) -> None:
        """``executed_limit``: finished orders kept for each symbol, 1 or more."""
        self._executed_limit = executed_limit
        self._symbols: dict[Symbol, SymbolOrders] = {}

    def of(self, symbol: Symbol) -> SymbolOrders:
        orders = self._symbols.get(symbol)
        if orders is None:
            orders = self._symbols[symbol] = SymbolOrders(self._executed_limit)
        return orders

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
