"""A life that stands still does nothing while the world goes on, and afterwards finds all of it at its door."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.process import KilledError, Life
from tests.simulation.environment.test_network import Net, on_virtual_time


class Suspended:
    """A life that stands still from 1 s to 10 s, and what it says when."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.said: list[tuple[str, float]] = []

    def say(self, what: str) -> None:
        self.said.append((what, round(self.loop.time(), 3)))

    def run(self, program: Coroutine[Any, Any, None], until_s: float = 10.0) -> None:
        async def main() -> None:
            life = Life(self.loop, 1)
            self.loop.call_later(1.0, self.loop.suspend, life)
            self.loop.call_later(until_s, self.loop.resume, life)
            await life.run(program, "program")

        run_on_virtual_time(self.loop, main())


def test_timers_that_fell_due_meanwhile_run_at_once_and_in_their_order_afterwards() -> None:
    suspended = Suspended()

    async def program() -> None:
        for delay_s in (3.0, 2.0, 0.5, 12.0):
            suspended.loop.call_later(delay_s, suspended.say, f"{delay_s:g}")
        await asyncio.sleep(13.0)

    suspended.run(program())
    assert suspended.said == [("0.5", 0.5), ("2", 10.0), ("3", 10.0), ("12", 12.0)]


def test_what_the_world_settled_meanwhile_is_seen_before_the_timeout_that_is_over_too() -> None:
    suspended = Suspended()

    async def program() -> None:
        answer: asyncio.Future[str] = suspended.loop.create_future()
        world.append(answer)
        async with asyncio.timeout(4.0):
            suspended.say(await answer)

    world: list[asyncio.Future[str]] = []
    suspended.loop.call_later(3.0, lambda: world[0].set_result("answered"))
    suspended.run(program())
    assert suspended.said == [("answered", 10.0)]


def test_a_timer_that_is_canceled_while_it_stands_still_never_runs() -> None:
    suspended = Suspended()

    async def program() -> None:
        timers.append(suspended.loop.call_later(2.0, suspended.say, "late"))
        await asyncio.sleep(11.0)

    timers: list[asyncio.TimerHandle] = []
    suspended.loop.call_later(5.0, lambda: timers[0].cancel())
    suspended.run(program())
    assert suspended.said == []


def test_another_life_and_the_world_go_on() -> None:
    loop = VirtualLoop()
    said: list[tuple[str, float]] = []

    async def program(name: str) -> None:
        await asyncio.sleep(2.0)
        said.append((name, loop.time()))

    async def main() -> None:
        first, second = Life(loop, 1), Life(loop, 2)
        running = [
            asyncio.create_task(first.run(program("first"), "first")),
            asyncio.create_task(second.run(program("second"), "second")),
        ]
        await asyncio.sleep(1.0)
        loop.suspend(first)
        await asyncio.sleep(4.0)
        said.append(("world", loop.time()))
        loop.resume(first)
        await asyncio.gather(*running)

    run_on_virtual_time(loop, main())
    assert said == [("second", 2.0), ("world", 5.0), ("first", 5.0)]


def test_it_may_be_suspended_in_any_turn_of_the_loop_and_loses_nothing() -> None:
    for turns in range(1, 12):
        loop = VirtualLoop()
        done: list[int] = []

        async def program(done: list[int] = done) -> None:
            for step in range(10):
                done.append(step)
                await asyncio.sleep(0)

        async def main(loop: VirtualLoop = loop, turns: int = turns) -> None:
            life = Life(loop, 1)
            loop.after_turns(turns, lambda: loop.suspend(life))
            running = asyncio.create_task(life.run(program(), "program"))
            loop.call_later(5.0, loop.resume, life)
            await asyncio.sleep(4.0)
            assert running.done() or life.is_suspended
            await running

        run_on_virtual_time(loop, main())
        assert done == list(range(10))


def test_a_kill_while_it_stands_still_is_the_end() -> None:
    suspended = Suspended()

    async def program() -> None:
        suspended.loop.call_later(2.0, suspended.say, "timer")
        try:
            await asyncio.sleep(5.0)
        finally:
            suspended.say("last words")

    lives: list[Life] = []

    async def main() -> None:
        loop = suspended.loop
        life = Life(loop, 1)
        lives.append(life)
        loop.call_later(1.0, loop.suspend, life)
        loop.call_later(3.0, loop.kill, life)
        loop.call_later(4.0, loop.resume, life)
        with pytest.raises(KilledError):
            await life.run(program(), "program")
        await asyncio.sleep(10.0)

    run_on_virtual_time(suspended.loop, main())
    assert suspended.said == []
    assert not lives[0].is_suspended


def test_frames_wait_at_its_door_and_no_ping_is_answered_meanwhile() -> None:
    async def test(net: Net) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        got: list[tuple[bytes, float]] = []

        async def program() -> None:
            socket = await net.connect()
            reading = asyncio.ensure_future(socket.stream(lambda frame: got.append((frame, loop.time()))))
            await asyncio.sleep(20.0)
            reading.cancel()

        life = Life(loop, 1)
        running = asyncio.create_task(life.run(program(), "program"))
        await asyncio.sleep(1.0)
        [connection] = net.sockets.open
        assert connection.session is not None
        heard: list[float] = []
        connection.session.heard = lambda: heard.append(loop.time())  # type: ignore[method-assign]
        loop.suspend(life)
        connection.send('{"n": 1}')
        connection.ping()
        connection.send('{"n": 2}')
        await asyncio.sleep(8.0)
        assert (got, heard) == ([], [])
        loop.resume(life)
        await asyncio.sleep(1.0)
        assert got == [(b'{"n": 1}', 9.0), (b'{"n": 2}', 9.0)]
        assert len(heard) == 1
        await running

    on_virtual_time(test)
