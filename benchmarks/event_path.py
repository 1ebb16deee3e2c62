"""From the bytes of a `spot.orders` frame to the account's state changed and a subscriber told.

Compared with (a) the floor, msgspec's typed decode of the same bytes into the same Structs, and (b) ccxt.pro's `gate`
taking the same bytes through its own message handler, with a task that awaits `watch_orders` as its subscriber. All
sides take turns on new orders; sides that keep finished orders are filled before the clock starts.

Frames come in bursts, as from a socket that has several ready. ``alone``: the next frame comes only when the subscriber
has been told of the one before, so that each pays for its own turns of the event loop.
"""

import asyncio
import importlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import msgspec

from benchmarks.support.account import Counter, live_account, real_environment, spawn
from benchmarks.support.canned import CannedVenue, HandFedSocket
from benchmarks.support.frames import OrderFrames
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.timing import Prepare, Work, median, ratio, spread, take_turns
from benchmarks.support.verdicts import judged
from exchanges.base.environment import Environment
from exchanges.gateio.spot import wire
from exchanges.gateio.symbols import to_symbol

PAIRS: Final = ("SOL_USDT", "BTC_USDT", "ETH_USDT")
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
async def account_with(environment: Environment, executed: int) -> AsyncIterator[Account]:
    """An account that keeps ``executed`` finished orders; from 1,000 on, as many as it may keep for each symbol."""
    sockets: list[HandFedSocket] = []

    def make_socket(handlers: Any) -> HandFedSocket:
        sockets.append(HandFedSocket(handlers))
        return sockets[-1]

    venue = CannedVenue([to_symbol(pair) for pair in PAIRS], make_socket=make_socket)
    counter = Counter()
    limit = max(1000, -(-executed // len(PAIRS)))
    async with live_account(venue, environment, hear=counter.hear, executed_limit=limit):
        account = Account(sockets[0], counter)
        before = OrderFrames(PAIRS, first=-executed).finished(executed)
        while batch := list(itertools.islice(before, _PREFILL_BURST)):
            await account.take(batch, len(batch))
        yield account


class Ccxt:
    """ccxt.pro's `gate` with its markets set by hand, connected and subscribed but for the socket; fed as its socket
    reader feeds it. A task awaits `watch_orders` again and again, which is how a program on ccxt is told."""

    def __init__(self, executed: int) -> None:
        self.exchange: Any = importlib.import_module("ccxt.pro").gate({"apiKey": "key", "secret": "secret"})
        self.exchange.set_markets([_ccxt_market(pair) for pair in PAIRS])
        url = self.exchange.urls["api"]["spot"]
        client = self.exchange.client(url)
        client.connected.resolve(url)
        client.subscriptions["orders"] = True
        self._feed: Callable[[bytes], None] = client.handle_text_or_binary_message
        kept = min(executed, CCXT_KEEPS)
        for frame in OrderFrames(PAIRS, first=-kept).finished(kept):
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


def _ccxt_market(pair: str) -> dict[str, object]:
    base, _, quote = pair.partition("_")
    return {
        "id": pair, "symbol": f"{base}/{quote}", "base": base, "quote": quote, "baseId": base, "quoteId": quote,
        "type": "spot", "spot": True, "margin": False, "swap": False, "future": False, "option": False,
        "contract": False, "active": True, "precision": {"amount": 0.001, "price": 0.01}, "limits": {},
    }  # fmt: skip


def _json_of_ccxt() -> str:
    return str(importlib.import_module("ccxt.async_support.base.ws.client").json_parser.__name__)


class _Sides:
    """What takes turns. Everything is given new orders each time; an account that is to be empty is a new one."""

    def __init__(self, environment: Environment, stack: AsyncExitStack, orders: int) -> None:
        self._environment = environment
        self._stack = stack
        self._orders = orders
        self._source = OrderFrames(PAIRS)
        self._decode = msgspec.json.Decoder(wire.PrivateFrame).decode

    async def floor(self) -> Work:
        frames, decode = self._source.lives(self._orders), self._decode

        async def work() -> int:
            for frame in frames:
                decode(frame)
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
        return await self._stack.enter_async_context(account_with(self._environment, executed))

    async def _ccxt(self, executed: int) -> Ccxt:
        ccxt = Ccxt(executed)
        self._stack.push_async_callback(ccxt.close)
        await asyncio.sleep(0)  # its subscriber listens from now on
        return ccxt


async def _measure(executed: Sequence[int], orders: int, rounds: int) -> list[dict[str, object]]:
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(real_environment())
        make = _Sides(environment, stack, orders)
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
        at_most = {"ratio_to_floor": 6.0}
        if count == max(executed) and count > 0 and 0 in executed:
            row["ratio_to_empty"] = ratio(us, took["ours 0"])
            at_most["ratio_to_empty"] = 1.2
        rows.append(judged(row, at_most=at_most, at_least={"times_faster_than_ccxt": 10.0}))
    return rows


def run(
    *, executed: Sequence[int] = (0, 1_000, 100_000), orders: int = 400, rounds: int = 25
) -> Iterator[dict[str, object]]:
    """One object for each number of executed orders that are kept already.

    Args:
        executed: those numbers. orders: new ones in each turn, three frames each. rounds: turns of each side.
    """
    yield from run_on_loop(_measure(executed, orders, rounds))
