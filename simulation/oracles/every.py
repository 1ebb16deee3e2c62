"""All oracles of a run."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from actors.runtime import Reply
from exchanges.simulator.core.orders import Order
from exchanges.simulator.faults.refusals import SubscriptionRefused
from messages.commands import Command
from simulation.options import Feature, Profile
from simulation.oracles.alarms import FalseAlarms, RefusedKey, refuses_key
from simulation.oracles.answers import Answers
from simulation.oracles.cancel_all import CancelsAll
from simulation.oracles.countdowns import Countdowns
from simulation.oracles.deafness import Deafness
from simulation.oracles.filed import Filed
from simulation.oracles.kill_switch import KillSwitch
from simulation.oracles.known import known_in
from simulation.oracles.market_rules import MarketRules
from simulation.oracles.oracle import Oracle
from simulation.oracles.recovery import BACK_WITHIN_S, Recovery, StaysLive
from simulation.oracles.secrets import Secrets
from simulation.oracles.staleness import Staleness
from simulation.oracles.strategy_orders import GivenUp, QuoterOrders
from simulation.oracles.truth import Truth
from simulation.oracles.venue_limits import VenueLimits
from simulation.oracles.way import Way
from simulation.oracles.wishes import Wishes
from simulation.parts import Parts
from simulation.program import QUOTER_NAME, traders_of
from simulation.scenario import LONGEST_LAG_S, notice_bound_s, pauses_s, proof_bound_s, safety_bound_s, truth_bound_s
from simulation.settings import STARTED_MS

_DOUBTED_RULES_S: Final = 30.0
"""Rules that a refusal makes doubtful are read anew at this age, with the next check or load."""


def every_oracle(
    parts: Parts, *, runs: Callable[[], bool], ask: Callable[[str, Command], Reply[Any] | None]
) -> tuple[Oracle, ...]:
    """Those that every run has, and those of its profile, its fault and its strategies.

    ``runs``: whether the program of the run does. ``ask``: asks an account of it; None while the program is away.
    """
    way = Way(
        exchange=parts.exchange,
        weather=parts.weather,
        keys=parts.keys,
        now_s=parts.loop.time,
        runs=runs,
        is_alone=not parts.scenario.has(Feature.SECOND_PROGRAM),
    )
    return (
        way,
        *_of_the_long_fault(parts),
        *_of_strategies(parts),
        *(
            [StaysLive(parts.told, parts.names, parts.exchange_faults.begun)]
            if parts.scenario.profile is Profile.CALM
            else []
        ),
        *_of_what_is_told(parts, ask),
        *_of_safety(parts, way, ask),
        Secrets(
            secrets={name: (account.key, account.secret) for name, account in parts.exchange.keys.accounts.items()},
            log=parts.commands,
            trace=parts.trace,
            directory=parts.directory,
        ),
        *_of_requests_and_answers(parts, way),
    )


def _of_the_long_fault(parts: Parts) -> Iterator[Oracle]:
    long, told, names = parts.long_fault, parts.told, parts.names
    if long.outage is not None:
        within_s = BACK_WITHIN_S + pauses_s(parts.scenario)
        yield Recovery(long.outage, told, names, parts.loop.time, within_s=within_s)
    if parts.scenario.profile is Profile.LONG_FAULT and not long.may_deafen:
        yield FalseAlarms(told, names)
    fault = long.exchange
    if isinstance(fault, SubscriptionRefused) and fault.account is not None and refuses_key(fault):
        active = parts.exchange.faults.active
        yield RefusedKey(told, fault.account, lambda: any(refuses_key(each.fault) for each in active.values()))


def _of_strategies(parts: Parts) -> Iterator[Oracle]:
    scenario, names = parts.scenario, parts.names
    strategies = {name: traders_of(name, scenario.traders) for name in names}
    if scenario.quoter:
        strategies[names[-1]].append(QUOTER_NAME)
        yield QuoterOrders(parts.exchange, names[-1], parts.loop.time)
    yield GivenUp(parts.exchange, parts.history, parts.own_commands, strategies, lambda: parts.trace.given_up)


_CLOCKS_APART_S: Final = 6.0
"""Gateway and engine are each off by three seconds at most."""
_RULES_MAY_BE_S: Final = 30.0
"""So old the rules of markets may be that are in doubt: they are asked for with weight."""


def _of_what_is_told(parts: Parts, ask: Callable[[str, Command], Reply[Any] | None]) -> Iterator[Oracle]:
    """Does an account say so when it does not know, and else what is true?"""
    lag_s = LONGEST_LAG_S if parts.scenario.has(Feature.LAG) else 0.0
    loses_frames = parts.scenario.profile is not Profile.CALM
    query_lag_ms = max(each.query_lag_ms for each in parts.scenario.venues.values())
    yield Staleness(
        keys=parts.keys,
        told=parts.told,
        weather=parts.weather,
        sockets=parts.sockets,
        noticed_within_s=notice_bound_s(parts.scenario),
    )
    yield Deafness(
        keys=parts.keys,
        told=parts.told,
        log=parts.commands,
        sockets=parts.sockets,
        bound_s=truth_bound_s(parts.scenario),
    )
    yield Truth(
        history=parts.history,
        told=parts.told,
        names=parts.names,
        ask=ask,
        now_s=parts.loop.time,
        venue_ms=parts.exchange.services.now_ms,
        bound_s=truth_bound_s(parts.scenario),
        proven_within_s=proof_bound_s(parts.scenario),
        balances_lag_s=query_lag_ms / 1000 - lag_s if loses_frames else 0.0,
        loses_frames=loses_frames,
        lag_s=lag_s,
        later=parts.outside.later,
        to_the_letter=parts.scenario.has(Feature.RARE_CHECKS) and not parts.scenario.has(Feature.UNKNOWN_ORDERS),
        may_be_unreadable=parts.scenario.has(Feature.ODD_ROWS),
        lost_for_good=parts.is_lost_for_good,
    )


_NAMELESS: Final = frozenset({Feature.MISSING_TEXTS, Feature.SECOND_PROGRAM})
"""With these an account hears of orders that it cannot tell by a name of its own."""


def _stamped_s(order: Order) -> float:
    """Virtual seconds of the moment at which the exchange says that it took an order."""
    return (order.created_ms - STARTED_MS) / 1000


def _stamped_by_another_clock_s(order: Order) -> float:
    """The same, as early as it may look by the gateway's clock, which tells when a command came."""
    return _stamped_s(order) - _CLOCKS_APART_S


