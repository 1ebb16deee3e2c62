"""One exchange and the clients of its venue on virtual time: nothing waits, nothing opens a socket.

A test is a coroutine with a `VirtualWorld` for its first argument, under `on_virtual_time`.
"""

import asyncio
import functools
import inspect
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pykka

from actors.account.settings import AccountSettings
from actors.connection.settings import BackoffSettings, SupervisorSettings
from actors.runtime import DeadLetters, LoopHost
from actors.strategy.base import Strategy
from actors.strategy.handle import AccountHandle
from actors.system import AccountPlan, TradingSystem
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.base.venue_settings import VenueSettings
from exchanges.registry import FIRST_KIND, VENUE_KINDS
from exchanges.simulator import Exchange, HttpRequest, SimulatorConfig
from exchanges.simulator.faces.face import Face
from exchanges.simulator.faces.registry import FACES
from exchanges.simulator.faults.faults import Fault
from messages.commands import GetOrder, PlaceOrder
from messages.enums import SyncState
from messages.order import Order
from messages.symbol import Symbol
from simulation.environment.faults import Weather
from simulation.environment.http import MemoryHttp
from simulation.environment.sockets import MemorySockets
from simulation.loop import VirtualClock, VirtualLoop, run_on_virtual_time
from simulation.process import Outside
from simulation.trace import Trace
from tests.support.orders import SOL

STARTED_MS = 1_790_000_000_000
LAG_MS = 500


class Subject(msgspec.Struct, frozen=True):
    """A venue with its face: what a conformance test is run for."""

    name: str
    face: type[Face]
    settings: Callable[..., VenueSettings]
    create: Callable[[Endpoints, Environment, VenueSettings], Venue]


def registered(kind: str = FIRST_KIND) -> Subject:
    """One of the registry's."""
    found = VENUE_KINDS[kind]
    return Subject(kind, FACES[kind], found.settings, found.create)


def number_of(order_id: str | None) -> int | None:
    """The number that an order has in the exchange's books: faces may dress it, and it stands at the end."""
    return None if order_id is None else int(re.sub(r".*\D", "", order_id))


