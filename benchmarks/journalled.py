"""What a journal costs an account, and what a restart from a large one takes; the exchange in another process.

* `order`: a full round trip of `PlaceOrder`, of an account with a journal and of one without, order by order in turns.
* `event, steady`: from a frame that leaves another process to the account's state changed and a subscriber told, over
  real sockets, 2,000 evenly in a second, with and without, in turns. CPU time is the whole process's, until the last
  event is in the file.
* `event, burst`: order updates in the mailbox, 500 at once, until an ask behind them is answered, with and without, in
  turns. What the journal had no time to write meanwhile is written before the next turn, and its CPU time is told.
* `restart`: from a journal of 100,000 finished orders to live: opened, checked, read, reconciled with the exchange. The
  memory is that of a process of its own at its peak, with and without such a journal.
"""

import asyncio
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from actors.connection.settings import SupervisorSettings
from actors.journal import IntentThread, Journal, JournalSettings
from actors.runtime import Address, LoopHost
from actors.system import AccountPlan, TradingSystem
from benchmarks import socket_path
from benchmarks.support.account import UNDISTURBED_S, Observer, real_environment, spawn
from benchmarks.support.canned import CREDENTIALS, CannedVenue
from benchmarks.support.loops import LOOP, log_like_the_program, run_on_loop
from benchmarks.support.peers import peer
from benchmarks.support.timing import median, percentile, ratio, spread
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.gateio.symbols import to_symbol
from exchanges.registry import FIRST_KIND, create_venue
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, OrderType, Side, TimeInForce
from messages.events import OrderUpdateEvent
from messages.order import Fee, Order
from messages.symbol import Symbol

SOL: Final = Symbol("SOL", "USDT")
_BURST: Final = 500
_WITH, _WITHOUT = "with", "without"


_INTENTS: Final = IntentThread()
"""As the program has it; idle threads cost nothing."""


def _open(path: Path, account: str, threads: ThreadPoolExecutor) -> Journal:
    return Journal.open(
        path,
        account=account,
        settings=JournalSettings(),
        loop=asyncio.get_running_loop(),
        executor=threads,
        intent_thread=_INTENTS,
        now_ms=lambda: time.time_ns() // 1_000_000,
    )


@asynccontextmanager
async def _system(
    venue: Venue, environment: Environment, accounts: Sequence[AccountPlan], observers: Sequence[Address] = ()
) -> AsyncIterator[TradingSystem]:
    """Live until the end of the ``with``."""
    system = TradingSystem(
        host=LoopHost.current(spawn=spawn),
        environment=environment,
        venues={venue.name: venue},
        accounts=accounts,
        supervisor_settings=SupervisorSettings(check_every_s=UNDISTURBED_S),
        observers=observers,
    )
    await system.start()
    try:
        yield system
    finally:
        await system.stop(cancel_open_orders=False)


@asynccontextmanager
async def _exchange_system(
    gate: Mapping[str, Any], journals: Mapping[str, Journal | None], symbols: tuple[Symbol, ...]
) -> AsyncIterator[TradingSystem]:
    """The accounts of ``journals`` at the embedded exchange."""
    keys = {row["name"]: Credentials(row["key"], row["secret"]) for row in gate["accounts"]}
    plans = [
        AccountPlan(name=name, venue="gateio", credentials=keys[name], symbols=symbols, journal=journal)
        for name, journal in journals.items()
    ]
    async with real_environment() as environment:
        venue = create_venue(FIRST_KIND, Endpoints(rest=gate["rest"], ws=gate["ws"]), environment)
        async with _system(venue, environment, plans) as system:
            yield system


async def _orders_and_bursts(directory: Path, orders: int, markets: int) -> list[dict[str, object]]:
    pairs = [f"C{number}_USDT" for number in range(markets)]
    symbols = tuple(to_symbol(pair) for pair in pairs)
    async with AsyncExitStack() as stack:
        exchange = await stack.enter_async_context(
            peer("benchmarks.support.exchange", pairs=pairs, accounts=[_WITH, _WITHOUT])
        )
        threads = stack.enter_context(ThreadPoolExecutor(2))
        journal = _open(directory / "price.sqlite", _WITH, threads)
        stack.push_async_callback(journal.close)
        system = await stack.enter_async_context(
            _exchange_system(exchange.ready["gateio"], {_WITH: journal, _WITHOUT: None}, symbols[:1])
        )
        order_us: dict[str, list[float]] = {_WITH: [], _WITHOUT: []}
        turn = [_WITH, _WITHOUT]
        for number in range(orders):
            for name in turn:
                command = PlaceOrder.limit(symbols[number % markets], Side.BUY, Decimal(1), Decimal(50))
                began = time.perf_counter()
                await system.account(name).place(command)
                order_us[name].append((time.perf_counter() - began) * 1e6)
            turn.reverse()
        await journal.flush()
        burst_us, cpu_us = await _bursts(system, journal, orders * 20)
    return [
        _row("order round trip", order_us, orders),
        _row("event, burst", burst_us, orders * 20) | _cpu(cpu_us),
    ]


