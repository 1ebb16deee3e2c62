"""Best bid and ask by Gate's spot socket (spot WebSocket manual, `spot.book_ticker`)."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from exchanges.base.handlers import PublicWebsocketHandlers
from exchanges.base.json_reader import Reader
from exchanges.base.lasting_connection import Request
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import Answers, HandlerFailedError
from exchanges.gateio.socket_frames import SocketErrors, heartbeat, subscription
from exchanges.gateio.spot import convert, wire
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
        self._decode: Callable[[bytes], wire.PublicFrame] = Reader[wire.PublicFrame](wire.PublicFrame).read

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
                self._others.take(message, message.result)
        except Exception as problem:
            self._others.give_up(frame, problem)


class GateioPublicFrames(PublicFrameDecoder):
    """`exchanges.base.websocket_clients.PublicFrames` of Gate.io spot."""

    __slots__ = ("_numbers", "_server_clock", "_url", "heartbeat", "name", "settings")

    def __init__(
        self, *, url: str, handlers: PublicWebsocketHandlers, server_clock: ServerClock, settings: VenueSettings
    ) -> None:
        super().__init__(handlers)
        self.name = _NAME
        self.settings = settings.socket
        self.heartbeat = heartbeat(server_clock, "spot.ping")
        self._url = url
        self._server_clock = server_clock
        self._numbers = itertools.count(1)

    async def url(self) -> str:
        return self._url

    def subscriptions(self, symbols: Iterable[Symbol]) -> Sequence[Request]:
        """Book tickers, some markets a request."""
        pairs = sorted({to_pair(symbol) for symbol in symbols})
        requests = []
        for start in range(0, len(pairs), _MARKETS_A_REQUEST):
            number = next(self._numbers)
            payload = pairs[start : start + _MARKETS_A_REQUEST]
            requests.append((number, subscription(self._server_clock, number, "spot.book_ticker", payload)))
        return requests
