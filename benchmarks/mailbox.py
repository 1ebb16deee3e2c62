"""What a message costs: pykka's own actor, our thread actor and our loop-hosted actor, measured in one run.

Every rate counts a message only when it has been handled. The kinds take turns and the best of several rounds is
reported, so that other load on the machine touches all of them alike.
"""

import asyncio
import functools
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pykka

from actors.runtime import LoopActor, LoopHost, Reply, ThreadActor, ask, handles, started, stop, tell

TELLS = 50_000
ASKS = 3_000
ROUNDS = 5


class Tick(msgspec.Struct, frozen=True):
    """A message of the size of a small event."""

    number: int


class _Pykka(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def on_receive(self, message: Any) -> int:
        self.seen += 1
        return self.seen


class _OnThread(ThreadActor):
    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    @handles(Tick)
    def on_tick(self, tick: Tick) -> int:
        self.seen += 1
        return self.seen


class _OnLoop(LoopActor):
    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    @handles(Tick)
    def on_tick(self, tick: Tick) -> int:
        self.seen += 1
        return self.seen


class _Bench:
    """One actor of each kind, and a loop that serves the hosted one, on the thread that called `run`."""

    def __init__(self) -> None:
        self.pykka = _Pykka.start()
        self.on_thread = _OnThread.start()
        self.on_loop = _OnLoop.start(host=LoopHost.current())

    def ask_last(self, kind: str) -> "pykka.Future[Any]":
        if kind == "pykka":
            return self.pykka.ask(Tick(0), block=False)
        return ask(self.on_thread if kind == "thread" else self.on_loop, Tick(0))

    def send_all(self, kind: str) -> float:
        """Tells, then the ask whose answer says that all of them are through; seconds until it was sent."""
        tick = Tick(1)
        if kind == "pykka":
            send: Callable[[Tick], object] = self.pykka.tell
        else:
            send = functools.partial(tell, self.on_thread if kind == "thread" else self.on_loop)

        began = time.perf_counter()
        for _ in range(TELLS):
            send(tick)
        return began

    async def tell_from_loop(self, kind: str) -> float:
        began = self.send_all(kind)
        last = self.ask_last(kind)
        if isinstance(last, Reply):
            await last
        else:
            await asyncio.to_thread(last.get)
        return TELLS / (time.perf_counter() - began)

    async def tell_from_thread(self, kind: str) -> float:
        def work() -> float:
            began = self.send_all(kind)
            self.ask_last(kind).get(timeout=60)
            return TELLS / (time.perf_counter() - began)

        return await _in_thread(work)

    async def ask_from_thread(self, kind: str) -> list[float]:
        def work() -> list[float]:
            took: list[float] = []
            for _ in range(ASKS):
                began = time.perf_counter()
                self.ask_last(kind).get(timeout=60)
                took.append((time.perf_counter() - began) * 1e6)
            return took

        return await _in_thread(work)

    async def await_on_loop(self, kind: str) -> list[float]:
        ref: pykka.ActorRef[Any] = self.on_thread if kind == "thread" else self.on_loop
        took: list[float] = []
        for _ in range(ASKS):
            began = time.perf_counter()
            await ask(ref, Tick(0))
            took.append((time.perf_counter() - began) * 1e6)
        return took


async def _in_thread(work: Callable[[], Any]) -> Any:
    """A thread of its own: the default executor's workers would add their own queue."""
    done: Reply[Any] = Reply()
    threading.Thread(target=lambda: done.set(work()), daemon=True).start()
    return await done


async def _measure() -> list[dict[str, object]]:
    bench = _Bench()
    await started(bench.on_loop)
    await started(bench.on_thread)
    kinds = ("pykka", "thread", "loop")
    rates: dict[tuple[str, str], list[float]] = {}
    times: dict[tuple[str, str], list[list[float]]] = {}
    for _ in range(ROUNDS):
        for kind in kinds:
            rates.setdefault(("tell_from_thread", kind), []).append(await bench.tell_from_thread(kind))
            rates.setdefault(("tell_from_loop", kind), []).append(await bench.tell_from_loop(kind))
            times.setdefault(("ask_from_thread", kind), []).append(await bench.ask_from_thread(kind))
            if kind != "pykka":  # awaiting a pykka future blocks the loop
                times.setdefault(("await_on_loop", kind), []).append(await bench.await_on_loop(kind))
    await stop(bench.on_loop)
    await stop(bench.on_thread)
    bench.pykka.stop(block=False)

    rows: list[dict[str, object]] = []
    for (question, kind), rounds in rates.items():
        best = max(rounds)
        base = max(rates[question, "pykka"])
        rows.append(
            {
                "benchmark": "mailbox",
                "question": question,
                "actor": kind,
                "per_second": round(best),
                "times_pykka": round(best / base, 2),
            }
        )
    for (question, kind), runs in times.items():
        p50, p99 = _p50_p99(runs)
        row: dict[str, object] = {
            "benchmark": "mailbox",
            "question": question,
            "actor": kind,
            "p50_us": round(p50, 1),
            "p99_us": round(p99, 1),
        }
        if (question, "pykka") in times:
            row["ratio_to_pykka"] = round(p50 / _p50_p99(times[question, "pykka"])[0], 2)
        rows.append(row)
    return rows


def _p50_p99(runs: list[list[float]]) -> tuple[float, float]:
    """Of the round with the lowest median."""
    best = min(runs, key=statistics.median)
    cuts = statistics.quantiles(best, n=100)
    return cuts[49], cuts[98]


def run() -> Iterator[dict[str, object]]:
    """One object for each question and kind of actor.

    ``question``: ``tell_from_thread`` and ``tell_from_loop`` (``per_second``, ``times_pykka``), ``ask_from_thread`` and
    ``await_on_loop`` (``p50_us``, ``p99_us``, ``ratio_to_pykka`` where pykka can do it at all).
    """
    yield from asyncio.run(_measure())
