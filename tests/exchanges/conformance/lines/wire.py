"""The made-up venue's wire format, as its client speaks it: our own messages as lines of JSON."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from exchanges.base.capabilities import VenueCapabilities
from exchanges.base.clients import (
    BalancesReport,
    FeeRates,
    FillsReport,
    FinishedOrdersReport,
    KeyPermissions,
    OpenOrdersReport,
)
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.http_client import HttpCall, HttpClient, lost
from exchanges.base.lasting_connection import Request
from exchanges.base.rate_limiter import Priority, RateLimiter, Scope
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import Answers, HandlerFailedError, report_refused_frame, tell_error
from messages.balance import Balance
from messages.commands import AmendOrder, OrderReference, PlaceOrder, Withdraw
from messages.enums import Side
from messages.errors import ProtocolError, RefusalReason, UnsupportedError, VenueRefusedError
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Fill, Order
from messages.symbol import Symbol
from messages.withdrawal import Withdrawal

T = TypeVar("T")
_SCOPE: Final = Scope("lines", 100, 1.0)


class _Refused(msgspec.Struct):
    reason: RefusalReason
    label: str


class Pushed(msgspec.Struct):
    """A frame: what happened, or the answer to a request."""

    order: Order | None = None
    fill: Fill | None = None
    balances: tuple[Balance, ...] | None = None
    ticker: BookTicker | None = None
    granted: int | None = None
    refused: int | None = None
    reason: RefusalReason = RefusalReason.OTHER
    label: str = ""
    pong: bool = False


class Lines:
    """Asks one line at a time, for an account or for nobody."""

    def __init__(
        self,
        environment: Environment,
        endpoints: Endpoints,
        limiter: RateLimiter,
        clock: ServerClock,
        *,
        settings: VenueSettings,
        credentials: Credentials | None = None,
    ) -> None:
        self.clock = clock
        self._url = endpoints.rest
        self._key = {} if credentials is None else key_of(credentials)
        timeouts = {"timeout_s": settings.request_timeout_s, "max_wait_s": settings.max_wait_s}
        self._http = HttpClient(environment, name="lines", limiter=limiter, **timeouts)

    @property
    def answers_count(self) -> int:
        return self._http.answers_count

    async def ask(self, op: str, answer: type[T], *, changes: bool = False, **said: Any) -> T:
        return (await self.ask_as_of(op, answer, changes=changes, **said))[0]

    async def ask_as_of(
        self,
        op: str,
        answer: type[T],
        *,
        changes: bool = False,
        before_sending: Callable[[], None] | None = None,
        **said: Any,
    ) -> tuple[T, int]:
        """The answer, and when it was true by the exchange's clock."""

        def headers() -> Mapping[str, str]:
            if before_sending is not None:
                before_sending()
            return {}

        call = HttpCall(
            operation=op,
            method="POST",
            url=self._url,
            headers=headers,
            scope=_SCOPE,
            body=msgspec.json.encode({"op": op, **said, **self._key}),
            changes=changes,
            priority=Priority.CANCEL if op.startswith("cancel") else Priority.NORMAL,
        )
        got = await self._http.send(call)
        try:
            if got.response.status != 200:
                refused = msgspec.json.decode(got.response.body, type=_Refused)
                raise VenueRefusedError(refused.reason, refused.label, retry_after_s=got.retry_after_s)
            as_of_ms = int(got.response.headers["x-time"])
            self.clock.sample(got.sent_s, got.received_s, as_of_ms)
            return msgspec.json.decode(got.response.body, type=answer), as_of_ms
        except (msgspec.MsgspecError, ValueError, KeyError) as error:
            raise (lost(call, "unreadable") if changes else ProtocolError(f"{op}: unreadable")) from error


