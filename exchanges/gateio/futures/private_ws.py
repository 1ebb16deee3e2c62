"""Orders, fills, positions and the wallet of one account by Gate's futures socket (futures WebSocket manual)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from exchanges.base.credentials import Credentials
from exchanges.base.futures_clients import FuturesPrivateHandlers
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.base.json_reader import Reader
from exchanges.base.lasting_connection import Request
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import Answers, HandlerFailedError
from exchanges.gateio.futures import orders, positions, wire
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.labels import FUTURES_LABELS
from exchanges.gateio.futures.settings import HEADERS
from exchanges.gateio.socket_frames import SocketErrors, heartbeat, subscription
from exchanges.gateio.wire import Pieces

M = TypeVar("M")

_NAME: Final = "gateio_futures.private"
_OF_MARKETS: Final = ("futures.orders", "futures.usertrades", "futures.positions")
_OF_THE_WALLET: Final = "futures.balances"

_read_pieces: Final = msgspec.json.Decoder(Pieces).decode
_read_order: Final = Reader[wire.Order](wire.Order).read
_read_trade: Final = Reader[wire.Trade](wire.Trade).read
_read_position: Final = Reader[wire.Position](wire.Position).read
_read_entry: Final = Reader[wire.LedgerRow](wire.LedgerRow).read


class PrivateFrameDecoder:
    """Turns frames of the private socket into calls of the handlers; needs no socket.

    `feed` never raises: a frame that cannot be read, or a handler that fails, is one log line and one call of
    ``handlers.error``. What can be read of a frame is told even when another part of it cannot (R10).
    """

    __slots__ = ("_contracts", "_decode", "_execution", "_ledger", "_order", "_others", "_position")

    def __init__(
        self,
        handlers: PrivateWebsocketHandlers,
        contracts: Contracts,
        *,
        answers: Answers | None = None,
        hide: Credentials | None = None,
    ) -> None:
        """``answers`` is told of acknowledgements; ``hide``: whose secrets error texts must not quote (R12)."""
        self._contracts = contracts
        self._order = handlers.order
        self._execution = handlers.execution
        futures = handlers if isinstance(handlers, FuturesPrivateHandlers) else None
        self._position = _ignore if futures is None else futures.position
        self._ledger = _ignore if futures is None else futures.ledger
        self._others = SocketErrors(_NAME, handlers.error, answers, hide, FUTURES_LABELS)
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
                contracts = self._contracts
                if kind is wire.OrdersFrame:
                    _tell_each(result, lambda told: orders.order(told, contracts), self._order)
                elif kind is wire.TradesFrame:
                    _tell_each(result, lambda told: orders.fill(told, contracts), self._execution)
                elif kind is wire.PositionsFrame:
                    _tell_each(result, lambda told: positions.position(told, contracts), self._position)
                elif kind is wire.LedgerFrame:
                    _tell_each(result, positions.ledger_entry, self._ledger)
            elif type(message) is not wire.SystemFrame:
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
        contracts = self._contracts
        if pieces.channel == "futures.orders":
            _tell_each(pieces.result, lambda piece: orders.order(_read_order(bytes(piece)), contracts), self._order)
        elif pieces.channel == "futures.usertrades":
            _tell_each(pieces.result, lambda piece: orders.fill(_read_trade(bytes(piece)), contracts), self._execution)
        elif pieces.channel == "futures.positions":
            _tell_each(
                pieces.result, lambda piece: positions.position(_read_position(bytes(piece)), contracts), self._position
            )
        elif pieces.channel == "futures.balances":
            _tell_each(pieces.result, lambda piece: positions.ledger_entry(_read_entry(bytes(piece))), self._ledger)
        else:
            raise problem


def _ignore(_: object) -> None:
    """For what nobody wants to hear."""


def _tell_each(result: list[Any], to_message: Callable[[Any], M], handler: Callable[[M], None]) -> None:
    """Converts and tells item by item; what is wrong with one does not keep the others from being told."""
    problem: Exception | None = None
    for item in result:
        try:
            message = to_message(item)
        except Exception as error:
            problem = error
            continue
        try:
            handler(message)
        except Exception as error:
            problem = HandlerFailedError(f"a handler failed: {type(error).__name__}")
            problem.__cause__ = error
    if problem is not None:
        raise problem


class GateioFuturesPrivateFrames(PrivateFrameDecoder):
    """`exchanges.base.websocket_clients.PrivateFrames` of one account of Gate.io's USDT perpetuals."""

    __slots__ = (
        "_credentials",
        "_server_clock",
        "_url",
        "_user",
        "_user_id",
        "handshake_headers",
        "heartbeat",
        "name",
        "settings",
    )

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        handlers: PrivateWebsocketHandlers,
        contracts: Contracts,
        user_id: Callable[[], Awaitable[str]],
        server_clock: ServerClock,
        settings: VenueSettings,
    ) -> None:
        """``user_id``: the exchange's number of the account, which subscriptions name."""
        super().__init__(handlers, contracts, hide=credentials)
        self.name = _NAME
        self.settings = settings.socket
        self.heartbeat = heartbeat(server_clock, "futures.ping")
        self.handshake_headers: Mapping[str, str] = HEADERS
        self._url = url
        self._credentials = credentials
        self._server_clock = server_clock
        self._user_id = user_id
        self._user = ""

    async def url(self) -> str:
        """The same for every account: each subscription is signed. Asks first for what frames are read and subscribed
        with: the sizes of contracts, and the account's number."""
        await self._contracts.ready()
        self._user = await self._user_id()
        return self._url

    def login(self) -> Sequence[Request]:
        """Nothing: each subscription is signed."""
        return ()

    def subscriptions(self) -> Sequence[Request]:
        """Orders, fills and positions of all markets, and the wallet."""
        channels = [(channel, [self._user, "!all"]) for channel in _OF_MARKETS]
        channels.append((_OF_THE_WALLET, [self._user]))
        return [
            (number, subscription(self._server_clock, number, channel, payload, self._credentials))
            for number, (channel, payload) in enumerate(channels, start=1)
        ]
