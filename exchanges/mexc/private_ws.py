"""Orders, fills and balances of one account by MEXC's spot socket (docs/venues/mexc.md, sockets, pushes)."""

from collections.abc import Sequence
from typing import Final

from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.base.lasting_connection import Ending, Request
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import Answers, report_refused_frame
from exchanges.mexc import pushes
from exchanges.mexc.listen_key import ListenKeys
from exchanges.mexc.proto.teller_mexc_pb2 import Push
from exchanges.mexc.socket_frames import PING, TEXT, Channels, failed
from exchanges.mexc.symbols import Markets
from messages.errors import ProtocolError, RefusalReason

_NAME: Final = "mexc.private"
_CHANNELS: Final = (
    "spot@private.orders.v3.api.pb",
    "spot@private.deals.v3.api.pb",
    "spot@private.account.v3.api.pb",
)
_parse: Final = Push.FromString
_to_order: Final = pushes.order


class PrivateFrameDecoder:
    """Turns frames of the private socket into calls of the handlers; needs no socket.

    `feed` never raises: a frame that cannot be read, or a handler that fails, is one log line and one call of
    ``handlers.error``.
    """

    __slots__ = ("_balance", "_channels", "_error", "_execution", "_order", "_to_symbol")

    def __init__(self, handlers: PrivateWebsocketHandlers, markets: Markets) -> None:
        self._order = handlers.order
        self._balance = handlers.balance
        self._execution = handlers.execution
        self._error = handlers.error
        self._to_symbol = markets.to_symbol
        self._channels = Channels(_NAME, handlers.error, RefusalReason.OTHER)

    def attach(self, answers: Answers) -> None:
        """Names who waits for acknowledgements."""
        self._channels.answers = answers

    def feed(self, frame: bytes) -> None:
        """Takes one frame."""
        try:
            if frame[:1] == TEXT:
                self._channels.take(frame)
                return
            push = _parse(frame)
            body = push.order
            if body.id:  # the most frequent, and what orders wait for; without an id it is of no order
                order = _to_order(push, body, self._to_symbol)
                try:
                    self._order(order)
                except Exception as error:
                    raise failed(error) from error
            else:
                self._take(push)
        except Exception as problem:
            report_refused_frame(_NAME, frame, problem, self._error)

    def _take(self, push: Push) -> None:
        kind = push.WhichOneof("body")
        if kind == "deal":
            fill = pushes.fill(push, push.deal, self._to_symbol)
            try:
                self._execution(fill)
            except Exception as error:
                raise failed(error) from error
        elif kind == "account":
            balance = pushes.balance(push, push.account)
            try:
                self._balance((balance,))
            except Exception as error:
                raise failed(error) from error
        else:
            raise ProtocolError("a frame that is neither an update nor an answer")


class MexcPrivateFrames(PrivateFrameDecoder):
    """`exchanges.base.websocket_clients.PrivateFrames` of one MEXC spot account, and `LeasedFrames`: the listen key."""

    __slots__ = ("_keys", "_listen_key", "_markets", "_url", "name", "settings")

    def __init__(
        self,
        url: str,
        handlers: PrivateWebsocketHandlers,
        keys: ListenKeys,
        markets: Markets,
        settings: VenueSettings,
    ) -> None:
        super().__init__(handlers, markets)
        self.name = _NAME
        self.settings = settings.socket
        self._url = url
        self._keys = keys
        self._markets = markets
        self._listen_key: str | None = None

    async def url(self) -> str:
        """With the account's listen key; the table of markets is there when the first push comes."""
        await self._markets.ready()
        self._listen_key = await self._keys.acquire()
        return f"{self._url}?listenKey={self._listen_key}"

    def heartbeat(self) -> bytes:
        """Answered by a PONG. It does not prolong the listen key."""
        return PING

    def login(self) -> Sequence[Request]:
        """Nothing: the listen key says who it is."""
        return ()

    def subscriptions(self) -> Sequence[Request]:
        """Orders, fills and balances of all markets."""
        return [self._channels.subscription(channel) for channel in _CHANNELS]

    async def until_expired(self) -> None:
        """Returns when the listen key is good no longer."""
        if self._listen_key is not None:
            await self._keys.until_dead(self._listen_key)

    async def release(self, ending: Ending) -> None:
        """Gives the listen key back."""
        text, self._listen_key = self._listen_key, None
        if text is not None:
            await self._keys.release(text, ending)
