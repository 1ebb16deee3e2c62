"""WebSockets over the `websockets` library: plain frames in, bytes out, close code and reason kept."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import Event

from exchanges.base.transport import NO_HEADERS, RequestNotSentError, Socket, SocketClosedError

_LARGEST_MESSAGE: Final = 8 * 1024 * 1024
"""Bytes. A full book snapshot of 400 levels stays far below; a runaway frame does not fill the memory."""
_GOODBYE_S: Final = 1.0
"""How long closing waits for the peer's close frame."""


class _Connection(ClientConnection):
    """Hands whole messages to a listener in the moment in which they come in.

    The library's own queue wakes a task for each message, which takes as long as all else that we do with it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pieces: list[bytes] = []
        self._early: list[bytes] = []
        self._listener: Callable[[bytes], None] = self._early.append

    def process_event(self, event: Event) -> None:
        """Takes the messages; what else comes in is the library's own affair."""
        if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
        elif event.fin and not self._pieces:
            self._listener(bytes(event.data))
        else:
            self._pieces.append(bytes(event.data))
            if event.fin:
                message, self._pieces = b"".join(self._pieces), []
                self._listener(message)

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        """See `WebsocketsSocket.stream`; raises `ConnectionClosed` at the end."""
        early, self._early, self._listener = self._early, [], listener
        for message in early:
            listener(message)
        try:
            while True:
                await self.recv()  # no message comes this way, only the end
        finally:
            self._listener = _drop


def _drop(_: bytes) -> None:
    """For messages that nobody wants any more."""


class WebsocketsSocket:
    """`Socket` over one connection of `websockets`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def send(self, message: bytes | str) -> None:
        """Text goes out as a text frame, bytes as a text frame too where they are UTF-8 made by us.

        Raises:
            SocketClosedError: it is closed.
        """
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        """Hands out every message, those included that came before; text stays bytes, the JSON reader decodes it.

        Raises:
            SocketClosedError: it is closed and every message that came before was handed out.
        """
        try:
            await self._connection.stream(listener)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def close(self) -> None:
        """Says goodbye, waits for the answer at most a second, never raises."""
        await self._connection.close()


class WebsocketsTransport:
    """`SocketTransport` over `websockets`: no compression, no proxy, no keep-alive pings of the library's own.

    Pings of the peer are answered by the library. Whether the link is alive is judged by the session, which knows
    what the venue answers to.
    """

    async def connect(self, url: str, *, timeout_s: float, headers: Mapping[str, str] = NO_HEADERS) -> Socket:
        """Opens a socket, with its handshake, within ``timeout_s`` seconds.

        Raises:
            RequestNotSentError: name not resolved, refused, TLS or handshake failed, or not in time.
        """
        try:
            connection = await connect(
                url,
                open_timeout=timeout_s,
                close_timeout=_GOODBYE_S,
                ping_interval=None,
                compression=None,
                proxy=None,
                max_size=_LARGEST_MESSAGE,
                user_agent_header="teller",
                additional_headers=headers,
                create_connection=_Connection,
            )
        except TimeoutError as error:
            raise RequestNotSentError(f"no socket within {timeout_s:g} s") from error
        except (OSError, EOFError, InvalidHandshake, InvalidURI) as error:
            raise RequestNotSentError(f"no socket: {_reason(error)}") from error
        assert isinstance(connection, _Connection), "made by the class above"
        return WebsocketsSocket(connection)


def _closed(error: ConnectionClosed) -> SocketClosedError:
    frame = error.rcvd or error.sent
    if frame is None:
        return SocketClosedError("the socket broke without a close frame")
    who = "the exchange" if error.rcvd is not None else "us"
    reason = f": {frame.reason}" if frame.reason else ""
    return SocketClosedError(f"the socket was closed by {who} with code {frame.code}{reason}")


def _reason(error: BaseException) -> str:
    """The kind of failure and the operating system's words."""
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    if isinstance(error, InvalidHandshake):
        return f"handshake failed: {error}"
    return type(error).__name__
