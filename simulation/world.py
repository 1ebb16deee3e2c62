"""One run: the whole program, the embedded exchange and the weather between them, from calm through storm to quiet."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import msgspec
import pykka

from actors.connection.messages import Connect
from actors.runtime import Address, DeadLetters, LoopHost, Reply, started, stop
from exchanges.base.environment import Environment
from exchanges.simulator import Exchange
from messages.enums import SyncState
from simulation.check import differences, journal_differences
from simulation.crashes import CrashNow
from simulation.exchange_faults import ExchangeFaults
from simulation.faults import Fault, Weather
from simulation.house import House
from simulation.http import MemoryHttp
from simulation.loop import VirtualClock, VirtualLoop
from simulation.process import Outside
from simulation.program import Program
from simulation.settings import KEEPS_ALL, SYMBOLS, VENUE, exchange_config
from simulation.sockets import MemorySockets
from simulation.staleness import Staleness
from simulation.trace import Trace
from simulation.watcher import Told, Watcher

STARTED_MS: Final = 1_790_000_000_000
_CALM_S: Final = 2.0
_SETTLE_S: Final = 90.0
"""Virtual seconds within which everything must be right again once the storm is over and nobody trades."""
_STAYS_S: Final = 10.0
_LOOK_EVERY_S: Final = 1.0


class Figures(msgspec.Struct, kw_only=True):
    """What a run amounted to.

    Attributes:
        virtual_s: simulated seconds. settled_s: from the end of the storm until all was right.
        turns: of the loop, a measure of the work done.
    """

    virtual_s: float = 0.0
    settled_s: float = 0.0
    orders: int = 0
    fills: int = 0
    faults: int = 0
    kills: int = 0
    turns: int = 0


class World:
    """Everything of one run, made from its seed.

    Attributes:
        violations: what was found wrong; empty is what every seed has to end with.
    """

    def __init__(
        self, seed: int, loop: VirtualLoop, trace: Trace, directory: Path, *, storm_s: float | None = None
    ) -> None:
        """``directory``: for journals. ``storm_s``: how long the storm lasts; by default the seed decides."""
        self._seed = seed
        self._loop = loop
        self._trace = trace
        self._directory = directory
        self.violations: list[str] = []
        self.figures = Figures()
        rng = self._rng("world")
        self._names = ("alpha", "beta", "gamma")[: rng.choice((1, 2, 2, 3))]
        self._told = {name: Told() for name in (*self._names, VENUE)}
        self._clock = VirtualClock(loop, started_ms=STARTED_MS, skew_ms=rng.choice((0, 0, -1_700, 2_300, 40_000)))
        outside = Outside(loop)
        self.exchange = Exchange(
            exchange_config(seed, self._names, rng),
            now_ms=self._true_ms,
            schedule=outside.later,
            rng=self._rng("exchange"),
        )
        self._storm_ends_s = _CALM_S + (storm_s if storm_s is not None else rng.uniform(20.0, 60.0))
        self._give_up_s = self._storm_ends_s + _SETTLE_S
        self.weather = Weather(
            self._rng("weather"),
            loop.time,
            begins_s=rng.choice((0.0, _CALM_S, _CALM_S, _CALM_S)),
            ends_s=self._storm_ends_s,
            keys=tuple(self.exchange.keys.accounts[name].key for name in self._names),
        )
        self._own_faults = ExchangeFaults(
            self._rng("exchange faults"), self._names, begins_s=_CALM_S, ends_s=self._storm_ends_s
        )
        self._house = House(self.exchange, self.weather, self._rng("house"), trace)
        self._sockets = MemorySockets(outside, self.exchange, self.weather, trace)
        self._staleness = Staleness(
            keys={name: self.exchange.keys.accounts[name].key for name in self._names},
            told=self._told,
            weather=self.weather,
            sockets=self._sockets,
            broken=self.violations.append,
        )
        self._environment = Environment(
            clock=self._clock,
            rng=self._rng("environment"),
            spawn=self._spawn,
            http=MemoryHttp(outside, self.exchange, self.weather, trace),
            sockets=self._sockets,
        )
        self._dead_letters = DeadLetters(clock=loop.time)
        self._host = LoopHost.current(dead_letters=self._dead_letters)
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        assert self._program is not None, "the run has begun"
        return self._program

    # -- the run --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Calm, storm, quiet, comparison, end."""
        for line in (*self.weather.describe(), *self._own_faults.describe()):
            self._trace.add("weather", line)
        self.exchange.start()
        watcher = Watcher.start(self._told, self.violations, self._trace, host=self._host)
        await started(watcher)
        observer = Address("watcher", self._dead_letters)
        observer.bind(watcher)
        self._program = self._make_program(observer)
        if await self._storm():
            await self._stop_trading()
            await self._settle()
            self.violations += [f"a reply was never given: {each}" for each in self.program.forgotten_replies()]
            await self._end()
        else:
            self.violations.append("the program could not be started although all was quiet")
        self.exchange.stop()
        await stop(watcher)
        self._check_leftovers()
        self._count()

    async def _storm(self) -> bool:
        """Until the weather is good; True when the program runs in the end."""
        program = self.program
        runs = await program.start(self._give_up_s)
        while runs and self._loop.time() < self._storm_ends_s:
            await asyncio.sleep(1.0)
            self._staleness.look()
            self._house.meddle(self._names)
            for fault in self._own_faults.take_due(self._loop.time()):
                self._trace.add("exchange", str(fault))
                self.exchange.faults.add(fault)
            self._connect_anew()
            if self.weather.happens(Fault.CLOCK_SET):
                self._clock.skew_ms = int(self.weather.between(-60_000, 60_000))
                self._trace.add("world", f"our clock is {self._clock.skew_ms} ms off now")
            self._crash_some()
            program.maybe_kill()
            if program.life.is_over:
                self._bury_told()
                runs = await program.come_back(self._give_up_s)
        self._loop.after_turns(0, lambda: None)  # no kill any more
        self.exchange.faults.clear()
        if program.life.is_over:
            self._bury_told()
        return runs and await program.come_back(self._give_up_s)

    def _connect_anew(self) -> None:
        """A key that was refused is no affair of the program's: its user tells it when to try again."""
        for name, told in self._told.items():
            if told.sync_state is SyncState.FAILED and not self.program.life.is_over:
                self._trace.add("world", f"{name} is to connect anew")
                self.program.system.connection(name).ask(Connect(persistent=True))

    def _bury_told(self) -> None:
        self._staleness.begin_life()
        for told in self._told.values():
            told.begin_life()

    def _crash_some(self) -> None:
        """Actors crash in the middle of their work; the root supervisor has to bring them back."""
        if self.program.life.is_over:
            return
        system = self.program.system
        for name in self._names:
            self._crash(Fault.CRASH_ACCOUNT, name, system.account(name).ask)
        for name in (*self._names, VENUE):
            self._crash(Fault.CRASH_CONNECTION, f"connection of {name}", system.connection(name).ask)
        self._crash(Fault.CRASH_MARKET, f"market of {VENUE}", system.market(VENUE).ask)

    def _crash(self, fault: Fault, who: str, ask: Callable[[CrashNow], Reply[Any]]) -> None:
        if self.weather.happens(fault):
            self._trace.add("world", f"{who} crashes")
            ask(CrashNow())

    async def _stop_trading(self) -> None:
        """Strategies stop, and the market stands still: from here on nothing new happens at the exchange."""
        self._trace.add("world", "quiet")
        await self.program.stop_strategies()
        self.exchange.traders.stop()

    async def _settle(self) -> None:
        """Waits until all is right; it must become so in time, and stay so."""
        begun_s = self._loop.time()
        wrong = ["not compared"]
        while wrong:
            if self._loop.time() > begun_s + _SETTLE_S:
                self.violations += [f"after {_SETTLE_S:g} quiet seconds: {each}" for each in wrong[:20]]
                return
            await asyncio.sleep(_LOOK_EVERY_S)
            self._connect_anew()
            wrong = await self._compare()
        self.figures.settled_s = self._loop.time() - begun_s
        await asyncio.sleep(_STAYS_S)
        self.violations += [f"was right, then wrong: {each}" for each in await self._compare()]

    async def _compare(self) -> list[str]:
        wrong: list[str] = []
        for name in self._names:
            account = self.program.system.account(name)
            snapshot = await account.snapshot()
            executed = [order for symbol in SYMBOLS for order in await account.executed_orders(symbol)]
            stats = await account.get_trading_stats()
            if stats.unresolved_orders:
                wrong.append(f"{name}: {stats.unresolved_orders} orders are unresolved")
            forgets = self.program.settings.executed_limit < KEEPS_ALL
            wrong += differences(self.exchange, snapshot, tuple(executed), self._told[name], forgets=forgets)
        wrong += [f"no answer to {what!r} yet" for what, reply in self.program.asked if not reply.done]
        return wrong

    async def _end(self) -> None:
        problems = await self.program.end()
        self.violations += [f"{name}: could not cancel all: {problem}" for name, problem in problems.items()]
        for name in self._names:
            left = self.exchange.engine.accounts[name].open_orders
            if left and name not in problems:
                self.violations.append(f"{name}: {len(left)} orders are open after all were cancelled")
            self.violations += journal_differences(self.exchange, name, self._directory / f"{name}.sqlite")

    # -- checks at the end ----------------------------------------------------------------------------------------

    def _check_leftovers(self) -> None:
        alive = sorted(ref.actor_class.__name__ for ref in pykka.ActorRegistry.get_all())
        if alive:
            self.violations.append(f"actors left over: {', '.join(alive)}")
        names = sorted(name for task in self._loop.unfinished() if (name := task.get_name()) != "main")
        if names:
            self.violations.append(f"tasks left over: {', '.join(names)}")
        if self._sockets.open:
            self.violations.append(f"{len(self._sockets.open)} sockets left open")
        self.violations += [f"reached nobody: {each}" for each in self._loop.unhandled]
        self.violations += [f"fault of ours: {each}" for each in self._trace.faults]

    def _count(self) -> None:
        figures = self.figures
        figures.virtual_s = self._loop.time()
        figures.turns = self._loop.turns
        figures.faults = sum(self.weather.counts.values())
        figures.kills = self.program.kills
        for name in self._names:
            record = self.exchange.engine.accounts[name]
            figures.orders += len(record.orders)
            figures.fills += len(record.fills)

    # -- building -------------------------------------------------------------------------------------------------

    def _make_program(self, observer: Address) -> Program:
        return Program(
            loop=self._loop,
            environment=self._environment,
            host=self._host,
            sockets=self._sockets,
            exchange=self.exchange,
            weather=self.weather,
            trace=self._trace,
            names=self._names,
            directory=self._directory,
            observer=observer,
            rng=self._rng,
        )

    def _rng(self, purpose: str) -> random.Random:
        """Each part has its own randomness, so that a change in one does not change all."""
        return random.Random(f"{self._seed}:{purpose}")

    def _true_ms(self) -> int:
        return STARTED_MS + int(self._loop.time() * 1000)

    def _spawn(self, coroutine: Coroutine[Any, Any, Any], name: str, /) -> asyncio.Task[Any]:
        return self._loop.create_task(coroutine, name=name)
