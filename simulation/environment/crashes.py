"""Crashes of actors, in the middle of their work, as a fault of ours would cause them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final, NoReturn

from actors.account.actor import AccountActor
from actors.connection.supervisor import ConnectionSupervisor
from actors.market.actor import MarketActor
from actors.runtime import Reply
from actors.system import TradingSystem
from messages.commands import Command
from messages.lanes import Lane
from simulation.environment.faults import Fault, Weather
from simulation.settings import VENUE
from simulation.trace import Trace


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


def crash_some(system: TradingSystem, accounts: Iterable[str], weather: Weather, trace: Trace) -> None:
    """Actors crash in the middle of their work, as the weather says; the root supervisor has to bring them back."""

    def crash(fault: Fault, who: str, ask: Callable[[CrashNow], Reply[Any]]) -> None:
        if weather.happens(fault):
            trace.add("world", f"{who} crashes")
            ask(CrashNow())

    accounts = tuple(accounts)
    for name in accounts:
        crash(Fault.CRASH_ACCOUNT, name, system.account(name).ask)
    for name in (*accounts, VENUE):
        crash(Fault.CRASH_CONNECTION, f"connection of {name}", system.connection(name).ask)
    crash(Fault.CRASH_MARKET, f"market of {VENUE}", system.market(VENUE).ask)
