"""The program of a run: built, started, killed, and started again on the journals that it left."""

import asyncio
import contextlib
import gc
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import pykka

from actors.journal import Journal
from actors.runtime import Address, LoopHost, Ref, Reply
from actors.runtime.core import ActorCore
from actors.strategy.base import Strategy
from actors.strategy.quoter import Quoter
from actors.system import AccountPlan, TradingSystem
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from exchanges.registry import create_venue
from exchanges.simulator import Exchange
from messages.errors import TellerError
from simulation.environment.faults import Fault, Weather
from simulation.environment.sockets import MemorySockets
from simulation.loop import VirtualLoop
from simulation.process import LIFE, KilledError, Life
from simulation.scenario import Scenario
from simulation.settings import QUOTER, endpoints_of
from simulation.strategies.trader import RandomTrader
from simulation.trace import Trace
from simulation.venues.wires import venue_of

_PAUSE_S: Final = 1.0
_ON_ITS_WAY_S: Final = 30.0
QUOTER_NAME: Final = "quoter"


def traders_of(account: str, count: int) -> list[str]:
    """The names of the random traders of an account."""
    return [account if number == 1 else f"{account}-{number}" for number in range(1, count + 1)]


class Program:
    """Life after life of one trading program.

    Attributes:
        system: of this life. asked: what its strategies have asked for in this life, with the replies.
        begins_anew: called before each start that follows a kill, when all that was told before it has been heard.
        starts: attempts so far. kills: how often it was killed. has_ended: its latest life was ended in order.
        unwritten: what its journals could not write when it was ended, by account; no matter of its orders.
        has_run: set once it has been started to the end; from then on it knows the past.
        ran_from_s: virtual second at which the first start began that was one to the end; None before that.
    """

    def __init__(
        self,
        *,
        loop: VirtualLoop,
        environment: Environment,
        host: LoopHost,
        sockets: MemorySockets,
        exchange: Exchange,
        weather: Weather,
        trace: Trace,
        scenario: Scenario,
        without: frozenset[str],
        directory: Path,
        observers: Sequence[Address],
        rng: Callable[[str], random.Random],
        dying: Callable[[Life], AbstractContextManager[None]] = lambda _: nullcontext(),
        is_second: bool = False,
    ) -> None:
        """``directory``: of the journals. ``observers``: outlive the program. ``rng``: randomness for a purpose.
        ``without``: actions of the traders that are left out, as ``action:amend``. ``dying``: put around each kill.
        ``is_second``: see `Life`."""
        self._loop = loop
        self._environment = environment
        self._host = host
        self._sockets = sockets
        self._exchange = exchange
        self._weather = weather
        self._trace = trace
        self._scenario = scenario
        self._names = scenario.names
        self._without = without
        self._directory = directory
        self._observers = tuple(observers)
        self._dying = dying
        self._is_second = is_second
        self._rng = rng
        self._kill_rng = rng("kill")
        self._lives: list[Life] = []
        self._lost_replies = self._unsettled()
        self.asked: list[tuple[str, Reply[Any]]] = []
        self.unwritten: dict[str, str] = {}
        self.starts = 0
        self.has_ended = False
        self.has_run = asyncio.Event()
        self.ran_from_s: float | None = None
        self.kills = 0
        self.begins_anew: Callable[[], None] = _nobody
        self._system: TradingSystem | None = None

    @property
    def life(self) -> Life:
        return self._lives[-1]

    @property
    def system(self) -> TradingSystem:
        assert self._system is not None, "it has been started"
        return self._system

    @property
    def runs(self) -> bool:
        """Whether it was started, perhaps not yet to the end, and neither killed nor ended since."""
        return self.starts > 0 and not self.has_ended and not self.life.is_over

    # -- life and death -------------------------------------------------------------------------------------------

    async def start(self, until_s: float) -> bool:
        """Starts it, again and again if the weather does not let it, as its user would; False when time was up."""
        self.has_ended = False
        while self._loop.time() < until_s:
            self.starts += 1
            life = Life(self._loop, self.starts, is_second=self._is_second)
            self._lives.append(life)
            began_s = self._loop.time()
            self.maybe_kill()
            try:
                await life.run(self._launch(life), f"start {self.starts}")
            except KilledError:
                await asyncio.sleep(self._kill_rng.uniform(0.0, 4.0))
                self.begins_anew()
            except TellerError as error:
                self._trace.add("world", f"start {self.starts} failed: {error}")
                with contextlib.suppress(KilledError):
                    if await life.run(_close(life.journals), "close"):
                        self.begins_anew()  # what it told is not on record: the next start may tell it again
                life.journals.clear()
                await asyncio.sleep(_PAUSE_S)
            else:
                self.has_run.set()
                self.ran_from_s = began_s if self.ran_from_s is None else self.ran_from_s
                return True
        return False

    async def _launch(self, life: Life) -> None:
        self.asked.clear()
        for name in self._names:
            life.journals.append(
                Journal.open(
                    self._directory / f"{name}.sqlite",
                    account=name,
                    settings=self._scenario.journal,
                    loop=self._loop,
                    executor=None,
                    now_ms=self._environment.clock.now_ms,
                )
            )
        self._system = self._build(life)
        await self._system.start()

    def maybe_kill(self) -> None:
        """If the weather says so, it is killed within the next moments, at any turn of the loop."""
        if not self.life.is_over and not self.has_ended and self._weather.happens(Fault.KILL):
            self._loop.after_turns(self._kill_rng.randrange(1, 2_000), self.kill)

    def kill(self) -> None:
        """``kill -9``."""
        life = self.life
        if life.is_over:
            return
        self._trace.add("world", "the program is killed")
        self.kills += 1
        self._lost_replies += self._unsettled()
        with self._dying(life):
            self._loop.kill(life)
        self._sockets.cut_off(life)
        for ref in pykka.ActorRegistry.get_all():
            if _is_of(ref, life):
                pykka.ActorRegistry.unregister(ref)

    async def come_back(self, until_s: float) -> bool:
        """After a kill: a moment later somebody starts it again; True when it runs."""
        if not self.life.is_over:
            return True
        await asyncio.sleep(self._kill_rng.uniform(0.0, 4.0))
        self.begins_anew()
        return await self.start(until_s)

    async def stop_strategies(self) -> None:
        await self.life.run(self.system.stop_strategies(), "stop strategies")

    async def end(self, *, cancel_open_orders: bool = True) -> dict[str, str]:
        """Stops as a user does, mostly one who wants nothing left open; returns why some orders could not be canceled.

        A kill in the middle of it is told as a problem of every account.
        """
        self.has_ended = True
        self.unwritten = {}
        try:
            return await self._end(cancel_open_orders)
        except KilledError:
            return dict.fromkeys(self._names, "the program was killed while it was stopped")

    async def _end(self, cancel_open_orders: bool) -> dict[str, str]:
        problems = await self.life.run(self.system.stop(cancel_open_orders=cancel_open_orders), "stop")
        self.unwritten = await self.life.run(_close(self.life.journals), "close")
        return problems

    # -- looking in -----------------------------------------------------------------------------------------------

    async def forgotten_replies(self) -> list[str]:
        """Replies that somebody waits for and nobody has given, save those that tell of the ends of actors, and those
        ``asked`` for, which are known by name. That an actor keeps the reply that it owes is no waiting for it: who has
        asked may have given up, while what was asked (a limit may hold a look-up back for a minute) is not over. One
        that is given within half a minute was only on its way: an account that a long fault holds back asks on."""
        waiting = self._waited_for()
        if waiting:
            await asyncio.sleep(_ON_ITS_WAY_S)
        return sorted(  # the collector's own order is not decided by the seed
            f"waited for by {[getattr(waiter, '__qualname__', type(waiter).__name__) for waiter in reply._waiters]}"
            for reply in waiting
            if not reply.done
        )

    def _waited_for(self) -> list[Reply[Any]]:
        gc.collect()
        ends = {id(ref.terminated) for ref in pykka.ActorRegistry.get_all() if isinstance(ref, Ref)}
        known = ends | {id(reply) for reply in (*self._lost_replies, *(reply for _, reply in self.asked))}
        return [each for each in self._unsettled() if id(each) not in known and any(map(_is_waiting, each._waiters))]

    def bury(self) -> None:
        """Lets go of what kills have left unfinished; what that stirs up is of no interest any more."""
        for life in self._lives:
            life.bury()

    def _unsettled(self) -> list[Reply[Any]]:
        return [each for each in gc.get_objects() if type(each) is Reply and not each.done]

    # -- building -------------------------------------------------------------------------------------------------

    def _build(self, life: Life) -> TradingSystem:
        scenario = self._scenario
        return TradingSystem(
            host=self._host,
            environment=self._environment,
            venues={
                kind: create_venue(kind, endpoints_of(kind), self._environment, settings)
                for kind, settings in scenario.venues.items()
            },
            accounts=[
                self._account_plan(name, journal) for name, journal in zip(self._names, life.journals, strict=True)
            ],
            strategies=self._strategies(),
            supervisor_settings=scenario.supervisor,
            restart_settings=scenario.restarts,
            observers=self._observers,
        )

    def _account_plan(self, name: str, journal: Journal) -> AccountPlan:
        """With the key that the exchange knows."""
        account = self._exchange.keys.accounts[name]
        return AccountPlan(
            name=name,
            venue=venue_of(name),
            credentials=Credentials(account.key, account.secret),
            symbols=self._scenario.symbols,
            settings=self._scenario.settings_of(name),
            journal=journal,
        )

    def _strategies(self) -> list[Strategy]:
        strategies: list[Strategy] = [
            RandomTrader(
                trader,
                name,
                scenario=self._scenario,
                rng=self._rng(f"trader {trader} {self.starts}"),
                asked=self.asked,
                crashes=lambda: self._weather.happens(Fault.CRASH_STRATEGY),
                without=self._without,
            )
            for name in self._names
            for trader in traders_of(name, self._scenario.traders)
        ]
        if self._scenario.quoter:
            strategies.append(Quoter(QUOTER_NAME, self._names[-1], QUOTER))
        return strategies


def _is_of(ref: pykka.ActorRef[Any], life: Life) -> bool:
    """Whether it is the reference of an actor of that life."""
    actor = ref._actor_weakref()
    return actor is None or actor._context.get(LIFE) is life


async def _close(journals: Sequence[Journal]) -> dict[str, str]:
    """Closes them all; returns what could not be written, by account."""
    problems: dict[str, str] = {}
    for journal in journals:
        try:
            await journal.close()
        except TellerError as error:
            problems[journal.path.stem] = str(error)
    return problems


def _is_waiting(waiter: object) -> bool:
    return getattr(waiter, "__func__", None) is not ActorCore._untrack


def _nobody() -> None:
    """Nobody wants to know."""
