"""Connect, authenticate, subscribe, announce, close: written once for every venue's sockets.

A venue declares its frames (how it reads one, what it sends to log in, to subscribe and as a heartbeat) and gets a
client that keeps `exchanges.base.clients.PublicWebsocket` or `PrivateWebsocket`.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.websocket_connection import Answers, SessionSettings, WebsocketConnection
from messages.symbol import Symbol

Request: TypeAlias = tuple[int, bytes]
"""An id that no other request of the connection has, and the frame that carries it."""


class SocketFrames(Protocol):
    """What a venue declares of one socket.

    Attributes:
        name: for logs and errors, for example ``venue.private``. settings: times of the socket.
    """

    name: str
    settings: SessionSettings

    async def url(self) -> str:
        """Where to connect. Only what stands before a "?" is ever logged."""
        ...

    def attach(self, answers: Answers) -> None:
        """Names who is to be told of acknowledgements and refusals."""
        ...

    def feed(self, frame: bytes) -> None:
        """Reads one frame and calls the handlers, or ``answers``."""
        ...

    def heartbeat(self) -> bytes:
        """A frame that the exchange answers."""
        ...


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
    """`exchanges.base.clients.PrivateWebsocket`: one connection, used once."""

    def __init__(self, environment: Environment, frames: PrivateFrames, handlers: PrivateWebsocketHandlers) -> None:
        self._frames = frames
        self._connection = _connection(environment, frames, handlers)

    async def connect(self) -> None:
        """Connects, authenticates and subscribes; returns when the exchange has acknowledged everything.

        Events may reach the handlers before this returns: they begin with the first acknowledgement (R7).

        Raises:
            VenueRefusedError: the key is not accepted. ConnectionFailedError: no socket, or no acknowledgement in time.
        """
        try:
            await self._connection.open(await self._frames.url())
            await self._connection.request_all(self._frames.login())
            await self._connection.request_all(self._frames.subscriptions())
            self._connection.announce()
        except BaseException:
            await self._connection.close()
            raise

    async def close(self) -> None:
        """Closes for good; no handler is called after it has returned."""
        await self._connection.close()


class PublicWebsocketClient:
    """`exchanges.base.clients.PublicWebsocket`: one connection, used once."""

    def __init__(self, environment: Environment, frames: PublicFrames, handlers: PublicWebsocketHandlers) -> None:
        self._frames = frames
        self._connection = _connection(environment, frames, handlers)

    async def connect(self, symbols: Iterable[Symbol]) -> None:
        """Connects and subscribes to the book tickers of ``symbols``; returns when all are acknowledged.

        Raises:
            VenueRefusedError: a market that the exchange does not know (UNKNOWN_SYMBOL).
            ConnectionFailedError: no socket, or no acknowledgement in time.
        """
        try:
            await self._connection.open(await self._frames.url())
            await self.subscribe(symbols)
            self._connection.announce()
        except BaseException:
            await self._connection.close()
            raise

    async def subscribe(self, symbols: Iterable[Symbol]) -> None:
        """Adds markets; the ones subscribed before stay. Raises as `connect` does."""
        await self._connection.request_all(self._frames.subscriptions(symbols))

    async def close(self) -> None:
        """Closes for good; no handler is called after it has returned."""
        await self._connection.close()


def _connection(
    environment: Environment, frames: SocketFrames, handlers: PrivateWebsocketHandlers | PublicWebsocketHandlers
) -> WebsocketConnection:
    connection = WebsocketConnection(
        environment,
        name=frames.name,
        settings=frames.settings,
        feed=frames.feed,
        heartbeat=frames.heartbeat,
        connection=handlers.connection,
        error=handlers.error,
    )
    frames.attach(connection)
    return connection
