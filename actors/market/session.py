"""A venue's public connection: one template for every venue."""

import itertools
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from actors.market.messages import FeedOpened, MarketsUnavailable
from actors.runtime import Address
from exchanges.base.clients import PublicRest, PublicWebsocket, Venue
from exchanges.base.environment import Environment
from exchanges.base.handlers import PublicWebsocketHandlers
from exchanges.base.parallel import in_parallel
from messages.errors import ConnectionFailedError, LocalRefusalError, RefusalReason, TellerError, VenueRefusedError
from messages.events import ConnectionStatus
from messages.market import BookTicker
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.market")
_OF_ALL: Final = {
    RefusalReason.AUTHENTICATION,
    RefusalReason.CLOCK,
    RefusalReason.RATE_LIMIT,
    RefusalReason.OVERLOADED,
}
"""Refusals that are not of the market that was asked for."""
_QUERIES_AT_ONCE: Final = 50
"""First tickers in one go; venues let one address ask some 200 in 10 s, and others ask, too."""
_FIRST_PAUSE_S: Final = 30.0
_LONGEST_PAUSE_S: Final = 600.0


class FeedSessions:
    """Makes the sessions of one venue's feed."""

    def __init__(
        self, *, address: Address, venue: Venue, environment: Environment, public_rest: PublicRest | None = None
    ) -> None:
        """``public_rest``: what it shares with the venue's accounts; None for one of its own."""
        self.address = address
        self.venue = venue
        self.environment = environment
        self.public_rest: PublicRest = public_rest or venue.create_public_rest()
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        return next(self._numbers)

    def __call__(self, session_id: int, lost: Callable[[str], None]) -> "FeedSession":
        return FeedSession(self, session_id, lost)


class _Refused(msgspec.Struct):
    """A market that the exchange would not give us: why, and when it is asked for again, monotonic seconds."""

    cause: str
    again_s: float
    pause_s: float = _FIRST_PAUSE_S