class VirtualWorld:
    """Attributes:
    exchange: its inside. venue, public, rest: our clients for it, the latter of account ``alpha``.
    """

    def __init__(self, loop: VirtualLoop, subject: Subject, **config: Any) -> None:
        self._loop = loop
        self._outside = Outside(loop)
        self.clock = VirtualClock(loop, started_ms=STARTED_MS)
        self.exchange = Exchange(
            SimulatorConfig(**{"traders_on": False, **config}),
            now_ms=lambda: STARTED_MS + int(loop.time() * 1000),
            schedule=self._outside.later,
            rng=random.Random(1),
            face=subject.face,
        )
        self.keys = {name: Credentials(each.key, each.secret) for name, each in self.exchange.keys.accounts.items()}
        weather = self.weather = Weather(random.Random(1), loop.time, begins_s=0.0, ends_s=1e9, keys=())
        weather.rates, weather.bursts, weather.outages = {}, [], []
        trace = Trace(loop.time, on=False)
        self.sockets = MemorySockets(self._outside, self.exchange, weather, trace)
        self.environment = Environment(
            clock=self.clock,
            rng=random.Random(7),
            spawn=lambda coroutine, name: loop.create_task(coroutine, name=name),
            http=MemoryHttp(self._outside, self.exchange, weather, trace),
            sockets=self.sockets,
        )
        where = Endpoints(
            f"http://exchange.test{subject.face.rest_path}", f"ws://exchange.test{subject.face.socket_path}"
        )
        self.venue = subject.create(
            where, self.environment, subject.settings(query_lag_ms=LAG_MS, request_timeout_s=4.0)
        )
        self.public = self.venue.create_public_rest()
        self.rest = self.venue.create_private_rest(self.keys["alpha"])
        self.dead_letters = DeadLetters(clock=loop.time)
        self.host = LoopHost.current(dead_letters=self.dead_letters)
        self._systems: list[TradingSystem] = []

    # -- the exchange ---------------------------------------------------------------------------------------------

    def market(
        self, pair: str = "SOL_USDT", bid: str | None = "140", ask: str | None = "141", amount: str = "100"
    ) -> None:
        """One order of the house on each side."""
        body = msgspec.json.encode({"bid": bid, "ask": ask, "amount": amount})
        self.control("POST", f"/market/{pair}", body)

    def control(self, method: str, path: str, body: bytes = b"") -> Any:
        answer = self.exchange.control(HttpRequest(method=method, path=path, body=body))
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    def fault(self, fault: Fault) -> None:
        self.exchange.faults.add(fault)

    def booked(self, account: str = "alpha") -> dict[str, tuple[str, Decimal]]:
        """Orders in the exchange's books: how each stands and what of it is filled."""
        orders = self.exchange.engine.accounts[account].orders.values()
        return {str(order.id): (order.finish.value, order.filled_base) for order in orders}

    def is_booked(self, order_id: str | None, account: str = "alpha") -> bool:
        """Whether an order of that id is in the exchange's books."""
        return str(number_of(order_id)) in self.booked(account)

    async def place(self, order: PlaceOrder) -> Order:
        """Places it, and tells how it stands: by a query where the venue's answer does not say."""
        placed = await self.rest.place_order(order)
        if self.venue.capabilities.answers_tell_state:
            return placed
        return await self.known(placed)

    async def known(self, order: Order) -> Order:
        """The order as a query tells it."""
        found = await self.rest.get_order(GetOrder(symbol=order.symbol, order_id=order.order_id))
        assert found is not None
        return found

    # -- the program ----------------------------------------------------------------------------------------------

    def plan(self, name: str = "alpha", *, symbols: Sequence[Symbol] = (SOL,), **settings: Any) -> AccountPlan:
        return AccountPlan(
            name=name,
            venue="here",
            credentials=self.keys[name],
            symbols=tuple(symbols),
            settings=AccountSettings(**settings),
        )

    async def start(
        self, *plans: AccountPlan, strategies: Sequence[Strategy] = (), check_every_s: float = 15.0
    ) -> TradingSystem:
        """A system that is stopped with the world."""
        system = TradingSystem(
            host=self.host,
            environment=self.environment,
            venues={"here": self.venue},
            accounts=plans or [self.plan()],
            strategies=strategies,
            supervisor_settings=SupervisorSettings(
                attempt_timeout_s=10.0, check_every_s=check_every_s, backoff=BackoffSettings(first_s=0.2, max_s=2.0)
            ),
        )
        self._systems.append(system)
        await system.start()
        return system

    async def until(self, condition: Callable[[], bool], *, within_s: float = 60.0, what: str = "") -> None:
        """Lets virtual time pass until it holds."""
        deadline_s = self._loop.time() + within_s
        while not condition():
            assert self._loop.time() < deadline_s, f"{what or condition} does not hold after {within_s:g} s"
            await asyncio.sleep(0.05)

    async def until_state(self, account: AccountHandle, state: SyncState, *, within_s: float = 60.0) -> None:
        deadline_s = self._loop.time() + within_s
        while (await account.snapshot()).sync_state is not state:
            assert self._loop.time() < deadline_s, f"{account.name} is not {state.value} after {within_s:g} s"
            await asyncio.sleep(0.05)

    async def agrees(self, account: AccountHandle, *symbols: Symbol, within_s: float = 60.0) -> None:
        """The account is live in time, and then its open orders, balances and what ended are those of the books."""
        await self.until_state(account, SyncState.LIVE)
        deadline_s = self._loop.time() + within_s
        while differences := await self._differences(account, symbols):
            assert self._loop.time() < deadline_s, differences
            await asyncio.sleep(0.5)

    async def _differences(self, account: AccountHandle, symbols: Sequence[Symbol]) -> list[str]:
        snapshot = await account.snapshot()
        record = self.exchange.engine.accounts[account.name]
        differences = []
        known = {number_of(order.order_id) for order in snapshot.open_orders}
        if known != set(record.open_orders):
            differences.append(f"open orders {known} against {record.open_orders}")
        for currency, booked in self.exchange.engine.ledger.balances(account.name).items():
            held = snapshot.balances.get(currency)
            ours = (held.available, held.locked) if held is not None else (0, 0)
            if ours != (booked.available, booked.locked):
                differences.append(f"{currency} {ours} against {(booked.available, booked.locked)}")
        for symbol in symbols:
            for order in await account.executed_orders(symbol):
                number = number_of(order.order_id)
                filled = record.orders[number].filled_base if number is not None else 0
                if order.filled_quantity != filled:
                    differences.append(f"{order.client_order_id} filled {order.filled_quantity} against {filled}")
        return differences

    async def close(self) -> None:
        for system in self._systems:
            await system.stop(cancel_open_orders=False)
        self.exchange.stop()


def on_virtual_time(
    *, runs_for: Subject | None = None, **config: Any
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """Makes a test of a coroutine whose first argument is a `VirtualWorld`.

    ``runs_for``: this venue; None: the ``subject`` of a fixture or parameter. ``config``: see `SimulatorConfig`.
    """

    def decorate(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        _, *others = inspect.signature(test).parameters.values()
        subject = inspect.Parameter("subject", inspect.Parameter.KEYWORD_ONLY)

        @functools.wraps(test)
        def run(*, subject: Subject | None = runs_for, **arguments: Any) -> None:
            assert subject is not None
            loop = VirtualLoop()

            async def main() -> None:
                world = VirtualWorld(loop, subject, **config)
                try:
                    await test(world, **arguments)
                finally:
                    await world.close()

            try:
                run_on_virtual_time(loop, main())
            finally:
                for ref in pykka.ActorRegistry.get_all():
                    pykka.ActorRegistry.unregister(ref)

        keyword = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in others]
        named = keyword if runs_for is not None else [*keyword, subject]
        run.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
        return run

    return decorate