async def _bursts(
    system: TradingSystem, journal: Journal, count: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Microseconds and microseconds of CPU for each event, burst by burst."""
    took: dict[str, list[float]] = {_WITH: [], _WITHOUT: []}
    cpu: dict[str, list[float]] = {_WITH: [], _WITHOUT: []}
    for first in range(0, count, _BURST):
        for name in (_WITH, _WITHOUT):
            events = [OrderUpdateEvent(name, _filled(first + number), 1) for number in range(_BURST)]
            address = system.address(name)
            gc.collect()
            began, cpu_began = time.perf_counter(), time.process_time()
            for event in events:
                address.tell(event)
            await system.account(name).executed_orders(SOL)
            took[name].append((time.perf_counter() - began) * 1e6 / _BURST)
            await journal.flush()
            cpu[name].append((time.process_time() - cpu_began) * 1e6 / _BURST)
    return took, cpu


async def _steady(directory: Path, orders: int, per_second: float, turns: int) -> dict[str, object]:
    symbols = [to_symbol(pair) for pair in socket_path.PAIRS]
    sides = {_WITH: socket_path.Side(0), _WITHOUT: socket_path.Side(1)}
    cpu_us: dict[str, list[float]] = {_WITH: [], _WITHOUT: []}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(peer("benchmarks.support.frame_server", pairs=socket_path.PAIRS))
        environment = await stack.enter_async_context(real_environment())
        threads = stack.enter_context(ThreadPoolExecutor(2))
        journal = _open(directory / "steady.sqlite", _WITH, threads)
        stack.push_async_callback(journal.close)
        gate = create_venue(FIRST_KIND, Endpoints(rest="http://127.0.0.1", ws=server.ready["url"]), environment)
        venue = CannedVenue(
            symbols, make_socket=lambda handlers: gate.create_private_ws_with_handlers(CREDENTIALS, handlers)
        )
        host = LoopHost.current(spawn=spawn)
        for name, side in sides.items():  # one after the other: the server numbers their connections
            observer = Observer.start(side.arrived, host=host)
            stack.push_async_callback(observer.stop)
            observing = Address(f"observer of {name}", host.dead_letters)
            observing.bind(observer)
            kept = journal if name == _WITH else None
            plan = AccountPlan(name=name, venue=venue.name, credentials=CREDENTIALS, journal=kept)
            await stack.enter_async_context(_system(venue, environment, [plan], [observing]))
        gc.freeze()  # as the program does once it is up
        stack.callback(gc.unfreeze)
        for side in sides.values():
            await side.turn(server, orders // 4 or 1, per_second)  # warms up
            side.p50_ms.clear()
            side.p99_ms.clear()
        for _ in range(turns):
            for name, side in sides.items():
                await journal.flush()
                cpu_s = time.process_time()
                await side.turn(server, orders, per_second)
                await journal.flush()
                cpu_us[name].append((time.process_time() - cpu_s) * 1e6 / (orders * socket_path.FRAMES_OF_AN_ORDER))
    ours, theirs = sides[_WITH], sides[_WITHOUT]
    return {
        "benchmark": "journalled",
        "case": f"event, steady, {per_second:,.0f}/s",
        "p50_ratio_to_without": ratio(ours.p50_ms, theirs.p50_ms),
        "p99_ratio_to_without": ratio(ours.p99_ms, theirs.p99_ms),
        "with_p50_ms": median(ours.p50_ms),
        "without_p50_ms": median(theirs.p50_ms),
        "with_p99_ms": median(ours.p99_ms),
        "without_p99_ms": median(theirs.p99_ms),
        "with_p99_ms_range": spread(ours.p99_ms),
        "without_p99_ms_range": spread(theirs.p99_ms),
        **_cpu(cpu_us),
        "events_per_turn": orders * socket_path.FRAMES_OF_AN_ORDER,
        "turns": turns,
        "loop": LOOP,
    }


def _cpu(cpu_us: Mapping[str, list[float]]) -> dict[str, object]:
    return {
        "cpu_ratio_to_without": ratio(cpu_us[_WITH], cpu_us[_WITHOUT]),
        "with_cpu_us": median(cpu_us[_WITH]),
        "without_cpu_us": median(cpu_us[_WITHOUT]),
    }


def _row(case: str, took_us: Mapping[str, list[float]], count: int) -> dict[str, object]:
    return {
        "benchmark": "journalled",
        "case": case,
        "ratio_to_without": ratio(took_us[_WITH], took_us[_WITHOUT]),
        "with_us": median(took_us[_WITH]),
        "without_us": median(took_us[_WITHOUT]),
        "with_p99_us": percentile(took_us[_WITH], 0.99),
        "without_p99_us": percentile(took_us[_WITHOUT], 0.99),
        "with_us_range": spread(took_us[_WITH]),
        "count": count,
        "loop": LOOP,
    }


def _filled(number: int) -> Order:
    return Order(
        symbol=SOL,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        status=OrderStatus.FILLED,
        quantity=Decimal("2.5"),
        price=Decimal("141.2"),
        filled_quantity=Decimal("2.5"),
        filled_quote=Decimal("352.95"),
        fees=(Fee("SOL", Decimal("0.0025")),),
        order_id=str(800_000_000_000 + number),
        client_order_id=f"old-{number}",
        finish_reason="filled",
        created_ms=1_760_000_000_000 + number,
        updated_ms=1_760_000_000_100 + number,
    )


async def _fill_journal(path: Path, orders: int) -> None:
    with ThreadPoolExecutor(2) as threads:
        journal = _open(path, "alpha", threads)
        for number in range(orders):
            journal.record_order(_filled(number))
            if number % 1000 == 999:
                await journal.flush()
        await journal.close()


async def _start_once(path: Path | None, gate: Mapping[str, Any]) -> float:
    """Seconds from nothing to live."""
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        journal = None if path is None else _open(path, "alpha", threads)
        async with _exchange_system(gate, {"alpha": journal}, (SOL,)):
            took_s = time.perf_counter() - began
        if journal is not None:
            await journal.close()
    return took_s


def _in_its_own_process(path: Path | None, gate: Mapping[str, Any]) -> tuple[float, float]:
    """Seconds to live and peak MiB of a process that does nothing else."""
    command = [sys.executable, "-m", "benchmarks.journalled", "" if path is None else str(path), json.dumps(gate)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer["seconds"], answer["mib"]


async def _restart(directory: Path, orders: int, turns: int) -> dict[str, object]:
    path = directory / "restart.sqlite"
    await _fill_journal(path, orders)
    async with peer("benchmarks.support.exchange", pairs=["SOL_USDT"], accounts=["alpha"]) as exchange:
        gate = exchange.ready["gateio"]
        took = {
            name: [await asyncio.to_thread(_in_its_own_process, where, gate) for _ in range(turns)]
            for name, where in ((_WITH, path), (_WITHOUT, None))
        }
    with_s, without_s = ([seconds for seconds, _ in took[name]] for name in (_WITH, _WITHOUT))
    with_mib, without_mib = ([mib for _, mib in took[name]] for name in (_WITH, _WITHOUT))
    return {
        "benchmark": "journalled",
        "case": f"restart to live from {orders:,} finished orders",
        "to_live_s": median(with_s),
        "without_journal_s": median(without_s),
        "peak_mib": median(with_mib),
        "without_journal_mib": median(without_mib),
        "to_live_s_range": spread(with_s),
        "file_mib": round(path.stat().st_size / 2**20, 1),
        "turns": turns,
        "loop": LOOP,
    }


def run(
    *,
    orders: int = 1_000,
    markets: int = 200,
    lives: int = 1_000,
    per_second: float = 2000.0,
    finished: int = 100_000,
    turns: int = 5,
) -> Iterator[dict[str, object]]:
    """One object for each case.

    Args:
        orders: of each side; events in bursts are twenty times as many. markets: to which orders go in turn, below each
            one's rate limit. lives: of orders in each steady turn of each side, three events each. per_second: events.
        finished: orders in the journal of the restart.
    """
    with tempfile.TemporaryDirectory() as directory:
        yield from run_on_loop(_orders_and_bursts(Path(directory), orders, markets))
        yield run_on_loop(_steady(Path(directory), lives, per_second, turns))
        yield run_on_loop(_restart(Path(directory), finished, turns))


if __name__ == "__main__":
    log_like_the_program()
    where = Path(sys.argv[1]) if sys.argv[1] else None
    seconds = run_on_loop(_start_once(where, json.loads(sys.argv[2])))
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps({"seconds": seconds, "mib": round(peak_kib / 1024, 1)}) + "\n")
