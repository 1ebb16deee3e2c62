"""The machine of one run: which of its faults there are, as the scenario's features have it, and when they happen."""

import asyncio
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from actors.runtime import Address, DeadLetters, LoopHost
from simulation.loop import VirtualClock, VirtualLoop
from simulation.machine.callback_errors import FragileSubscription, callback_errors
from simulation.machine.chance import Chance, some_rate
from simulation.machine.clock import ClockJumps
from simulation.machine.disk import SECOND_FOLDER, Disk
from simulation.machine.disk_errors import DiskErrors
from simulation.machine.log import UnwritableTime, failing_log, unwritable_times
from simulation.machine.slow_handlers import slow_handlers
from simulation.machine.suspension import Suspensions
from simulation.options import Feature
from simulation.process import Life, Outside
from simulation.scenario import Scenario
from simulation.trace import Trace

_HIGHEST_SUSPENSION: Final = 0.2
_HIGHEST_JUMP: Final = 0.3
_HIGHEST_SLOW_CALLBACK: Final = 0.02
_HIGHEST_SLOW_TURN: Final = 0.01
_HIGHEST_SLOW_START: Final = 0.5
_HIGHEST_CALLBACK_ERROR: Final = 0.005
_HIGHEST_REPLY_ERROR: Final = 0.1
_HIGHEST_SUBSCRIBER_ERROR: Final = 0.05
_POWER_LOSS_AT_KILL: Final = 0.5
_POWER_LOSS_BY_ITSELF: Final = 0.4
_REMOVAL: Final = 0.4
_REMOVED_S: Final = (12.0, 25.0)
_STAYS_AWAY: Final = 0.7
_STAYS_AWAY_S: Final = (5.0, 12.0)
_MOMENT_S: Final = 0.001


class _Removal(msgspec.Struct, frozen=True):
    """A journal that is not where it belongs for a while."""

    from_s: float
    until_s: float
    account: str
    with_log: bool


