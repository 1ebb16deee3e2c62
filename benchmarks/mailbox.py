"""What a message costs: pykka's own actor, our thread actor and our loop-hosted actor, measured in one run.

A rate counts a message only when it has been handled. The kinds take turns: figures are those of the best round, ratios
the median of the rounds' own, so that other load on the machine touches all kinds alike.
"""

import asyncio
import functools
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec
import pykka

from actors.runtime import LoopActor, LoopHost, Ref, Reply, ThreadActor, handles

TELLS = 50_000
ASKS = 3_000
ROUNDS = 5
KINDS = ("pykka", "thread", "loop")

Times: TypeAlias = list[float]


class Tick(msgspec.Struct, frozen=True):
    """A message of the size of a small event."""

    number: int


class _Counter:
    """What the actors of all kinds do with a message."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = 0

    @handles(Tick)
    def on_tick(self, tick: Tick) -> int:
        self.sum += tick.number
        return self.sum


class _Pykka(_Counter, pykka.ThreadingActor):
    use_daemon_thread = True

    def on_receive(self, message: Any) -> int:
        return self.on_tick(message)


class _OnThread(_Counter, ThreadActor):
    pass


class _OnLoop(_Counter, LoopActor):
    pass


class _Bench:
    """One actor of each kind; the hosted one lives on the loop that runs the benchmark."""

    def __init__(self) -> None:
        self.pykkas = _Pykka.start()
        self.ours: dict[str, Ref[Any]] = {
            "thread": _OnThread.start(),
            "loop": _OnLoop.start(host=LoopHost.current()),
        }

    async def ready(self) -> None:
        for ref in self.ours.values():
            await ref.started

    async def close(self) -> None:
        for ref in self.ours.values():
            await ref.stop()
        await asyncio.to_thread(self.pykkas.stop)

    def asker(self, kind: str) -> "Callable[[Tick], pykka.Future[Any]]":
        return functools.partial(self.pykkas.ask, block=False) if kind == "pykka" else self.ours[kind].ask

    def tell_all(self, kind: str) -> "tuple[float, pykka.Future[Any]]":
        """When it began, and the ask whose answer says that every told message is through."""
        tick = Tick(1)
        send: Callable[[Tick], object] = self.pykkas.tell if kind == "pykka" else self.ours[kind].tell
        began = time.perf_counter()
        for _ in range(TELLS):
            send(tick)
        return began, self.asker(kind)(tick)

    async def tell_from_loop(self, kind: str) -> float:
        began, last = self.tell_all(kind)
        if isinstance(last, Reply):
            await last
        else:
            await asyncio.to_thread(last.get)
        return TELLS / (time.perf_counter() - began)

    async def tell_from_thread(self, kind: str) -> float:
        def work() -> Times:
            began, last = self.tell_all(kind)
            last.get(timeout=60)
            return [TELLS / (time.perf_counter() - began)]

        return (await _in_thread(work))[0]

    async def ask_from_thread(self, kind: str) -> Times:
        def work() -> Times:
            asker, tick = self.asker(kind), Tick(1)
            took: Times = []
            for _ in range(ASKS):
                began = time.perf_counter()
                asker(tick).get(timeout=60)
                took.append((time.perf_counter() - began) * 1e6)
            return took

        return await _in_thread(work)

    async def await_on_loop(self, kind: str) -> Times:
        ref, tick = self.ours[kind], Tick(1)
        took: Times = []
        for _ in range(ASKS):
            began = time.perf_counter()
            await ref.ask(tick)
            took.append((time.perf_counter() - began) * 1e6)
        return took


async def _floor() -> Times:
    """The least that an answer from another callback of the same loop can take: one bare asyncio future."""
    loop = asyncio.get_running_loop()
    took: Times = []
    for _ in range(ASKS):
        began = time.perf_counter()
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future
        took.append((time.perf_counter() - began) * 1e6)
    return took


async def _in_thread(work: Callable[[], Times]) -> Times:
    """On a thread of its own: an executor's workers would add their own queue."""
    done: Reply[Times] = Reply()
    threading.Thread(target=lambda: done.set(work()), daemon=True).start()
    return await done


async def _measure() -> list[dict[str, object]]:
    bench = _Bench()
    await bench.ready()
    rates: dict[tuple[str, str], Times] = {}
    times: dict[tuple[str, str], list[Times]] = {}
    for _ in range(ROUNDS):
        for kind in KINDS:
            rates.setdefault(("tell_from_thread", kind), []).append(await bench.tell_from_thread(kind))
            rates.setdefault(("tell_from_loop", kind), []).append(await bench.tell_from_loop(kind))
            times.setdefault(("ask_from_thread", kind), []).append(await bench.ask_from_thread(kind))
            if kind != "pykka":  # awaiting a pykka future blocks the loop
                times.setdefault(("await_on_loop", kind), []).append(await bench.await_on_loop(kind))
        times.setdefault(("await_on_loop", "bare future"), []).append(await _floor())
    await bench.close()
    return [*_rate_rows(rates), *_time_rows(times)]


def _rate_rows(rates: dict[tuple[str, str], Times]) -> Iterator[dict[str, object]]:
    for (question, kind), rounds in sorted(rates.items()):
        yield {
            "benchmark": "mailbox",
            "question": question,
            "actor": kind,
            "per_second": round(max(rounds)),
            "times_pykka": round(_ratio(rounds, rates[question, "pykka"]), 2),
        }


def _time_rows(times: dict[tuple[str, str], list[Times]]) -> Iterator[dict[str, object]]:
    for (question, kind), rounds in sorted(times.items()):
        p50, p99 = _p50_p99(rounds)
        row: dict[str, object] = {
            "benchmark": "mailbox",
            "question": question,
            "actor": kind,
            "p50_us": round(p50, 1),
            "p99_us": round(p99, 1),
        }
        for base, field in (("pykka", "ratio_to_pykka"), ("bare future", "ratio_to_floor")):
            if (question, base) in times:
                medians = [statistics.median(each) for each in rounds]
                row[field] = round(_ratio(medians, [statistics.median(each) for each in times[question, base]]), 2)
        yield row


def _ratio(ours: Times, theirs: Times) -> float:
    """Median of the ratios within each round: what disturbs a round disturbs both."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def _p50_p99(rounds: list[Times]) -> tuple[float, float]:
    """Of the round with the lowest median."""
    cuts = statistics.quantiles(min(rounds, key=statistics.median), n=100)
    return cuts[49], cuts[98]


def run() -> Iterator[dict[str, object]]:
    """One object for each question and kind of actor (``pykka``, ``thread``, ``loop``).

    ``tell_from_thread``, ``tell_from_loop``: ``per_second`` and ``times_pykka``. ``ask_from_thread`` (round trip of a
    blocking thread) and ``await_on_loop``: ``p50_us``, ``p99_us`` with ``ratio_to_pykka``, or ``ratio_to_floor`` where
    pykka would block the loop; the floor is a bare asyncio future set by a callback.
    """
    yield from asyncio.run(_measure())