def _of_safety(parts: Parts, way: Way, ask: Callable[[str, Command], Reply[Any] | None]) -> Iterator[Oracle]:
    """Is what was wished done, and are commands done that take risk away?"""
    scenario, names, now_s = parts.scenario, parts.names, parts.loop.time
    stamped_s = _stamped_by_another_clock_s if scenario.has(Feature.TWO_CLOCKS) else _stamped_s
    yield Wishes(
        parts.exchange,
        parts.history,
        parts.commands,
        own_commands=parts.own_commands,
        names=names,
        countdown_s=scenario.countdown_s,
        is_lost=parts.machine.is_lost,
        stamped_s=stamped_s if scenario.features & _NAMELESS else None,
    )
    kill_switch = KillSwitch(
        exchange=parts.exchange,
        history=parts.history,
        log=parts.own_commands,
        names=names,
        ask=ask,
        now_s=now_s,
        can_reach=way.can_reach,
        bound_s=safety_bound_s(scenario),
    )
    yield kill_switch
    yield Filed(
        exchange=parts.exchange,
        history=parts.history,
        names=names,
        directory=parts.directory,
        kill_switch=kill_switch.known,
        is_alone=not scenario.has(Feature.SECOND_PROGRAM) and not scenario.has(Feature.OTHER_PROGRAMS),
        is_disk_sound=not scenario.has(Feature.DISK) and scenario.journal.keeps_all,
        out_of_sight=lambda order: parts.is_out_of_sight(order) or parts.is_gone_for_good(order),
    )
    yield CancelsAll(
        exchange=parts.exchange,
        log=parts.own_commands,
        names=names,
        now_s=now_s,
        bound_s=safety_bound_s(scenario),
    )
    yield Countdowns(
        history=parts.history,
        told=parts.told,
        names=tuple(name for name in names if scenario.countdown_s(name) is not None),
        now_s=now_s,
        can_reach=way.can_reach,
        span_s=scenario.account.dead_mans_switch_s,
        slack_s=safety_bound_s(scenario),
    )


def _of_requests_and_answers(parts: Parts, way: Way) -> Iterator[Oracle]:
    """Are requests such as the exchange wants them, and answers to commands true?"""
    scenario, names, now_s = parts.scenario, parts.names, parts.loop.time
    yield MarketRules(
        parts.exchange,
        parts.commands,
        names=names,
        now_s=now_s,
        bound_s=_DOUBTED_RULES_S + 2 * scenario.supervisor.check_every_s + 10.0,
    )
    if not scenario.has(Feature.TIGHT_LIMITS):  # of lower limits we learn when they are reached
        yield VenueLimits(exchange=parts.exchange, names=names, is_even=way.is_even, sent_s=parts.http.sent_s)
    yield Answers(
        parts.history,
        parts.own_commands,
        names=names,
        known=known_in(scenario),
        told=parts.told,
        delivered=parts.delivered,
        now_s=now_s,
    )
