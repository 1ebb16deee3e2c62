"""An account's connection: one template for every venue."""

import itertools
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

import msgspec

from actors.account.messages import FillsNeeded, GetFillsNeeded, SessionOpened, SnapshotLoaded
from actors.connection.session import in_parallel
from actors.runtime import Address
from exchanges.base.clients import PrivateRest, PrivateWebsocket, PublicRest, Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidValueError,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
    WeRefusedError,
)
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatus,
    ErrorEvent,
    ErrorKind,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.instrument import Instrument
from messages.symbol import Symbol

T = TypeVar("T")
_INSTRUMENTS_GOOD_FOR_S: Final = 3600.0


class AccountSessions:
    """Makes the sessions of one account; keeps what outlives each of them: REST clients with their rate limits, and the
    markets' rules."""

    def __init__(
        self,
        *,
        account: str,
        address: Address,
        venue: Venue,
        credentials: Credentials,
        environment: Environment,
        symbols: tuple[Symbol, ...],
    ) -> None:
        """``symbols``: markets that the account's strategies trade; the start fails if one is not listed."""
        self.account = account
        self.address = address
        self.venue = venue
        self.credentials = credentials
        self.environment = environment
        self.symbols = symbols
        self.public_rest: PublicRest = venue.create_public_rest()
        self.private_rest: PrivateRest = venue.create_private_rest(credentials)
        self.instruments: Mapping[Symbol, Instrument] = {}
        self.instruments_loaded_s: float | None = None
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        return next(self._numbers)

    def __call__(self, connection: int, lost: Callable[[str], None]) -> "AccountSession":
        return AccountSession(self, connection, lost)


class AccountSession:
    """One connection of an account: clients, subscriptions, snapshot."""

    def __init__(self, parts: AccountSessions, connection: int, lost: Callable[[str], None]) -> None:
        self._parts = parts
        self._connection = connection
        self._lost = lost
        self._socket: PrivateWebsocket | None = None
        self._links = ConnectionStatus()

    async def open(self) -> None:
        """Clock and market rules, then the private socket with its subscriptions acknowledged."""
        parts = self._parts
        answered = parts.address.ask(SessionOpened(self._connection, parts.private_rest))
        await in_parallel(parts.environment.spawn, self._learn_clock(), self._learn_instruments())
        await answered
        self._socket = parts.venue.create_private_ws_with_handlers(parts.credentials, self._handlers())
        await self._socket.connect()
        self._links = msgspec.structs.replace(self._links, private_ws=True)

    async def load(self) -> None:
        """Balances, open orders and missing fills in parallel; returns when the account has joined them and settled its
        doubts. Public REST is asked first where it did not answer last."""
        if not self._links.public_rest:
            await self._learn_clock()
        await self._load()

    async def _load(self) -> int:
        parts = self._parts
        needed: FillsNeeded = await parts.address.ask(GetFillsNeeded())
        rest = parts.private_rest
        try:
            balances, open_orders, *fills = await in_parallel(
                parts.environment.spawn,
                rest.load_balances(),
                rest.load_open_orders(),
                *(rest.load_fills(symbol, from_ms=from_ms) for symbol, from_ms in needed.from_ms.items()),
            )
        except ConnectionFailedError as error:
            self._links = msgspec.structs.replace(self._links, private_rest=False)
            raise ConnectionFailedError(f"private REST does not answer: {error}") from error
        self._links = msgspec.structs.replace(self._links, private_rest=True)
        snapshot = SnapshotLoaded(
            connection=self._connection,
            balances=balances,
            open_orders=open_orders,
            fills=dict(zip(needed.from_ms, fills, strict=True)),
            fills_through_ms=needed.asked_ms,
            instruments=parts.instruments,
        )
        missed: int = await parts.address.ask(snapshot)
        return missed

    async def check(self) -> None:
        """Both REST links answer, and what the snapshot says is what the socket has told.

        Raises:
            ConnectionFailedError: a link does not answer, or the socket is deaf: it kept something from us that is
                older than any delay on the way.
        """
        # Both to their end, whatever comes of one, so that each link is known for what it is.
        (missed, private), (_, public) = await in_parallel(
            self._parts.environment.spawn, _outcome(self._load()), _outcome(self._learn_clock())
        )
        failed = public or private
        if failed is not None:
            raise failed
        if missed:
            self._links = msgspec.structs.replace(self._links, private_ws=False)
            raise ConnectionFailedError(f"the private socket is deaf: it did not tell {missed} things")

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        self._links = ConnectionStatus()
        if socket is not None:
            await socket.close()

    def links(self) -> ConnectionStatus:
        return self._links

    def is_open(self) -> bool:
        return self._socket is not None and self._links.private_ws

    async def _learn_clock(self) -> None:
        try:
            await self._parts.public_rest.server_time_ms()
        except ConnectionFailedError as error:
            self._links = msgspec.structs.replace(self._links, public_rest=False)
            raise ConnectionFailedError(f"public REST does not answer: {error}") from error
        self._links = msgspec.structs.replace(self._links, public_rest=True)

    async def _learn_instruments(self) -> None:
        parts = self._parts
        now_s = parts.environment.clock.monotonic_s()
        if parts.instruments_loaded_s is not None and now_s - parts.instruments_loaded_s < _INSTRUMENTS_GOOD_FOR_S:
            return
        instruments = await parts.public_rest.load_instruments()
        unknown = [str(symbol) for symbol in parts.symbols if symbol not in instruments]
        if unknown:
            raise ConfigurationError(
                f"account {parts.account!r}: {parts.venue.name} does not list {', '.join(unknown)}; mend its symbols"
            )
        parts.instruments, parts.instruments_loaded_s = instruments, now_s

    def _handlers(self) -> PrivateWebsocketHandlers:
        name, address, connection = self._parts.account, self._parts.address, self._connection
        tell = address.tell
        return PrivateWebsocketHandlers(
            order=lambda order: _done(tell(OrderUpdateEvent(name, order, connection))),
            balance=lambda balances: _done(tell(BalanceUpdateEvent(name, balances, connection))),
            execution=lambda fill: _done(tell(ExecutionReportEvent(name, fill, connection))),
            connection=self._socket_changed,
            error=lambda error: _done(tell(error_event(name, "private_ws", error))),
        )

    def _socket_changed(self, is_up: bool, cause: str) -> None:
        self._links = msgspec.structs.replace(self._links, private_ws=is_up)
        if not is_up:
            self._lost(cause)


async def _outcome(work: Coroutine[Any, Any, T]) -> tuple[T | None, ConnectionFailedError | None]:
    """What came of it, or why its link failed."""
    try:
        return await work, None
    except ConnectionFailedError as error:
        return None, error


def _done(_: bool) -> None:
    """Handlers return nothing; a message nobody took is counted as a dead letter by the address."""


def error_event(name: str, where: str, error: TellerError) -> ErrorEvent:
    """An error of the tree as an event, by its branch."""
    return ErrorEvent(name=name, kind=_kind_of(error), where=where, message=str(error))


def _kind_of(error: TellerError) -> ErrorKind:
    for branch, kind in _KINDS.items():
        if isinstance(error, branch):
            return kind
    return ErrorKind.INTERNAL


_KINDS: Final = {
    VenueRefusedError: ErrorKind.VENUE_REFUSED,
    InvalidValueError: ErrorKind.WE_REFUSED,
    WeRefusedError: ErrorKind.WE_REFUSED,
    UnknownOutcomeError: ErrorKind.UNKNOWN_OUTCOME,
    ConnectionFailedError: ErrorKind.CONNECTION,
    ConfigurationError: ErrorKind.CONFIGURATION,
}
