"""Start-up: until a trading system with one account and its market feed is live.

Two servers: the embedded exchange itself, and the same one at the end of a way on which every request, handshakes of
sockets included, takes 20 ms longer. ``ratio_to_sequential``: our start against the very same requests sent one after
the other, each when the one before has its answer; both through the same transports, in turns. ``overhead_ms``: of a
start without latency, what is left of its time when the times at which some request was under way are taken out.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Final
from urllib.parse import urlsplit

from actors.runtime import LoopHost
from actors.system import AccountPlan, TradingSystem
from benchmarks.support.account import spawn
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.peers import peer
from benchmarks.support.timing import median, ratio, spread
from benchmarks.support.verdicts import judged
from benchmarks.support.watched import Watch, WatchedHttp, WatchedSockets
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment, SystemClock
from exchanges.gateio.symbols import to_symbol
from exchanges.registry import FIRST_KIND, create_venue

LATENCY_MS: Final = 20.0
PAIRS: Final = ("SOL_USDT", "BTC_USDT", "ETH_USDT")


class Start:
    """One start: how long it took, how long requests were under way, and how many there were."""

    def __init__(self, wall_s: float, watch: Watch) -> None:
        self.wall_ms = wall_s * 1000
        self.overhead_ms = (wall_s - watch.busy_s) * 1000
        self.requests = watch.requests


async def _start(pairs: Sequence[str], endpoints: Endpoints, credentials: Credentials, *, one_by_one: bool) -> Start:
    watch = Watch(one_by_one=one_by_one)
    environment = Environment(
        clock=SystemClock(),
        rng=random.Random(1),
        spawn=spawn,
        http=WatchedHttp(watch),
        sockets=WatchedSockets(watch),
    )
    symbols = tuple(to_symbol(pair) for pair in pairs)
    system = TradingSystem(
        host=LoopHost.current(spawn=spawn),
        environment=environment,
        venues={"gateio": create_venue(FIRST_KIND, endpoints, environment)},
        accounts=[AccountPlan(name="alpha", venue="gateio", credentials=credentials, symbols=symbols)],
    )
    try:
        began_s = time.perf_counter()
        await system.start()
        return Start(time.perf_counter() - began_s, watch)
    finally:
        await system.stop(cancel_open_orders=False)
        await environment.http.close()


async def _measure(pairs: Sequence[str], latency_ms: float, turns: int) -> dict[str, object]:
    async with AsyncExitStack() as stack:
        exchange = await stack.enter_async_context(peer("benchmarks.support.exchange", pairs=pairs, accounts=["alpha"]))
        gate = exchange.ready["gateio"]
        credentials = Credentials(gate["accounts"][0]["key"], gate["accounts"][0]["secret"])
        near = Endpoints(rest=gate["rest"], ws=gate["ws"])
        address = urlsplit(gate["rest"])
        way = await stack.enter_async_context(
            peer("benchmarks.support.relay", host=address.hostname, port=address.port, one_way_ms=latency_ms / 2)
        )
        there, here = f":{address.port}/", f":{way.ready['port']}/"
        far = Endpoints(rest=near.rest.replace(there, here), ws=near.ws.replace(there, here))
        starts: dict[str, list[Start]] = {"parallel": [], "sequential": [], "near": []}
        for _ in range(turns + 1):
            starts["parallel"].append(await _start(pairs, far, credentials, one_by_one=False))
            starts["sequential"].append(await _start(pairs, far, credentials, one_by_one=True))
            starts["near"].append(await _start(pairs, near, credentials, one_by_one=False))
    parallel, sequential, near_ms, overhead_ms = (
        [getattr(start, figure) for start in starts[name][1:]]  # without the first, which warms up
        for name, figure in (
            ("parallel", "wall_ms"),
            ("sequential", "wall_ms"),
            ("near", "wall_ms"),
            ("near", "overhead_ms"),
        )
    )
    requests = {start.requests for group in starts.values() for start in group}
    assert len(requests) == 1, f"every start sends the same requests, not {requests} of them"
    return {
        "benchmark": "init",
        "case": f"{len(pairs)} market{'s' if len(pairs) > 1 else ''}",
        "ratio_to_sequential": ratio(parallel, sequential),
        "overhead_ms": median(overhead_ms),
        "parallel_ms": median(parallel),
        "sequential_ms": median(sequential),
        "no_latency_ms": median(near_ms),
        "parallel_ms_range": spread(parallel),
        "sequential_ms_range": spread(sequential),
        "overhead_ms_range": spread(overhead_ms),
        "requests": requests.pop(),
        "latency_ms": latency_ms,
        "turns": turns,
        "loop": LOOP,
    }


def run(*, latency_ms: float = LATENCY_MS, turns: int = 9) -> Iterator[dict[str, object]]:
    """One object for an account that trades one market, and one for three.

    Args:
        latency_ms: what each request takes longer on the far way. turns: of each side.
    """
    for count in (1, len(PAIRS)):
        yield judged(
            run_on_loop(_measure(PAIRS[:count], latency_ms, turns)),
            at_most={"ratio_to_sequential": 0.4},
            below={"overhead_ms": 50.0},
        )