class LinesPublicRest:
    """`exchanges.base.clients.PublicRest`."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def server_time_ms(self) -> int:
        return await self._lines.ask("time", int)

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        return {each.symbol: each for each in await self._lines.ask("markets", tuple[Instrument, ...])}

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        return await self._lines.ask("ticker", BookTicker, market=str(symbol))


class LinesPrivateRest:
    """`exchanges.base.clients.PrivateRest`."""

    def __init__(self, lines: Lines, capabilities: VenueCapabilities, settings: VenueSettings) -> None:
        self._lines = lines
        self.capabilities = capabilities
        self.query_lag_ms = settings.query_lag_ms

    @property
    def answers_count(self) -> int:
        return self._lines.answers_count

    async def load_balances(self) -> BalancesReport:
        rows, as_of_ms = await self._lines.ask_as_of("balances", tuple[Balance, ...])
        return BalancesReport(tuple(msgspec.structs.replace(row, updated_ms=as_of_ms) for row in rows), as_of_ms)

    async def load_open_orders(self, symbol: Symbol | None = None) -> OpenOrdersReport:
        market = self._market("open orders of the whole account", symbol)
        rows, as_of_ms = await self._lines.ask_as_of("open_orders", tuple[Order, ...], market=market)
        return OpenOrdersReport(rows, as_of_ms, (), None if symbol is None else frozenset({symbol}))

    async def load_finished_orders(
        self, symbol: Symbol | None, *, from_ms: int | None = None, limit: int | None = None
    ) -> FinishedOrdersReport:
        said = {"market": self._market("history of the whole account", symbol), "from_ms": from_ms}
        more = None if limit is None else limit + 1
        rows, as_of_ms = await self._lines.ask_as_of("finished_orders", tuple[Order, ...], limit=more, **said)
        return FinishedOrdersReport(rows[:limit], as_of_ms, (), limit is None or len(rows) <= limit)

    async def load_fills(
        self,
        symbol: Symbol | None,
        *,
        order_id: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
    ) -> FillsReport:
        said = {"market": self._market("history of the whole account", symbol), "order_id": order_id}
        rows, as_of_ms = await self._lines.ask_as_of("fills", tuple[Fill, ...], from_ms=from_ms, to_ms=to_ms, **said)
        return FillsReport(rows, as_of_ms)

    async def load_fee_rates(self, symbol: Symbol) -> FeeRates:
        return await self._lines.ask("fees", FeeRates, market=str(symbol))

    async def load_key_permissions(self) -> KeyPermissions:
        return await self._lines.ask("key", KeyPermissions)

    async def get_order(self, order: OrderReference, *, priority: Priority = Priority.NORMAL) -> Order | None:
        del priority
        try:
            return await self._lines.ask("order", Order, **_named(order))
        except VenueRefusedError as error:
            if error.reason is RefusalReason.ORDER_NOT_FOUND:
                return None
            raise

    async def place_order(
        self, order: PlaceOrder, *, decided_ms: int | None = None, before_sending: Callable[[], None] | None = None
    ) -> Order:
        del decided_ms  # nothing expires there
        said = {
            "market": str(order.symbol),
            "side": order.side.value,
            "type": order.type.value,
            "time_in_force": order.time_in_force.value,
            "quantity": order.quantity,
            "quote_quantity": order.quote_quantity,
            "price": order.price,
            "client_order_id": order.client_order_id,
        }
        placed, _ = await self._lines.ask_as_of("place", Order, changes=True, before_sending=before_sending, **said)
        return placed

    async def cancel_order(self, order: OrderReference) -> Order:
        return await self._lines.ask("cancel", Order, changes=True, **_named(order))

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        if side is not None:
            self._lacks("cancel of one side")
        market = self._market("cancel of the whole account", symbol)
        return await self._lines.ask("cancel_all", tuple[Order, ...], changes=True, market=market)

    async def amend_order(self, _order: AmendOrder, *, decided_ms: int | None = None) -> Order:
        del decided_ms
        self.capabilities.require_amend()
        raise AssertionError("it declares that it has none")

    async def arm_dead_mans_switch(self, timeout_s: int) -> None:
        self.capabilities.require_countdown("timeout_s", timeout_s)

    async def withdraw(self, _: Withdraw) -> Withdrawal:
        self._lacks("withdrawals")

    async def get_withdrawal(self, _: str) -> Withdrawal | None:
        self._lacks("withdrawals")

    async def cancel_withdrawal(self, _: str) -> Withdrawal:
        self._lacks("withdrawals")

    async def load_withdrawals(self, **_: object) -> tuple[Withdrawal, ...]:
        self._lacks("withdrawals")

    def _market(self, what: str, symbol: Symbol | None) -> str:
        if symbol is None:
            self._lacks(what)
        return str(symbol)

    def _lacks(self, what: str) -> NoReturn:
        raise UnsupportedError(self.capabilities.venue, what, "ask market by market")


def _named(order: OrderReference) -> dict[str, Any]:
    return {"market": str(order.symbol), "order_id": order.order_id, "client_order_id": order.client_order_id}


def key_of(credentials: Credentials) -> dict[str, str]:
    return {"key": credentials.reveal_key(), "secret": credentials.reveal_secret()}


class _Frames:
    """What both sockets have in common."""

    def __init__(
        self,
        name: str,
        endpoints: Endpoints,
        settings: VenueSettings,
        handlers: PrivateWebsocketHandlers | PublicWebsocketHandlers,
    ) -> None:
        self.name = name
        self.settings = settings.socket
        self._url = endpoints.ws
        self._error = handlers.error
        self._answers: Answers | None = None

    async def url(self) -> str:
        return self._url

    def attach(self, answers: Answers) -> None:
        self._answers = answers

    def heartbeat(self) -> bytes:
        return b'{"op":"ping"}'

    def feed(self, frame: bytes) -> None:
        try:
            said = msgspec.json.decode(frame, type=Pushed)
            if said.granted is not None and self._answers is not None:
                self._answers.acknowledge(said.granted)
            elif said.refused is not None:
                refusal = VenueRefusedError(said.reason, said.label)
                if self._answers is None or not self._answers.refuse(said.refused, refusal):
                    tell_error(self.name, refusal, self._error)
            elif not said.pong:
                self.tell(said)
        except Exception as problem:
            report_refused_frame(self.name, frame, problem, self._error)

    def tell(self, said: Pushed) -> None:
        raise NotImplementedError


class LinesPrivateFrames(_Frames):
    """`exchanges.base.websocket_clients.PrivateFrames`."""

    def __init__(
        self,
        endpoints: Endpoints,
        settings: VenueSettings,
        credentials: Credentials,
        handlers: PrivateWebsocketHandlers,
    ) -> None:
        super().__init__("lines.private", endpoints, settings, handlers)
        self._key = key_of(credentials)
        self._handlers = handlers

    def login(self) -> Sequence[Request]:
        return ()

    def subscriptions(self) -> Sequence[Request]:
        return [(1, msgspec.json.encode({"op": "account", "id": 1, **self._key}))]

    def tell(self, said: Pushed) -> None:
        handlers = self._handlers
        try:
            if said.order is not None:
                handlers.order(said.order)
            elif said.fill is not None:
                handlers.execution(said.fill)
            elif said.balances is not None:
                handlers.balance(said.balances)
            else:
                raise ProtocolError("a frame that says nothing")
        except ProtocolError:
            raise
        except Exception as error:
            raise HandlerFailedError(f"a handler failed: {type(error).__name__}") from error


class LinesPublicFrames(_Frames):
    """`exchanges.base.websocket_clients.PublicFrames`."""

    def __init__(self, endpoints: Endpoints, settings: VenueSettings, handlers: PublicWebsocketHandlers) -> None:
        super().__init__("lines.public", endpoints, settings, handlers)
        self._handlers = handlers
        self._numbers = itertools.count(1)

    def subscriptions(self, symbols: Iterable[Symbol]) -> Sequence[Request]:
        number, markets = next(self._numbers), sorted(map(str, symbols))
        return [(number, msgspec.json.encode({"op": "tickers", "id": number, "markets": markets}))] if markets else ()

    def tell(self, said: Pushed) -> None:
        if said.ticker is None:
            raise ProtocolError("a frame that says nothing")
        self._handlers.book_ticker(said.ticker)
