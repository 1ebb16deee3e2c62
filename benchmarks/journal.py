"""What the journal costs: the way of an intent to durable, the loop's share of every event, and reading it at a start.

Intents are awaited one at a time, as an order waits for its own; many at once, as a burst of quotes does; and one at a
time beside 2,000 order events a second, with which they share the loop, the threads and the file. `restless`: beside a
loop without rest, where the loop writes intents itself; they wait for its turns of half a millisecond anyhow. `bare` is
the same row inserted by sqlite3 alone on the same thread, with the same pragmas, in turns: what no journal in SQLite
can be faster than. A start reads a journal of 100,000 finished orders in three markets, each with two fills.
"""

import asyncio
import gc
import sqlite3
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Final

from actors.journal import Durability, IntentThread, Journal, JournalSettings
from actors.journal.schema import MIGRATIONS
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.timing import median, percentile, spread
from benchmarks.support.verdicts import judged
from messages.commands import PlaceOrder
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from messages.order import NO_FEES, Fee, Fill, Order
from messages.symbol import Symbol

_SYMBOLS: Final = (Symbol("SOL", "USDT"), Symbol("BTC", "USDT"), Symbol("ETH", "USDT"))
_EVENTS_PER_SECOND: Final = 2000
_TICK_S: Final = 0.005
_WORK_S: Final = 0.0005
_CREATED_MS: Final = 1_760_000_000_000


def _place(number: int) -> PlaceOrder:
    return PlaceOrder.limit(
        _SYMBOLS[number % 3], Side.BUY, Decimal("2.5"), Decimal("141.2"), client_order_id=f"mgz3f9a2b1x7-{number}"
    )


def _order(number: int, status: OrderStatus) -> Order:
    is_filled = status is OrderStatus.FILLED
    return Order(
        symbol=_SYMBOLS[number % 3],
        side=Side.BUY if number % 2 else Side.SELL,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        status=status,
        quantity=Decimal("2.5"),
        price=Decimal("141.2"),
        filled_quantity=Decimal("2.5" if is_filled else "0"),
        filled_quote=Decimal("352.95" if is_filled else "0"),
        fees=(Fee("SOL", Decimal("0.0025")),) if is_filled else NO_FEES,
        order_id=str(900_000_000_000 + number),
        client_order_id=f"mgz3f9a2b1x7-{number}",
        finish_reason="filled" if is_filled else None,
        created_ms=_CREATED_MS + number,
        updated_ms=_CREATED_MS + number + 17 * is_filled,
    )


def _fill(number: int, part: int) -> Fill:
    return Fill(
        symbol=_SYMBOLS[number % 3],
        trade_id=str(2 * number + part),
        order_id=str(900_000_000_000 + number),
        client_order_id=f"mgz3f9a2b1x7-{number}",
        side=Side.BUY if number % 2 else Side.SELL,
        price=Decimal("141.18"),
        quantity=Decimal("1.25"),
        fees=(Fee("SOL", Decimal("0.00125")),),
        liquidity=Liquidity.MAKER,
        time_ms=_CREATED_MS + number,
    )


_INTENTS: Final = IntentThread()
"""As the program has it; idle threads cost nothing."""


def _open(path: Path, threads: ThreadPoolExecutor, durability: Durability) -> Journal:
    return Journal.open(
        path,
        account="alice",
        settings=JournalSettings(durability=durability),
        loop=asyncio.get_running_loop(),
        executor=threads,
        intent_thread=_INTENTS,
        now_ms=lambda: time.time_ns() // 1_000_000,
    )


