"""The desks of one account on virtual time, with an exchange that is a dictionary: no loop, no sockets, no actor.

Requests are carried out one after another as time is moved on; a script says which of them fail, and how.
"""

import enum
import heapq
import random
from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial
from typing import Any, cast

import msgspec

from actors.account.context import AccountContext
from actors.account.intents import Intents
from actors.account.orders.client_ids import ClientIds
from actors.account.orders.commands import OrderCommands
from actors.account.orders.mass_cancel import MassCancels
from actors.account.orders.reconciler import OrderReconciler
from actors.account.settings import AccountSettings
from actors.journal import Journal
from actors.runtime import Reply
from exchanges.base.clients import FillsReport, FinishedOrdersReport, OpenOrdersReport, PrivateRest
from messages.commands import AmendOrder, CancelAll, OrderReference, PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import (
    ConnectionFailedError,
    RefusalReason,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
)
from messages.instrument import Instrument
from messages.order import Order
from messages.symbol import Symbol
from tests.support.capabilities import capabilities
from tests.support.orders import BTC, SOL, balance
from tests.support.spot_state import spot_state

START_MS = 1_700_000_000_000


class Fate(enum.Enum):
    """What becomes of a request."""

    DONE = "done"
    REFUSED = "refused"
    LIMITED = "limited"
    UNREACHABLE = "unreachable"
    NEVER_ARRIVED = "never arrived"
    ANSWER_LOST = "answer lost"


