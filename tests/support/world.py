"""A small world for tests: the embedded exchange on loopback, our system on the same loop, a proxy for each link."""

import asyncio
import contextlib
import dataclasses
import random
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from actors.account.settings import AccountSettings
from actors.connection.backoff import BackoffSettings
from actors.connection.settings import SupervisorSettings
from actors.journal import Journal, JournalSettings
from actors.runtime import DeadLetters, LoopHost
from actors.strategy.base import Strategy
from actors.strategy.handle import AccountHandle
from actors.supervision.plans import RestartSettings
from actors.system import AccountPlan, TradingSystem
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment, SystemClock
from exchanges.base.websockets_transport import WebsocketsTransport
from exchanges.gateio.venue import GateioSettings, GateioVenue
from exchanges.simulator import RunningExchange, SimulatorConfig, start_exchange
from messages.enums import OrderStatus, SyncState
from messages.events import ExecutionReportEvent
from messages.symbol import Product, Symbol
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.proxy import Proxy
from tests.support.recorder import Recorder

W = TypeVar("W", bound="World")


class World:
    """The exchange (quiet unless told otherwise), proxies before its REST and socket port, and control over it.

    Its queries do not lag unless a fault lets them; ``query_lag_ms`` is what accounts reckon with all the same.
    """

    query_lag_ms = 50
    face = "gateio"
    product = Product.SPOT
    symbols: tuple[Symbol, ...] = (SOL,)

    def __init__(self, exchange: RunningExchange, rest: Proxy, ws: Proxy, rest_url: str, ws_url: str) -> None:
        self.exchange = exchange
        self.rest = rest
        self.ws = ws
        loop = asyncio.get_running_loop()
        self.environment = Environment(
            clock=SystemClock(),
            rng=random.Random(7),
            spawn=lambda coroutine, name: loop.create_task(coroutine, name=name),
            http=AiohttpTransport(),
            sockets=WebsocketsTransport(),
        )
        self.dead_letters = DeadLetters()
        self.host = LoopHost.current(dead_letters=self.dead_letters)
        self._endpoints = Endpoints(rest=rest_url, ws=ws_url)
        self.keys = {a["name"]: (a["key"], a["secret"]) for a in exchange.endpoints[self.face]["accounts"]}
        self._systems: list[TradingSystem] = []
        self._executor = ThreadPoolExecutor(2, "journal")
        self._journals: list[Journal] = []
        self._control = aiohttp.ClientSession(exchange.endpoints["control"])

    def venue(self, settings: GateioSettings | None = None) -> Venue:
        settings = settings or GateioSettings(request_timeout_s=2.0)
        return self.make_venue(
            self._endpoints, self.environment, dataclasses.replace(settings, query_lag_ms=self.query_lag_ms)
        )

    def make_venue(self, endpoints: Endpoints, environment: Environment, settings: GateioSettings) -> Venue:
        return GateioVenue(endpoints, environment, settings)

    def plan(
        self,
        name: str = "alpha",
        *,
        symbols: Sequence[Symbol] | None = None,
        secret: str | None = None,
        journal: Journal | None = None,
        **settings: Any,
    ) -> AccountPlan:
        key, own_secret = self.keys[name]
        quick = {"lookup_first_s": 0.02, "lookup_max_s": 0.2, "settle_delay_s": 0.05, "resolve_grace_ms": 200}
        return AccountPlan(
            name=name,
            venue=self.face,
            product=self.product,
            credentials=Credentials(key, secret or own_secret),
            symbols=self.symbols if symbols is None else tuple(symbols),
            journal=journal,
            settings=AccountSettings(**{**quick, **settings}),
        )

    def journal(self, path: Path, account: str = "alpha") -> Journal:
        """The account's journal at ``path``, as `run.py` opens it; closed with the world."""
        journal = Journal.open(
            path,
            account=account,
            settings=JournalSettings(),
            loop=asyncio.get_running_loop(),
            executor=self._executor,
            now_ms=self.environment.clock.now_ms,
        )
        self._journals.append(journal)
        return journal

    def build(
        self,
        *plans: AccountPlan,
        strategies: Sequence[Strategy] = (),
        gateio: GateioSettings | None = None,
        check_every_s: float = 15.0,
        restart_settings: RestartSettings | None = None,
    ) -> TradingSystem:
        """A system that is stopped with the world."""
        system = TradingSystem(
            host=self.host,
            environment=self.environment,
            venues={self.face: self.venue(gateio)},
            accounts=plans or [self.plan()],
            strategies=strategies,
            restart_settings=restart_settings,
            supervisor_settings=SupervisorSettings(
                attempt_timeout_s=5.0,
                check_every_s=check_every_s,
                confirm_refusal_s=0.05,
                backoff=BackoffSettings(first_s=0.02, max_s=0.1, stable_s=0.0),
            ),
        )
        self._systems.append(system)
        return system

    async def start(self, *plans: AccountPlan, **options: Any) -> TradingSystem:
        system = self.build(*plans, **options)
        await system.start()
        return system

    async def books(self, account: str = "alpha") -> dict[str, Any]:
        """The exchange's own books."""
        return await self.control("GET", f"/accounts/{account}/books")

    async def control(self, method: str, path: str, body: object = None) -> Any:
        async with self._control.request(method, path, json=body) as answer:
            content = await answer.json()
            assert answer.status == 200, content
            return content

    async def fault(self, kind: str, **fields: object) -> int:
        """Lets a fault of the exchange stand (`exchanges/simulator/faults/faults.py`); returns its number."""
        return int((await self.control("POST", "/faults", {"kind": kind, **fields}))["id"])

    async def clear(self, *faults: int) -> None:
        """Ends these faults, or all."""
        for path in [f"/faults/{number}" for number in faults] or ["/faults"]:
            await self.control("DELETE", path)

    async def hits(self, fault: int) -> int:
        """How often a fault that stands has struck."""
        return next(int(row["hits"]) for row in await self.control("GET", "/faults") if row["id"] == fault)

    async def market(self, pair: str, bid: str | None, ask: str | None, amount: str = "100") -> None:
        """A known quiet market: one house order on each side."""
        await self.control("POST", f"/market/{pair}", {"bid": bid, "ask": ask, "amount": amount})

    async def close(self) -> None:
        for system in self._systems:
            await system.stop(cancel_open_orders=False)
        for journal in self._journals:
            await journal.close()
        self._executor.shutdown()
        await self._control.close()
        await self.environment.http.close()
        await self.rest.close()
        await self.ws.close()
        await self.exchange.close()


