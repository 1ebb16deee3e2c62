"""What a run is made of besides its program: the exchange and its history, the network, the machine, people, faults.

All of it comes from a seed and options. Each part has its own randomness, so that a change in one does not change all.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from actors.runtime import DeadLetters, LoopHost
from exchanges.base.environment import Environment
from exchanges.simulator import Exchange, HttpRequest
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.faults.faults import ClockSkew
from exchanges.simulator.faults.faults import Fault as ExchangeFault
from simulation.environment.exchange_faults import ExchangeFaults
from simulation.environment.faults import Weather
from simulation.environment.hostile_faults import hostile_faults
from simulation.environment.house import House
from simulation.environment.http import MemoryHttp
from simulation.environment.long_fault import LongFault, draw_long_fault
from simulation.environment.operator import Operator
from simulation.environment.sockets import MemorySockets
from simulation.environment.user import User
from simulation.loop import VirtualClock, VirtualLoop
from simulation.machine.machine import Machine
from simulation.options import Feature, Options, Profile
from simulation.oracles.book_history import BookHistory
from simulation.oracles.command_log import CommandLog
from simulation.oracles.delivered import Delivered
from simulation.oracles.markets import symbol_of
from simulation.oracles.watcher import Told
from simulation.process import Outside
from simulation.scenario import CALM_S, draw
from simulation.settings import STARTED_MS
from simulation.trace import Trace
from simulation.venues.several_faces import faces_of
from simulation.venues.wires import VENUE_WIRES, translated, venue_of, wire_of


class Parts:
    """The parts of one run.

    Attributes:
        directory: of journals. violations: what was found wrong so far, in words; everybody may add to it.
        names: of accounts. keys: API keys by account.
        told: what subscribers were told, by account and by venue.
        outside: schedules what a kill of the program does not touch. clock: of the program's machine.
        history: of the exchange's books. commands: all that accounts are asked; filed by whoever runs the world.
            own_commands: those of the run's own program, without what a second one asks.
        long_fault: the one fault of a run with that profile; none elsewhere.
        weather: faults of network, machine and house. exchange_faults: those of the exchange, each with its time.
        delivered: what HTTP answers the program was given. environment: what the program's clients are given.
    """

    def __init__(
        self,
        seed: int,
        options: Options,
        loop: VirtualLoop,
        trace: Trace,
        directory: Path,
        *,
        resumed: Callable[[], None],
    ) -> None:
        """``resumed``: called when the program goes on after it stood still."""
        self._seed = seed
        self.options = options
        self.loop = loop
        self.trace = trace
        self.directory = directory
        self.violations: list[str] = []
        scenario = self.scenario = draw(seed, options)
        self.names = scenario.names
        self.told = {name: Told() for name in (*self.names, *scenario.venues)}
        self.clock = VirtualClock(loop, started_ms=STARTED_MS, skew_ms=scenario.skew_ms)
        self.outside = Outside(loop)
        self.exchange = Exchange(
            scenario.exchange,
            now_ms=self._true_ms,
            schedule=self.outside.later,
            rng=self.rng("exchange"),
            face=faces_of(scenario.venues),
        )
        self.keys = {name: self.exchange.keys.accounts[name].key for name in self.names}
        self.history = BookHistory(self.exchange, loop.time, self._sent_s)
        self.own_commands = CommandLog(loop.time)
        self.commands = CommandLog(loop.time, first=self.own_commands)
        self._fault_rng = self.rng("venues of faults")
        self.long_fault = self._draw_long_fault()
        self.weather = self._make_weather()
        self.exchange_faults = self._make_exchange_faults()
        self.machine = Machine(
            scenario,
            loop=loop,
            outside=self.outside,
            clock=self.clock,
            trace=trace,
            rng=self.rng,
            broken=self.violations.append,
            resumed=resumed,
        )
        self.user = User(self.exchange, self.rng("user"), trace, scenario=scenario, told=self.told)
        self.house = House(self.exchange, self.weather, self.rng("house"), trace)
        self.operator = Operator(
            self.exchange,
            self.rng("operator"),
            trace,
            features=scenario.features,
            names=self.names,
            symbols=scenario.symbols,
            now_s=loop.time,
            now_ms=self.exchange.engine.now_ms,
            without=options.without,
        )
        self.sockets = MemorySockets(self.outside, self.exchange, self.weather, trace)
        http = self.http = MemoryHttp(self.outside, self.exchange, self.weather, trace)
        self.delivered = Delivered(http, http.names, loop.time)
        self.environment = Environment(
            clock=self.clock,
            rng=self.rng("environment"),
            spawn=self._spawn,
            http=self.delivered,
            sockets=self.sockets,
        )
        self.dead_letters = DeadLetters(clock=loop.time)
        self.host = LoopHost.current(dead_letters=self.dead_letters)

    def rng(self, purpose: str) -> random.Random:
        """The randomness of one part, always the same for the same purpose."""
        return random.Random(f"{self._seed}:{purpose}")

    def may_have_lost(self, order: BookedOrder) -> bool:
        """Whether the program may have lost its records of an order of the books with the power: also of one that was
        on its way then, and arrived afterwards."""
        first = self.history.states(order.account, order.id)[0]
        filed_s = first.at_s if first.request is None else self.history.requests[first.request - 1].sent_s
        return self.machine.may_have_lost(filed_s)

    def is_lost_for_good(self, order: BookedOrder) -> bool:
        """Whether nothing may be left to find an order by that has ended: no record, and no fill, or no market in which
        the exchange could be asked."""
        return self.may_have_lost(order) and (not order.filled_base or self.cannot_be_asked_for(order))

    def _sent_s(self, request: HttpRequest) -> float:
        return self.http.sent_s(request)

    def cannot_be_asked_for(self, order: BookedOrder) -> bool:
        """Whether its market is gone: then the exchange tells of its fills, and no more of the order."""
        return order.pair in self.exchange.engine.delisted

    def is_gone_for_good(self, order: BookedOrder) -> bool:
        """Whether nothing of it can be learnt any more, which the account says: its market is gone, and fills are
        listed by market."""
        is_said = symbol_of(order.pair) in self.told[order.account].unknown_markets
        return is_said and self.cannot_be_asked_for(order) and wire_of(order.account).histories_by_market

    def is_out_of_sight(self, order: BookedOrder) -> bool:
        """Whether an account could only have learnt of an order that has ended from the socket, and has not: fills and
        ended orders are listed by market, and its market is none that the account trades, or is gone."""
        is_named = symbol_of(order.pair) in self.scenario.symbols and not self.cannot_be_asked_for(order)
        is_listed = is_named or not wire_of(order.account).histories_by_market
        return not is_listed and not order.is_open and str(order.id) not in self.told[order.account].numbered

    # -- faults ---------------------------------------------------------------------------------------------------

    @property
    def _is_alone(self) -> bool:
        """Whether there is to be no fault besides the long one."""
        return self.scenario.profile is Profile.LONG_FAULT

    @property
    def _pairs(self) -> list[str]:
        return [pair.id for pair in self.scenario.exchange.pairs]

    def _draw_long_fault(self) -> LongFault:
        if not self._is_alone:
            return LongFault()
        keys = tuple(self.keys.values())
        return draw_long_fault(self.rng("long fault"), self.scenario.features, self.names, self._pairs, keys)

    def _make_weather(self) -> Weather:
        scenario, options = self.scenario, self.options
        return Weather(
            self.rng("weather"),
            self.loop.time,
            begins_s=scenario.begins_s,
            ends_s=scenario.storm_ends_s,
            keys=tuple(self.keys.values()),
            kinds=scenario.kinds,
            certain=self.long_fault.kind,
            outages=scenario.outages,
            outage=self.long_fault.outage,
            without=options.without,
            limits=options.limits,
        )

    def _make_exchange_faults(self) -> ExchangeFaults:
        scenario = self.scenario
        return ExchangeFaults(
            self.rng("exchange faults"),
            self.names,
            present=scenario.exchange_faults,
            more=self._hostile_faults(),
            begins_s=CALM_S,
            ends_s=scenario.storm_ends_s,
            without=self.options.without,
            worded=self._worded,
        )

    def _worded(self, fault: ExchangeFault) -> ExchangeFault | None:
        """A fault in the words of the venue of its account, or of some venue where it is for all accounts.

        Orders of one client id are told apart by the exchange's clock alone: where ids are used again it is set by few
        seconds."""
        if isinstance(fault, ClockSkew) and self.scenario.has(Feature.REUSED_IDS):
            fault = msgspec.structs.replace(fault, offset_ms=fault.offset_ms // 5)
        account, kinds = getattr(fault, "account", None), list(self.scenario.venues)
        kind = self._fault_rng.choice(kinds) if account is None else venue_of(account)
        return translated(fault, VENUE_WIRES[kind])

    def _hostile_faults(self) -> list[tuple[float, ExchangeFault]]:
        """Those that features bring, or the long one; each with the virtual second at which it begins."""
        scenario, long = self.scenario, self.long_fault
        if self._is_alone:
            return [(long.begins_s, long.exchange)] if long.exchange is not None else []
        return hostile_faults(
            self.rng("hostile faults"),
            scenario.features,
            self.names,
            self._pairs,
            begins_s=CALM_S,
            ends_s=scenario.storm_ends_s,
            calm=scenario.profile is Profile.CALM,
        )

    # -- seams ----------------------------------------------------------------------------------------------------

    def _true_ms(self) -> int:
        return STARTED_MS + int(self.loop.time() * 1000)

    def _spawn(self, coroutine: Coroutine[Any, Any, Any], name: str, /) -> asyncio.Task[Any]:
        return self.loop.create_task(coroutine, name=name)
