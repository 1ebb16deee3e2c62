"""WebSockets in memory: each direction a pipe that keeps its order, unless the weather is bad."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn
from urllib.parse import urlsplit

from exchanges.base.transport import NO_HEADERS, RequestNotSentError, Socket, SocketClosedError
from exchanges.simulator import Exchange, Frame, HttpRequest, Session
from simulation.environment.faults import Cut, Fault, Link, Weather
from simulation.process import LIFE, Life, Outside
from simulation.trace import Trace
from simulation.venues.wires import wire_at

_LEG_S: Final = 0.015
_REFUSAL_S: Final = 0.001
_GOODBYE_S: Final = 1.0
_TEND_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Ping:
    """A ping of the protocol, or its pong."""


@dataclass(frozen=True, slots=True)
class _Close:
    code: int


@dataclass(frozen=True, slots=True)
class _Reset:
    pass


_Item = bytes | _Ping | _Close | _Reset


class _Pipe:
    """One direction: what goes in comes out in the same order, later."""

    def __init__(self, outside: Outside, weather: Weather, deliver: Callable[[_Item], None]) -> None:
        self._outside = outside
        self._weather = weather
        self._deliver = deliver
        self._under_way: deque[_Item] = deque()
        self._last_s = 0.0

    def send(self, item: _Item, extra_s: float = 0.0) -> None:
        arrives_s = max(self._last_s, self._weather.now_s() + extra_s + self._weather.delay_s(_LEG_S))
        self._last_s = arrives_s
        self._under_way.append(item)
        # Each timer releases whatever is first, so that equal moments cannot turn the order round.
        self._outside.at(arrives_s, self._release)

    def swap_last(self) -> None:
        """Turns the order of the last two round."""
        way = self._under_way
        if len(way) >= 2 and isinstance(way[-1], bytes) and isinstance(way[-2], bytes):
            way[-1], way[-2] = way[-2], way[-1]

    def drop(self) -> None:
        self._under_way.clear()

    def _release(self) -> None:
        if self._under_way:
            self._deliver(self._under_way.popleft())


class Connection:
    """One socket with its two ends: `exchanges.simulator`'s ``Link`` there, `Socket` here.

    Attributes:
        fills_withheld_s: when it did not carry a fill because it carries no events any more.
    """

    def __init__(self, net: "MemorySockets", number: int, handshake: HttpRequest) -> None:
        self._net = net
        self._wire = wire_at(handshake.path)
        self._outside, self._weather, self._trace = net.outside, net.weather, net.trace
        self.life = LIFE.get()
        self.number = number
        self.session: Session | None = None
        self.key: str | None = None
        self.is_private = False
        self._to_client = _Pipe(net.outside, net.weather, self._reach_client)
        self._to_exchange = _Pipe(net.outside, net.weather, self._reach_exchange)
        self._inbound: deque[bytes] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._end: str | None = None
        self._closing = False
        self._goodbye: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_silent = False
        self._is_deaf = False
        self._is_mute = False
        self.fills_withheld_s: list[float] = []

    @property
    def link(self) -> Link:
        return Link.PRIVATE_SOCKET if self.is_private else Link.PUBLIC_SOCKET

    @property
    def is_half_open(self) -> bool:
        """Nothing comes any more, and the client can only notice that by waiting."""
        return self._is_silent or self._is_deaf

    # -- the exchange's end (Link) --------------------------------------------------------------------------------

    def send(self, frame: Frame) -> None:
        if isinstance(frame, str):
            frame = frame.encode()
        weather = self._weather
        if self.key is None and self.session is not None:
            self._learn_owner(self.session)
        if self._is_mute and self._wire.is_push(frame):
            if self._wire.is_fill(frame):
                self.fills_withheld_s.append(weather.now_s())
            return
        fate = weather.first_of(
            Fault.FRAME_DROPPED,
            Fault.FRAME_JUNK,
            Fault.FRAME_TRUNCATED,
            Fault.FRAME_TWICE,
            Fault.FRAME_SWAPPED,
            Fault.FRAME_DELAYED,
        )
        if fate is not None and self._trace.on:
            self.note(f"{fate.value}: {frame.decode(errors='replace')[:300]}")
        if fate is Fault.FRAME_DROPPED:
            return
        if fate is Fault.FRAME_JUNK:
            frame = self._wire.junk[weather.index(len(self._wire.junk))]
        elif fate is Fault.FRAME_TRUNCATED:
            frame = frame[: weather.index(len(frame))]
        self._send_down(frame, weather.between(0.2, 5.0) if fate is Fault.FRAME_DELAYED else 0.0)
        if fate is Fault.FRAME_TWICE:
            self._send_down(frame)
        elif fate is Fault.FRAME_SWAPPED:
            self._to_client.swap_last()

    def _learn_owner(self, session: Session) -> None:
        """Where no frame names a key: whoever is told of private things is known by these."""
        account = next((topic.account for topic in session.topics if topic.account), None)
        if account is not None:
            self.key, self.is_private = self._net.key_of(account), True

    def ping(self) -> None:
        self._send_down(_Ping())

    def close(self, code: int) -> None:
        self._send_down(_Close(code))

    def reset(self) -> None:
        self._send_down(_Reset())

    def _send_down(self, item: _Item, extra_s: float = 0.0) -> None:
        self._pass(self._to_client, item, extra_s, is_lost=self._is_deaf)

    def _reach_exchange(self, item: _Item) -> None:
        session = self.session
        if session is None:
            return
        if isinstance(item, bytes):
            session.receive(item)
        elif isinstance(item, _Ping):
            session.heard()
        else:
            self.session = None
            session.gone()
            if isinstance(item, _Close):
                self._send_down(_Close(item.code))

    # -- our end (Socket) -----------------------------------------------------------------------------------------

    async def client_send(self, message: bytes | str) -> None:
        if self._end is not None or self._closing:
            raise SocketClosedError(self._end or "the socket was closed by us with code 1000")
        frame = message if isinstance(message, bytes) else message.encode()
        if self.key is None and (key := self._wire.key_of_frame(frame)) is not None:
            self.key, self.is_private = key, True
        if self._trace.on:
            self.note(f"<- {self._wire.without_credentials(frame).decode(errors='replace')[:200]}")
        if self._weather.happens(Fault.CALL_DROPPED):
            self.note("call_dropped")
            return
        self._pass(self._to_exchange, frame, 0.0, is_lost=False)

    async def client_receive(self) -> bytes:
        while not self._inbound:
            if self._end is not None:
                raise SocketClosedError(self._end)
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._inbound.popleft()

    async def client_close(self) -> None:
        if self._end is not None or self._closing:
            return
        self._closing = True
        self._pass(self._to_exchange, _Close(1000), 0.0, is_lost=False)
        await asyncio.wait([self._goodbye], timeout=_GOODBYE_S)
        self._ended("the socket was closed by us with code 1000")
        self._break_exchange_end()

    def _reach_client(self, item: _Item) -> None:
        if self._end is not None:
            return
        if self.life is not None and self.life.is_suspended:
            self.life.hold(partial(self._reach_client, item))  # it answers no ping, either
            return
        if isinstance(item, bytes):
            if self._trace.on:
                self.note(f"-> {item.decode(errors='replace')[:400]}")
            self._inbound.append(item)
            self._wake()
        elif isinstance(item, _Ping):
            self._pass(self._to_exchange, _Ping(), 0.0, is_lost=False)
        elif isinstance(item, _Close):
            self._ended(f"the socket was closed by the exchange with code {item.code}")
        else:
            self._ended("the socket broke without a close frame")

    def _ended(self, why: str) -> None:
        if self._end is None:
            self._end = why
            self.note(why)
            self._net.forget(self)
        if not self._goodbye.done():
            self._goodbye.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # -- the weather ----------------------------------------------------------------------------------------------

    def tend(self) -> None:
        """Once in a while: does this socket break now?"""
        if self._end is not None:
            return
        outage = self._weather.outage(self.link, self.key)
        if outage is not None and outage.cut is Cut.REFUSE:
            self.break_off("outage")
            return
        fate = self._weather.first_of(
            Fault.SOCKET_RESET, Fault.SOCKET_CLOSED, Fault.SOCKET_SILENT, Fault.SOCKET_DEAF, Fault.SOCKET_MUTE
        )
        if fate is not None:
            self.note(fate.value)
        if fate is Fault.SOCKET_RESET:
            self.break_off("reset")
        elif fate is Fault.SOCKET_CLOSED and self.session is not None:
            self.session.close()
        elif fate is Fault.SOCKET_SILENT:
            self._is_silent = True
        elif fate is Fault.SOCKET_DEAF:
            self._is_deaf = True
        elif fate is Fault.SOCKET_MUTE:
            self._is_mute = True
        self._outside.later(_TEND_S, self.tend)

    def break_off(self, why: str) -> None:
        """A reset in the middle: what was under way is lost, both ends hear of it."""
        self.note(f"broken off: {why}")
        self._to_client.drop()
        self._to_exchange.drop()
        self._to_client.send(_Reset())
        self._break_exchange_end()

    def _break_exchange_end(self) -> None:
        self._to_exchange.drop()
        self._to_exchange.send(_Reset())

    def _pass(self, pipe: _Pipe, item: _Item, extra_s: float, *, is_lost: bool) -> None:
        if self._is_silent or is_lost:
            return
        outage = self._weather.outage(self.link, self.key)
        if outage is not None:
            if outage.cut is Cut.REFUSE:
                self.break_off("outage")
                return
            if outage.cut is Cut.SWALLOW:
                self._is_silent = True  # what TCP could not deliver for so long it gives up
                return
            extra_s += outage.until_s - self._weather.now_s()
        pipe.send(item, extra_s)

    def note(self, what: str) -> None:
        if self._trace.on:
            self._trace.add("socket", f"#{self.number} {what}")


class _ClientEnd:
    """`Socket`, as the client sees its end of a connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def send(self, message: bytes | str) -> None:
        await self._connection.client_send(message)

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        while True:
            listener(await self._connection.client_receive())

    async def close(self) -> None:
        await self._connection.client_close()


