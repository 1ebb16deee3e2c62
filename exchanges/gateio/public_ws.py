"""Best bid and ask by Gate's spot socket (spot WebSocket manual, `spot.book_ticker`)."""

import itertools
from collections.abc import Callable, Iterable
from typing import Final

from exchanges.base.environment import Environment
from exchanges.base.handlers import PublicWebsocketHandlers
from exchanges.base.server_clock import ServerClock
from exchanges.base.websocket_connection import HandlerFailedError, WebsocketConnection
from exchanges.gateio import convert, wire
from exchanges.gateio.settings import GateioSettings
from exchanges.gateio.socket_frames import Answers, SocketErrors, heartbeat, subscription
from exchanges.gateio.symbols import to_pair
from messages.symbol import Symbol

_NAME: Final = "gateio.public"
_MARKETS_A_REQUEST: Final = 50


class PublicFrameDecoder:
    """Turns frames of the public socket into calls of the handlers; needs no socket. `feed` never raises."""

    __slots__ = ("_book_ticker", "_decode", "_others")

    def __init__(self, handlers: PublicWebsocketHandlers, *, answers: Answers | None = None) -> None:
        """``answers`` is told of acknowledgements."""
        self._book_ticker = handlers.book_ticker
        self._others = SocketErrors(_NAME, handlers.error, answers, None)
        self._decode: Callable[[bytes], wire.PublicFrame] = wire.Reader[wire.PublicFrame](wire.PublicFrame).read

    def attach(self, answers: Answers) -> None:
        """Names who waits for acknowledgements."""
        self._others.answers = answers

    def feed(self, frame: bytes) -> None:
        """Takes one frame."""
        try:
            message = self._decode(frame)
            if message.event == "update" and message.error is None and type(message.result) is wire.TickerResult:
                ticker = convert.book_ticker(message.result)
                try:
                    self._book_ticker(ticker)
                except Exception as error:
                    raise HandlerFailedError(f"a handler failed: {type(error).__name__}") from error
            else:
                self._others.take(message)
        except Exception as problem:
            self._others.give_up(frame, problem)


class GateioPublicWebsocket:
    """`exchanges.base.clients.PublicWebsocket` of Gate.io spot: one connection, used once."""

    def __init__(
        self,
        environment: Environment,
        *,
        url: str,
        handlers: PublicWebsocketHandlers,
        server_clock: ServerClock,
        settings: GateioSettings,
    ) -> None:
        self._server_clock = server_clock
        self._numbers = itertools.count(1)
        decoder = PublicFrameDecoder(handlers)
        self._session = WebsocketConnection(
            environment,
            url=url,
            name=_NAME,
            settings=settings.socket,
            feed=decoder.feed,
            heartbeat=heartbeat(server_clock),
            connection=handlers.connection,
            error=handlers.error,
        )
        decoder.attach(self._session)

    async def connect(self, symbols: Iterable[Symbol]) -> None:
        """Connects and subscribes to the book tickers of ``symbols``; returns when all are acknowledged.

        Raises:
            VenueRefusedError: a market that the exchange does not know (UNKNOWN_SYMBOL).
            ConnectionFailedError: no socket, or no acknowledgement in time.
        """
        try:
            await self._session.open()
            await self.subscribe(symbols)
            self._session.announce()
        except BaseException:
            await self._session.close()
            raise

    async def subscribe(self, symbols: Iterable[Symbol]) -> None:
        """Adds markets; the ones subscribed before stay. Raises as `connect` does."""
        pairs = sorted({to_pair(symbol) for symbol in symbols})
        requests = []
        for start in range(0, len(pairs), _MARKETS_A_REQUEST):
            number = next(self._numbers)
            payload = pairs[start : start + _MARKETS_A_REQUEST]
            requests.append((number, subscription(self._server_clock, number, "spot.book_ticker", payload)))
        await self._session.request_all(requests)

    async def close(self) -> None:
        """Closes for good; no handler is called after it has returned."""
        await self._session.close()