async def _one_at_a_time(journal: Journal, count: int) -> list[float]:
    """Microseconds from the call to durable."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        await journal.record_intent(_place(number))
        took.append((time.perf_counter() - began) * 1e6)
        await asyncio.sleep(0)
    return took


async def _together(journal: Journal, count: int, width: int) -> float:
    """Intents a second, ``width`` at a time."""
    began = time.perf_counter()
    for _ in range(count // width):
        await asyncio.gather(*(journal.record_intent(_place(number)) for number in range(width)))
    return count / (time.perf_counter() - began)


async def _events(journal: Journal, ended: asyncio.Event) -> None:
    """Orders that come and are filled, evenly, until ``ended``."""
    number, loop = 0, asyncio.get_running_loop()
    began = loop.time()
    while not ended.is_set():
        await asyncio.sleep(_TICK_S)
        while number < (loop.time() - began) * _EVENTS_PER_SECOND:
            journal.record_order(_order(number // 2, OrderStatus.FILLED if number % 2 else OrderStatus.NEW))
            number += 1


async def _restless(journal: Journal, ended: asyncio.Event) -> None:
    """A loop that has no rest: half a millisecond of work in each turn, and two order events told."""
    number = 0
    while not ended.is_set():
        began = time.perf_counter()
        for status in (OrderStatus.NEW, OrderStatus.FILLED):
            journal.record_order(_order(number, status))
        number += 1
        while time.perf_counter() - began < _WORK_S:
            pass
        await asyncio.sleep(0)


async def _one_at_a_time_beside(
    load: Callable[[Journal, asyncio.Event], Coroutine[None, None, None]], journal: Journal, count: int
) -> list[float]:
    ended = asyncio.Event()
    loading = asyncio.ensure_future(load(journal, ended))
    took = await _one_at_a_time(journal, count)
    ended.set()
    await loading
    await journal.flush()
    return took


def _append_us(journal: Journal, count: int) -> float:
    """Microseconds that an order event is held up by being recorded."""
    known = [_order(number, OrderStatus.NEW) for number in range(count)]
    gc.collect()
    began = time.perf_counter()
    for order in known:
        journal.record_order(order)
    return (time.perf_counter() - began) * 1e6 / count


class Bare:
    """A connection to a file with one table of intents."""

    def __init__(self, path: Path, durability: Durability) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = WAL",
            f"PRAGMA synchronous = {'FULL' if durability is Durability.POWER_LOSS else 'NORMAL'}",
            *MIGRATIONS[0][1:3],
        ):
            self._connection.execute(statement)

    def one_at_a_time(self, count: int) -> list[float]:
        """Microseconds for each insertion."""
        took = []
        for number in range(count):
            row = ("place", "SOL/USDT", f"mgz3f9a2b1x7-{number}", _CREATED_MS, str(_place(number)))
            began = time.perf_counter()
            self._connection.execute(
                "INSERT INTO intents (kind, symbol, client_id, made_ms, command) VALUES (?, ?, ?, ?, ?)", row
            )
            took.append((time.perf_counter() - began) * 1e6)
        return took

    def close(self) -> None:
        self._connection.close()


async def _intents(directory: Path, durability: Durability, count: int, turns: int) -> dict[str, object]:
    bare: list[float] = []
    alone: list[float] = []
    beside: list[float] = []
    busy: list[float] = []
    ratios = []
    a_second, append_us, cpu_us = [], [], []
    with ThreadPoolExecutor(2) as threads, closing(Bare(directory / f"{durability.value}.bare", durability)) as floor:
        journal = _open(directory / f"{durability.value}.sqlite", threads, durability)
        await _one_at_a_time(journal, count // 4 or 1)  # warms up
        for _ in range(turns):
            gc.collect()
            below, ours = floor.one_at_a_time(count), await _one_at_a_time(journal, count)
            ratios.append(median(ours) / median(below))
            bare += below
            alone += ours
            a_second.append(await _together(journal, count * 4, 64))
            beside += await _one_at_a_time_beside(_events, journal, count)
            if durability is Durability.PROCESS_CRASH:
                busy += await _one_at_a_time_beside(_restless, journal, count)
            cpu_s = time.process_time()
            append_us.append(_append_us(journal, count * 4))
            await journal.flush()
            cpu_us.append((time.process_time() - cpu_s) * 1e6 / (count * 4))
        await journal.close()
    return {
        "benchmark": "journal",
        "case": f"intents, {durability.value}",
        "p50_us": median(alone),
        "p99_us": percentile(alone, 0.99),
        "bare_p50_us": median(bare),
        "bare_p99_us": percentile(bare, 0.99),
        "p50_ratio_to_bare": median(ratios),
        "beside_events_p50_us": median(beside),
        "beside_events_p99_us": percentile(beside, 0.99),
        **({"restless_p50_us": median(busy), "restless_p99_us": percentile(busy, 0.99)} if busy else {}),
        "together_per_second": median(a_second),
        "together_per_second_range": spread(a_second),
        "event_append_us": median(append_us),
        "event_cpu_us": median(cpu_us),
        "intents_per_turn": count,
        "turns": turns,
        "loop": LOOP,
    }


async def _start(directory: Path, orders: int, turns: int) -> dict[str, object]:
    path = directory / "start.sqlite"
    open_s, load_s = [], []
    with ThreadPoolExecutor(2) as threads:
        journal = _open(path, threads, Durability.PROCESS_CRASH)
        for number in range(orders):
            journal.record_order(_order(number, OrderStatus.FILLED))
            journal.record_fill(_fill(number, 0))
            journal.record_fill(_fill(number, 1))
            if number % 1000 == 999:
                await journal.flush()
        await journal.close()
        for _ in range(turns):
            gc.collect()
            began = time.perf_counter()
            journal = _open(path, threads, Durability.PROCESS_CRASH)
            opened = time.perf_counter()
            state = journal.load()
            load_s.append(time.perf_counter() - opened)
            open_s.append(opened - began)
            await journal.close()
        assert state.orders_count == orders
        journal = _open(path, threads, Durability.PROCESS_CRASH)
        tracemalloc.start()
        state = journal.load()
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await journal.close()
    row = {
        "benchmark": "journal",
        "case": f"start from {orders:,} finished orders",
        "open_and_load_s": median([a + b for a, b in zip(open_s, load_s, strict=True)]),
        "open_s": median(open_s),
        "load_s": median(load_s),
        "open_s_range": spread(open_s),
        "load_s_range": spread(load_s),
        "orders_read": sum(len(memory.finished_orders) for memory in state.symbols),
        "fills_read": sum(len(memory.fills) for memory in state.symbols),
        "file_mib": round(path.stat().st_size / 2**20, 1),
        "kept_mib": round(kept / 2**20, 2),
        "peak_mib": round(peak / 2**20, 2),
        "turns": turns,
    }
    return judged(row, below={"open_and_load_s": 1.0})


def run(*, intents: int = 500, orders: int = 100_000, turns: int = 7) -> Iterator[dict[str, object]]:
    """One object for each durability, and one for the start.

    Args:
        intents: awaited one at a time, in each turn. orders: finished ones in the journal that a start reads.
    """
    with tempfile.TemporaryDirectory() as directory:
        for durability in Durability:
            yield run_on_loop(_intents(Path(directory), durability, intents, turns))
        yield run_on_loop(_start(Path(directory), orders, turns))
