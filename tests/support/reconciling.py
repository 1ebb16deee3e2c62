"""A doubt desk and a look-up desk against an exchange that answers as the test says, at moments that the test sets."""

from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial
from typing import Any, cast

from actors.account.context import AccountContext
from actors.account.orders.queries import OrderQueries
from actors.account.orders.reconciler import OrderReconciler
from actors.account.settings import AccountSettings
from actors.account.state import OrderKey, Reservation
from exchanges.base.clients import FillsReport, FinishedOrdersReport, OpenOrdersReport, PrivateRest, UnreadableRow
from messages.commands import OrderReference
from messages.enums import OrderStatus
from messages.order import Fill, Order
from messages.symbol import Symbol
from tests.support.capabilities import capabilities
from tests.support.orders import SOL, balance, order
from tests.support.spot_state import spot_state

LAG_MS = 10_000
KEPT_MS = 60_000


class Answers:
    """Queries as the exchange answers them: from its books, or with the error that stands for that query."""

    capabilities = capabilities(order_expiry_ms=5_000, unfilled_kept_ms=KEPT_MS)
    query_lag_ms = LAG_MS

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.open: list[Order] = []
        self.finished: list[Order] = []
        self.fills: list[Fill] = []
        self.by_id: list[Order] = []
        self.unreadable: list[UnreadableRow] = []
        self.unreadable_open: list[UnreadableRow] = []
        self.errors: dict[str, Exception] = {}
        self.asked: list[tuple[Any, ...]] = []

    def count(self, query: str) -> int:
        return sum(1 for name, *_ in self.asked if name == query)

    def _ask(self, query: str, *what: object) -> None:
        self.asked.append((query, *what))
        if query in self.errors:
            raise self.errors[query]

    async def get_order(self, reference: OrderReference, **_: object) -> Order | None:
        self._ask("get_order", reference.order_id, reference.client_order_id)
        if reference.order_id is not None:
            return next((each for each in self.by_id if each.order_id == reference.order_id), None)
        return next((each for each in self.by_id if each.client_order_id == reference.client_order_id), None)

    async def load_open_orders(self) -> OpenOrdersReport:
        self._ask("open_orders")
        return OpenOrdersReport(tuple(self.open), self._now_ms(), tuple(self.unreadable_open))

    async def load_finished_orders(self, symbol: Symbol, *, from_ms: int, **_: object) -> FinishedOrdersReport:
        self._ask("finished_orders", symbol, from_ms)
        found = (each for each in self.finished if each.symbol == symbol and each.updated_ms >= from_ms)
        return FinishedOrdersReport(tuple(found), self._now_ms())

    async def load_fills(
        self, symbol: Symbol | None, *, order_id: str | None = None, from_ms: int | None = None, **_: object
    ) -> FillsReport:
        if order_id is not None:
            self._ask("fills_of_order", order_id)
        elif symbol is None:
            self._ask("fills_of_all", from_ms)
        else:
            self._ask("fills", symbol, from_ms)
        found = (
            each
            for each in self.fills
            if symbol in {None, each.symbol} and order_id in {None, each.order_id} and each.time_ms >= (from_ms or 0)
        )
        return FillsReport(tuple(found), self._now_ms(), tuple(self.unreadable))


