"""A venue that needs no network: canned answers to the queries of a start, and whatever private socket it is given."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final, cast

from exchanges.base.capabilities import ClientIdRules, RequestScope, VenueCapabilities
from exchanges.base.clients import (
    BalancesReport,
    FillsReport,
    OpenOrdersReport,
    PrivateRest,
    PrivateWebsocket,
    PublicRest,
    PublicWebsocket,
    Venue,
)
from exchanges.base.credentials import Credentials
from exchanges.base.environment import SystemClock
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.server_clock import ServerClock
from messages.balance import Balance
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.symbol import Product, Symbol

NOW_MS: Final = 1_760_000_000_000
PLENTY: Final = Decimal(1_000_000_000)
CREDENTIALS: Final = Credentials("benchmark-key", "benchmark-secret")
MakeSocket = Callable[[PrivateWebsocketHandlers], PrivateWebsocket]


class HandFedSocket:
    """A private socket whose frames come from a caller's hand: a real decoder and nothing under it."""

    def __init__(self, feed: Callable[[bytes], None]) -> None:
        self.feed = feed

    async def connect(self) -> None: ...

    async def close(self) -> None: ...


class SilentPrivateSocket:
    """A private socket on which nothing is ever heard."""

    def __init__(self, _: PrivateWebsocketHandlers) -> None: ...

    async def connect(self) -> None: ...

    async def close(self) -> None: ...


class SilentPublicSocket:
    """A public socket on which nothing is ever heard."""

    async def connect(self, symbols: Iterable[Symbol]) -> None: ...

    async def subscribe(self, symbols: Iterable[Symbol]) -> None: ...

    async def close(self) -> None: ...


class CannedPublicRest:
    """A clock that stands still, and one set of rules for all markets."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._instruments = {
            symbol: Instrument(symbol=symbol, tick=Decimal("0.01"), lot=Decimal("0.001"), quote_step=Decimal("0.01"))
            for symbol in symbols
        }

    async def server_time_ms(self) -> int:
        return NOW_MS

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        return self._instruments

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        return BookTicker(
            symbol=symbol, bid=None, bid_quantity=None, ask=None, ask_quantity=None, update_id=1, time_ms=NOW_MS
        )


_EVERYTHING: Final = VenueCapabilities(
    venue="canned",
    products=frozenset({Product.SPOT}),
    open_orders=RequestScope.ACCOUNT,
    histories=RequestScope.ACCOUNT,
    cancel_all=RequestScope.ACCOUNT,
    cancels_by_side=True,
    amends_orders=True,
    shortest_countdown_s=None,
    withdraws=False,
    order_entry_by_socket=False,
    answers_tell_state=True,
    client_order_ids=ClientIdRules(longest=28, pattern=".+", allowed="1 to 28 characters"),
    found_by_client_id_ms=None,
    order_expiry_ms=None,
    unfilled_kept_ms=None,
)


class CannedPrivateRest:
    """An account with plenty of money and no open orders; it can start, and no more."""

    capabilities = _EVERYTHING
    query_lag_ms = 0
    answers_count = 0

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        currencies = sorted({currency for symbol in symbols for currency in (symbol.base, symbol.quote)})
        self._balances = tuple(
            Balance(currency=currency, available=PLENTY, locked=Decimal(0), updated_ms=NOW_MS)
            for currency in currencies
        )

    async def load_balances(self) -> BalancesReport:
        return BalancesReport(self._balances, NOW_MS)

    async def load_open_orders(self) -> OpenOrdersReport:
        return OpenOrdersReport((), NOW_MS)

    async def load_fills(self, *_: object, **__: object) -> FillsReport:
        return FillsReport((), NOW_MS)


class CannedVenue:
    """`exchanges.base.clients.Venue` for one account.

    Args:
        symbols: markets that it lists. make_socket: the private socket, real, hand-fed or silent.
        orders_go_to: a real venue, for a benchmark that sends orders: its client and its clock take their place.
    """

    name = "canned"
    capabilities = _EVERYTHING

    def __init__(
        self,
        symbols: Iterable[Symbol],
        *,
        make_socket: MakeSocket = SilentPrivateSocket,
        orders_go_to: Venue | None = None,
    ) -> None:
        self._symbols = tuple(symbols)
        self._make_socket = make_socket
        self._orders_go_to = orders_go_to
        self._server_clock = ServerClock(SystemClock())
        self._server_clock.sample(0.0, 0.0, 0.0)

    def create_public_rest(self) -> PublicRest:
        return CannedPublicRest(self._symbols)

    def create_public_ws_with_handlers(self, _: PublicWebsocketHandlers, /) -> PublicWebsocket:
        return SilentPublicSocket()

    def create_private_rest(self, credentials: Credentials) -> PrivateRest:
        if self._orders_go_to is not None:
            return self._orders_go_to.create_private_rest(credentials)
        return cast("PrivateRest", CannedPrivateRest(self._symbols))

    def create_private_ws_with_handlers(
        self, _: Credentials, /, handlers: PrivateWebsocketHandlers
    ) -> PrivateWebsocket:
        return self._make_socket(handlers)

    def server_now_ms(self) -> int:
        return self._server_clock.now_ms() if self._orders_go_to is None else self._orders_go_to.server_now_ms()
