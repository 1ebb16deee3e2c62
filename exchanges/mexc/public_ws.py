"""Best bid and ask by MEXC's spot socket (docs/venues/mexc.md, sockets, pushes)."""

from collections.abc import Iterable, Sequence
from typing import Final

from exchanges.base.handlers import PublicWebsocketHandlers
from exchanges.base.lasting_connection import Request
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import Answers, report_refused_frame
from exchanges.mexc import pushes
from exchanges.mexc.proto.teller_mexc_pb2 import Push
from exchanges.mexc.socket_frames import PING, TEXT, Channels, failed
from exchanges.mexc.symbols import Markets
from messages.errors import ProtocolError, RefusalReason
from messages.symbol import Symbol

_NAME: Final = "mexc.public"
_CHANNEL: Final = "spot@public.aggre.bookTicker.v3.api.pb@100ms@"
MOST_MARKETS: Final = 30
"""Subscriptions on one connection; further ones are acknowledged, and nothing comes of them."""
_parse: Final = Push.FromString


class PublicFrameDecoder:
    """Turns frames of the public socket into calls of the handlers; needs no socket. `feed` never raises."""

    __slots__ = ("_book_ticker", "_channels", "_error", "_last", "_to_symbol")

    def __init__(self, handlers: PublicWebsocketHandlers, markets: Markets) -> None:
        self._book_ticker = handlers.book_ticker
        self._error = handlers.error
        self._to_symbol = markets.to_symbol
        self._last: dict[str, tuple[str, str, str, str]] = {}
        self._channels = Channels(_NAME, handlers.error, RefusalReason.UNKNOWN_SYMBOL)

    def attach(self, answers: Answers) -> None:
        """Names who waits for acknowledgements."""
        self._channels.answers = answers

    def feed(self, frame: bytes) -> None:
        """Takes one frame. A quote that is what it was before, of which MEXC sends many, is told once."""
        try:
            if frame[:1] == TEXT:
                self._channels.take(frame)
                return
            push = _parse(frame)
            if push.WhichOneof("body") != "bookTicker":
                raise ProtocolError("a frame that is neither an update nor an answer")
            body = push.bookTicker
            quote = (body.bidPrice, body.bidQuantity, body.askPrice, body.askQuantity)
            if self._last.get(push.symbol) == quote:
                return
            ticker = pushes.book_ticker(push, body, self._to_symbol)
            self._last[push.symbol] = quote
            try:
                self._book_ticker(ticker)
            except Exception as error:
                raise failed(error) from error
        except Exception as problem:
            report_refused_frame(_NAME, frame, problem, self._error)


class MexcPublicFrames(PublicFrameDecoder):
    """`exchanges.base.websocket_clients.PublicFrames` of MEXC spot."""

    __slots__ = ("_markets", "_url", "name", "settings")

    def __init__(self, url: str, handlers: PublicWebsocketHandlers, markets: Markets, settings: VenueSettings) -> None:
        super().__init__(handlers, markets)
        self.name = _NAME
        self.settings = settings.socket
        self._url = url
        self._markets = markets

    async def url(self) -> str:
        return self._url

    def heartbeat(self) -> bytes:
        """Answered by a PONG."""
        return PING

    def subscriptions(self, symbols: Iterable[Symbol]) -> Sequence[Request]:
        """The book tickers of these markets."""
        names = sorted({self._markets.to_name(symbol) for symbol in symbols})
        return [self._channels.subscription(f"{_CHANNEL}{name}") for name in names]
