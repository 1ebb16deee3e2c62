"""What every venue's four clients offer; the actors know only these protocols.

All coroutines may raise the error tree of `messages.errors`. Queries raise `ConnectionFailedError` when no usable
answer came; requests that change something raise `UnknownOutcomeError` when the answer was lost (R3). No client
retries a request that changes something.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from exchanges.base.capabilities import VenueCapabilities
from exchanges.base.credentials import Credentials
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.rate_limiter import Priority
from messages.balance import Balance
from messages.commands import AmendOrder, OrderReference, PlaceOrder, Withdraw
from messages.enums import Side
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Fill, Order
from messages.symbol import Symbol
from messages.withdrawal import Withdrawal


class UnreadableRow(msgspec.Struct, frozen=True):
    """A row of a list that could not be read: it is there, and what it says is not known (R10, R14).

    Attributes:
        symbol: its market where that much could be read. market: the market's or currency's name as the exchange writes
            it, at most 64 characters; "" where it has none. item_id: the exchange's id of it, "" where it has none.
        reason: what is wrong, in words that quote nothing of it.
    """

    symbol: Symbol | None
    market: str
    item_id: str
    reason: str


class BalancesReport(msgspec.Struct, frozen=True):
    """All balances of an account: a currency that is in neither list is zero.

    Attributes:
        as_of_ms: server clock at which the query was taken up; the answer may be older by `PrivateRest.query_lag_ms`.
        unreadable: rows that say something that we cannot read; their ``market`` is the currency.
    """

    balances: tuple[Balance, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...] = ()


class OpenOrdersReport(msgspec.Struct, frozen=True):
    """All open orders of an account or of some of its markets, every page of them, or the query failed: never a part
    (R6).

    An order of these markets that was open all the time from ``as_of_ms`` until the answer came is in ``orders`` or
    ``unreadable``.

    Attributes:
        as_of_ms: server clock at which the first page's query was taken up.
        unreadable: orders that are open there, and that we cannot read more of.
        markets: what it is complete for; None: the whole account.
    """

    orders: tuple[Order, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...] = ()
    markets: frozenset[Symbol] | None = None

    def covers(self, symbol: Symbol) -> bool:
        """Whether an order of that market which it does not show was not open."""
        return self.markets is None or symbol in self.markets


class FinishedOrdersReport(msgspec.Struct, frozen=True):
    """Orders that have ended, newest first.

    Attributes:
        as_of_ms: server clock at which the first query was taken up. What ended less than `PrivateRest.query_lag_ms`
            before may be missing.
        is_complete: False when the caller's ``limit`` cut older ones off.
    """

    orders: tuple[Order, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...] = ()
    is_complete: bool = True


class FillsReport(msgspec.Struct, frozen=True):
    """Every fill of the time that was asked for, newest first.

    Attributes:
        as_of_ms: server clock at which the first query was taken up. What happened less than
            `PrivateRest.query_lag_ms` before may be missing.
        markets: what it is complete for; None: what was asked for, or the whole account.
    """

    fills: tuple[Fill, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...] = ()
    markets: frozenset[Symbol] | None = None


class FeeRates(msgspec.Struct, frozen=True):
    """Fractions of the traded value (0.001 = 0.1 %); maker may be negative."""

    maker: Decimal
    taker: Decimal


class KeyPermissions(msgspec.Struct, frozen=True):
    """What the venue says of the API key, as far as it does.

    Attributes:
        user_id: the venue's number of the account. symbols: markets the key is limited to; empty means all.
        ip_whitelist: addresses the key is limited to; empty means all.
    """

    user_id: str
    symbols: tuple[Symbol, ...]
    ip_whitelist: tuple[str, ...]


class PublicRest(Protocol):
    """Queries that need no key."""

    async def server_time_ms(self) -> int:
        """The exchange's clock, unix milliseconds; also corrects the offset that signing uses."""
        ...

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        """The rules of every market that the exchange lists and that can be traded in some way."""
        ...

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        """Best bid and ask by query."""
        ...


