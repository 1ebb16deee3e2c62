"""Crashes of actors, in the middle of their work, as a fault of ours would cause them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Final, NoReturn

import pykka

from actors.account.actor import AccountActor
from actors.connection.supervisor import ConnectionSupervisor
from actors.market.actor import MarketActor
from actors.runtime import Reply
from actors.system import TradingSystem
from messages.commands import Command
from messages.lanes import Lane
from simulation.environment.faults import Fault, Weather
from simulation.trace import Trace
from simulation.venues.wires import venue_of


class InjectedCrash(Exception):  # noqa: N818 - the name shows up in logs, where it has to be told from an error of ours
    """A fault that the simulation has put into a handler."""


class CrashNow(Command, frozen=True):
    """What no actor survives."""

    lane: ClassVar[Lane] = Lane.CONTROL


_CRASHABLE: Final = (AccountActor, ConnectionSupervisor, MarketActor)


def _crash(_actor: object, _message: object) -> NoReturn:
    raise InjectedCrash


@contextmanager
def crashable() -> Iterator[None]:
    """While it lasts, actors have a handler for `CrashNow`."""
    for kind in _CRASHABLE:
        kind._handlers[CrashNow] = _crash
    try:
        yield
    finally:
        for kind in _CRASHABLE:
            kind._handlers.pop(CrashNow, None)


def crash_some(
    system: TradingSystem,
    accounts: Iterable[str],
    weather: Weather,
    trace: Trace,
    *,
    each_turn: Callable[[Callable[[], bool]], None] | None = None,
) -> None:
    """Actors crash in the middle of their work, as the weather says; the root supervisor has to bring them back.

    ``each_turn``: calls something between the next turns of the loop until it answers True; with it an account crashes,
    too, while its connection is being started again.
    """

    def crash(fault: Fault, who: str, ask: Callable[[CrashNow], Reply[Any]]) -> bool:
        if happens := weather.happens(fault):
            trace.add("world", f"{who} crashes")
            ask(CrashNow())
        return happens

    def crash_too(name: str) -> bool:
        if is_starting := _is_starting(system, (*accounts, *venues)):
            trace.add("world", f"{name} crashes while its connection is started")
            system.account(name).ask(CrashNow())
        return is_starting

    accounts = tuple(accounts)
    venues = tuple(dict.fromkeys(map(venue_of, accounts)))
    for name in accounts:
        crash(Fault.CRASH_ACCOUNT, name, system.account(name).ask)
    for name in (*accounts, *venues):
        is_gone = crash(Fault.CRASH_CONNECTION, f"connection of {name}", system.connection(name).ask)
        if is_gone and name in accounts and each_turn is not None:
            each_turn(partial(crash_too, name))
    for venue in venues:
        crash(Fault.CRASH_MARKET, f"market of {venue}", system.market(venue).ask)


def _is_starting(system: TradingSystem, names: Iterable[str]) -> bool:
    """Whether a connection has been started anew, and does not count as started yet."""
    here = {id(system.connection(name).ref) for name in names}
    return any(ref.actor_class is ConnectionSupervisor and id(ref) not in here for ref in pykka.ActorRegistry.get_all())
