"""Crashes of actors, in the middle of their work, as a fault of ours would cause them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final, NoReturn

from actors.account.actor import AccountActor
from actors.connection.supervisor import ConnectionSupervisor
from actors.market.actor import MarketActor
from messages.commands import Command
from messages.lanes import Lane


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
