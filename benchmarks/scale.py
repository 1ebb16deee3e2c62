"""Scale of one process: many accounts on a venue, many markets on an account, many open and executed orders.

The embedded exchange is a process of its own and keeps Gate's limits. ``memory_kb`` and ``files`` are what this process
takes for one account, market or order beyond those that it has before. ``deaf_found_s``: from the moment at which no
socket is told anything any more, while orders go on being placed at the exchange, until the last account has noticed.
Figures have no targets: nobody else's can be measured in the same run.
"""

import asyncio
import ctypes
import gc
import os
import resource
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp

from actors.account.settings import AccountSettings
from actors.connection.settings import SupervisorSettings
from actors.orderly_end import cancel_open_orders
from actors.runtime import Address, LoopActor, LoopHost, handles
from actors.strategy.handle import AccountHandle
from actors.system import AccountPlan, TradingSystem
from benchmarks.support.account import live_account, real_environment, spawn
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.peers import Peer, peer
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment, SystemClock
from exchanges.gateio.symbols import to_symbol
from exchanges.registry import FIRST_KIND, create_venue
from messages.enums import SyncState
from messages.events import ConnectionStatusEvent
from messages.symbol import Symbol

_PATIENCE_S: Final = 120.0
_BUY_EVERY_S: Final = 0.5
_AT_ONCE: Final = 50
_RESTS_AT: Final = "50"


class _StateWatcher(LoopActor):
    """Writes down the state of each account, and who was not live at any time."""

    def __init__(self, states: dict[str, SyncState], left: set[str]) -> None:
        super().__init__()
        self._states = states
        self._left = left

    @handles(ConnectionStatusEvent)
    def _on_status(self, event: ConnectionStatusEvent) -> None:
        self._states[event.name] = event.sync_state
        if event.sync_state is not SyncState.LIVE:
            self._left.add(event.name)


