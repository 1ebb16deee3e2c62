"""A venue of perpetuals whose answers a test writes, over real sockets, and that keeps every request as it came."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Clock
from exchanges.base.futures_clients import FuturesPrivateRest
from exchanges.gateio.futures.venue import GateioFuturesVenue
from exchanges.gateio.settings import GateioSettings
from messages.symbol import Symbol
from tests.exchanges.base.loopback import environment, tcp_server
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.scripted import ALPHA, NOW_MS, Reply, Request, Script

SOL = Symbol("SOL", "USDT", "USDT")
CONTRACTS = Reply([payloads.contract(), payloads.contract(name="BTC_USDT", quanto_multiplier="0.0001")])
Answer = Reply | Callable[[Request], Reply]


class FuturesScript(Script):
    """As `Script`; the list of contracts is answered by itself, and kept apart.

    Attributes:
        asked: every request but those for the contracts.
    """

    def __init__(self, *replies: Answer, contracts: Reply = CONTRACTS) -> None:
        self._turns = list(replies)
        self._contracts = contracts
        self.asked: list[Request] = []
        super().__init__(self._answer)

    def _answer(self, request: Request) -> Reply:
        if request.path.endswith("/contracts"):
            return self._contracts
        self.asked.append(request)
        reply = self._turns[0] if len(self._turns) == 1 else self._turns.pop(0)
        return reply(request) if callable(reply) else reply


@contextlib.asynccontextmanager
async def scripted(
    script: Script, *, clock: Clock | None = None, settings: GateioSettings | None = None
) -> AsyncIterator[GateioFuturesVenue]:
    """A venue whose REST face follows the script."""
    async with tcp_server(script.converse) as address, environment(clock) as seams:
        yield GateioFuturesVenue(Endpoints(f"http://{address}/api/v4", f"ws://{address}/v4/ws/usdt"), seams, settings)


Call = Callable[[FuturesPrivateRest], Awaitable[Any]]


async def run(call: Call, script: Script, **more: Any) -> Any:
    async with scripted(script, clock=ManualClock(unix_ms=NOW_MS), **more) as venue:
        return await call(venue.create_private_rest(ALPHA))


async def only_request(call: Call, reply: Answer, **more: Any) -> Request:
    script = FuturesScript(reply)
    await run(call, script, **more)
    assert len(script.asked) == 1
    return script.asked[0]
