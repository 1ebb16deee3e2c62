"""The virtual loop: no waiting, one order, and an end where a real loop would hang."""

import asyncio

import pytest

from simulation.loop import DeadlockError, LivelockError, VirtualClock, VirtualLoop, run_on_virtual_time


def test_sleeps_and_timeouts_pass_in_virtual_time_and_in_their_order() -> None:
    loop = VirtualLoop()
    seen: list[tuple[str, float]] = []

    async def sleeper(name: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        seen.append((name, loop.time()))

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper("late", 86_400.0))
            group.create_task(sleeper("early", 0.25))
            group.create_task(sleeper("between", 3_600.0))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60.0):
                await asyncio.Event().wait()
        seen.append(("timed out", loop.time()))

    run_on_virtual_time(loop, main())
    assert [(name, pytest.approx(at_s)) for name, at_s in seen] == [
        ("early", 0.25),
        ("between", 3_600.0),
        ("late", 86_400.0),
        ("timed out", 86_460.0),
    ]


def test_what_is_left_over_is_ended_in_the_order_in_which_it_was_begun_also_among_namesakes() -> None:
    loop = VirtualLoop()
    ended: list[int] = []

    async def left_over(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    async def main() -> None:
        tasks = [loop.create_task(left_over(number), name="namesake") for number in range(200)]
        assert not any(task.done() for task in tasks)
        await asyncio.sleep(1.0)

    run_on_virtual_time(loop, main())
    assert ended == list(range(200))


def test_a_wait_that_nothing_can_end_is_an_error_and_the_tasks_are_ended() -> None:
    ended: list[str] = []

    async def forgotten() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("forgotten")

    async def main() -> None:
        task = asyncio.create_task(forgotten())
        await task

    with pytest.raises(DeadlockError):
        run_on_virtual_time(VirtualLoop(), main())
    assert ended == ["forgotten"]


def test_turning_for_ever_at_one_moment_is_an_error() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        def again() -> None:
            loop.call_soon(again)

        again()
        await asyncio.sleep(1.0)

    with pytest.raises(LivelockError):
        run_on_virtual_time(VirtualLoop(), main())


def test_a_timer_that_is_all_but_due_waits_until_time_has_moved() -> None:
    """Whoever sets one again for the rest of a wait gets to its end, also while there is other work in each turn."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        due_s, ended = loop.time() + 1e-10, asyncio.Event()

        def again() -> None:
            rest_s = due_s - loop.time()
            if rest_s > 0:
                loop.call_later(rest_s, again)
                loop.call_soon(ended.is_set)
            else:
                ended.set()

        again()
        await ended.wait()
        return loop.time() - due_s

    assert run_on_virtual_time(VirtualLoop(), main()) >= 0


def test_threads_are_refused() -> None:
    async def main() -> None:
        await asyncio.to_thread(print)

    with pytest.raises(RuntimeError, match="no threads"):
        run_on_virtual_time(VirtualLoop(), main())


def test_an_exception_that_reaches_nobody_is_kept() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(1.0)

    run_on_virtual_time(loop, main())
    assert len(loop.unhandled) == 1
    assert "ZeroDivisionError" in loop.unhandled[0]


def test_a_wall_clock_may_be_set_and_the_monotonic_one_does_not_care() -> None:
    loop = VirtualLoop()
    clock = VirtualClock(loop, started_ms=1_000_000, skew_ms=500)

    async def main() -> None:
        assert (clock.now_ms(), clock.monotonic_s()) == (1_000_500, 0.0)
        await clock.sleep(2.0)
        clock.skew_ms = -60_000
        assert (clock.now_ms(), clock.monotonic_s()) == (942_000, pytest.approx(2.0))

    run_on_virtual_time(loop, main())


def test_a_callback_that_takes_time_makes_everything_else_late() -> None:
    loop = VirtualLoop()
    seen: list[tuple[str, float]] = []

    def slow() -> None:
        seen.append(("begins", loop.time()))
        loop.spend(3.0)
        seen.append(("ends", loop.time()))

    async def main() -> None:
        loop.call_later(1.0, slow)
        loop.call_later(2.0, lambda: seen.append(("due at 2", loop.time())))
        loop.call_later(1.5, lambda: seen.append(("due at 1.5", loop.time())))
        loop.call_later(5.0, lambda: seen.append(("due at 5", loop.time())))
        await asyncio.sleep(6.0)

    run_on_virtual_time(loop, main())
    assert seen == [("begins", 1.0), ("ends", 4.0), ("due at 1.5", 4.0), ("due at 2", 4.0), ("due at 5", 5.0)]


def test_no_callback_takes_less_than_no_time() -> None:
    loop = VirtualLoop()
    with pytest.raises(ValueError, match=r"-1\.0 is not allowed"):
        loop.spend(-1.0)
    loop.close()
