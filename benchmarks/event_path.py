"""From the bytes of an order's frame to the account's state changed and a subscriber told, for each venue.

Compared with (a) the venue's floor, the least that anybody has to do with the same bytes to know what they say
(`benchmarks.support.venues`), and (b) ccxt.pro's exchange taking the same bytes through its own message handler, with a
task that awaits `watch_orders` as its subscriber. All sides take turns on new orders; sides that keep finished orders
are filled before the clock starts.

Frames come in bursts, as from a socket that has several ready. ``alone``: the next frame comes only when the subscriber
has been told of the one before, so that each pays for its own turns of the event loop.
"""

import asyncio
import importlib
import itertools
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from benchmarks.support.account import Counter, live_account, real_environment, spawn
from benchmarks.support.canned import CannedVenue, HandFedSocket
from benchmarks.support.frames import OrderFrames
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.timing import Prepare, Work, median, ratio, spread, take_turns
from benchmarks.support.venues.description import OrderStream
from benchmarks.support.venues.registry import ORDER_STREAMS
from benchmarks.support.verdicts import judged
from exchanges.base.environment import Environment
from messages.symbol import Symbol

SYMBOLS: Final = (Symbol("SOL", "USDT"), Symbol("BTC", "USDT"), Symbol("ETH", "USDT"))
BURST: Final = 64
"""As many as an actor serves before it lets others have the loop."""
CCXT_KEEPS: Final = 1000
"""Orders that ccxt keeps at most by default; beyond that it forgets, also open ones."""
_PREFILL_BURST: Final = 1000


class Account:
    """A live account whose socket is fed by hand."""

    def __init__(self, socket: HandFedSocket, counter: Counter) -> None:
        self._feed = socket.feed
        self._counter = counter

    async def take(self, frames: Sequence[bytes], burst: int) -> int:
        """Feeds all frames, ``burst`` at a time; returns how many, once the subscriber has been told of all."""
        feed, counter = self._feed, self._counter
        for start in range(0, len(frames), burst):
            batch = frames[start : start + burst]
            told = counter.expect(len(batch))
            for frame in batch:
                feed(frame)
            await told
        return len(frames)