class Venue:
    """What is open there, and what happens to requests: those in ``fates`` in turn, later ones are done.

    Attributes:
        requests: the names of those that were made. refused: names of those that always are.
        hidden: ids of orders that the list of open orders lacks. gone: markets of which it knows nothing any more.
    """

    capabilities = capabilities(order_expiry_ms=5_000)
    query_lag_ms: int = 0
    is_clock_still = False

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.orders: dict[str, Order] = {}
        self.fates: list[Fate] = []
        self.requests: list[str] = []
        self.refused: set[str] = set()
        self.hidden: set[str] = set()
        self.gone: set[Symbol] = set()

    @property
    def open(self) -> dict[str, Order]:
        return {order_id: order for order_id, order in self.orders.items() if order.is_open}

    def add(self, symbol: Symbol = SOL, side: Side = Side.BUY, *, client_order_id: str | None = None) -> Order:
        """An order that somebody else has placed."""
        command = PlaceOrder.limit(symbol, side, Decimal(1), Decimal(100), client_order_id=client_order_id or "other")
        return self._take(command)

    def _take(self, command: PlaceOrder) -> Order:
        order_id = str(1000 + len(self.orders))
        order = msgspec.structs.replace(
            command.as_order(OrderStatus.NEW),
            order_id=order_id,
            created_ms=self._now_ms(),
            updated_ms=self._now_ms(),
        )
        self.orders[order_id] = order
        return order

    def _carry_out(self, name: str, do: Callable[[], Any], *, changes: bool = True) -> Any:
        self.requests.append(name)
        fate = self.fates.pop(0) if self.fates else Fate.DONE
        if fate is Fate.REFUSED or name in self.refused:
            raise VenueRefusedError(RefusalReason.OTHER, "TRY_LATER")
        if fate is Fate.LIMITED:
            raise VenueRefusedError(RefusalReason.RATE_LIMIT, "TOO_MANY_REQUESTS", retry_after_s=3_600.0)
        if fate is Fate.UNREACHABLE or (fate in {Fate.NEVER_ARRIVED, Fate.ANSWER_LOST} and not changes):
            raise ConnectionFailedError(f"{name}: nobody answers")
        if fate is Fate.NEVER_ARRIVED:
            raise UnknownOutcomeError(f"{name}: it may or may not have happened")
        value = do()
        if fate is Fate.ANSWER_LOST:
            raise UnknownOutcomeError(f"{name}: it may or may not have happened")
        return value

    def end(self, order: Order, status: OrderStatus = OrderStatus.CANCELED) -> Order:
        ended = msgspec.structs.replace(
            order, status=status, finish_reason=status.value, updated_ms=max(self._now_ms(), order.updated_ms + 1)
        )
        self.orders[str(order.order_id)] = ended
        return ended

    def _find(self, reference: OrderReference) -> Order | None:
        if reference.order_id is not None:
            return self.orders.get(reference.order_id)
        return next((o for o in self.orders.values() if o.client_order_id == reference.client_order_id), None)

    # -- as `PrivateRest` -----------------------------------------------------------------------------------------

    async def place_order(
        self, order: PlaceOrder, *, decided_ms: int | None = None, before_sending: Callable[[], None] | None = None
    ) -> Order:
        del decided_ms
        if before_sending is not None:
            before_sending()
        return cast("Order", self._carry_out("place", lambda: self._take(order)))

    async def cancel_order(self, order: OrderReference) -> Order:
        def do() -> Order:
            found = self._find(order)
            if found is None or found.is_finished:
                raise VenueRefusedError(RefusalReason.ORDER_NOT_FOUND, "ORDER_NOT_FOUND")
            return self.end(found)

        return cast("Order", self._carry_out("cancel", do))

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        def do() -> tuple[Order, ...]:
            if symbol in self.gone:
                raise VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, "INVALID_CURRENCY_PAIR")
            scope = [o for o in self.open.values() if symbol in {None, o.symbol} and side in {None, o.side}]
            return tuple(self.end(order) for order in scope)

        return cast("tuple[Order, ...]", self._carry_out("cancel_all", do))

    async def amend_order(self, order: AmendOrder, *, decided_ms: int | None = None) -> Order:
        del decided_ms

        def do() -> Order:
            found = self._find(order)
            if found is None or found.is_finished:
                raise VenueRefusedError(RefusalReason.ORDER_FINISHED, "ORDER_CLOSED")
            changed = msgspec.structs.replace(
                found,
                price=order.price or found.price,
                quantity=order.quantity or found.quantity,
                updated_ms=found.updated_ms if self.is_clock_still else max(self._now_ms(), found.updated_ms + 1),
            )
            self.orders[str(found.order_id)] = changed
            return changed

        return cast("Order", self._carry_out("amend", do))

    async def load_open_orders(self, symbol: Symbol | None = None) -> OpenOrdersReport:
        def do() -> OpenOrdersReport:
            if symbol in self.gone:
                raise VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, "INVALID_CURRENCY_PAIR")
            listed = (order for order_id, order in self.open.items() if order_id not in self.hidden)
            in_scope = tuple(order for order in listed if symbol in {None, order.symbol})
            return OpenOrdersReport(in_scope, self._now_ms(), (), None if symbol is None else frozenset({symbol}))

        return cast("OpenOrdersReport", self._carry_out("open_orders", do, changes=False))

    async def get_order(self, order: OrderReference, **_: object) -> Order | None:
        return cast("Order | None", self._carry_out("get_order", lambda: self._find(order), changes=False))

    async def load_fills(self, symbol: Symbol | None, **_: object) -> FillsReport:
        del symbol
        return FillsReport((), self._now_ms())

    async def load_finished_orders(self, symbol: Symbol | None, **_: object) -> FinishedOrdersReport:
        del symbol
        return FinishedOrdersReport(tuple(order for order in self.orders.values() if order.is_finished), self._now_ms())


