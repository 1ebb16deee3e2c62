"""Orders, fills and balances of one account by Gate's spot socket (spot WebSocket manual; docs/venues/gateio.md)."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from exchanges.base.credentials import Credentials
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.base.json_reader import Reader
from exchanges.base.lasting_connection import Request
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import Answers, HandlerFailedError
from exchanges.gateio.socket_frames import SocketErrors, heartbeat, subscription
from exchanges.gateio.spot import convert, wire
from exchanges.gateio.wire import Pieces
from messages.balance import Balance
from messages.order import Fill, Order

M = TypeVar("M")

_ORDERS_ELSEWHERE: Final = 10_000
"""Orders of other accounts that are remembered for their fills, the newest."""

_NAME: Final = "gateio.private"
_CHANNELS: Final[Sequence[tuple[str, Sequence[str]]]] = (
    ("spot.orders", ["!all"]),
    ("spot.usertrades", ["!all"]),
    ("spot.balances", ()),
)


_read_pieces: Final = msgspec.json.Decoder(Pieces).decode
_read_order: Final = Reader[wire.SocketOrder](wire.SocketOrder).read
_read_trade: Final = Reader[wire.Trade](wire.Trade).read
_read_balance: Final = Reader[wire.SocketBalance](wire.SocketBalance).read


class _SpotOnly:
    """Converts what is of the spot account; orders of margin accounts come on the same channels, and so do their fills,
    which do not say whose they are."""

    __slots__ = ("_elsewhere",)

    def __init__(self) -> None:
        self._elsewhere: dict[str, None] = {}

    def order(self, order: wire.SocketOrder) -> Order | None:
        if convert.is_spot(order):
            return convert.socket_order(order)
        self._elsewhere[str(order.id)] = None
        if len(self._elsewhere) > _ORDERS_ELSEWHERE:
            del self._elsewhere[next(iter(self._elsewhere))]
        return None

    def fill(self, trade: wire.Trade) -> Fill | None:
        if self._elsewhere and str(trade.order_id) in self._elsewhere:
            return None
        return convert.fill(trade)


class PrivateFrameDecoder:
    """Turns frames of the private socket into calls of the handlers; needs no socket.

    `feed` never raises: a frame that cannot be read, or a handler that fails, is one log line and one call of
    ``handlers.error``. What can be read of a frame is told even when another part of it cannot (R10).
    """

    __slots__ = ("_balance", "_decode", "_execution", "_order", "_others", "_spot")

    def __init__(
        self, handlers: PrivateWebsocketHandlers, *, answers: Answers | None = None, hide: Credentials | None = None
    ) -> None:
        """``answers`` is told of acknowledgements; ``hide``: whose secrets error texts must not quote (R12)."""
        self._order = handlers.order
        self._spot = _SpotOnly()
        self._balance = handlers.balance
        self._execution = handlers.execution
        self._others = SocketErrors(_NAME, handlers.error, answers, hide)
        self._decode: Callable[[bytes], wire.PrivateFrame] = Reader[wire.PrivateFrame](wire.PrivateFrame).read

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
            result = message.result
            if message.event == "update" and message.error is None and type(result) is list:
                kind = type(message)
                if kind is wire.OrdersFrame:
                    _tell_each(result, self._spot.order, self._order)
                elif kind is wire.TradesFrame:
                    _tell_each(result, self._spot.fill, self._execution)
                else:
                    self._tell_balances(result, convert.socket_balance)
            else:
                self._others.take(message, message.result)
        except Exception as problem:
            self._others.give_up(frame, problem)

    def _feed_pieces(self, frame: bytes, problem: Exception) -> None:
        """An update with something in it that cannot be read: item by item. Raises ``problem`` for any other frame."""
        try:
            pieces = _read_pieces(frame)
        except msgspec.MsgspecError:
            raise problem from None
        if pieces.event != "update" or pieces.error is not None:
            raise problem
        if pieces.channel == "spot.orders":
            _tell_each(pieces.result, lambda piece: self._spot.order(_read_order(bytes(piece))), self._order)
        elif pieces.channel == "spot.usertrades":
            _tell_each(pieces.result, lambda piece: self._spot.fill(_read_trade(bytes(piece))), self._execution)
        elif pieces.channel == "spot.balances":
            self._tell_balances(pieces.result, lambda piece: convert.socket_balance(_read_balance(bytes(piece))))
        else:
            raise problem

    def _tell_balances(self, result: list[Any], to_message: Callable[[Any], Balance]) -> None:
        """Those that can be read are told together; what is wrong with one does not keep the others from being told."""
        balances: list[Balance] = []
        problem: Exception | None = None
        for item in result:
            try:
                balances.append(to_message(item))
            except Exception as error:
                problem = error
        if balances or problem is None:
            try:
                self._balance(tuple(balances))
            except Exception as error:
                problem = _failed(error)
        if problem is not None:
            raise problem


def _tell_each(result: list[Any], to_message: Callable[[Any], M | None], handler: Callable[[M], None]) -> None:
    """Converts and tells item by item, except for what is not ours (None); what is wrong with one does not keep the
    others from being told."""
    problem: Exception | None = None
    for item in result:
        try:
            message = to_message(item)
        except Exception as error:
            problem = error
            continue
        if message is None:
            continue
        try:
            handler(message)
        except Exception as error:
            problem = _failed(error)
    if problem is not None:
        raise problem


def _failed(error: Exception) -> HandlerFailedError:
    failed = HandlerFailedError(f"a handler failed: {type(error).__name__}")
    failed.__cause__ = error
    return failed


class GateioPrivateFrames(PrivateFrameDecoder):
    """`exchanges.base.websocket_clients.PrivateFrames` of one Gate.io spot account."""

    __slots__ = ("_credentials", "_server_clock", "_url", "heartbeat", "name", "settings")

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        handlers: PrivateWebsocketHandlers,
        server_clock: ServerClock,
        settings: VenueSettings,
    ) -> None:
        super().__init__(handlers, hide=credentials)
        self.name = _NAME
        self.settings = settings.socket
        self.heartbeat = heartbeat(server_clock, "spot.ping")
        self._url = url
        self._credentials = credentials
        self._server_clock = server_clock

    async def url(self) -> str:
        """The same for every account: each subscription is signed."""
        return self._url

    def login(self) -> Sequence[Request]:
        """Nothing: each subscription is signed."""
        return ()

    def subscriptions(self) -> Sequence[Request]:
        """Orders, fills and balances of all markets."""
        return [
            (number, subscription(self._server_clock, number, channel, payload, self._credentials))
            for number, (channel, payload) in enumerate(_CHANNELS, start=1)
        ]
