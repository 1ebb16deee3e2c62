"""The seam to the network: what a client needs of HTTP and of a socket, and nothing more.

`exchanges.base.aiohttp_transport` and `exchanges.base.websockets_transport` are the real ones; an in-memory one can
take their place.
"""

from collections.abc import Callable, Mapping
from typing import Final, NoReturn, Protocol

import msgspec

from messages.errors import ConnectionFailedError, UnknownOutcomeError


class RequestNotSentError(ConnectionFailedError):
    """No connection could be made: the request never left."""


class AnswerLostError(UnknownOutcomeError):
    """The request left, or may have left, and no whole answer came back (timeout, reset, truncated body)."""


class SocketClosedError(ConnectionFailedError):
    """The socket is closed, with the close code and reason that were given, if any."""


class HttpResponse(msgspec.Struct, frozen=True):
    """A whole answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpTransport(Protocol):
    """Sends requests. The URL goes out byte for byte as given: it may have been signed."""

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        """One request and its whole answer, whatever its status.

        Raises:
            RequestNotSentError: it certainly did not leave. AnswerLostError: it may have.
        """
        ...

    async def close(self) -> None:
        """Closes idle and busy connections."""
        ...


class Socket(Protocol):
    """An open WebSocket, message by message. Protocol-level pings are answered underneath."""

    async def send(self, message: bytes | str) -> None:
        """Raises `SocketClosedError` when it is closed."""
        ...

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        """Calls ``listener`` with every whole message as bytes, text or binary, in order of arrival, on the event loop.

        ``listener`` takes each at once and never raises. Raises `SocketClosedError` at the end.
        """
        ...

    async def close(self) -> None:
        """Closes, waiting a moment for the peer's goodbye; never raises."""
        ...


NO_HEADERS: Final[Mapping[str, str]] = {}


class SocketTransport(Protocol):
    """Opens sockets."""

    async def connect(self, url: str, *, timeout_s: float, headers: Mapping[str, str] = NO_HEADERS) -> Socket:
        """``headers``: of the handshake, besides its own.

        Raises:
            RequestNotSentError: no socket could be opened.
        """
        ...
