"""A kill takes everything that the killed life has scheduled, without a last word, and nothing else."""

import asyncio

import pytest

from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.process import KilledError, Life, Outside


def test_a_killed_life_does_nothing_any_more_not_even_in_a_finally() -> None:
    loop = VirtualLoop()
    said: list[str] = []

    async def program() -> None:
        try:
            loop.call_later(2.0, said.append, "timer")
            child = asyncio.create_task(helper())
            said.append("begins")
            await child
        finally:
            said.append("last words")

    async def helper() -> None:
        await asyncio.sleep(2.0)
        said.append("helper")

    async def main() -> None:
        life = Life(loop, 1)
        loop.call_later(1.0, loop.kill, life)
        with pytest.raises(KilledError):
            await life.run(program(), "program")
        await asyncio.sleep(5.0)
        assert said == ["begins"]
        assert sorted(task.get_name() for task in life.unfinished)[-1] == "program"
        with pytest.raises(KilledError):
            await life.run(program(), "program")

    run_on_virtual_time(loop, main())
    assert said[:1] == ["begins"]


def test_what_the_world_settles_later_wakes_nobody_of_a_killed_life() -> None:
    loop = VirtualLoop()
    woken: list[str] = []

    async def main() -> None:
        answer = loop.create_future()

        async def wait() -> None:
            await answer
            woken.append("woken")

        life = Life(loop, 1)
        running = asyncio.create_task(life.run(wait(), "wait"))
        await asyncio.sleep(1.0)
        loop.kill(life)
        answer.set_result(None)
        await asyncio.sleep(1.0)
        with pytest.raises(KilledError):
            await running

    run_on_virtual_time(loop, main())
    assert not woken


def test_what_was_handed_to_the_world_and_another_life_goes_on() -> None:
    loop = VirtualLoop()
    happened: list[str] = []

    async def main() -> None:
        outside = Outside(loop)

        async def program(name: str) -> None:
            outside.later(2.0, happened.append, f"sent by {name}")
            await asyncio.sleep(3.0)
            happened.append(f"{name} goes on")

        first, second = Life(loop, 1), Life(loop, 2)
        running = [asyncio.create_task(life.run(program(f"{life.number}"), "program")) for life in (first, second)]
        await asyncio.sleep(1.0)
        loop.kill(first)
        await asyncio.gather(*running, return_exceptions=True)

    run_on_virtual_time(loop, main())
    assert happened == ["sent by 1", "sent by 2", "2 goes on"]


def test_a_kill_can_fall_between_any_two_turns() -> None:
    """Between the journal's commit and the first byte lies no virtual time at all, only a turn of the loop."""
    steps: set[int] = set()
    lives: list[Life] = []
    for turns in range(1, 12):
        loop = VirtualLoop()
        done: list[int] = []

        async def program(done: list[int] = done) -> None:
            for step in range(10):
                done.append(step)
                await asyncio.sleep(0)

        async def main(loop: VirtualLoop = loop, turns: int = turns) -> None:
            life = Life(loop, 1)
            lives.append(life)
            loop.after_turns(turns, lambda: loop.kill(life))
            with pytest.raises(KilledError):
                await life.run(program(), "program")

        run_on_virtual_time(loop, main())
        assert loop.time() == 0.0
        lives.pop().bury()
        steps.add(len(done))
    assert len(steps) > 5, "kills fell at different steps"