class PrivateRest(Protocol):
    """Queries and commands of one account.

    What the venue does not have (see ``capabilities``) is refused with `UnsupportedError`. A ``symbol`` of None means
    the whole account, and is only for requests that reach so far; `AccountWideRest` asks in the scope that there is.

    Attributes:
        capabilities: what the venue can do.
        answers_count: how many of its requests have been answered so far, in whichever way.
        query_lag_ms: answers to queries may lag this far behind what happened: "no such order" may mean "not yet". By
            the exchange's stamps: more for a while after its clock was set forward.
    """

    @property
    def capabilities(self) -> VenueCapabilities: ...

    @property
    def answers_count(self) -> int: ...

    @property
    def query_lag_ms(self) -> int: ...

    async def load_balances(self) -> BalancesReport: ...

    async def load_open_orders(self, symbol: Symbol | None = None) -> OpenOrdersReport: ...

    async def load_finished_orders(
        self, symbol: Symbol | None, *, from_ms: int | None = None, limit: int | None = None
    ) -> FinishedOrdersReport:
        """Orders that ended at or after ``from_ms``, of one market or with None of all, every page of them.

        Without ``from_ms`` as far back as the venue tells. ``limit``: at most so many, the newest.
        """
        ...

    async def load_fills(
        self,
        symbol: Symbol | None,
        *,
        order_id: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
    ) -> FillsReport:
        """Fills of one market or with None of all, or of one order of ``symbol``: every page of them.

        ``from_ms`` and ``to_ms``: of the exchange's clock, both included. Without ``from_ms`` as far back as the venue
        tells by itself.
        """
        ...

    async def load_fee_rates(self, symbol: Symbol) -> FeeRates: ...

    async def load_key_permissions(self) -> KeyPermissions: ...

    async def get_order(self, order: OrderReference, *, priority: Priority = Priority.NORMAL) -> Order | None:
        """None only when the exchange says that it knows no such order. Prefers the exchange's id if both are given."""
        ...

    async def place_order(
        self, order: PlaceOrder, *, decided_ms: int | None = None, before_sending: Callable[[], None] | None = None
    ) -> Order:
        """``order.client_order_id`` must be set. The answer is the order as the exchange took it.

        ``decided_ms``: the moment of the exchange's clock from which the order's expiry counts; None: now.
        ``before_sending``: called when its turn under the limits has come; what it raises keeps it from being sent.
        """
        ...

    async def cancel_order(self, order: OrderReference) -> Order:
        """The order as it ended; `VenueRefusedError` (ORDER_NOT_FOUND, ORDER_FINISHED) when there is none open."""
        ...

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        """The orders that were ended by this."""
        ...

    async def amend_order(self, order: AmendOrder, *, decided_ms: int | None = None) -> Order:
        """The order as amended. ``decided_ms``: as for `place_order`."""
        ...

    async def arm_dead_mans_switch(self, timeout_s: int) -> None:
        """The exchange itself cancels every open order of the account in ``timeout_s`` seconds, unless told again.

        0 disarms. Raises `InvalidValueError` for a time that the venue does not take."""
        ...

    async def withdraw(self, withdrawal: Withdraw) -> Withdrawal:
        """``withdrawal.client_withdrawal_id`` must be set."""
        ...

    async def get_withdrawal(self, withdrawal_id: str) -> Withdrawal | None: ...

    async def cancel_withdrawal(self, withdrawal_id: str) -> Withdrawal: ...

    async def load_withdrawals(
        self, *, currency: str | None, from_ms: int | None, to_ms: int | None, limit: int
    ) -> tuple[Withdrawal, ...]: ...


class PublicWebsocket(Protocol):
    """Market data."""

    async def connect(self, symbols: Iterable[Symbol]) -> None:
        """Connects and subscribes; returns when the exchange has acknowledged every subscription, or raises."""
        ...

    async def subscribe(self, symbols: Iterable[Symbol]) -> None:
        """Adds markets; returns when acknowledged, or raises."""
        ...

    async def close(self) -> None:
        """Closes for good; no handler is called after it has returned."""
        ...


class PrivateWebsocket(Protocol):
    """Orders, fills and balances of one account, all markets."""

    async def connect(self) -> None:
        """Connects, authenticates and subscribes; returns when the exchange has acknowledged everything, or raises.

        Raises:
            VenueRefusedError: the key is not accepted. ConnectionFailedError: no socket, or no acknowledgement in time.
        """
        ...

    async def close(self) -> None:
        """Closes for good; no handler is called after it has returned."""
        ...


class Venue(Protocol):
    """One exchange: four factories, what it declares, and nothing else of orchestration."""

    name: str

    @property
    def capabilities(self) -> VenueCapabilities: ...

    def create_public_rest(self) -> PublicRest: ...

    def create_public_ws_with_handlers(self, handlers: PublicWebsocketHandlers) -> PublicWebsocket: ...

    def create_private_rest(self, credentials: Credentials) -> PrivateRest: ...

    def create_private_ws_with_handlers(
        self, credentials: Credentials, handlers: PrivateWebsocketHandlers
    ) -> PrivateWebsocket: ...

    def server_now_ms(self) -> int:
        """The exchange's clock as best we know it, unix milliseconds."""
        ...
