"""One run: the whole program, the embedded exchange and the faults between them, from its start to the comparison."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from actors.runtime import Address, Reply
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.faults.faults import SocketCut
from messages.commands import Command
from simulation.comparison import Comparison, is_of_others, leftovers
from simulation.environment.crashes import crash_some
from simulation.environment.faults import Fault
from simulation.environment.long_fault import NOT_STARTED
from simulation.figures import Figures
from simulation.loop import VirtualLoop
from simulation.machine.second_program import SecondProgram
from simulation.options import Feature, Options, Profile
from simulation.oracles.every import every_oracle
from simulation.oracles.watcher import Watcher
from simulation.oracles.wish_terms import pair_of
from simulation.parts import Parts
from simulation.program import Program
from simulation.programs import own_program, second_program
from simulation.scenario import CALM_S
from simulation.trace import Trace

_STAYS_S: Final = 10.0
_END_S: Final = 60.0
"""Virtual seconds within which an orderly end must be over, whatever the weather."""
_STUCK_S: Final = 600.0
"""Longer than settling and ends together."""
_SUSPENDED_S: Final = 3_600.0
"""Longer than all standstills of a suspended program together."""
_TRIES_S: Final = 10.0
"""For at least so long an orderly end goes on canceling what it cannot cancel at once."""
_TRADES_AGAIN_S: Final = 5.0
_NIGHT_STEPS: Final = 40
_LOOK_EVERY_S: Final = 1.0
_LOOK_LATER_EVERY_S: Final = 3.0
_SOON_S: Final = 15.0
"""What is not right by then is looked at less often: to compare everything takes a while."""
_CRASHES_TOO: Final = 0.3
_TURNS: Final = 400


class World:
    """The script of one run, by its profile.

    Attributes:
        violations: what was found wrong; empty is what every seed has to end with.
        commands: all that accounts are asked; filed by whoever runs the world. machine: its faults are around the run.
        prolong: moves the virtual second by which the run must be over; set by whoever runs the world.
    """

    def __init__(self, seed: int, options: Options, loop: VirtualLoop, trace: Trace, directory: Path) -> None:
        """``directory``: for journals."""
        trace.home = str(directory)
        self._loop = loop
        self._trace = trace
        parts = self._parts = Parts(seed, options, loop, trace, directory, resumed=self._resumed)
        self.scenario = parts.scenario
        self.violations = parts.violations
        self.commands = parts.commands
        self.machine = parts.machine
        self.figures = Figures()
        self._names = parts.names
        self._crash_rng = parts.rng("crashes that follow")
        self._give_up_s = self.scenario.storm_ends_s + self.scenario.settle_s
        self.prolong: Callable[[float], None] = lambda _: None
        self._program: Program | None = None
        self._second_program: SecondProgram | None = None
        self._is_up = False
        self._oracles = every_oracle(parts, runs=self._runs, ask=self._ask)

    @property
    def program(self) -> Program:
        assert self._program is not None, "the run has begun"
        return self._program

    # -- the run --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """As the profile has it; in the end everything is compared, stopped, and compared again."""
        parts = self._parts
        self._describe()
        parts.exchange.start()
        watcher = Watcher.start(parts.told, self.violations, self._trace, host=parts.host)
        await watcher.started
        observer = Address("watcher", parts.dead_letters)
        observer.bind(watcher)
        subscribers = await self.machine.start_subscriber(parts.host, parts.dead_letters)
        self._program = own_program(parts, (observer, *subscribers))
        self._program.begins_anew = self._begin_life
        second = self._second_program = second_program(parts, self._program)
        second_life: asyncio.Task[None] | None = None
        if second is not None:
            life = second.run(begins_s=CALM_S, ends_s=self.scenario.storm_ends_s)
            second_life = self._loop.create_task(life, name="second program")
        runs = await self._until_quiet()
        if second_life is not None:
            await second_life
        if runs:
            await self._stop_trading()
            comparison = Comparison(parts, self._oracles, self.program, second)
            await self._settle(comparison)
            self.violations += [f"a reply was never given: {each}" for each in await self.program.forgotten_replies()]
            self.violations += comparison.differences_after_the_end(await self.program.end())
        elif not self._is_misconfigured():
            self.violations.append(NOT_STARTED)
        parts.exchange.stop()
        await watcher.stop()
        await self.machine.stop_subscriber()
        self.violations += leftovers(parts)
        self.violations[:] = [each for each in self.violations if not parts.long_fault.excuses(each, parts.exchange)]
        self.count()

    def _is_misconfigured(self) -> bool:
        """Whether the program has never run, or lost that with its disk, and is to trade a market that was gone before
        it could: a mistake in its configuration, for all that it can know."""
        gone = self._parts.exchange.engine.delisted
        has_run = self.program.has_run.is_set() and not self.scenario.has(Feature.DISK)
        return not has_run and any(pair_of(each) in gone for each in self.scenario.symbols)

    @property
    def latest_s(self) -> float:
        """Virtual seconds by which a run is over that begins or goes on now, a night off not counted, unless it waits
        for something that will never come."""
        suspended_s = _SUSPENDED_S if self.scenario.has(Feature.SUSPENDED) else 0.0
        return max(self._loop.time(), self.scenario.storm_ends_s) + suspended_s + _STUCK_S

    def give_up(self) -> None:
        """The run is stuck; nothing more of it is of interest."""
        asked_for = ", ".join(self.program.life.asked_for) or "an answer"
        self.violations.append(f"stuck: waits for {asked_for} until the end of the world")
        self.program.kill()
        self._parts.exchange.stop()
        self.count()

    def count(self) -> None:
        """Adds up the figures; called once, when the run has ended in whichever way."""
        figures, parts = self.figures, self._parts
        figures.virtual_s = self._loop.time()
        figures.turns = self._loop.turns
        figures.faults = sum(parts.weather.counts.values())
        figures.kills = 0 if self._program is None else self._program.kills
        figures.happened = parts.weather.happened() | parts.exchange_faults.begun
        for name in self._names:
            record = parts.exchange.engine.accounts[name]
            figures.orders += len(record.orders)
            figures.fills += len(record.fills)

    def _describe(self) -> None:
        """What is to come, for traces."""
        scenario, parts = self.scenario, self._parts
        features = ", ".join(sorted(feature.value for feature in scenario.features)) or "none"
        self._trace.add("scenario", f"profile {scenario.profile.value}, features {features}")
        for line in (*parts.weather.describe(), *parts.exchange_faults.describe(), *self.machine.describe()):
            self._trace.add("weather", line)

    # -- until all is quiet ---------------------------------------------------------------------------------------

    async def _until_quiet(self) -> bool:
        """All that comes before the comparison; True when the program runs then."""
        scenario = self.scenario
        if scenario.profile is Profile.ORDERLY_STOP:
            middle_s = CALM_S + self._parts.rng("stop").random() * scenario.storm_s
            if await self._storm(middle_s):
                await self._stop_in_the_storm()
                await self._storm(scenario.storm_ends_s)
                return await self._trade_again()
        if scenario.profile is Profile.NIGHT_OFF:
            if await self._storm(scenario.storm_ends_s) and self._parts.rng("night").random() < 0.5:
                await self._end_in_order()
            else:
                self.program.kill()
            self._calm_down()
            await self._night()
            if self.program.life.is_over:
                self._begin_life()
            return await self._trade_again()
        runs = await self._storm(scenario.storm_ends_s)
        self._calm_down()
        return await self._come_back() if runs else await self.program.start(self._give_up_s)

    async def _storm(self, until_s: float) -> bool:
        """Faults until then; True when the program runs in the end. A program that has ended stays so; one that cannot
        be started in the storm is started after it."""
        program = self.program
        if program.has_ended:
            while self._loop.time() < until_s:
                await self._second()
            await self.machine.calm_down()
            return False
        runs = self._is_up = self._is_up or await program.start(until_s)
        while runs and self._loop.time() < until_s:
            await self._second()
            self._parts.user.connect_anew(program)
            if not program.life.is_over:
                crash_some(program.system, self._names, self._parts.weather, self._trace, each_turn=self._watch_turns)
            program.maybe_kill()
            if program.life.is_over:
                runs = self._is_up = await self._come_back(until_s)
        await self.machine.calm_down()
        self._give_up_s = max(self._give_up_s, self._loop.time() + self.scenario.settle_s)
        return runs

    def _watch_turns(self, act: Callable[[], bool]) -> None:
        """In a hostile run now and then: called between the next turns of the loop, until it answers True."""
        if not self.scenario.features or self._crash_rng.random() >= _CRASHES_TOO:
            return
        life, last_turn = self.program.life, self._loop.turns + _TURNS

        def watch() -> bool | None:
            if life.is_over or self._loop.turns > last_turn:
                return False
            return act() or None

        self._loop.watch_turns(watch)

    async def _second(self) -> None:
        """One virtual second passes, with what happens in it around the program."""
        parts = self._parts
        await asyncio.sleep(1.0)
        is_dead = self.program.life.is_over and not self.program.has_ended  # killed, and not started again yet
        if not self.machine.is_suspended and not is_dead:
            for oracle in self._oracles:
                self.violations += oracle.look()
        if await self.machine.look(None if self.program.has_ended else self.program.life) or self._is_crippled():
            self.program.kill()
        parts.house.meddle(self._names)
        parts.operator.act()
        parts.user.connect(self.program)
        for fault in parts.exchange_faults.take_due(self._loop.time()):
            self._trace.add("exchange", str(fault))
            parts.exchange.faults.add(fault)
            if parts.long_fault.cuts:
                parts.exchange.faults.add(SocketCut(times=1, for_s=0.1))
        if parts.weather.happens(Fault.CLOCK_SET):
            parts.clock.skew_ms = int(parts.weather.between(-60_000, 60_000))
            self._trace.add("world", f"our clock is {parts.clock.skew_ms} ms off now")

    def _calm_down(self) -> None:
        """No kill and no fault of the exchange any more, nor any that was still to come; halted markets trade again."""
        self._loop.after_turns(0, lambda: None)
        self._parts.operator.resume_all()
        if not self._parts.long_fault.stays:
            self._parts.exchange_faults.call_off()
            self._parts.exchange.faults.clear()

    async def _come_back(self, until_s: float | None = None) -> bool:
        """If the program was killed, or is crippled, somebody starts it again; True when it runs."""
        if self._is_crippled():
            self.program.kill()
        return await self.program.come_back(self._give_up_s if until_s is None else until_s)

    def _is_crippled(self) -> bool:
        """Whether a part of the program has crashed too often and was given up, which only its user can mend."""
        return self._trace.is_crippled and not self.program.has_ended

    # -- ends in the middle ---------------------------------------------------------------------------------------

    async def _stop_in_the_storm(self) -> None:
        """The user stops the program while faults go on: it ends in time, and what it says of open orders is so."""
        begun_s = self._loop.time()
        problems = await self._end_in_order()
        took_s = self._loop.time() - begun_s
        if took_s > _END_S:
            self.violations.append(f"the orderly end took {took_s:.0f} s (R13)")
        for name in self._names:
            open_orders = self._parts.exchange.engine.accounts[name].open_orders.values()
            left = [order for order in open_orders if not self._came_from_others(order, begun_s)]
            if left and name not in problems:
                self.violations.append(f"{name}: {len(left)} orders are open after the end said there were none (R14)")
            if name in problems and took_s < _TRIES_S and not self.program.life.is_over:
                self.violations.append(f"{name}: gave up canceling after {took_s:.1f} s: {problems[name]} (R13)")

    def _came_from_others(self, order: BookedOrder, since_s: float) -> bool:
        """Whether somebody else has placed it since then: an end that went on need not have seen it."""
        came_s = self._parts.history.states(order.account, order.id)[0].at_s
        return came_s > since_s and is_of_others(order, self._second_program)

    async def _end_in_order(self) -> dict[str, str]:
        self._trace.add("world", "the program is stopped")
        problems = await self.program.end()
        self._begin_life()
        return problems

    async def _night(self) -> None:
        """The program is away; the exchange, its house and others go on, in steps that grow with the night."""
        self._trace.add("world", f"away for {self.scenario.night_s:g} s")
        self.prolong(self.latest_s + self.scenario.night_s)
        self._parts.exchange.traders.stop()
        for _ in range(_NIGHT_STEPS):
            await asyncio.sleep(self.scenario.night_s / _NIGHT_STEPS)
            self._parts.house.work_at_night(self._names)
            self._parts.operator.act()
        self._parts.exchange.traders.start()

    async def _trade_again(self) -> bool:
        """After a while without it, the program is started once more and trades a little."""
        self._calm_down()
        self._give_up_s = self._loop.time() + self.scenario.settle_s
        runs = await self.program.start(self._give_up_s)
        until_s = self._loop.time() + _TRADES_AGAIN_S
        while runs and self._loop.time() < until_s:
            await self._second()
            if self.program.life.is_over:  # its user starts it anew where a journal has given up
                runs = await self._come_back()
        return runs

    # -- in the quiet ---------------------------------------------------------------------------------------------

    async def _stop_trading(self) -> None:
        """Strategies stop, and the market stands still: from here on nothing new happens at the exchange."""
        self._trace.add("world", "quiet")
        await self.program.stop_strategies()
        self._parts.exchange.traders.stop()

    async def _settle(self, comparison: Comparison) -> None:
        """Waits until all is right; it must become so in time, and stay so."""
        begun_s, settle_s = self._loop.time(), self.scenario.settle_s
        settled = None
        while settled is None or (self._may_be_paused and all(each.endswith("not live") for each in settled)):
            if not await self._become_right(comparison, begun_s, settle_s):
                return
            self.figures.settled_s = self._loop.time() - begun_s
            await asyncio.sleep(_STAYS_S)
            settled = await comparison.differences()
            if not settled:
                return
        self.violations += [f"was right, then wrong: {each}" for each in settled]

    async def _become_right(self, comparison: Comparison, begun_s: float, settle_s: float) -> bool:
        """Whether it does, in time."""
        wrong = ["not compared"]
        while wrong:
            if self._loop.time() > begun_s + settle_s:
                self.violations += [f"after {settle_s:g} quiet seconds: {each}" for each in wrong[:20]]
                return False
            await asyncio.sleep(_LOOK_EVERY_S if self._loop.time() - begun_s < _SOON_S else _LOOK_LATER_EVERY_S)
            self._parts.user.connect_anew(self.program)
            if self._is_crippled():  # only now: of what crashed in the storm's last moments
                await self._come_back(begun_s + settle_s)
                await self._stop_trading()
            wrong = await comparison.differences()
        return True

    @property
    def _may_be_paused(self) -> bool:
        """Whether the exchange may have asked for a pause of minutes, in which an account may end to be live."""
        return self.scenario.has(Feature.REFUSALS) or self.scenario.has(Feature.TIGHT_LIMITS)

    # -- lives ----------------------------------------------------------------------------------------------------

    def _begin_life(self) -> None:
        for oracle in self._oracles:
            oracle.begin_life()
        for told in self._parts.told.values():
            told.begin_life()
        self._trace.given_up.clear()
        self._trace.is_crippled = False

    def _resumed(self) -> None:
        """The program goes on after it stood still; what it missed it is to notice from now on."""
        self._trace.resume()
        for told in self._parts.told.values():
            told.resume(self._loop.time())
        for oracle in self._oracles:
            oracle.resume()

    def _runs(self) -> bool:
        return self._program is not None and self._program.runs

    def _ask(self, name: str, command: Command) -> Reply[Any] | None:
        """Asks an account; None while the program is away."""
        return self.program.system.address(name).ask(command) if self._runs() else None
