"""A venue's public connection: one template for every venue."""

import itertools
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from actors.connection.session import in_parallel
from actors.market.messages import FeedOpened
from actors.runtime import Address
from exchanges.base.clients import PublicRest, PublicWebsocket, Venue
from exchanges.base.environment import Environment
from exchanges.base.handlers import PublicWebsocketHandlers
from messages.errors import TellerError
from messages.events import ConnectionStatus
from messages.market import BookTicker
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.market")


class FeedSessions:
    """Makes the sessions of one venue's feed."""

    def __init__(self, *, address: Address, venue: Venue, environment: Environment) -> None:
        self.address = address
        self.venue = venue
        self.environment = environment
        self.public_rest: PublicRest = venue.create_public_rest()
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        return next(self._numbers)

    def __call__(self, connection: int, lost: Callable[[str], None]) -> "FeedSession":
        return FeedSession(self, connection, lost)


class FeedSession:
    """One connection of a feed: public socket, subscriptions, first tickers."""

    def __init__(self, parts: FeedSessions, connection: int, lost: Callable[[str], None]) -> None:
        self._parts = parts
        self._connection = connection
        self._lost = lost
        self._socket: PublicWebsocket | None = None
        self._symbols: tuple[Symbol, ...] = ()
        self._links = ConnectionStatus()
        self._is_open = True

    async def open(self) -> None:
        """Connects and subscribes to every symbol that the market actor is to carry."""
        self._socket = self._parts.venue.create_public_ws_with_handlers(
            PublicWebsocketHandlers(
                book_ticker=self._tell_ticker, connection=self._socket_changed, error=self._report_error
            )
        )
        self._symbols = await self._parts.address.ask(FeedOpened(self._connection, self._socket))
        await self._socket.connect(self._symbols)
        self._links = msgspec.structs.replace(self._links, public_ws=True)

    async def load(self) -> None:
        """The first ticker of each symbol by query, since a quiet market sends none."""
        rest = self._parts.public_rest
        tickers = await in_parallel(
            self._parts.environment.spawn, *(rest.load_book_ticker(symbol) for symbol in self._symbols)
        )
        self._links = msgspec.structs.replace(self._links, public_rest=True)
        for ticker in tickers:
            self._tell_ticker(ticker)

    async def check(self) -> None:
        await self._parts.public_rest.server_time_ms()

    async def close(self) -> None:
        self._is_open = False
        self._links = ConnectionStatus()
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    def links(self) -> ConnectionStatus:
        return self._links

    def is_open(self) -> bool:
        return self._socket is not None and self._links.public_ws

    def _tell_ticker(self, ticker: BookTicker) -> None:
        if self._is_open:
            self._parts.address.tell(ticker)

    def _socket_changed(self, is_up: bool, cause: str) -> None:
        self._links = msgspec.structs.replace(self._links, public_ws=is_up)
        if not is_up:
            self._lost(cause)

    def _report_error(self, error: TellerError) -> None:
        _log.warning("feed_error", venue=self._parts.venue.name, error=str(error))