class AccountParts:
    """The desks as an account makes them.

    Attributes:
        told: orders as subscribers were told of them. venue: the exchange. context: what the desks share.
        latency_s: so long after it was decided a request is carried out. way_back_s: its answer takes so much longer.
    """

    def __init__(self, *, journal: Journal | None = None, **settings: Any) -> None:
        self._now_s = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.latency_s = 0.0
        self.way_back_s = 0.0
        self.told: list[Order] = []
        self.trouble: list[Exception] = []
        self.venue = Venue(self.now_ms)
        self.state = spot_state(executed_limit=settings.get("executed_limit", 1000))
        self.context = AccountContext(
            name="alpha",
            settings=AccountSettings(**settings),
            state=self.state,
            io=self._io,
            later=self._later,
            monotonic_s=lambda: self._now_s,
            server_now_ms=self.now_ms,
            tell_order=self._tell_order,
            tell_fill=lambda _: None,
            tell_trouble=self.trouble.append,
        )
        self.state.funds.apply_balances([balance("USDT", "100000"), balance("SOL", "1000"), balance("BTC", "1000")])
        self.context.instruments = {symbol: _instrument(symbol) for symbol in (SOL, BTC)}
        self.context.sync_state = SyncState.LIVE
        self.intents = Intents(journal)
        self.reconciler = OrderReconciler(self.context)
        self.orders = OrderCommands(self.context, self.reconciler, ClientIds(START_MS, random.Random(1)), self.intents)
        self.mass_cancels = MassCancels(
            self.context,
            self.reconciler,
            self.intents,
            random.Random(1),
            cancel_one=self.orders.cancel_named,
            call_back=self.orders.call_back,
        )

    def now_ms(self) -> int:
        return START_MS + int(self._now_s * 1000)

    def connect(self) -> None:
        """The first session is open."""
        self.context.rest = cast("PrivateRest", self.venue)
        self.mass_cancels.hurry()

    def apply(self, order: Order) -> None:
        """The socket tells of an order."""
        self.context.apply_order(order)

    def place(self, symbol: Symbol = SOL, side: Side = Side.BUY, *, client_order_id: str | None = None) -> Reply[Order]:
        reply: Reply[Order] = Reply()
        command = PlaceOrder.limit(symbol, side, Decimal(1), Decimal(100), client_order_id=client_order_id)
        self.orders.place(command, lambda: reply)
        return reply

    def resting(self, symbol: Symbol = SOL, side: Side = Side.BUY, *, client_order_id: str | None = None) -> Order:
        """An order of ours that the exchange has acknowledged."""
        reply = self.place(symbol, side, client_order_id=client_order_id)
        self.pass_time(0)
        return reply.result()

    def cancel_all(self, symbol: Symbol | None = None, side: Side | None = None) -> Reply[tuple[Order, ...]]:
        reply: Reply[tuple[Order, ...]] = Reply()
        self.mass_cancels.cancel(CancelAll(symbol=symbol, side=side), lambda: reply)
        return reply

    def engage(self) -> Reply[tuple[Order, ...]]:
        reply: Reply[tuple[Order, ...]] = Reply()
        self.context.kill_switch = "stop"
        self.mass_cancels.engage(lambda: reply)
        return reply

    def pass_time(self, seconds: float) -> None:
        """Whatever is due by then is done, in its order."""
        until_s = self._now_s + seconds
        while self._due and self._due[0][0] <= until_s:
            self._now_s, _, run = heapq.heappop(self._due)
            run()
        self._now_s = until_s

    def _tell_order(self, order: Order) -> None:
        self.told.append(order)
        self.orders.has_changed(order)
        self.mass_cancels.has_changed(order)

    def _later(self, delay_s: float, run: Callable[[], None]) -> object:
        self._count += 1
        heapq.heappush(self._due, (self._now_s + delay_s, self._count, run))
        return None

    def _io(
        self,
        name: str,
        coroutine: Coroutine[Any, Any, Any],
        then: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        del name

        def run() -> None:
            try:
                coroutine.send(None)
            except StopIteration as ended:
                answer = partial(then, ended.value)
            except TellerError as error:
                answer = partial(failed, error)
            else:
                raise AssertionError("nothing here waits")
            if self.way_back_s:
                self._later(self.way_back_s, answer)
            else:
                answer()

        self._later(self.latency_s, run)


def _instrument(symbol: Symbol) -> Instrument:
    return Instrument(
        symbol=symbol,
        tick=Decimal("0.01"),
        lot=Decimal("0.001"),
        quote_step=Decimal("0.01"),
    )
