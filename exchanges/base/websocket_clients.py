"""Connect, authenticate, subscribe, announce, replace, close: written once for every venue's sockets.

A venue declares its frames (how it reads one, what it sends to log in, to subscribe and as a heartbeat) and gets a
client that keeps `exchanges.base.clients.PublicWebsocket` or `PrivateWebsocket`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.lasting_connection import LastingConnection, Request, SocketFrames
from messages.errors import ConnectionFailedError
from messages.symbol import Symbol


class PrivateFrames(SocketFrames, Protocol):
    """Of a socket with the orders, fills and balances of one account."""

    def login(self) -> Sequence[Request]:
        """What has to be granted before anything can be subscribed to; empty where each subscription is signed."""
        ...

    def subscriptions(self) -> Sequence[Request]:
        """All that the account is to be told."""
        ...


class PublicFrames(SocketFrames, Protocol):
    """Of a socket with market data."""

    def subscriptions(self, symbols: Iterable[Symbol]) -> Sequence[Request]:
        """The book tickers of these markets."""
        ...


class PrivateWebsocketClient:
    """`exchanges.base.clients.PrivateWebsocket`: one connection at a time, used once."""

    def __init__(
        self, environment: Environment, make_frames: Callable[[], PrivateFrames], handlers: PrivateWebsocketHandlers
    ) -> None:
        """``make_frames``: makes those of each connection."""
        self._connection = LastingConnection[PrivateFrames](
            environment,
            make_frames,
            lambda frames: (frames.login(), frames.subscriptions()),
            connection=handlers.connection,
            error=handlers.error,
        )

    async def connect(self) -> None:
        """Connects, authenticates and subscribes; returns when the exchange has acknowledged everything.

        Events may reach the handlers before this returns: they begin with the first acknowledgement (R7).

        Raises:
            VenueRefusedError: the key is not accepted. ConnectionFailedError: no socket, or no acknowledgement in time.
        """
        try:
            await self._connection.open()
            self._connection.announce()
        except BaseException:
            await self._connection.close()
            raise

    async def close(self) -> None:
        """Closes for good; no handler is called after it has returned."""
        await self._connection.close()


class _Part:
    """One connection with its share of the markets."""

    def __init__(
        self,
        environment: Environment,
        make_frames: Callable[[], PublicFrames],
        handlers: PublicWebsocketHandlers,
        connection: Callable[[bool, str], None],
    ) -> None:
        self.markets: dict[Symbol, None] = {}
        self.line = LastingConnection[PublicFrames](
            environment,
            make_frames,
            lambda frames: (frames.subscriptions(self.markets),),
            connection=connection,
            error=handlers.error,
        )


class PublicWebsocketClient:
    """`exchanges.base.clients.PublicWebsocket`, used once: one connection, or as many as the markets need where the
    exchange limits how many one may have."""

    def __init__(
        self,
        environment: Environment,
        make_frames: Callable[[], PublicFrames],
        handlers: PublicWebsocketHandlers,
        *,
        most_markets: int | None = None,
    ) -> None:
        """``make_frames``: makes those of each connection. ``most_markets``: on one connection; None: all."""
        self._environment = environment
        self._make_frames = make_frames
        self._handlers = handlers
        self._most_markets = most_markets
        self._parts: list[_Part] = []
        self._is_used = False
        self._is_announced = False
        self._has_ended = False

    async def connect(self, symbols: Iterable[Symbol]) -> None:
        """Connects and subscribes to the book tickers of ``symbols``; returns when all are acknowledged.

        Raises:
            VenueRefusedError: a market that the exchange does not know (UNKNOWN_SYMBOL).
            ConnectionFailedError: no socket, or no acknowledgement in time.
        """
        if self._is_used:
            raise ConnectionFailedError(f"{self._make_frames().name}: a session is opened once")
        self._is_used = True
        try:
            wanted = list(dict.fromkeys(symbols))
            await self._open_part(wanted[: self._most_markets])
            await self.subscribe(wanted)
            for part in self._parts:
                part.line.announce()
            self._is_announced = True
            self._handlers.connection(True, "")
        except BaseException:
            await self.close()
            raise

    async def subscribe(self, symbols: Iterable[Symbol]) -> None:
        """Adds markets; the ones subscribed before stay. Raises as `connect` does."""
        if not self._parts or self._has_ended:
            raise ConnectionFailedError("not connected")
        new = [symbol for symbol in dict.fromkeys(symbols) if not any(symbol in part.markets for part in self._parts)]
        if new:
            last = self._parts[-1]
            room = len(new) if self._most_markets is None else self._most_markets - len(last.markets)
            await self._add(last, new[:room])
            new = new[room:]
        while new:
            await self._open_part(new[: self._most_markets])
            if self._is_announced:
                self._parts[-1].line.announce()
            new = new[self._most_markets :] if self._most_markets is not None else []

    async def close(self) -> None:
        """Closes for good; no handler is called after it has returned."""
        self._has_ended = self._is_used = True
        for part in self._parts:
            await part.line.close()

    async def _open_part(self, markets: Sequence[Symbol]) -> None:
        part = _Part(self._environment, self._make_frames, self._handlers, self._tell)
        part.markets.update(dict.fromkeys(markets))
        self._parts.append(part)
        try:
            await part.line.open()
        except BaseException:
            self._parts.remove(part)
            await part.line.close()
            raise

    async def _add(self, part: _Part, markets: Sequence[Symbol]) -> None:
        """They count as the part's from the beginning, so that a connection that takes its place has them, too."""
        if not markets:
            return
        part.markets.update(dict.fromkeys(markets))
        try:
            await part.line.request_all(lambda frames: frames.subscriptions(markets))
        except BaseException:
            for symbol in markets:
                part.markets.pop(symbol, None)
            raise

    def _tell(self, up: bool, cause: str) -> None:
        """The end of any connection is the end of all: whoever hears of it makes a new client."""
        if up or self._has_ended:
            return
        self._has_ended = True
        self._handlers.connection(False, cause)
