"""Slow handlers take virtual time, in which everything else stands still."""

import asyncio

from actors.account.actor import AccountActor
from actors.strategy.hosts import _Desk
from actors.supervision import root
from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.machine.slow_handlers import LONGEST_S, SHORTEST_S, slow_handlers
from simulation.trace import Trace
from tests.simulation.machine.support import Timed, always, begun, never


def test_a_callback_comes_late_and_so_does_all_that_was_due_meanwhile() -> None:
    loop = VirtualLoop()
    due_s: list[float] = []

    async def main() -> None:
        strategy = Timed(loop.time)
        callbacks = always(loop, begins_s=0.5)
        with slow_handlers(
            loop, callbacks=callbacks, turns=never(loop), starts=never(loop), trace=Trace(loop.time, on=False)
        ):
            ref = await begun(strategy)
            loop.call_later(1.01, lambda: due_s.append(loop.time()))
            await asyncio.sleep(10.0)
            await ref.stop()
        [began_s] = strategy.began_s
        assert SHORTEST_S <= began_s - 1.0 <= LONGEST_S
        assert callbacks.count == 1
        assert due_s == [max(began_s, 1.01)]

    run_on_virtual_time(loop, main())


def test_a_start_takes_time_and_all_else_goes_on() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        starts = always(loop)
        with slow_handlers(
            loop, callbacks=never(loop), turns=never(loop), starts=starts, trace=Trace(loop.time, on=False)
        ):
            ref = await begun(Timed(loop.time))
            began_s, ticks = loop.time(), []
            ticking = loop.call_later(SHORTEST_S / 2, lambda: ticks.append(loop.time()))
            await root._started(ref)
            ticking.cancel()
            await ref.stop()
        assert SHORTEST_S <= loop.time() - began_s <= LONGEST_S
        assert ticks == [began_s + SHORTEST_S / 2]

    run_on_virtual_time(loop, main())


def test_afterwards_the_program_is_as_it_was() -> None:
    deliver, serve = _Desk.deliver, AccountActor._serve
    loop = VirtualLoop()
    with slow_handlers(
        loop, callbacks=never(loop), turns=never(loop), starts=never(loop), trace=Trace(loop.time, on=False)
    ):
        assert _Desk.deliver is not deliver
        assert AccountActor._serve is not serve
    assert _Desk.deliver is deliver
    assert AccountActor._serve is serve
    assert "_serve" not in vars(AccountActor)
    loop.close()
