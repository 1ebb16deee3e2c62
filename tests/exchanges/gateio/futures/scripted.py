"""A venue of perpetuals whose answers a test writes, and that keeps every request as it came.

It stands in the place of the network (`exchanges.base.transport`).
"""

import asyncio
import contextlib
import hashlib
import hmac
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Clock, Environment
from exchanges.base.futures_clients import FuturesPrivateRest
from exchanges.base.transport import AnswerLostError, HttpResponse
from exchanges.base.websockets_transport import WebsocketsTransport
from exchanges.gateio.futures.venue import GateioFuturesVenue
from exchanges.gateio.settings import GateioSettings
from messages.symbol import Symbol
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio.futures import payloads

ALPHA = Credentials("demo-key", "s3cr3t-demo")
SOL = Symbol("SOL", "USDT", "USDT")
NOW_MS = 1_760_000_000_000
DAY_MS = 86_400_000


class Request(msgspec.Struct):
    """One request as it left; ``query`` is still encoded, names of headers are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        return dict(part.split("=", 1) for part in self.query.split("&") if part)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def is_signed_by(self, credentials: Credentials) -> bool:
        """The documented recipe, written down once more."""
        digest = hashlib.sha512(self.body).hexdigest()
        text = "\n".join([self.method, self.path, unquote(self.query), digest, self.headers["timestamp"]])
        expected = hmac.new(credentials.reveal_secret().encode(), text.encode(), hashlib.sha512).hexdigest()
        return self.headers["sign"] == expected and self.headers["key"] == credentials.reveal_key()


class Reply(msgspec.Struct):
    """An answer: ``body`` is sent as JSON, bytes as they are. ``lost``: the request left, and nothing came back."""

    body: Any = None
    status: int = 200
    lost: bool = False


LOST = Reply(lost=True)
CONTRACTS = Reply([payloads.contract(), payloads.contract(name="BTC_USDT", quanto_multiplier="0.0001")])
Answer = Reply | Callable[[Request], Reply]


def refused(label: str, status: int = 400) -> Reply:
    return Reply({"label": label, "message": "because"}, status)


class Script:
    """Answers by a function of the request, or with replies in turn (the last one again and again); the list of
    contracts is answered by itself. An `exchanges.base.transport.HttpTransport`.

    Attributes:
        requests: every one. asked: those that were not for the list of contracts.
    """

    def __init__(self, *replies: Answer, contracts: Reply = CONTRACTS) -> None:
        self._replies = list(replies)
        self._contracts = contracts
        self.requests: list[Request] = []
        self.asked: list[Request] = []

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        made = Request(method, parts.path, parts.query, lower, body or b"")
        self.requests.append(made)
        await asyncio.sleep(0)
        reply = self._reply(made)
        if reply.lost:
            raise AnswerLostError("lost")
        said = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        return HttpResponse(reply.status, {}, said)

    async def close(self) -> None:
        """Nothing is open."""

    def _reply(self, request: Request) -> Reply:
        if request.path.endswith("/contracts"):
            return self._contracts
        self.asked.append(request)
        reply = self._replies[0] if len(self._replies) == 1 else self._replies.pop(0)
        return reply(request) if callable(reply) else reply


class Started:
    """Starts tasks and remembers them, so that a test can see that none is left over."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str, /) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self.tasks.append(task)
        return task

    @property
    def running(self) -> list[str]:
        return [task.get_name() for task in self.tasks if not task.done()]


def environment(script: Script, clock: Clock | None = None, started: Started | None = None) -> Environment:
    """Requests go to the script; sockets are real."""
    return Environment(
        clock=clock or ManualClock(unix_ms=NOW_MS),
        rng=random.Random(7),
        spawn=(started or Started()).spawn,
        http=script,
        sockets=WebsocketsTransport(),
    )


@contextlib.asynccontextmanager
async def scripted(
    script: Script, *, ws: str = "ws://exchange.test/v4/ws/usdt", settings: GateioSettings | None = None
) -> AsyncIterator[GateioFuturesVenue]:
    """A venue whose REST face follows the script; afterwards nothing of its clients may still run."""
    started = Started()
    endpoints = Endpoints("http://exchange.test/api/v4", ws)
    yield GateioFuturesVenue(endpoints, environment(script, started=started), settings)
    assert started.running == []


Call = Callable[[FuturesPrivateRest], Awaitable[Any]]


async def run(call: Call, script: Script, *, settings: GateioSettings | None = None) -> Any:
    async with scripted(script, settings=settings) as venue:
        return await call(venue.create_private_rest(ALPHA))


async def only_request(call: Call, reply: Answer, *, settings: GateioSettings | None = None) -> Request:
    script = Script(reply)
    await run(call, script, settings=settings)
    assert len(script.asked) == 1
    return script.asked[0]