class _Exchange:
    """The exchange's process, with its control API."""

    def __init__(self, child: Peer, control: aiohttp.ClientSession) -> None:
        self.control = control
        gate = child.ready["gateio"]
        self.endpoints = Endpoints(rest=gate["rest"], ws=gate["ws"])
        self.credentials = {each["name"]: Credentials(each["key"], each["secret"]) for each in gate["accounts"]}

    async def tell(self, path: str, **body: object) -> Any:
        async with self.control.post(path, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def buy(self, account: str, pairs: Sequence[str], *, price: str = _RESTS_AT) -> None:
        """One buy of another program for each of ``pairs``."""
        for begin in range(0, len(pairs), _AT_ONCE):
            path, order = f"/accounts/{account}/orders", {"side": "buy", "amount": "1", "price": price}
            some = pairs[begin : begin + _AT_ONCE]
            await asyncio.gather(*(self.tell(path, currency_pair=pair, **order) for pair in some))


@asynccontextmanager
async def _exchange(pairs: Sequence[str], accounts: Sequence[str]) -> AsyncIterator[_Exchange]:
    options: dict[str, object] = {"pairs": pairs, "accounts": accounts, "has_limits": True}
    async with (
        peer("benchmarks.support.exchange", **options) as child,
        aiohttp.ClientSession(child.ready["control"]) as control,
    ):
        yield _Exchange(child, control)


class _Running:
    """A system with its accounts live, their states since, and who was not live at any time."""

    def __init__(self, system: TradingSystem, states: dict[str, SyncState], left: set[str], start_s: float) -> None:
        self.system = system
        self.states = states
        self.left = left
        self.start_s = start_s


@asynccontextmanager
async def _running(
    exchange: _Exchange,
    environment: Environment,
    accounts: Sequence[str],
    symbols: Sequence[Symbol],
    settings: SupervisorSettings,
) -> AsyncIterator[_Running]:
    host = LoopHost.current(spawn=spawn)
    states: dict[str, SyncState] = {}
    left: set[str] = set()
    watcher = _StateWatcher.start(states, left, host=host)
    address = Address("watcher", host.dead_letters)
    address.bind(watcher)
    system = TradingSystem(
        host=host,
        environment=environment,
        venues={"gateio": create_venue(FIRST_KIND, exchange.endpoints, environment)},
        accounts=[
            AccountPlan(
                name=name,
                venue="gateio",
                credentials=exchange.credentials[name],
                symbols=tuple(symbols),
                settings=AccountSettings(),
            )
            for name in accounts
        ],
        supervisor_settings=settings,
        observers=(address,),
    )
    began_s = time.perf_counter()
    await system.start()
    try:
        yield _Running(system, states, left, time.perf_counter() - began_s)
    finally:
        await system.stop(cancel_open_orders=False)
        await watcher.stop()


def _memory_kb() -> float:
    """What this process occupies, without what it has freed."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1024


def _files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def _idle_share(seconds: float) -> float:
    """How much of one core this process takes while nothing happens but checks."""
    began_s, used_s = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - used_s) / (time.perf_counter() - began_s)


async def _deaf_found_s(exchange: _Exchange, running: _Running, accounts: Sequence[str], pair: str) -> float:
    """How long it takes until every account has noticed that its socket tells nothing, and comes back after."""
    states, left = running.states, running.left
    left.clear()
    fault = await exchange.tell("/faults", kind="socket_deaf")
    began_s = time.perf_counter()
    while len(left) < len(accounts):
        assert time.perf_counter() - began_s < _PATIENCE_S, f"{len(accounts) - len(left)} have not noticed"
        for account in accounts:
            if account not in left:
                await exchange.buy(account, [pair])
        await asyncio.sleep(_BUY_EVERY_S)
    found_s = time.perf_counter() - began_s
    async with exchange.control.delete(f"/faults/{fault['id']}"):
        pass
    while any(states[name] is not SyncState.LIVE for name in accounts):
        assert time.perf_counter() - began_s < 2 * _PATIENCE_S, "not all have come back"
        await asyncio.sleep(0.01)
    return found_s


async def _end_s(running: _Running, accounts: Sequence[str]) -> float:
    """Cancels what is open on all accounts together, until the exchange shows that nothing is."""
    began_s = time.perf_counter()
    handles_ = [running.system.account(name) for name in accounts]
    ends = await asyncio.gather(
        *(cancel_open_orders(handle, patience_s=_PATIENCE_S, clock=SystemClock()) for handle in handles_)
    )
    assert not any(end.problem for end in ends), {end.problem for end in ends}
    return time.perf_counter() - began_s


async def _watched(
    exchange: _Exchange,
    running: _Running,
    accounts: Sequence[str],
    pair: str,
    *,
    idle_s: float,
    settings: SupervisorSettings,
) -> dict[str, object]:
    """What is measured of every system, in this order: idle, deaf, ending."""
    return {
        "idle_core_share": await _idle_share(idle_s),
        "deaf_found_s": await _deaf_found_s(exchange, running, accounts, pair),
        "cancel_all_s": await _end_s(running, accounts),
        "check_every_s": settings.check_every_s,
        "loop": LOOP,
    }


async def _accounts_and_markets(
    accounts_count: int, markets_count: int, idle_s: float, settings: SupervisorSettings
) -> dict[str, object]:
    accounts = [f"a{number}" for number in range(accounts_count)]
    pairs = [f"M{number}_USDT" for number in range(markets_count)]
    of_many, count = ("account", accounts_count) if accounts_count > 1 else ("market", markets_count)
    async with _exchange(pairs, accounts) as exchange, real_environment() as environment:
        for account in accounts:
            await exchange.buy(account, pairs)
        memory_kb, files = _memory_kb(), _files()
        async with _running(exchange, environment, accounts, [to_symbol(pair) for pair in pairs], settings) as running:
            row: dict[str, object] = {
                "benchmark": "scale",
                "case": f"{accounts_count} accounts, {markets_count} markets, {accounts_count * markets_count} open",
                "start_s": running.start_s,
                f"memory_kb_per_{of_many}": (_memory_kb() - memory_kb) / count,
                f"files_per_{of_many}": (_files() - files) / count,
                **await _watched(exchange, running, accounts, pairs[0], idle_s=idle_s, settings=settings),
            }
    return row


async def _open_orders(count: int, idle_s: float, settings: SupervisorSettings) -> dict[str, object]:
    pair, account = "M0_USDT", "a0"
    async with _exchange([pair], [account]) as exchange, real_environment() as environment:
        async with _running(exchange, environment, [account], [to_symbol(pair)], settings):
            pass  # what the first account takes
        await exchange.buy(account, [pair] * count)
        memory_kb = _memory_kb()
        async with _running(exchange, environment, [account], [to_symbol(pair)], settings) as running:
            return {
                "benchmark": "scale",
                "case": f"{count} open orders in one market",
                "start_s": running.start_s,
                "memory_kb_per_open_order": (_memory_kb() - memory_kb) / count,
                **await _watched(exchange, running, [account], pair, idle_s=idle_s, settings=settings),
            }


async def _until_executed(account: AccountHandle, count: int) -> None:
    while (await account.get_trading_stats()).executed_orders_count < count:  # noqa: ASYNC110 nobody tells of it
        await asyncio.sleep(0.01)


async def _executed_orders(count: int) -> dict[str, object]:
    """Orders of another program, each filled at once in one fill, of which the account is told by its socket."""
    pair, account, warm_up = "M0_USDT", "a0", 1000
    async with _exchange([pair], [account]) as exchange, real_environment() as environment:
        await exchange.tell(f"/market/{pair}", bid="99", ask="101", amount="40000")
        venue = create_venue(FIRST_KIND, exchange.endpoints, environment)
        credentials = exchange.credentials[account]
        async with live_account(venue, environment, credentials=credentials, executed_limit=warm_up + count) as handle:

            async def execute(more: int, in_all: int) -> None:
                await exchange.buy(account, [pair] * more, price="101")
                async with asyncio.timeout(_PATIENCE_S):
                    await _until_executed(handle, in_all)

            await execute(warm_up, warm_up)
            memory_kb = _memory_kb()
            await execute(count, warm_up + count)
            return {
                "benchmark": "scale",
                "case": f"{count} executed orders kept",
                "bytes_per_executed_order": (_memory_kb() - memory_kb) * 1024 / count,
                "loop": LOOP,
            }


def run(
    *,
    accounts: int = 500,
    markets: int = 300,
    open_orders: int = 20_000,
    executed: int = 20_000,
    idle_s: float = 30.0,
    check_every_s: float = SupervisorSettings().check_every_s,
) -> Iterator[dict[str, object]]:
    """One object for each: ``accounts`` on one market, one account on ``markets``, ``open_orders``, ``executed``.

    ``idle_s``: for how long the idle account is watched. ``check_every_s``: the supervisors' pause between checks.
    """
    settings = SupervisorSettings(check_every_s=check_every_s)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield run_on_loop(_accounts_and_markets(accounts, 1, idle_s, settings))
    yield run_on_loop(_accounts_and_markets(1, markets, idle_s, settings))
    yield run_on_loop(_open_orders(open_orders, idle_s, settings))
    yield run_on_loop(_executed_orders(executed))
