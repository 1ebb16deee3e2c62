"""WebSockets over the `websockets` library: plain frames in, bytes out, close code and reason kept."""

from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from exchanges.base.transport import RequestNotSentError, Socket, SocketClosedError

_LARGEST_MESSAGE: Final = 8 * 1024 * 1024
"""Bytes. A full book snapshot of 400 levels stays far below; a runaway frame does not fill the memory."""
_WAITING_MESSAGES: Final = 256
"""Messages kept for us before the library stops reading from the network."""
_GOODBYE_S: Final = 1.0
"""How long closing waits for the peer's close frame."""


class WebsocketsSocket:
    """`Socket` over one connection of `websockets`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: ClientConnection) -> None:
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

    async def receive(self) -> bytes:
        """The next whole message as bytes; text is not decoded, the JSON reader does that anyway.

        Raises:
            SocketClosedError: it is closed and every message that came before was handed out.
        """
        try:
            return await self._connection.recv(decode=False)
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

    async def connect(self, url: str, *, timeout_s: float) -> Socket:
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
                max_queue=_WAITING_MESSAGES,
                user_agent_header="teller",
            )
        except TimeoutError as error:
            raise RequestNotSentError(f"no socket within {timeout_s:g} s") from error
        except (OSError, EOFError, InvalidHandshake, InvalidURI) as error:
            raise RequestNotSentError(f"no socket: {_reason(error)}") from error
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