class MemorySockets:
    """`exchanges.base.transport.SocketTransport` to one embedded exchange.

    Attributes:
        open: connections that the client has not seen the end of.
    """

    def __init__(self, outside: Outside, exchange: Exchange, weather: Weather, trace: Trace) -> None:
        self.outside = outside
        self.weather = weather
        self.trace = trace
        self.open: dict[Connection, None] = {}
        self._exchange = exchange
        self._count = 0

    async def connect(self, url: str, *, timeout_s: float, headers: Mapping[str, str] = NO_HEADERS) -> Socket:
        """Opens a socket; of ``url`` only path and query count, there is one exchange.

        Raises:
            RequestNotSentError: refused, or not open within ``timeout_s``.
        """
        self._count += 1
        handshake = _handshake(url, headers)
        connection = Connection(self, self._count, handshake)
        connection.note(f"connect {url}")
        # Whose it will be is not known yet: an outage of private sockets shows at the first signed frame.
        outage = self.weather.outage(Link.PUBLIC_SOCKET, None)
        fate = self.weather.first_of(Fault.CONNECT_REFUSED, Fault.CONNECT_SILENT)
        if fate is Fault.CONNECT_REFUSED or (outage is not None and outage.cut is Cut.REFUSE):
            connection.note("refused")
            await asyncio.sleep(_REFUSAL_S)
            raise RequestNotSentError("no socket: refused")
        wait_s = self.weather.delay_s(2 * _LEG_S)
        if fate is Fault.CONNECT_SILENT or outage is not None:
            wait_s = timeout_s
        await asyncio.sleep(min(wait_s, timeout_s))
        if wait_s >= timeout_s:
            connection.note("no socket in time")
            raise RequestNotSentError(f"no socket within {timeout_s:g} s")
        self.open[connection] = None
        connection.session = self.outside.run(self._exchange.open_socket, handshake, connection)
        if connection.session is None:
            connection.close(1013)
        self.outside.later(_TEND_S, connection.tend)
        return _ClientEnd(connection)

    def key_of(self, account: str) -> str:
        """The API key of an account."""
        return self._exchange.keys.accounts[account].key

    def cut_off(self, life: Life) -> None:
        """That life was killed: the operating system breaks its sockets off."""
        for connection in [each for each in self.open if each.life is life]:
            connection.break_off("killed")
            self.forget(connection)

    def forget(self, connection: Connection) -> None:
        self.open.pop(connection, None)


def _handshake(url: str, headers: Mapping[str, str]) -> HttpRequest:
    parts = urlsplit(url)
    lower = {name.lower(): value for name, value in headers.items()}
    return HttpRequest(method="GET", path=parts.path, query=parts.query, headers=lower, remote="10.0.0.1")