@contextlib.asynccontextmanager
async def open_world(config: SimulatorConfig | None = None) -> AsyncIterator[World]:
    async with opened(World, config or SimulatorConfig(traders_on=False)) as world:
        await world.market("SOL_USDT", "140", "141")
        yield world


@contextlib.asynccontextmanager
async def opened(kind: type[W], config: SimulatorConfig) -> AsyncIterator[W]:
    """A world of this kind; the face that it means is the first of ``config``."""
    exchange = await start_exchange(config)
    endpoints = exchange.endpoints[kind.face]
    rest, ws = Proxy(endpoints["rest"]), Proxy(endpoints["ws"])
    world = kind(exchange, rest, ws, await rest.start(), await ws.start())
    try:
        yield world
    finally:
        await world.close()


async def sync_state(account: AccountHandle) -> SyncState:
    return (await account.snapshot()).sync_state


async def until_state(account: AccountHandle, wanted: SyncState, *, within_s: float = 5.0) -> None:
    """Waits until the account says that it is in ``wanted``."""
    seen: list[SyncState] = []

    async def look() -> None:
        while True:
            seen.append(await sync_state(account))
            await asyncio.sleep(0.002)

    task = asyncio.create_task(look())
    try:
        await eventually(lambda: seen and seen[-1] is wanted, within_s=within_s, what=f"state {wanted.value}")
    finally:
        task.cancel()


async def until_async(condition: Callable[[], Any], *, within_s: float = 5.0, what: str = "the condition") -> Any:
    """Like `eventually` for a condition that has to be awaited; returns its first truthy value."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not (value := await condition()):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what} did not come true within {within_s} s")
        await asyncio.sleep(0.002)
    return value


async def assert_agrees_to_the_last_fill(world: World, account: AccountHandle, recorder: Recorder) -> None:
    """`assert_agrees`, and every finished order ended as in the books, and each fill there was told exactly once.

    For accounts that have been there from the books' first order on; ``recorder`` has, too.
    """
    await assert_agrees(world, account)

    async def difference() -> str:
        books = await world.books(account.name)
        theirs = {
            row["id"]: (_STATUS_OF_FINISH[row["finish_as"]], Decimal(row["filled"]), Decimal(row["filled_total"]))
            for row in books["orders"]
            if row["status"] == "finished"
        }
        symbols = {Symbol(*row["currency_pair"].rsplit("_", 1)) for row in books["orders"]}
        ours = {
            order.order_id: (order.status, order.filled_quantity, order.filled_quote)
            for symbol in symbols
            for order in await account.executed_orders(symbol)
            if order.order_id is not None
        }
        if ours != theirs:
            return f"finished orders: {ours} here, {theirs} there"
        told = sorted(event.fill.trade_id for event in recorder.events if isinstance(event, ExecutionReportEvent))
        booked = sorted(row["id"] for row in books["trades"])
        return "" if told == booked else f"fills: {told} told, {booked} there"

    async def agrees() -> bool:
        return not await difference()

    with contextlib.suppress(AssertionError):
        await until_async(agrees, within_s=3.0)
    assert not (wrong := await difference()), wrong


_STATUS_OF_FINISH = {
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELED,
    "ioc": OrderStatus.EXPIRED,
}


async def assert_agrees(world: World, account: AccountHandle) -> None:
    """What the account says equals what the exchange's books say: balances, open orders, finished orders, fills."""

    async def compare() -> list[str]:
        snapshot, books = await account.snapshot(), await world.books(account.name)
        wrong = []
        for currency, row in books["balances"].items():
            ours = snapshot.balances.get(currency)
            have = (ours.available, ours.locked) if ours else (Decimal(0), Decimal(0))
            if have != (Decimal(row["available"]), Decimal(row["locked"])):
                wrong.append(f"{currency}: {have} here, {row} there")
        theirs = {row["id"]: row for row in books["orders"]}
        open_there = {order_id for order_id, row in theirs.items() if row["status"] == "open"}
        open_here = {order.order_id for order in snapshot.open_orders}
        if open_there != open_here:
            wrong.append(f"open orders: {open_here} here, {open_there} there")
        for order in snapshot.open_orders:
            row = theirs.get(order.order_id or "")
            if row is None or order.filled_quantity != Decimal(row["filled"]):
                wrong.append(f"order {order.order_id}: {order.filled_quantity} here, {row} there")
        return wrong

    differences: list[str] = ["not compared"]
    deadline = asyncio.get_running_loop().time() + 3
    while differences and asyncio.get_running_loop().time() < deadline:
        differences = await compare()
        await asyncio.sleep(0.005)
    assert not differences, differences