class Reconciling:
    """One account's desks. Answers arrive at once, or when the test says so (`hold`)."""

    def __init__(self, *, now_ms: int = 1_000_000) -> None:
        self.now_ms = now_ms
        self.state = spot_state()
        self.rest = Answers(lambda: self.now_ms)
        self.told: list[Order] = []
        self.fills: list[Fill] = []
        self.troubles: list[Exception] = []
        self.settled: list[Order | None] = []
        self.failed: list[Exception] = []
        self.unsure = 0
        self.is_holding = False
        self.most_at_once = 0
        self._held: list[tuple[str, Callable[[], None]]] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self.context = AccountContext(
            name="alpha",
            settings=AccountSettings(),
            state=self.state,
            io=self._io,
            later=self._later,
            monotonic_s=lambda: self.now_ms / 1000,
            server_now_ms=lambda: self.now_ms,
            tell_order=self._tell_order,
            tell_fill=self.fills.append,
            tell_trouble=self.troubles.append,
            rest=cast("PrivateRest", self.rest),
        )
        self.desk = OrderReconciler(self.context)
        self.lookups = OrderQueries(self.context, self.desk)
        self.state.funds.apply_balances([balance("USDT", "1000000000")])

    def _io(
        self,
        name: str,
        coroutine: Coroutine[Any, Any, Any],
        then: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        def answer() -> None:
            try:
                coroutine.send(None)
            except StopIteration as done:
                result = done.value
            except Exception as error:
                self._held.append((name, partial(failed, error)))
                return
            else:
                raise AssertionError("the exchange of this test answers at once")
            self._held.append((name, partial(then, result)))

        answer()  # the books are read when the question arrives, the answer comes later
        self.most_at_once = max(self.most_at_once, sum(1 for held, _ in self._held if held == name))
        if not self.is_holding:
            self.release()

    def _tell_order(self, told: Order) -> None:
        self.told.append(told)
        self.desk.has_changed(told)

    def hold(self) -> None:
        """From now on answers are on their way until `release`."""
        self.is_holding = True

    def release(self, only: str | None = None) -> None:
        """Answers arrive, and do so from now on; ``only``: those of that name, others are still held."""
        self.is_holding = only is not None
        while due := next((held for held in self._held if only in {None, held[0]}), None):
            self._held.remove(due)
            due[1]()

    def _later(self, delay_s: float, run: Callable[[], None]) -> None:
        self._timers.append((self.now_ms + delay_s * 1000, run))

    def run(self, for_s: float) -> None:
        """Lets time pass, with every pause that ends in it."""
        end_ms = self.now_ms + round(for_s * 1000)
        while due := [timer for timer in self._timers if timer[0] <= end_ms]:
            first = min(due, key=lambda timer: timer[0])
            self._timers.remove(first)
            self.now_ms = max(self.now_ms, round(first[0]))
            first[1]()
        self.now_ms = end_ms

    # -- orders -------------------------------------------------------------------------------------------------------

    def lose(self, client_order_id: str = "c1", *, symbol: Symbol = SOL) -> OrderKey:
        """Sends an order whose answer is lost, now."""
        pending = order(
            OrderStatus.PENDING, order_id=None, client_order_id=client_order_id, symbol=symbol, at=0, created=0
        )
        self.state.begin_order(pending, Reservation("USDT", Decimal(1)), self.now_ms)
        arrives_by_ms = self.context.arrives_by_ms(self.now_ms)
        self.desk.sent(client_order_id, decided_ms=self.now_ms, arrives_by_ms=arrives_by_ms)
        self.state.mark_unresolved(symbol, client_order_id)
        return OrderKey(symbol, None, client_order_id)

    def placed(self, order_id: str = "1001", client_order_id: str = "c1", *, symbol: Symbol = SOL) -> OrderKey:
        """An order that the exchange has told of, now."""
        told = self.row(order_id=order_id, client_order_id=client_order_id, symbol=symbol)
        self.state.apply_order(told)
        return OrderKey(symbol, order_id, client_order_id)

    def row(self, status: OrderStatus = OrderStatus.NEW, **fields: Any) -> Order:
        """A row of the exchange's, of now."""
        return order(status, **{"at": self.now_ms, "created": self.now_ms, **fields})

    def ask(self, order_key: OrderKey) -> None:
        self.desk.ask(order_key, self.settled.append, self.failed.append, self._is_unsure)

    def _is_unsure(self) -> None:
        self.unsure += 1

    def status(self, order_key: OrderKey) -> tuple[OrderStatus, str | None]:
        known = self.state.find(order_key)
        assert known is not None
        return known.status, known.finish_reason
