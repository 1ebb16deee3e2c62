"""From a frame that leaves another process to the account's state changed and a subscriber told.

The way is the real one: loopback socket, `websockets` transport, session, Gate's private client, account actor. The
server sends 2,000 frames a second, evenly, and notes when each left; both processes read the same monotonic clock.
CPU time is the whole process's. Both figures are compared with a loop that does nothing but receive with `websockets`
and decode with msgspec, in turns: what the machine, the library and the sender add to the slowest frames, both sides
pay, and ``p99_ratio_to_bare`` is what is left of ours.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.support.account import live_account, real_environment, spawn
from benchmarks.support.canned import CREDENTIALS, CannedVenue
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.peers import Peer, peer
from benchmarks.support.timing import median, percentile, ratio, spread
from benchmarks.support.verdicts import judged
from exchanges.base.endpoints import Endpoints
from exchanges.gateio.spot import wire
from exchanges.gateio.symbols import to_symbol
from exchanges.registry import FIRST_KIND, create_venue
from messages.events import OrderUpdateEvent

PAIRS: Final = ("SOL_USDT", "BTC_USDT", "ETH_USDT")
FRAMES_OF_AN_ORDER: Final = 3


class Side:
    """One of the two clients: the number of its connection, and what its turns took."""

    def __init__(self, connection: int) -> None:
        self.p50_ms: list[float] = []
        self.p99_ms: list[float] = []
        self.cpu_us: list[float] = []
        self._connection = connection
        self._arrived_ns: list[int] = []
        self._expected = 0
        self._all_there: asyncio.Future[None] | None = None

    def arrived(self, _: OrderUpdateEvent | None = None) -> None:
        """One more frame is through."""
        self._arrived_ns.append(time.monotonic_ns())
        if len(self._arrived_ns) == self._expected and self._all_there is not None:
            self._all_there.set_result(None)

    async def turn(self, server: Peer, orders: int, per_second: float) -> None:
        """Has the frames of ``orders`` orders sent, and waits for the last."""
        self._arrived_ns.clear()
        self._expected = orders * FRAMES_OF_AN_ORDER
        self._all_there = asyncio.get_running_loop().create_future()
        gc.collect()
        cpu_s = time.process_time()
        question = {"connection": self._connection, "orders": orders, "per_second": per_second}
        sent = spawn(server.ask(question), "frames")
        await self._all_there
        self.cpu_us.append((time.process_time() - cpu_s) * 1e6 / self._expected)
        await sent
        left_ns = (await server.ask({"stamps": True}))["sent_ns"]
        ways_ms = [(there - left) / 1e6 for left, there in zip(left_ns, self._arrived_ns, strict=True)]
        self.p50_ms.append(statistics.median(ways_ms))
        self.p99_ms.append(percentile(ways_ms, 0.99))


async def _receive(connection: ClientConnection, side: Side) -> None:
    decode = msgspec.json.Decoder(wire.PrivateFrame).decode
    while True:
        decode(await connection.recv(decode=False))
        side.arrived()


async def _measure(orders: int, per_second: float, turns: int) -> dict[str, object]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(peer("benchmarks.support.frame_server", pairs=PAIRS))
        environment = await stack.enter_async_context(real_environment())
        url = server.ready["url"]
        ours, bare = Side(0), Side(1)
        gate = create_venue(FIRST_KIND, Endpoints(rest="http://127.0.0.1", ws=url), environment)
        venue = CannedVenue(
            [to_symbol(pair) for pair in PAIRS],
            make_socket=lambda handlers: gate.create_private_ws_with_handlers(CREDENTIALS, handlers),
        )
        await stack.enter_async_context(live_account(venue, environment, hear=ours.arrived))
        connection = await stack.enter_async_context(connect(url, compression=None, ping_interval=None, proxy=None))
        receiving = spawn(_receive(connection, bare), "bare")
        stack.callback(receiving.cancel)
        gc.freeze()  # as the program does once it is up
        stack.callback(gc.unfreeze)
        for side in (ours, bare):
            await side.turn(server, orders // 4 or 1, per_second)  # warms up
            for figures in (side.p50_ms, side.p99_ms, side.cpu_us):
                figures.clear()
        for _ in range(turns):
            for side in (ours, bare):
                await side.turn(server, orders, per_second)
    return {
        "benchmark": "socket_path",
        "case": f"{per_second:,.0f} frames/s",
        "p99_ms": median(ours.p99_ms),
        "p99_ratio_to_bare": ratio(ours.p99_ms, bare.p99_ms),
        "p50_ms": median(ours.p50_ms),
        "bare_p99_ms": median(bare.p99_ms),
        "bare_p50_ms": median(bare.p50_ms),
        "cpu_us_per_frame": median(ours.cpu_us),
        "bare_cpu_us_per_frame": median(bare.cpu_us),
        "cpu_ratio_to_bare": ratio(ours.cpu_us, bare.cpu_us),
        "p99_ms_range": spread(ours.p99_ms),
        "bare_p99_ms_range": spread(bare.p99_ms),
        "frames_per_turn": orders * FRAMES_OF_AN_ORDER,
        "turns": turns,
        "loop": LOOP,
    }


def run(*, orders: int = 1400, per_second: float = 2000.0, turns: int = 7) -> Iterator[dict[str, object]]:
    """One object.

    Args:
        orders: in each turn of each side, three frames each. per_second: frames. turns: of each side.
    """
    yield judged(run_on_loop(_measure(orders, per_second, turns)), below={"p99_ms": 1.0})
