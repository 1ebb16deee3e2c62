"""Handlers that take time: a strategy that computes, an account's turn that falls into a pause of the machine.

Starts of actors take time, too: meanwhile all else goes on.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from actors.account.actor import AccountActor
from actors.runtime.envelope import Envelope
from actors.runtime.ref import Ref
from actors.strategy.hosts import _Desk
from actors.supervision import root
from simulation.loop import VirtualLoop
from simulation.machine.chance import Chance, some_seconds
from simulation.machine.replaced import replaced
from simulation.trace import Trace

SHORTEST_S: Final = 0.05
LONGEST_S: Final = 3.0


@contextmanager
def slow_handlers(
    loop: VirtualLoop, *, callbacks: Chance, turns: Chance, starts: Chance, trace: Trace
) -> Iterator[None]:
    """While it lasts, callbacks of strategies and turns of accounts now and then take 0.05 to 3 s of virtual time, in
    which nothing else runs.

    ``callbacks``: for each callback of a strategy. ``turns``: for each message that an account takes. ``starts``: for
    each actor that is started under supervision.
    """

    def spend(chance: Chance, who: str) -> None:
        seconds = some_seconds(chance.rng, SHORTEST_S, LONGEST_S)
        trace.add("machine", f"{who} takes {seconds:.2f} s")
        loop.spend(seconds)

    deliver, serve = _Desk.deliver, AccountActor._serve

    def slow_deliver(desk: _Desk, message: object) -> Any:
        if callbacks.happens():
            spend(callbacks, "a callback of a strategy")
        return deliver(desk, message)

    def slow_serve(actor: AccountActor, envelope: Envelope) -> None:
        is_slow = turns.happens()
        is_before = is_slow and turns.rng.random() < 0.5
        if is_before:
            spend(turns, "an account")
        serve(actor, envelope)
        if is_slow and not is_before:
            spend(turns, "an account")

    async def slow_started(ref: Ref[Any]) -> None:
        await ref.started
        if starts.happens():
            seconds = some_seconds(starts.rng, SHORTEST_S, LONGEST_S)
            trace.add("machine", f"the start of {ref.actor_class.__name__} takes {seconds:.2f} s")
            await asyncio.sleep(seconds)

    with (
        replaced(_Desk, "deliver", slow_deliver),
        replaced(AccountActor, "_serve", slow_serve),
        replaced(root, "_started", slow_started),
    ):
        yield