class Machine:
    """What World has to know of it: `faults` around the run, `look` once a second, `dying` around each kill.

    Attributes:
        disk: with the journals.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        loop: VirtualLoop,
        outside: Outside,
        clock: VirtualClock,
        trace: Trace,
        rng: Callable[[str], random.Random],
        broken: Callable[[str], None],
        resumed: Callable[[], None],
    ) -> None:
        """``clock``: of the program. ``rng``: randomness for a purpose. ``broken``: takes broken promises in words.
        ``resumed``: called when the program goes on after it stood still."""
        self._scenario = scenario
        self._loop = loop
        self._outside = outside
        self._trace = trace
        self._rng = rng
        self._removal_rng = rng("journals that stay away")
        self.disk = Disk(self._disk_errors(), rng("power"), loop.time, trace, broken)
        self._power_rng = rng("power losses")
        self._suspensions = Suspensions(
            loop, outside, self._chance(Feature.SUSPENDED, "suspensions", _HIGHEST_SUSPENSION), trace, resumed=resumed
        )
        self._clock_jumps = ClockJumps(clock, self._chance(Feature.CLOCK_JUMPS, "clock jumps", _HIGHEST_JUMP), trace)
        self._subscriber: FragileSubscription | None = None
        self._power_goes_s = self._draw_power_loss()
        self._loses_power: bool | None = None
        self._all_filed_s = 0.0
        self._lost: list[tuple[float, float]] = []
        self._log_times = self._unwritable_times()
        self._removals = self._draw_removals()

    def describe(self) -> list[str]:
        """What is to come, for traces."""
        lines = self.disk.errors.describe()
        lines += [f"log cannot be written from {each.from_s:.1f} to {each.until_s:.1f}" for each in self._log_times]
        lines += [f"journal is gone: {each}" for each in self._removals]
        lines += [f"the power goes at {self._power_goes_s:.1f}"] if self._power_goes_s < math.inf else []
        return lines

    @contextmanager
    def faults(self) -> Iterator[None]:
        """The whole run; those parts of the program that meet a fault are replaced meanwhile."""
        with ExitStack() as stack:
            if self._scenario.has(Feature.SLOW_HANDLERS):
                callbacks = self._chance(Feature.SLOW_HANDLERS, "slow callbacks", _HIGHEST_SLOW_CALLBACK)
                turns = self._chance(Feature.SLOW_HANDLERS, "slow turns", _HIGHEST_SLOW_TURN)
                starts = self._chance(Feature.SLOW_HANDLERS, "slow starts", _HIGHEST_SLOW_START)
                stack.enter_context(
                    slow_handlers(self._loop, callbacks=callbacks, turns=turns, starts=starts, trace=self._trace)
                )
            if self._scenario.has(Feature.CALLBACK_ERRORS):
                callbacks = self._chance(Feature.CALLBACK_ERRORS, "callbacks", _HIGHEST_CALLBACK_ERROR)
                replies = self._chance(Feature.CALLBACK_ERRORS, "replies", _HIGHEST_REPLY_ERROR)
                stack.enter_context(callback_errors(callbacks=callbacks, replies=replies))
            if self._scenario.has(Feature.DISK):
                stack.enter_context(self.disk.holding_journals())
            if self._log_times:
                stack.enter_context(failing_log(self._log_times, self._loop.time))
            yield

    async def start_subscriber(self, host: LoopHost, dead_letters: DeadLetters) -> tuple[Address, ...]:
        """The addresses of subscribers that crash on what they hear; none without the feature."""
        if not self._scenario.has(Feature.CALLBACK_ERRORS):
            return ()
        chance = self._chance(Feature.CALLBACK_ERRORS, "subscriber", _HIGHEST_SUBSCRIBER_ERROR)
        self._subscriber = FragileSubscription(chance, host, dead_letters)
        await self._subscriber.start()
        return (self._subscriber.address,)

    async def stop_subscriber(self) -> None:
        """At the end of the run."""
        if self._subscriber is not None:
            await self._subscriber.stop()

    # -- while it runs ------------------------------------------------------------------------------------------------

    @property
    def is_suspended(self) -> bool:
        """Whether the program stands still now: it can notice nothing."""
        return self._suspensions.is_suspended

    async def look(self, life: Life | None) -> bool:
        """Called once a second with the program's life, None when it has ended in order; True when the program
        is to be killed now: the power goes, or its user starts it anew because a file that was gone is back, or because
        a journal has given up."""
        self._clock_jumps.look()
        self.disk.look()
        if life is not None:
            self._suspensions.look(life)
            if not any(journal.figures.failure for journal in life.journals):
                self._all_filed_s = self._loop.time() - self._scenario.journal.linger_s
        if self._subscriber is not None:
            await self._subscriber.revive()
        if life is not None and self._loop.time() >= self._power_goes_s:
            self._power_goes_s = math.inf
            self._loses_power = True
        elif self._move_files() or (life is not None and any(journal.figures.lost for journal in life.journals)):
            self._loses_power = False
        return self._loses_power is not None

    async def calm_down(self) -> None:
        """Waits until the program goes on, if it stands still, and puts back what was moved."""
        if self.is_suspended:
            await asyncio.sleep(self._suspensions.seconds_left() + _MOMENT_S)
        self._removals.clear()
        self._power_goes_s = math.inf
        self.disk.put_back()

    @contextmanager
    def dying(self, life: Life) -> Iterator[None]:
        """Around a kill: if `look` has not said why, it is now and then the whole machine that dies."""
        loses_power, self._loses_power = self._loses_power, None
        if self.disk.logs_left_alone() and self._removal_rng.random() < _STAYS_AWAY:
            # Its journal is missing at its next start, which must not make a new one beside the log of the old one.
            self._removals.clear()
            self._outside.later(self._removal_rng.uniform(*_STAYS_AWAY_S), self.disk.put_back)
            loses_power = False
        else:
            self.disk.put_back()
        if loses_power is None:
            loses_power = self._scenario.has(Feature.DISK) and self._power_rng.random() < _POWER_LOSS_AT_KILL
        if loses_power:
            self._trace.add("machine", "the power goes")
            with self.disk.power_loss([journal.path for journal in life.journals]):
                yield
        else:
            yield
        self._lost.append((0.0 if loses_power else self._all_filed_s, self._loop.time()))

    def is_lost(self, filed_s: float, at_s: float) -> bool:
        """Whether a program may lack at one virtual second what was filed at another: it was killed in between, with
        records that waited to be written, or the power was lost."""
        return any(from_s <= filed_s <= killed_s < at_s for from_s, killed_s in self._lost)

    def may_have_lost(self, filed_s: float) -> bool:
        """Whether what was filed at that virtual second may have been lost with the power since."""
        lost_through_s = self.disk.lost_through_s
        return lost_through_s is not None and filed_s <= lost_through_s

    # -- parts --------------------------------------------------------------------------------------------------------

    def _chance(self, feature: Feature, purpose: str, highest: float) -> Chance:
        rng = self._rng(f"machine {purpose}")
        rate = some_rate(rng, highest)
        return Chance(
            rng,
            self._loop.time,
            rate=rate if self._scenario.has(feature) else 0.0,
            begins_s=self._scenario.begins_s,
            ends_s=self._scenario.storm_ends_s,
        )

    def _disk_errors(self) -> DiskErrors:
        scenario = self._scenario
        errors = DiskErrors(
            self._rng("disk"),
            self._loop.time,
            self._loop.spend,
            begins_s=scenario.begins_s,
            ends_s=scenario.storm_ends_s,
        )
        if not scenario.has(Feature.DISK):
            errors.bad_times, errors.stall_rate = [], 0.0
        return errors

    def _unwritable_times(self) -> tuple[UnwritableTime, ...]:
        if not self._scenario.has(Feature.LOG):
            return ()
        return unwritable_times(self._rng("log"), begins_s=self._scenario.begins_s, ends_s=self._scenario.storm_ends_s)

    def _draw_removals(self) -> list[_Removal]:
        scenario, rng = self._scenario, self._rng("removals")
        if not scenario.has(Feature.DISK) or rng.random() >= _REMOVAL:
            return []
        from_s = rng.uniform(scenario.begins_s, scenario.storm_ends_s)
        return [_Removal(from_s, from_s + rng.uniform(*_REMOVED_S), rng.choice(scenario.names), rng.random() < 0.5)]

    def _draw_power_loss(self) -> float:
        """Virtual seconds at which the power goes by itself, beside the kills of the weather."""
        scenario, rng = self._scenario, self._power_rng
        if not scenario.has(Feature.DISK) or rng.random() >= _POWER_LOSS_BY_ITSELF:
            return math.inf
        return rng.uniform(scenario.begins_s, scenario.storm_ends_s)

    def _move_files(self) -> bool:
        now_s = self._loop.time()
        if self.disk.gone():
            if not self._removals or now_s < self._removals[0].until_s:
                return False
            self._removals.clear()
            return True  # who starts it anew has put the file back, or forgets to at first
        for path in self._due(now_s):
            self.disk.move_away(path, with_log=self._removals[0].with_log)
        return False

    def _due(self, now_s: float) -> Sequence[Path]:
        if not self._removals or not self._removals[0].from_s <= now_s < self._removals[0].until_s:
            return ()
        # Who starts a second program makes a new file, which nothing may be put back over: its own stay.
        own = (path for path in self.disk.open_journals if path.parent.name != SECOND_FOLDER)
        return [path for path in own if path.stem == self._removals[0].account]
