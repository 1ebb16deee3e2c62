"""Connections that end as planned, and are replaced before they do: to their owner they are one.

A new connection is opened, subscribed and acknowledged while the old one still streams; then the old one is closed.
Between the two every event is told twice or once, and none is missed: state is a join (R2).
"""

import asyncio
import enum
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import structlog

from exchanges.base.environment import Environment
from exchanges.base.transport import NO_HEADERS
from exchanges.base.websocket_connection import Answers, SessionSettings, WebsocketConnection
from messages.errors import ConnectionFailedError, TellerError

logger = structlog.get_logger(__name__)

_RETRY_S: Final = 15.0
"""Between two tries to replace a connection that is due."""

Request: TypeAlias = tuple[int, bytes]
"""An id that no other request of the connection has, and the frame that carries it."""


class SocketFrames(Protocol):
    """What a venue declares of one connection.

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


@runtime_checkable
class HandshakeFrames(Protocol):
    """`SocketFrames` whose handshake carries headers.

    Attributes:
        handshake_headers: by name; no secrets.
    """

    handshake_headers: Mapping[str, str]


class Ending(enum.Enum):
    """How a connection ended."""

    NOT_OPENED = "it never came to stream"
    LOST = "it ended by itself"
    CLOSED = "it was closed"


@runtime_checkable
class LeasedFrames(Protocol):
    """`SocketFrames` whose `url` names something that was made for it, that may end before the connection does, and
    that is to be given back."""

    async def until_expired(self) -> None:
        """Returns when that is good no longer: the connection is to be replaced."""
        ...

    async def release(self, ending: Ending) -> None:
        """Its connection has ended; nothing to do where it is told so again. Never raises a `TellerError`."""
        ...


F = TypeVar("F", bound=SocketFrames)


def _leased(frames: object) -> LeasedFrames | None:
    return frames if isinstance(frames, LeasedFrames) else None


def _headers(frames: object) -> Mapping[str, str]:
    return frames.handshake_headers if isinstance(frames, HandshakeFrames) else NO_HEADERS


class _Connection(Generic[F]):
    """One connection on the wire."""

    def __init__(self, frames: F, connection: WebsocketConnection) -> None:
        self.frames = frames
        self.connection = connection
        self.was_dialed = False

    async def close(self) -> None:
        ending = Ending.NOT_OPENED if not self.was_dialed else Ending.LOST
        if self.was_dialed and self.connection.is_open:
            ending = Ending.CLOSED
        await self.connection.close()
        leased = _leased(self.frames)
        if leased is not None:
            await leased.release(ending)


class LastingConnection(Generic[F]):
    """One connection after another; used once, as `WebsocketConnection` is."""

    def __init__(
        self,
        environment: Environment,
        make_frames: Callable[[], F],
        requests: Callable[[F], Sequence[Sequence[Request]]],
        *,
        connection: Callable[[bool, str], None],
        error: Callable[[TellerError], None],
    ) -> None:
        """
        Args:
            make_frames: makes those of each connection. requests: what is asked for on each, one group after another.
            connection, error: as of `WebsocketConnection`.
        """
        self._environment = environment
        self._make_frames = make_frames
        self._requests = requests
        self._on_connection = connection
        self._on_error = error
        self._current: _Connection[F] | None = None
        self._made: list[_Connection[F]] = []
        self._renewal: asyncio.Task[None] | None = None
        self._is_used = False
        self._is_closed = False

    async def open(self) -> None:
        """Connects, and returns when all requests are acknowledged.

        Raises:
            TellerError: what `request_all` of the connection or `url` of the frames raise.
            ConnectionFailedError: no socket, or it was used before.
        """
        if self._is_used:
            raise ConnectionFailedError(f"{self._make_frames().name}: a session is opened once")
        self._is_used = True
        self._current = await self._dial()

    def announce(self) -> None:
        """Says ``connection(True, "")``; from now on the connection is replaced when it is due.

        Raises:
            ConnectionFailedError: it has ended meanwhile; then nothing is said.
        """
        current = self._open_one()
        current.connection.announce()
        if current.frames.settings.life_s is not None or _leased(current.frames) is not None:
            self._renewal = self._environment.spawn(self._replace_when_due(), f"{current.frames.name}.renewal")

    async def request_all(self, make: Callable[[F], Sequence[Request]]) -> None:
        """More requests on the connection that there is. Raises as `WebsocketConnection.request_all` does."""
        current = self._open_one()
        await current.connection.request_all(make(current.frames))

    async def close(self) -> None:
        """Closes for good; quiet, and may be called twice."""
        self._is_closed = self._is_used = True
        if self._renewal is not None and self._renewal is not asyncio.current_task():
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        for each in list(self._made):
            await self._close(each)

    def _open_one(self) -> _Connection[F]:
        if self._current is None or self._is_closed:
            raise ConnectionFailedError("not connected")
        return self._current

    async def _dial(self) -> _Connection[F]:
        frames = self._make_frames()
        made = _Connection(frames, self._connect_to(frames))
        self._made.append(made)
        try:
            url = await frames.url()
            if self._is_closed:
                leased = _leased(frames)
                if leased is not None:
                    await leased.release(Ending.NOT_OPENED)
                raise ConnectionFailedError(f"{frames.name}: closed while it was being opened")
            await made.connection.open(url, _headers(frames))
            for group in self._requests(frames):
                await made.connection.request_all(group)
        except BaseException:
            await self._close(made)
            raise
        made.was_dialed = True
        return made

    def _connect_to(self, frames: F) -> WebsocketConnection:
        connection = WebsocketConnection(
            self._environment,
            name=frames.name,
            settings=frames.settings,
            feed=frames.feed,
            heartbeat=frames.heartbeat,
            connection=lambda up, cause: self._tell(connection, up, cause),
            error=self._on_error,
        )
        frames.attach(connection)
        return connection

    def _tell(self, connection: WebsocketConnection, up: bool, cause: str) -> None:
        """Of the current connection only, and of its beginning only the first time."""
        if self._current is None or self._current.connection is not connection or (up and self._renewal is not None):
            return
        self._on_connection(up, cause)

    async def _close(self, connection: _Connection[F]) -> None:
        if connection in self._made:
            self._made.remove(connection)
            await connection.close()

    async def _replace_when_due(self) -> None:
        while self._is_streaming():
            await self._until_due(self._open_one().frames)
            while self._is_streaming() and not await self._is_replaced():
                await self._environment.clock.sleep(_RETRY_S)

    def _is_streaming(self) -> bool:
        """False when it has ended by itself: then its owner has been told, and decides what becomes of it."""
        return self._open_one().connection.is_open

    async def _until_due(self, frames: F) -> None:
        causes: list[Coroutine[Any, Any, None]] = []
        if frames.settings.life_s is not None:
            causes.append(self._environment.clock.sleep(frames.settings.life_s))
        leased = _leased(frames)
        if leased is not None:
            causes.append(leased.until_expired())
        waiting = [self._environment.spawn(cause, f"{frames.name}.due") for cause in causes]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def _is_replaced(self) -> bool:
        old = self._open_one()
        try:
            new = await self._dial()
            if not old.connection.is_open:
                await self._close(new)
                return False
            self._current = new
            try:
                new.connection.announce()
            except ConnectionFailedError:
                self._current = old
                await self._close(new)
                raise
        except TellerError as error:
            logger.warning("socket_not_replaced", session=old.frames.name, cause=str(error))
            return False
        logger.info("socket_replaced", session=old.frames.name)
        await self._close(old)
        return True
