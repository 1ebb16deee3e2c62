"""Handlers that take time: a strategy that computes, an account's turn that falls into a pause of the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from actors.account.actor import AccountActor
from actors.runtime.envelope import Envelope
from actors.strategy.hosts import _Desk
from simulation.loop import VirtualLoop
from simulation.machine.chance import Chance, some_seconds
from simulation.machine.replaced import replaced

SHORTEST_S: Final = 0.05
LONGEST_S: Final = 3.0


@contextmanager
def slow_handlers(loop: VirtualLoop, *, callbacks: Chance, turns: Chance) -> Iterator[None]:
    """While it lasts, callbacks of strategies and turns of accounts now and then take 0.05 to 3 s of virtual time, in
    which nothing else runs.

    ``callbacks``: for each callback of a strategy. ``turns``: for each message that an account takes.
    """
    deliver, serve = _Desk.deliver, AccountActor._serve

    def slow_deliver(desk: _Desk, message: object) -> Any:
        if callbacks.happens():
            loop.spend(some_seconds(callbacks.rng, SHORTEST_S, LONGEST_S))
        return deliver(desk, message)

    def slow_serve(actor: AccountActor, envelope: Envelope) -> None:
        pause_s = some_seconds(turns.rng, SHORTEST_S, LONGEST_S) if turns.happens() else 0.0
        is_before = pause_s > 0 and turns.rng.random() < 0.5
        if is_before:
            loop.spend(pause_s)
        serve(actor, envelope)
        if not is_before:
            loop.spend(pause_s)

    with replaced(_Desk, "deliver", slow_deliver), replaced(AccountActor, "_serve", slow_serve):
        yield
