"""One run: the whole program, the embedded exchange and the faults between them, from its start to the comparison."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import msgspec
import pykka

from actors.connection.messages import Connect
from actors.runtime import Address, DeadLetters, LoopHost, Reply, started, stop
from exchanges.base.environment import Environment
from exchanges.simulator import Exchange
from exchanges.simulator.faults import KeyRevoked, SocketCut, Standing
from exchanges.simulator.orders import Order as BookedOrder
from exchanges.simulator.other_program import OtherProgram
from exchanges.simulator.refusals import SubscriptionRefused
from messages.commands import Command
from messages.enums import SyncState
from messages.errors import TellerError
from simulation.environment.crashes import CrashNow
from simulation.environment.exchange_faults import ExchangeFaults
from simulation.environment.faults import Fault, Weather
from simulation.environment.hostile_faults import hostile_faults
from simulation.environment.house import House
from simulation.environment.http import MemoryHttp
from simulation.environment.long_fault import LongFault, draw_long_fault
from simulation.environment.operator import Operator
from simulation.environment.sockets import MemorySockets
from simulation.loop import VirtualClock, VirtualLoop
from simulation.machine.machine import Machine
from simulation.machine.second_program import SecondProgram
from simulation.options import Feature, Options, Profile
from simulation.oracles.alarms import FalseAlarms, RefusedKey, refuses_key
from simulation.oracles.answers import Answers
from simulation.oracles.book_history import BookHistory
from simulation.oracles.cancel_all import CancelsAll
from simulation.oracles.check import differences, journal_differences
from simulation.oracles.command_log import CommandLog
from simulation.oracles.countdowns import Countdowns
from simulation.oracles.deafness import Deafness
from simulation.oracles.delivered import Delivered
from simulation.oracles.filed import Filed
from simulation.oracles.kill_switch import KillSwitch
from simulation.oracles.known import known_in
from simulation.oracles.market_rules import MarketRules
from simulation.oracles.oracle import Oracle
from simulation.oracles.recovery import Recovery, StaysLive
from simulation.oracles.secrets import Secrets
from simulation.oracles.staleness import Staleness
from simulation.oracles.statistics import statistics_differences
from simulation.oracles.strategy_orders import GivenUp, QuoterOrders
from simulation.oracles.truth import Truth
from simulation.oracles.venue_limits import VenueLimits
from simulation.oracles.watcher import Told, Watcher
from simulation.oracles.way import Way
from simulation.oracles.wishes import Wishes
from simulation.process import Outside
from simulation.program import QUOTER_NAME, Program, traders_of
from simulation.scenario import CALM_S, Scenario, draw, safety_bound_s, truth_bound_s
from simulation.settings import VENUE
from simulation.trace import Trace

STARTED_MS: Final = 1_790_000_000_000
_STAYS_S: Final = 10.0
_END_S: Final = 60.0
"""Virtual seconds within which an orderly end must be over, whatever the weather."""
_STUCK_S: Final = 3_600.0
"""Longer than all standstills, settling and ends together."""
_TRADES_AGAIN_S: Final = 5.0
_NIGHT_STEPS: Final = 40
_USER_CONNECTS: Final = 0.15
_LOOK_EVERY_S: Final = 1.0


class Figures(msgspec.Struct, kw_only=True):
    """What a run amounted to.

    Attributes:
        virtual_s: simulated seconds. settled_s: from the end of the storm until all was right.
        turns: of the loop, a measure of the work done.
        happened: what went wrong and how often, by the names that `Options.without` knows.
    """

    virtual_s: float = 0.0
    settled_s: float = 0.0
    orders: int = 0
    fills: int = 0
    faults: int = 0
    kills: int = 0
    turns: int = 0
    happened: dict[str, int] = msgspec.field(default_factory=dict)


class World:
    """Everything of one run, made from its seed and options.

    Attributes:
        violations: what was found wrong; empty is what every seed has to end with.
        history: of the exchange's books. commands: all that accounts are asked; filed by whoever runs the world.
    """

    def __init__(self, seed: int, options: Options, loop: VirtualLoop, trace: Trace, directory: Path) -> None:
        """``directory``: for journals."""
        self._seed = seed
        self._options = options
        self._loop = loop
        self._trace = trace
        self._directory = directory
        trace.home = str(directory)
        self.violations: list[str] = []
        self.figures = Figures()
        scenario = self.scenario = draw(seed, options)
        self._names = scenario.names
        self._told = {name: Told() for name in (*self._names, VENUE)}
        self._clock = VirtualClock(loop, started_ms=STARTED_MS, skew_ms=scenario.skew_ms)
        outside = self._outside = Outside(loop)
        self.exchange = Exchange(
            scenario.exchange,
            now_ms=self._true_ms,
            schedule=outside.later,
            rng=self._rng("exchange"),
        )
        self.history = BookHistory(self.exchange, loop.time)
        self._own_commands = CommandLog(loop.time)
        self.commands = CommandLog(loop.time, first=self._own_commands)
        self._give_up_s = scenario.storm_ends_s + scenario.settle_s
        keys = tuple(self.exchange.keys.accounts[name].key for name in self._names)
        pairs = [pair.id for pair in scenario.exchange.pairs]
        is_alone = scenario.profile is Profile.LONG_FAULT
        long = draw_long_fault(self._rng("long fault"), scenario.features, self._names, pairs, keys)
        self._long = long if is_alone else LongFault()
        self.weather = Weather(
            self._rng("weather"),
            loop.time,
            begins_s=scenario.begins_s,
            ends_s=scenario.storm_ends_s,
            keys=keys,
            kinds=scenario.kinds,
            certain=self._long.kind,
            outages=scenario.outages,
            outage=self._long.outage,
            without=options.without,
            limits=options.limits,
        )
        self._own_faults = ExchangeFaults(
            self._rng("exchange faults"),
            self._names,
            present=scenario.exchange_faults,
            more=[(self._long.begins_s, self._long.exchange)]
            if self._long.exchange is not None
            else hostile_faults(
                self._rng("hostile faults"),
                frozenset() if is_alone else scenario.features,
                self._names,
                pairs,
                begins_s=CALM_S,
                ends_s=scenario.storm_ends_s,
            ),
            begins_s=CALM_S,
            ends_s=scenario.storm_ends_s,
            without=options.without,
        )
        self.machine = Machine(
            scenario,
            loop=loop,
            outside=outside,
            clock=self._clock,
            trace=trace,
            rng=self._rng,
            broken=self.violations.append,
            resumed=self._resumed,
        )
        self._refused: set[str] = set()
        self.exchange.faults.watchers.append(self._note_refused)
        self._house = House(self.exchange, self.weather, self._rng("house"), trace)
        self._operator = Operator(
            self.exchange,
            self._rng("operator"),
            trace,
            features=scenario.features,
            names=self._names,
            symbols=scenario.symbols,
            now_s=loop.time,
            now_ms=self.exchange.engine.now_ms,
            without=options.without,
        )
        self._sockets = MemorySockets(outside, self.exchange, self.weather, trace)
        http = MemoryHttp(outside, self.exchange, self.weather, trace)
        self._delivered = Delivered(http, http.names, loop.time)
        self._environment = Environment(
            clock=self._clock,
            rng=self._rng("environment"),
            spawn=self._spawn,
            http=self._delivered,
            sockets=self._sockets,
        )
        self._user_rng = self._rng("user")
        self._dead_letters = DeadLetters(clock=loop.time)
        self._host = LoopHost.current(dead_letters=self._dead_letters)
        self._program: Program | None = None
        self._second_program: SecondProgram | None = None
        self._oracles = self._make_oracles()

    @property
    def program(self) -> Program:
        assert self._program is not None, "the run has begun"
        return self._program

    # -- the run --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """As the profile has it; in the end everything is compared, stopped, and compared again."""
        scenario = self.scenario
        features = ", ".join(sorted(feature.value for feature in scenario.features)) or "none"
        self._trace.add("scenario", f"profile {scenario.profile.value}, features {features}")
        for line in (*self.weather.describe(), *self._own_faults.describe(), *self.machine.describe()):
            self._trace.add("weather", line)
        self.exchange.start()
        watcher = Watcher.start(self._told, self.violations, self._trace, host=self._host)
        await started(watcher)
        observer = Address("watcher", self._dead_letters)
        observer.bind(watcher)
        subscribers = await self.machine.start_subscriber(self._host, self._dead_letters)
        self._program = self._make_program((observer, *subscribers))
        self._program.died_at_start = self._begin_life
        second = self._begin_second()
        runs = await self._until_quiet()
        if second is not None:
            await second
        if runs:
            await self._stop_trading()
            await self._settle()
            self.violations += [f"a reply was never given: {each}" for each in self.program.forgotten_replies()]
            await self._end()
        else:
            self.violations.append("the program could not be started although all was quiet")
        self.exchange.stop()
        await stop(watcher)
        await self.machine.stop_subscriber()
        self._check_leftovers()
        self.violations[:] = [each for each in self.violations if not self._long.excuses(each, self.exchange)]
        self.count()

    @property
    def latest_s(self) -> float:
        """Virtual seconds by which any run is over, unless it waits for something that will never come."""
        return self.scenario.storm_ends_s + self.scenario.night_s + _STUCK_S

    def give_up(self) -> None:
        """The run is stuck; nothing more of it is of interest."""
        asked_for = ", ".join(self.program.life.asked_for) or "an answer"
        self.violations.append(f"stuck: waits for {asked_for} until the end of the world")
        self.program.kill()
        self.exchange.stop()
        self.count()

    async def _until_quiet(self) -> bool:
        """All that comes before the comparison; True when the program runs then."""
        scenario = self.scenario
        if scenario.profile is Profile.ORDERLY_STOP:
            middle_s = CALM_S + self._rng("stop").random() * scenario.storm_s
            if await self._storm(middle_s):
                await self._stop_in_the_storm()
            await self._storm(scenario.storm_ends_s)
            return await self._trade_again()
        if scenario.profile is Profile.NIGHT_OFF:
            if await self._storm(scenario.storm_ends_s) and self._rng("night").random() < 0.5:
                await self._end_in_order()
            else:
                self.program.kill()
                self._begin_life()
            self._calm_down()
            await self._night()
            return await self._trade_again()
        runs = await self._storm(scenario.storm_ends_s)
        self._calm_down()
        return runs and await self._come_back()

    async def _storm(self, until_s: float) -> bool:
        """Faults until then; True when the program runs in the end. A program that has ended stays so."""
        program = self.program
        if program.has_ended:
            while self._loop.time() < until_s:
                await self._second()
            return False
        runs = await program.start(self._give_up_s) if not program.starts else True
        while runs and self._loop.time() < until_s:
            await self._second()
            self._connect_anew()
            self._crash_some()
            program.maybe_kill()
            if program.life.is_over:
                runs = await self._come_back()
        await self.machine.calm_down()
        self._give_up_s = max(self._give_up_s, self._loop.time() + self.scenario.settle_s)
        return runs

    async def _second(self) -> None:
        """One virtual second passes, with what happens in it around the program."""
        await asyncio.sleep(1.0)
        if not self.machine.is_suspended:
            for oracle in self._oracles:
                self.violations += oracle.look()
        if await self.machine.look(None if self.program.has_ended else self.program.life):
            self.program.kill()
        self._house.meddle(self._names)
        self._operator.act()
        self._user_connects()
        for fault in self._own_faults.take_due(self._loop.time()):
            self._trace.add("exchange", str(fault))
            self.exchange.faults.add(fault)
            if self._long.cuts:
                self.exchange.faults.add(SocketCut(times=1, for_s=0.1))
        if self.weather.happens(Fault.CLOCK_SET):
            self._clock.skew_ms = int(self.weather.between(-60_000, 60_000))
            self._trace.add("world", f"our clock is {self._clock.skew_ms} ms off now")

    def _user_connects(self) -> None:
        """Somebody asks for a connection that is there, or is being mended, or waits for something else."""
        rng = self._user_rng
        if self.scenario.has(Feature.USER_CONNECTS) and self._runs() and rng.random() < _USER_CONNECTS:
            name = rng.choice(self._names)
            self.program.asked.append((f"connect {name}", self.program.system.connection(name).ask(Connect())))

    def _resumed(self) -> None:
        """The program goes on after it stood still; what it missed it is to notice from now on."""
        for told in self._told.values():
            told.resume(self._loop.time())
        for oracle in self._oracles:
            oracle.resume()

    def _calm_down(self) -> None:
        """No kill and no fault of the exchange any more; halted markets trade again."""
        self._loop.after_turns(0, lambda: None)
        self._operator.resume_all()
        if not self._long.stays:
            self.exchange.faults.clear()

    async def _come_back(self) -> bool:
        """If the program was killed, somebody starts it again; True when it runs."""
        if self.program.life.is_over:
            self._begin_life()
        return await self.program.come_back(self._give_up_s)

    def _begin_life(self) -> None:
        for oracle in self._oracles:
            oracle.begin_life()
        for told in self._told.values():
            told.begin_life()
        self._trace.given_up.clear()

    def _connect_anew(self) -> None:
        """A key that was refused is no affair of the program's: its user tells it when to try again. Nothing else is
        mended for it."""
        for name, told in self._told.items():
            if told.sync_state is SyncState.LIVE and name not in self.exchange.keys.revoked:
                self._refused.discard(name)
            if told.sync_state is SyncState.FAILED and name in self._refused and not self.program.life.is_over:
                self._trace.add("world", f"{name} is to connect anew")
                self.program.system.connection(name).ask(Connect(persistent=True))

    def _note_refused(self, standing: Standing, begins: bool) -> None:
        """Keeps whose key was revoked, until its account is live again."""
        if begins and isinstance(standing.fault, KeyRevoked):
            self._refused.add(standing.fault.account)

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

    # -- ends in the middle ---------------------------------------------------------------------------------------

    async def _stop_in_the_storm(self) -> None:
        """The user stops the program while faults go on: it ends in time, and what it says of open orders is so."""
        begun_s = self._loop.time()
        problems = await self._end_in_order()
        took_s = self._loop.time() - begun_s
        if took_s > _END_S:
            self.violations.append(f"the orderly end took {took_s:.0f} s (R13)")
        for name in self._names:
            left = self.exchange.engine.accounts[name].open_orders
            if left and name not in problems:
                self.violations.append(f"{name}: {len(left)} orders are open after the end said there were none (R14)")

    async def _end_in_order(self) -> dict[str, str]:
        self._trace.add("world", "the program is stopped")
        problems = await self.program.end()
        self._begin_life()
        return problems

    async def _night(self) -> None:
        """The program is away; the exchange, its house and others go on, in steps that grow with the night."""
        self._trace.add("world", f"away for {self.scenario.night_s:g} s")
        self.exchange.traders.stop()
        for _ in range(_NIGHT_STEPS):
            await asyncio.sleep(self.scenario.night_s / _NIGHT_STEPS)
            self._house.work_at_night(self._names)
            self._operator.act()
        self.exchange.traders.start()

    async def _trade_again(self) -> bool:
        """After a while without it, the program is started once more and trades a little."""
        self._calm_down()
        self._give_up_s = self._loop.time() + self.scenario.settle_s
        runs = await self.program.start(self._give_up_s)
        until_s = self._loop.time() + _TRADES_AGAIN_S
        while runs and self._loop.time() < until_s:
            await self._second()
        return runs

    # -- the comparison -------------------------------------------------------------------------------------------

    async def _stop_trading(self) -> None:
        """Strategies stop, and the market stands still: from here on nothing new happens at the exchange."""
        self._trace.add("world", "quiet")
        await self.program.stop_strategies()
        self.exchange.traders.stop()

    async def _settle(self) -> None:
        """Waits until all is right; it must become so in time, and stay so."""
        begun_s, settle_s = self._loop.time(), self.scenario.settle_s
        wrong = ["not compared"]
        while wrong:
            if self._loop.time() > begun_s + settle_s:
                self.violations += [f"after {settle_s:g} quiet seconds: {each}" for each in wrong[:20]]
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
            try:
                wrong += await self._compare_account(name)
            except TellerError as error:
                wrong.append(f"{name}: does not answer: {error}")
        for oracle in self._oracles:
            wrong += oracle.compare()
        wrong += [f"no answer to {what!r} yet" for what, reply in self.program.asked if not reply.done]
        return [each for each in wrong if not self._long.excuses(each, self.exchange)]

    async def _compare_account(self, name: str) -> list[str]:
        account = self.program.system.account(name)
        snapshot = await account.snapshot()
        executed = {symbol: await account.executed_orders(symbol) for symbol in self.scenario.symbols}
        stats = await account.get_trading_stats()
        wrong = list(
            statistics_differences(
                self.exchange,
                stats,
                snapshot,
                executed,
                told=self._told[name],
                log=self.commands,
                life=self.program.life.number,
                links_age=not self.scenario.features,
            )
        )
        wrong += differences(
            self.exchange,
            snapshot,
            tuple(order for orders in executed.values() for order in orders),
            self._told[name],
            forgets=self.scenario.forgets,
            excused=self._need_not_be_known,
        )
        return wrong

    def _need_not_be_known(self, order: BookedOrder) -> bool:
        """Orders that ended without a fill while the program could not see them, and were none of its own."""
        if not order.is_open and not order.filled_base and OtherProgram.placed(order):
            return True
        second = self._second_program
        is_of_another = second is not None and not order.is_open and not order.filled_base and second.placed(order)
        return is_of_another or self.machine.may_have_forgotten(order)

    async def _end(self) -> None:
        problems = await self.program.end()
        self.violations += [f"{name}: could not cancel all: {problem}" for name, problem in problems.items()]
        for name in self._names:
            left = self.exchange.engine.accounts[name].open_orders
            if left and name not in problems:
                self.violations.append(f"{name}: {len(left)} orders are open after all were cancelled")
            self.violations += journal_differences(
                self.exchange,
                name,
                self._directory / f"{name}.sqlite",
                excused=self._need_not_be_known,
            )
        for oracle in self._oracles:
            self.violations += oracle.final()

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

    def count(self) -> None:
        """Adds up the figures; called once, when the run has ended in whichever way."""
        figures = self.figures
        figures.virtual_s = self._loop.time()
        figures.turns = self._loop.turns
        figures.faults = sum(self.weather.counts.values())
        figures.kills = 0 if self._program is None else self._program.kills
        figures.happened = self.weather.happened() | self._own_faults.begun
        for name in self._names:
            record = self.exchange.engine.accounts[name]
            figures.orders += len(record.orders)
            figures.fills += len(record.fills)

    # -- building -------------------------------------------------------------------------------------------------

    def _make_oracles(self) -> tuple[Oracle, ...]:
        scenario, now_s, names = self.scenario, self._loop.time, self._names
        keys = {name: self.exchange.keys.accounts[name].key for name in names}
        way = Way(
            exchange=self.exchange,
            weather=self.weather,
            keys=keys,
            now_s=now_s,
            runs=self._runs,
            is_alone=not scenario.has(Feature.SECOND_PROGRAM),
        )
        kill_switch = KillSwitch(
            exchange=self.exchange,
            history=self.history,
            log=self._own_commands,
            names=names,
            ask=self._ask,
            now_s=now_s,
            can_reach=way.can_reach,
            bound_s=safety_bound_s(scenario),
        )
        outage, is_long = self._long.outage, scenario.profile is Profile.LONG_FAULT
        fault = self._long.exchange
        refused = fault.account if isinstance(fault, SubscriptionRefused) and refuses_key(fault) else None
        return (
            way,
            *([Recovery(outage, self._told, names, now_s)] if outage is not None else []),
            *([FalseAlarms(self._told, names)] if is_long and not self._long.may_deafen else []),
            *([RefusedKey(self._told, refused, self._key_is_refused)] if refused is not None else []),
            *([QuoterOrders(self.exchange, names[-1], now_s)] if scenario.quoter else []),
            GivenUp(self.exchange, self._strategy_names(), lambda: self._trace.given_up),
            *([StaysLive(self._told, names)] if scenario.profile is Profile.CALM else []),
            Staleness(keys=keys, told=self._told, weather=self.weather, sockets=self._sockets),
            Deafness(
                keys=keys,
                told=self._told,
                log=self.commands,
                sockets=self._sockets,
                bound_s=truth_bound_s(scenario),
            ),
            Truth(
                history=self.history,
                told=self._told,
                names=self._names,
                ask=self._ask,
                now_s=self._loop.time,
                venue_ms=self.exchange.services.now_ms,
                bound_s=truth_bound_s(self.scenario),
                later=self._outside.later,
                to_the_letter=scenario.has(Feature.RARE_CHECKS),
            ),
            Wishes(
                self.exchange,
                self.history,
                self.commands,
                names=self._names,
                countdown_s=self.scenario.account.dead_mans_switch_s,
            ),
            kill_switch,
            Filed(
                exchange=self.exchange,
                history=self.history,
                names=names,
                directory=self._directory,
                kill_switch=kill_switch.known,
                is_alone=not scenario.has(Feature.SECOND_PROGRAM) and not scenario.has(Feature.OTHER_PROGRAMS),
                is_disk_sound=not scenario.has(Feature.DISK),
                guesses=not scenario.features,
            ),
            CancelsAll(
                exchange=self.exchange,
                log=self._own_commands,
                names=names,
                now_s=now_s,
                bound_s=safety_bound_s(scenario),
                overtaken=not scenario.features,
            ),
            Countdowns(
                history=self.history,
                told=self._told,
                names=names,
                now_s=now_s,
                can_reach=way.can_reach,
                span_s=scenario.account.dead_mans_switch_s,
                slack_s=safety_bound_s(scenario),
            ),
            Secrets(
                secrets={name: (account.key, account.secret) for name, account in self.exchange.keys.accounts.items()},
                log=self.commands,
                trace=self._trace,
                directory=self._directory,
            ),
            MarketRules(
                self.exchange,
                self.commands,
                names=names,
                now_s=now_s,
                bound_s=2 * min(scenario.supervisor.check_every_s, 15.0) + 10.0,
            ),
            VenueLimits(exchange=self.exchange, names=names, is_even=way.is_even),
            Answers(
                self.history,
                self._own_commands,
                names=self._names,
                known=known_in(self.scenario),
                told=self._told,
                delivered=self._delivered,
                now_s=self._loop.time,
            ),
        )

    def _key_is_refused(self) -> bool:
        return any(refuses_key(each.fault) for each in self.exchange.faults.standing.values())

    def _strategy_names(self) -> dict[str, list[str]]:
        """The strategies of each account, as `Program` makes them."""
        traders = {name: traders_of(name, self.scenario.traders) for name in self._names}
        if self.scenario.quoter:
            traders[self._names[-1]].append(QUOTER_NAME)
        return traders

    def _runs(self) -> bool:
        program = self._program
        return program is not None and program.starts > 0 and not program.has_ended and not program.life.is_over

    def _ask(self, name: str, command: Command) -> Reply[Any] | None:
        """Asks an account; None while the program is away."""
        return self.program.system.address(name).ask(command) if self._runs() else None

    def _begin_second(self) -> "asyncio.Task[None] | None":
        """Another program trades one of the accounts for a while."""
        scenario, rng = self.scenario, self._rng("second program")
        if not scenario.has(Feature.SECOND_PROGRAM):
            return None
        account = rng.choice(self._names)
        quiet = Weather(rng, self._loop.time, begins_s=0.0, ends_s=0.0, keys=(), kinds=frozenset(), outages=False)

        def make(observer: Address) -> Program:
            return self._make_program(
                (observer,),
                msgspec.structs.replace(scenario, names=(account,), traders=1, quoter=False),
                weather=quiet,
                directory=self._directory / "second",
                rng=lambda purpose: self._rng(f"second {purpose}"),
                dying=lambda _: nullcontext(),
                is_second=True,
            )

        self._second_program = SecondProgram(
            make,
            self.program,
            account=account,
            host=self._host,
            rng=rng,
            trace=self._trace,
            violations=self.violations,
        )
        life = self._second_program.run(begins_s=CALM_S, ends_s=scenario.storm_ends_s)
        return self._loop.create_task(life, name="second program")

    def _make_program(self, observers: Sequence[Address], scenario: Scenario | None = None, **others: Any) -> Program:
        """``others``: instead of what the program of the run has."""
        parts: dict[str, Any] = {
            "weather": self.weather,
            "directory": self._directory,
            "rng": self._rng,
            "dying": self.machine.dying,
        }
        return Program(
            loop=self._loop,
            environment=self._environment,
            host=self._host,
            sockets=self._sockets,
            exchange=self.exchange,
            trace=self._trace,
            scenario=scenario or self.scenario,
            without=self._options.without,
            observers=observers,
            **(parts | others),
        )

    def _rng(self, purpose: str) -> random.Random:
        """Each part has its own randomness, so that a change in one does not change all."""
        return random.Random(f"{self._seed}:{purpose}")

    def _true_ms(self) -> int:
        return STARTED_MS + int(self._loop.time() * 1000)

    def _spawn(self, coroutine: Coroutine[Any, Any, Any], name: str, /) -> asyncio.Task[Any]:
        return self._loop.create_task(coroutine, name=name)
