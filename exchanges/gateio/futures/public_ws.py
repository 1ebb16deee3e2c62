"""Best bid and ask, mark and index prices by Gate's futures socket (futures WebSocket manual)."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from exchanges.base.futures_clients import FuturesPublicHandlers
from exchanges.base.handlers import PublicWebsocketHandlers
from exchanges.base.json_reader import Reader
from exchanges.base.lasting_connection import Request
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import Answers, HandlerFailedError
from exchanges.gateio.futures import markets, wire
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.labels import FUTURES_LABELS
from exchanges.gateio.futures.settings import HEADERS
from exchanges.gateio.futures.symbols import to_contract
from exchanges.gateio.socket_frames import SocketErrors, heartbeat, subscription
from exchanges.gateio.wire import Pieces
from messages.symbol import Symbol

_NAME: Final = "gateio_futures.public"
_MARKETS_A_REQUEST: Final = 50

_read_ticker: Final = Reader[wire.Ticker](wire.Ticker).read


class _TickerPieces(Pieces, frozen=True, kw_only=True):
    time_ms: int = 0


_read_pieces: Final = msgspec.json.Decoder(_TickerPieces).decode


class PublicFrameDecoder:
    """Turns frames of the public socket into calls of the handlers; needs no socket. `feed` never raises."""

    __slots__ = ("_book_ticker", "_contracts", "_decode", "_mark_price", "_others")

    def __init__(
        self, handlers: PublicWebsocketHandlers, contracts: Contracts, *, answers: Answers | None = None
    ) -> None:
        """``answers`` is told of acknowledgements."""
        self._book_ticker = handlers.book_ticker
        self._mark_price = handlers.mark_price if isinstance(handlers, FuturesPublicHandlers) else None
        self._contracts = contracts
        self._others = SocketErrors(_NAME, handlers.error, answers, None, FUTURES_LABELS)
        self._decode: Callable[[bytes], wire.PublicFrame] = Reader[wire.PublicFrame](wire.PublicFrame).read

    def attach(self, answers: Answers) -> None:
        """Names who waits for acknowledgements."""
        self._others.answers = answers

    def feed(self, frame: bytes) -> None:
        """Takes one frame."""
        try:
            try:
                message = self._decode(frame)
            except msgspec.ValidationError as problem:
                self._feed_pieces(frame, problem)
                return
            if message.event != "update" or message.error is not None:
                if type(message) is not wire.SystemFrame:
                    self._others.take(message, message.result)
            elif type(message.result) is wire.BookTickerResult:
                ticker = markets.book_ticker(message.result, self._contracts)
                try:
                    self._book_ticker(ticker)
                except Exception as error:
                    raise HandlerFailedError(f"a handler failed: {type(error).__name__}") from error
            elif type(message) is wire.TickersFrame and type(message.result) is list:
                self._tell_marks(message.result, message.time_ms)
            elif type(message) is not wire.SystemFrame:
                self._others.take(message, message.result)
        except Exception as problem:
            self._others.give_up(frame, problem)

    def _feed_pieces(self, frame: bytes, problem: Exception) -> None:
        """Tickers with something in them that cannot be read: one by one. Raises ``problem`` for any other frame."""
        try:
            pieces = _read_pieces(frame)
        except msgspec.MsgspecError:
            raise problem from None
        if pieces.event != "update" or pieces.error is not None or pieces.channel != "futures.tickers":
            raise problem
        unread: Exception | None = None
        tickers: list[wire.Ticker] = []
        for piece in pieces.result:
            try:
                tickers.append(_read_ticker(bytes(piece)))
            except Exception as error:
                unread = error
        self._tell_marks(tickers, pieces.time_ms)
        if unread is not None:
            raise unread

    def _tell_marks(self, tickers: Iterable[wire.Ticker], time_ms: int) -> None:
        """Each by itself; what is wrong with one does not keep the others from being told."""
        if self._mark_price is None:
            return
        problem: Exception | None = None
        for ticker in tickers:
            try:
                mark = markets.mark_price(ticker, time_ms)
            except Exception as error:
                problem = error
                continue
            try:
                self._mark_price(mark)
            except Exception as error:
                problem = HandlerFailedError(f"a handler failed: {type(error).__name__}")
                problem.__cause__ = error
        if problem is not None:
            raise problem


class GateioFuturesPublicFrames(PublicFrameDecoder):
    """`exchanges.base.websocket_clients.PublicFrames` of Gate.io's USDT perpetuals."""

    __slots__ = ("_channels", "_numbers", "_server_clock", "_url", "handshake_headers", "heartbeat", "name", "settings")

    def __init__(
        self,
        *,
        url: str,
        handlers: PublicWebsocketHandlers,
        contracts: Contracts,
        server_clock: ServerClock,
        settings: VenueSettings,
    ) -> None:
        super().__init__(handlers, contracts)
        self.name = _NAME
        self.settings = settings.socket
        self.heartbeat = heartbeat(server_clock, "futures.ping")
        self.handshake_headers: Mapping[str, str] = HEADERS
        self._channels = ("futures.book_ticker", "futures.tickers")[: 1 if self._mark_price is None else 2]
        self._url = url
        self._server_clock = server_clock
        self._numbers = itertools.count(1)

    async def url(self) -> str:
        """Asks first for the sizes of contracts, which tickers count in."""
        await self._contracts.ready()
        return self._url

    def subscriptions(self, symbols: Iterable[Symbol]) -> Sequence[Request]:
        """Book tickers, and mark prices where they are wanted, some markets a request."""
        contracts = sorted({to_contract(symbol) for symbol in symbols})
        requests = []
        for channel in self._channels:
            for start in range(0, len(contracts), _MARKETS_A_REQUEST):
                number = next(self._numbers)
                payload = contracts[start : start + _MARKETS_A_REQUEST]
                requests.append((number, subscription(self._server_clock, number, channel, payload)))
        return requests
