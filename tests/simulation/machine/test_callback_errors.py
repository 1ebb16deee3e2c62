"""Code of users fails in a callback, before or after its work, and in what it hangs on a reply."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from actors.runtime import ActorCrashedError, DeadLetters, LoopHost, Reply
from actors.runtime.ref import TerminationKind
from actors.strategy.base import Strategy
from actors.strategy.hosts import GetReport, _Desk
from simulation.environment.crashes import InjectedCrash
from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.machine.callback_errors import FragileSubscriber, callback_errors
from simulation.machine.chance import Chance
from simulation.trace import Trace, logging_into
from tests.simulation.machine.support import Timed, always, begun, never


def quietly(loop: VirtualLoop, main: Callable[[], Any]) -> Trace:
    trace = Trace(loop.time, on=True)
    with logging_into(trace):
        run_on_virtual_time(loop, main())
    return trace


def test_a_callback_fails_before_or_after_it_has_done_its_work() -> None:
    worked: set[int] = set()
    for seed in range(20):
        loop = VirtualLoop()

        async def main(loop: VirtualLoop = loop, seed: int = seed) -> None:
            strategy = Timed(loop.time)
            with callback_errors(callbacks=always(loop, begins_s=0.5, seed=seed), replies=never(loop)):
                ref = await begun(strategy)
                await asyncio.sleep(2.0)
                cause = await ref.terminated
            assert cause.kind is TerminationKind.CRASHED
            assert isinstance(cause.error, InjectedCrash)
            worked.add(len(strategy.began_s))

        assert quietly(loop, main).faults == [], "it is excused: the fault is not the program's"
    assert worked == {0, 1}


def test_a_strategy_may_fail_at_its_start() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        with (
            callback_errors(callbacks=always(loop), replies=never(loop)),
            pytest.raises(ActorCrashedError, match="InjectedCrash"),
        ):
            await begun(Timed(loop.time))

    quietly(loop, main)


def test_an_async_callback_does_its_work_to_the_end_before_it_fails() -> None:
    done: list[str] = []

    class Patient(Strategy):
        async def on_timer(self, name: str) -> None:
            await asyncio.sleep(1.0)
            done.append(name)

        def on_start(self) -> None:
            self.set_timer(1.0, "tick")

    for seed in range(20):
        loop = VirtualLoop()

        async def main(loop: VirtualLoop = loop, seed: int = seed) -> None:
            with callback_errors(callbacks=always(loop, begins_s=0.5, seed=seed), replies=never(loop)):
                ref = await begun(Patient("patient", ()))
                assert (await ref.terminated).kind is TerminationKind.CRASHED
                done.append(f"crashed at {loop.time():g}")

        quietly(loop, main)
    assert {"crashed at 1", "crashed at 2"} <= set(done)
    assert done.count("tick") == done.count("crashed at 2")


def test_a_display_may_always_ask_for_a_report() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        with callback_errors(callbacks=always(loop, begins_s=0.5), replies=never(loop)):
            ref = await begun(Strategy("calm", ()))
            await asyncio.sleep(1.0)
            assert (await ref.ask(GetReport())).strategy == "calm"
            await ref.stop()

    quietly(loop, main)


def test_a_callback_on_a_reply_fails_and_the_others_are_called_all_the_same() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        heard: list[int] = []
        replies = always(loop)
        with callback_errors(callbacks=never(loop), replies=replies):
            strategy = Timed(loop.time)
            ref = await begun(strategy)
            for number in range(10):
                reply: Reply[int] = Reply()
                strategy.then(reply, heard.append)
                reply.set(number)
            await asyncio.sleep(0.1)
            await ref.stop()
        assert heard == list(range(10))
        assert replies.count == 10

    trace = quietly(loop, main)
    assert trace.text().count("reply_callback_failed error_type=InjectedCrash") == 10
    assert trace.faults == []


def test_a_subscriber_crashes_on_what_it_hears() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        chance = Chance(random.Random(1), loop.time, rate=1.0, begins_s=1.0, ends_s=2.0)
        ref = FragileSubscriber.start(chance, host=LoopHost.current(dead_letters=DeadLetters()))
        await ref.started
        assert ref.tell("something")
        await asyncio.sleep(1.0)
        assert ref.tell("something")
        await asyncio.sleep(0.0)
        assert (await ref.terminated).kind is TerminationKind.CRASHED
        assert loop.time() == 1.0

    assert quietly(loop, main).faults == []


def test_afterwards_the_program_is_as_it_was() -> None:
    before = _Desk.deliver, _Desk.then
    loop = VirtualLoop()
    with callback_errors(callbacks=never(loop), replies=never(loop)):
        assert _Desk.deliver is not before[0]
    assert (_Desk.deliver, _Desk.then) == before
    loop.close()