@asynccontextmanager
async def account_with(stream: OrderStream, environment: Environment, executed: int) -> AsyncIterator[Account]:
    """An account that keeps ``executed`` finished orders; from 1,000 on, as many as it may keep for each symbol."""
    sockets: list[HandFedSocket] = []

    def make_socket(handlers: Any) -> HandFedSocket:
        sockets.append(HandFedSocket(stream.make_feed(handlers, SYMBOLS)))
        return sockets[-1]

    venue = CannedVenue(SYMBOLS, make_socket=make_socket)
    counter = Counter()
    limit = max(1000, -(-executed // len(SYMBOLS)))
    async with live_account(venue, environment, hear=counter.hear, executed_limit=limit):
        account = Account(sockets[0], counter)
        before = OrderFrames(stream.write, SYMBOLS, first=-executed).finished(executed)
        while batch := list(itertools.islice(before, _PREFILL_BURST)):
            await account.take(batch, len(batch))
        yield account


class Ccxt:
    """ccxt.pro's exchange, fed as its socket's reader feeds it. A task awaits `watch_orders` again and again, which is
    how a program on ccxt is told."""

    def __init__(self, stream: OrderStream, executed: int) -> None:
        self.exchange, self._feed = stream.connect_ccxt(SYMBOLS)
        kept = min(executed, CCXT_KEEPS)
        for frame in OrderFrames(stream.write, SYMBOLS, first=-kept).finished(kept):
            self._feed(frame)
        self._told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listening = spawn(self._listen(), "ccxt")

    async def _listen(self) -> None:
        try:
            while True:
                await self.exchange.watch_orders()
                self._told.set_result(None)
        except Exception as error:
            self._told.set_exception(error)

    async def take(self, frames: Sequence[bytes], burst: int) -> int:
        """Feeds all frames, ``burst`` at a time; returns how many, once the subscriber has been told of all."""
        for start in range(0, len(frames), burst):
            told = self._told = asyncio.get_running_loop().create_future()
            for frame in frames[start : start + burst]:
                self._feed(frame)
            await told
        return len(frames)

    async def close(self) -> None:
        self._listening.cancel()
        await self.exchange.close()


def _json_of_ccxt() -> str:
    return str(importlib.import_module("ccxt.async_support.base.ws.client").json_parser.__name__)


class _Sides:
    """What takes turns. Everything is given new orders each time; an account that is to be empty is a new one."""

    def __init__(self, stream: OrderStream, environment: Environment, stack: AsyncExitStack, orders: int) -> None:
        self._stream = stream
        self._environment = environment
        self._stack = stack
        self._orders = orders
        self._source = OrderFrames(stream.write, SYMBOLS)

    async def floor(self) -> Work:
        frames, floor = self._source.lives(self._orders), self._stream.floor

        async def work() -> int:
            for frame in frames:
                floor(frame)
            return len(frames)

        return work

    async def ours(self, executed: int, burst: int) -> Prepare:
        kept = await self._account(executed) if executed else None
        orders = self._orders if burst > 1 else self._orders // 2 or 1

        async def prepare() -> Work:
            account = kept or await self._account(0)
            frames = self._source.lives(orders)
            return lambda: account.take(frames, burst)

        return prepare

    async def ccxt(self, executed: int, burst: int) -> Prepare:
        kept = await self._ccxt(executed) if executed else None

        async def prepare() -> Work:
            ccxt = kept or await self._ccxt(0)
            frames = self._source.lives(self._orders // 8 or 1)  # enough: each takes long

            return lambda: ccxt.take(frames, burst)

        return prepare

    async def _account(self, executed: int) -> Account:
        return await self._stack.enter_async_context(account_with(self._stream, self._environment, executed))

    async def _ccxt(self, executed: int) -> Ccxt:
        ccxt = Ccxt(self._stream, executed)
        self._stack.push_async_callback(ccxt.close)
        await asyncio.sleep(0)  # its subscriber listens from now on
        return ccxt


async def _measure(stream: OrderStream, executed: Sequence[int], orders: int, rounds: int) -> list[dict[str, object]]:
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(real_environment())
        make = _Sides(stream, environment, stack, orders)
        sides: dict[str, Prepare] = {"floor": make.floor}
        for count in executed:
            sides[f"ours {count}"] = await make.ours(count, BURST)
            sides[f"alone {count}"] = await make.ours(count, 1)
            sides[f"ccxt {count}"] = await make.ccxt(count, BURST)
            sides[f"ccxt alone {count}"] = await make.ccxt(count, 1)
        await take_turns(sides, rounds=1)  # warms up
        took = await take_turns(sides, rounds=rounds)
    rows = []
    for count in executed:
        us, alone, ccxt = took[f"ours {count}"], took[f"alone {count}"], took[f"ccxt {count}"]
        row: dict[str, object] = {
            "benchmark": "event_path",
            "case": f"{count:,} executed orders",
            "venue": stream.venue,
            "executed_orders": count,
            "us_per_event": median(us),
            "ratio_to_floor": ratio(us, took["floor"]),
            "times_faster_than_ccxt": ratio(ccxt, us),
            "us_per_event_alone": median(alone),
            "ratio_to_floor_alone": ratio(alone, took["floor"]),
            "times_faster_than_ccxt_alone": ratio(took[f"ccxt alone {count}"], alone),
            "floor_us": median(took["floor"]),
            "ccxt_us": median(ccxt),
            "ccxt_us_alone": median(took[f"ccxt alone {count}"]),
            "us_per_event_range": spread(us),
            "floor_us_range": spread(took["floor"]),
            "ccxt_us_range": spread(ccxt),
            "loop": LOOP,
            "ccxt_json": _json_of_ccxt(),
        }
        at_most = {"ratio_to_floor": stream.floor_at_most}
        if count == max(executed) and count > 0 and 0 in executed:
            row["ratio_to_empty"] = ratio(us, took["ours 0"])
            at_most["ratio_to_empty"] = 1.2
        rows.append(judged(row, at_most=at_most, at_least={"times_faster_than_ccxt": stream.ccxt_at_least}))
    return rows


def run(
    *,
    venues: Iterable[str] = tuple(ORDER_STREAMS),
    executed: Sequence[int] = (0, 1_000, 100_000),
    orders: int = 400,
    rounds: int = 25,
) -> Iterator[dict[str, object]]:
    """One object for each venue and each number of executed orders that are kept already.

    Args:
        venues: by their kinds. executed: those numbers. orders: new ones in each turn, three frames each. rounds: turns
            of each side.
    """
    for venue in venues:
        yield from run_on_loop(_measure(ORDER_STREAMS[venue], executed, orders, rounds))
