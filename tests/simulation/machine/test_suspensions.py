"""The program stands still for a while that the seed decides, and goes on by itself."""

import asyncio

from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.machine.suspension import LONGEST_S, SHORTEST_S, Suspensions
from simulation.process import KilledError, Life, Outside
from simulation.trace import Trace
from tests.simulation.machine.support import always


def test_it_stands_still_and_goes_on_and_somebody_is_told() -> None:
    loop = VirtualLoop()
    ticks: list[float] = []
    resumed: list[float] = []

    async def program() -> None:
        while loop.time() < 2 * LONGEST_S:
            ticks.append(loop.time())
            await asyncio.sleep(0.25)

    async def main() -> None:
        suspensions = Suspensions(
            loop,
            Outside(loop),
            always(loop),
            Trace(loop.time, on=False),
            resumed=lambda: resumed.append(loop.time()),
        )
        life = Life(loop, 1)
        running = asyncio.create_task(life.run(program(), "program"))
        await asyncio.sleep(1.1)
        suspensions.look(life)
        assert suspensions.is_suspended
        for_s = suspensions.seconds_left()
        assert SHORTEST_S <= for_s <= LONGEST_S
        suspensions.look(life)
        assert suspensions.seconds_left() == for_s, "nobody suspends it twice"
        await running
        assert not suspensions.is_suspended
        assert suspensions.seconds_left() == 0.0
        assert resumed == [1.1 + for_s]
        assert not any(1.1 < tick < resumed[0] for tick in ticks)
        assert resumed[0] in ticks, "what was due meanwhile comes at once"

    run_on_virtual_time(loop, main())


def test_a_kill_ends_it_and_nothing_goes_on() -> None:
    loop = VirtualLoop()
    resumed: list[float] = []

    async def main() -> None:
        suspensions = Suspensions(
            loop,
            Outside(loop),
            always(loop),
            Trace(loop.time, on=False),
            resumed=lambda: resumed.append(loop.time()),
        )
        life = Life(loop, 1)
        running = asyncio.create_task(life.run(asyncio.sleep(1.0), "program"))
        await asyncio.sleep(0.1)
        suspensions.look(life)
        loop.kill(life)
        assert not suspensions.is_suspended
        await asyncio.sleep(LONGEST_S)
        assert (await asyncio.gather(running, return_exceptions=True))[0].__class__ is KilledError
        suspensions.look(life)
        assert not suspensions.is_suspended

    run_on_virtual_time(loop, main())
    assert resumed == []
