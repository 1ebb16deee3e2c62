"""What a request sees of its account: the books of now or, when a query lags, of then; less what is forgotten."""

from collections.abc import Callable, Mapping, Sequence
from heapq import merge

from exchanges.simulator.core.accounts import AccountRecord
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.ledger import Balance
from exchanges.simulator.core.orders import Fill, Order
from exchanges.simulator.core.replica import Past, Replica
from exchanges.simulator.core.retention import Retention
from exchanges.simulator.faults.faults import Faults
from exchanges.simulator.faults.queries import MAX_LAG_MS, OrderUnknown, PositionQuery, QueryKind, QueryLag


class View:
    """One account's books as one request sees them. Orders of a view of now are the engine's own, to be changed."""

    def __init__(
        self, record: AccountRecord, balances: dict[str, Balance], retention: Retention, now_ms: int, past: Past | None
    ) -> None:
        self._record = record
        self._balances = balances
        self._retention = retention
        self._now_ms = now_ms
        self._past = past

    @property
    def then_ms(self) -> int | None:
        """When the books stood like this, by the clock that lags are measured by; None: now."""
        return None if self._past is None else self._past.then_ms

    def order(self, order_id: int) -> Order | None:
        """Returns the order with this id, None when it is not known."""
        return self._seen(self._record.orders.get(order_id))

    def order_by_text(self, text: str) -> Order | None:
        """Returns the newest order with this client id, None when it is not known."""
        newest = self._record.by_text.get(text)
        found = self._seen(newest)
        if found is None and newest is not None and self._past is not None:  # then another one may have had the text
            older = (order for order in reversed(self._record.orders.values()) if order.text == text)
            found = next(filter(None, map(self._seen, older)), None)
        return None if found is None or self._forgets_text(found) else found

    def open_orders(self) -> list[Order]:
        """Returns the open orders, oldest first."""
        return list(self._record.open_orders.values()) if self._past is None else self._past.open_orders()

    def finished(self, pair: str) -> Sequence[Order]:
        """Returns the orders of the pair, or with "" of all, that have ended, by when they did."""
        pairs = [pair] if pair else list(self._record.finished)
        lists = [self._finished_of(each) for each in pairs]
        orders = lists[0] if len(lists) == 1 else list(merge(*lists, key=_ended_ms))
        if self._retention.unfilled_cancel_kept_s is None:
            return orders
        return [order for order in orders if not self._forgets(order)]

    def _finished_of(self, pair: str) -> Sequence[Order]:
        return self._record.finished.get(pair, []) if self._past is None else self._past.finished(pair)

    def fills(self, *, pair: str = "", order: Order | None = None) -> Sequence[Fill]:
        """Returns the fills of one order, of one pair, or all, oldest first."""
        if order is not None:
            fills = order.fills
        else:
            fills = self._record.fills_by_pair.get(pair, []) if pair else self._record.fills
        return fills if self._past is None else self._past.fills(fills)

    def balances(self) -> Mapping[str, Balance]:
        """Returns the balances by currency; a currency that the account never had is missing."""
        return self._balances if self._past is None else self._past.balances(self._balances)

    def _forgets(self, order: Order) -> bool:
        """Whether nothing is known of an order any more."""
        kept_s = self._retention.unfilled_cancel_kept_s
        return kept_s is not None and not order.filled_base and self._ended_before(order, kept_s)

    def _forgets_text(self, order: Order) -> bool:
        """Whether an order is not found by its text any more."""
        if self._retention.filled_texts_stay and order.filled_base:
            return False
        return self._ended_before(order, self._retention.text_kept_s)

    def _ended_before(self, order: Order, kept_s: int) -> bool:
        return not order.is_open and self._now_ms - order.ended_ms > kept_s * 1000

    def _seen(self, order: Order | None) -> Order | None:
        if order is not None and self._past is not None:
            order = self._past.order(order)
        return None if order is None or self._forgets(order) else order


def _ended_ms(order: Order) -> int:
    return order.ended_ms


class Views:
    """Gives each request its view, as the faults and the retention want it."""

    def __init__(
        self,
        engine: Engine,
        faults: Faults,
        retention: Retention,
        *,
        clock_ms: Callable[[], int],
    ) -> None:
        """``clock_ms``: what lags are measured by. To be made once all accounts are opened."""
        self.retention = retention
        self._engine = engine
        self._faults = faults
        self._replica = Replica(engine, now_ms=clock_ms, kept_ms=MAX_LAG_MS)
        engine.listeners.append(self._replica)

    def for_command(self, account: str) -> View:
        """Returns what a command works on: the books of now."""
        return self._view(account, None)

    def for_query(self, account: str, query: QueryKind | PositionQuery) -> View:
        """Returns what a query is answered from."""
        lag = self._faults.strike(QueryLag, lambda fault: fault.concerns(account, query))
        return self._view(account, None if lag is None else self._replica.past(account, lag.lag_ms))

    def denies(self, order: Order, query: QueryKind) -> bool:
        """Whether an order that was found by a query is said not to be there."""
        now_ms = self._engine.now_ms()
        return self._faults.strike(OrderUnknown, lambda fault: fault.concerns(order, query, now_ms)) is not None

    def _view(self, account: str, past: Past | None) -> View:
        engine = self._engine
        return View(engine.accounts[account], engine.ledger.balances(account), self.retention, engine.now_ms(), past)
