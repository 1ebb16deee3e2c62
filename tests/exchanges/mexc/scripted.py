"""A venue whose answers a test writes, on a clock that a test moves, and that keeps every request as it came.

It stands in the place of the network (`exchanges.base.transport`): requests are checked for what MEXC is strict about,
sockets acknowledge as MEXC does.
"""

import asyncio
import hashlib
import hmac
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import msgspec

from exchanges.base.clients import PrivateRest
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.base.transport import AnswerLostError, HttpResponse, RequestNotSentError, SocketClosedError
from exchanges.mexc.settings import MexcSettings
from exchanges.mexc.venue import MexcVenue
from messages.symbol import Symbol
from tests.exchanges.base.loopback import Tasks
from tests.exchanges.base.manual_clock import ManualClock

ALPHA = Credentials("demo-key", "s3cr3t-demo")
SOL, BTC = Symbol("SOL", "USDT"), Symbol("BTC", "USDT")
NOW_MS = 1_760_000_000_000


class Request(msgspec.Struct):
    """One request as it left. ``at_s``: monotonic seconds."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    at_s: float

    @property
    def parameters(self) -> dict[str, str]:
        return {name: unquote(value) for name, _, value in (part.partition("=") for part in self.query.split("&"))}

    @property
    def call(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_private(self) -> bool:
        return "X-MEXC-APIKEY" in self.headers

    def is_signed_by(self, credentials: Credentials) -> bool:
        """The documented recipe, written down a second time."""
        text, _, signature = self.query.rpartition("&signature=")
        expected = hmac.new(credentials.reveal_secret().encode(), text.encode(), hashlib.sha256).hexdigest()
        return signature == expected and self.headers == {"X-MEXC-APIKEY": credentials.reveal_key()}


class Reply(msgspec.Struct):
    """An answer: ``body`` is sent as JSON, bytes as they are. ``lost``: it left, and nothing came back."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = {}
    lost: bool = False
    unsent: bool = False


def refusal(code: int, status: int = 400) -> Reply:
    return Reply({"code": code, "msg": "no"}, status)


def market(name: str, base: str, quote: str = "USDT", **more: Any) -> dict[str, Any]:
    row = {
        "symbol": name,
        "status": "1",
        "baseAsset": base,
        "baseAssetPrecision": 2,
        "quoteAsset": quote,
        "quotePrecision": 2,
        "quoteAssetPrecision": 2,
        "isSpotTradingAllowed": True,
        "quoteAmountPrecision": "1",
        "baseSizePrecision": "0.01",
        "filters": [],
        "maxQuoteAmount": "2000000",
        "tradeSideType": 1,
    }
    return row | more


MARKETS = Reply({"symbols": [market("SOLUSDT", "SOL"), market("BTCUSDT", "BTC")]})


class Network:
    """Answers of REST by call ("POST /order"): one reply, or several in turn of which the last stays."""

    def __init__(self, clock: ManualClock, answers: Mapping[str, Any]) -> None:
        self._clock = clock
        self.answers: dict[str, Any] = {"GET /exchangeInfo": MARKETS, "GET /time": Reply({"serverTime": NOW_MS})}
        self.answers.update(
            {call: list(reply) if isinstance(reply, list) else reply for call, reply in answers.items()}
        )
        self.requests: list[Request] = []

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        parts = urlsplit(url)
        made = Request(
            method, parts.path.removeprefix("/api/v3"), parts.query, dict(headers), self._clock.monotonic_s()
        )
        self.requests.append(made)
        assert body is None
        assert not made.is_private or made.is_signed_by(ALPHA)
        reply = self.answers[made.call]
        if isinstance(reply, list):
            reply = reply[0] if len(reply) == 1 else reply.pop(0)
        if callable(reply):
            reply = reply(made)
        if reply.lost:
            raise AnswerLostError("lost")
        if reply.unsent:
            raise RequestNotSentError("no connection")
        said = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        return HttpResponse(reply.status, reply.headers, said)

    async def close(self) -> None:
        """Nothing is open."""

    def of(self, call: str) -> list[Request]:
        return [request for request in self.requests if request.call == call]


def granted(channel: str, number: int) -> dict[str, Any]:
    return {"id": number, "code": 0, "msg": channel}


class Line:
    """An open socket: what the client sends is answered at once."""

    def __init__(self, url: str, answer: Callable[[str, int], Any]) -> None:
        self.url = url
        self.channels: list[str] = []
        self.pings = 0
        self.is_open = True
        self._answer = answer
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def send(self, message: bytes | str) -> None:
        if not self.is_open:
            raise SocketClosedError("closed")
        said = msgspec.json.decode(message)
        if said["method"] == "PING":
            self.pings += 1
            self.push(b'{"id":0,"code":0,"msg":"PONG"}')
            return
        (channel,) = said["params"]
        self.channels.append(channel)
        answer = self._answer(channel, said["id"])
        if answer is not None:
            self.push(msgspec.json.encode(answer))

    def push(self, frame: bytes) -> None:
        self._frames.put_nowait(frame)

    def end(self) -> None:
        """The exchange ends it."""
        self._frames.put_nowait(None)

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        while (frame := await self._frames.get()) is not None:
            listener(frame)
        self.is_open = False
        raise SocketClosedError("ended by the exchange")

    async def close(self) -> None:
        self.is_open = False
        self._frames.put_nowait(None)


class Lines:
    """All sockets that were asked for; ``refused`` of the next ones cannot be opened."""

    def __init__(self) -> None:
        self.all: list[Line] = []
        self.refused = 0
        self.answer: Callable[[str, int], Any] = granted

    async def connect(self, url: str, *, timeout_s: float, headers: Mapping[str, str]) -> Line:
        line = Line(url, lambda channel, number: self.answer(channel, number))
        self.all.append(line)
        if self.refused:
            self.refused -= 1
            line.is_open = False
            raise RequestNotSentError("no socket")
        return line

    @property
    def open(self) -> list[Line]:
        return [line for line in self.all if line.is_open]


class World:
    """Attributes: venue, rest: ours. network, lines: what it speaks to."""

    def __init__(self, answers: Mapping[str, Any], **settings: Any) -> None:
        self.clock = ManualClock(unix_ms=NOW_MS)
        self.network = Network(self.clock, answers)
        self.lines = Lines()
        self.tasks = Tasks()
        environment = Environment(
            clock=self.clock, rng=random.Random(7), spawn=self.tasks.spawn, http=self.network, sockets=self.lines
        )
        where = Endpoints("http://exchange.test", "ws://exchange.test/ws")
        self.venue = MexcVenue(where, environment, MexcSettings(**settings))
        self.rest: PrivateRest = self.venue.create_private_rest(ALPHA)

    async def passes(self, seconds: float) -> None:
        """Lets time pass in small steps: what waits in one line is served one after the other at one moment."""
        for _ in range(round(seconds / 0.05)):
            await self.clock.advance(0.05)

    def only(self, call: str) -> Request:
        (request,) = self.network.of(call)
        return request


@asynccontextmanager
async def world(answers: Mapping[str, Any] | None = None, **settings: Any) -> AsyncIterator[World]:
    """Cancels what is left over at the end."""
    made = World(answers or {}, **settings)
    try:
        yield made
    finally:
        for task in made.tasks.started:
            task.cancel()
        await asyncio.gather(*made.tasks.started, return_exceptions=True)