class FeedSession:
    """One connection of a feed: public socket, subscriptions, first tickers.

    A market that the exchange refuses is told as unavailable and asked for again; the others go on without it (R10).
    """

    def __init__(self, parts: FeedSessions, session_id: int, lost: Callable[[str], None]) -> None:
        self._parts = parts
        self._session_id = session_id
        self._lost = lost
        self._socket: PublicWebsocket | None = None
        self._refused: dict[Symbol, _Refused] = {}
        self._awaited: dict[Symbol, None] = {}
        self._links = ConnectionStatus()
        self._answers_count = 0
        self._is_open = True

    async def open(self) -> None:
        """Connects and subscribes to every symbol that the market actor is to carry.

        Raises:
            ConnectionFailedError: no socket, or none of several markets was granted.
        """
        self._socket = self._parts.venue.create_public_ws_with_handlers(
            PublicWebsocketHandlers(
                book_ticker=self._tell_ticker, connection=self._socket_changed, error=self._report_error
            )
        )
        symbols: tuple[Symbol, ...] = await self._parts.address.ask(FeedOpened(self._session_id, self))
        await self._socket.connect(())
        if symbols:
            await self._subscribe(self._socket, symbols)
        if 1 < len(symbols) == len(self._refused):
            raise ConnectionFailedError(f"market data is refused for every market: {self._refused[symbols[0]].cause}")
        self._links = msgspec.structs.replace(self._links, public_ws=True)

    async def add(self, symbol: Symbol) -> None:
        """One more market; refused, it is told as unavailable and tried again. Never raises for the exchange."""
        if self._socket is not None:
            await self._try(self._socket, symbol)
            self._tell_unavailable()

    async def _try(self, socket: PublicWebsocket, symbol: Symbol) -> None:
        try:
            await self._subscribe(socket, (symbol,))
        except TellerError as error:
            self._refuse(symbol, error)

    async def load(self) -> None:
        """The first ticker of each symbol by query, since a quiet market sends none."""
        await self._load_awaited()
        self._links = msgspec.structs.replace(self._links, public_rest=True)
        self._tell_unavailable()

    async def check(self) -> None:
        """The venue answers. Markets that were refused, or had no first ticker yet, are asked for again."""
        try:
            await self._parts.public_rest.server_time_ms()
        except (VenueRefusedError, LocalRefusalError) as error:
            _log.info("clock_not_asked", venue=self._parts.venue.name, error=str(error))
        now_s, socket = self._now_s(), self._socket
        due = [symbol for symbol, refused in self._refused.items() if refused.again_s <= now_s]
        for symbol in due:
            if socket is not None:
                await self._try(socket, symbol)
        await self._load_awaited()
        self._tell_unavailable()

    def doubt_facts(self) -> bool:
        """It keeps nothing."""
        return False

    async def close(self) -> None:
        self._is_open = False
        self._links = ConnectionStatus()
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    def links(self) -> ConnectionStatus:
        return self._links

    def answers_count(self) -> int:
        return self._answers_count

    def is_open(self) -> bool:
        return self._socket is not None and self._links.public_ws

    async def _subscribe(self, socket: PublicWebsocket, symbols: Sequence[Symbol]) -> None:
        """To all that the exchange grants: a refusal of several is of one among them, which halving finds."""
        try:
            await socket.subscribe(symbols)
        except VenueRefusedError as error:
            if error.reason in _OF_ALL:
                raise ConnectionFailedError(f"market data is refused: {error}") from error
            if len(symbols) == 1:
                self._refuse(symbols[0], error)
                return
            middle = len(symbols) // 2
            await self._subscribe(socket, symbols[:middle])
            await self._subscribe(socket, symbols[middle:])
            return
        for symbol in symbols:
            self._awaited[symbol] = None

    async def _load_awaited(self) -> None:
        """First tickers, a handful at a time: what the limits do not let through is left to the next check."""
        awaited = tuple(self._awaited)
        for first in range(0, len(awaited), _QUERIES_AT_ONCE):
            batch = awaited[first : first + _QUERIES_AT_ONCE]
            await in_parallel(self._parts.environment.spawn, *map(self._load_first, batch))

    async def _load_first(self, symbol: Symbol) -> None:
        try:
            ticker = await self._parts.public_rest.load_book_ticker(symbol)
        except LocalRefusalError:
            return
        except VenueRefusedError as error:
            if error.reason not in _OF_ALL:
                self._awaited.pop(symbol, None)
                self._refuse(symbol, error)
            return
        self._answers_count += 1
        self._tell_ticker(ticker)

    def _refuse(self, symbol: Symbol, error: TellerError) -> None:
        before = self._refused.get(symbol)
        pause_s = _FIRST_PAUSE_S if before is None else min(before.pause_s * 2, _LONGEST_PAUSE_S)
        self._refused[symbol] = _Refused(str(error), self._now_s() + pause_s, pause_s)

    def _tell_unavailable(self) -> None:
        causes = {symbol: refused.cause for symbol, refused in self._refused.items()}
        self._parts.address.tell(MarketsUnavailable(self._session_id, causes))

    def _now_s(self) -> float:
        return self._parts.environment.clock.monotonic_s()

    def _tell_ticker(self, ticker: BookTicker) -> None:
        if not self._is_open:
            return
        self._parts.address.tell(ticker)
        if self._awaited or self._refused:
            self._awaited.pop(ticker.symbol, None)
            if self._refused.pop(ticker.symbol, None) is not None:
                self._tell_unavailable()

    def _socket_changed(self, is_up: bool, cause: str) -> None:
        self._links = msgspec.structs.replace(self._links, public_ws=is_up)
        if not is_up:
            self._lost(cause)

    def _report_error(self, error: TellerError) -> None:
        _log.warning("feed_error", venue=self._parts.venue.name, error=str(error))
