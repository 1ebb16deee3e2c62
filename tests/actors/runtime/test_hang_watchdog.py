"""A handler that hangs is noticed and shown with its stack, on the loop and on a thread."""

import threading

import pytest

from actors.runtime import Hang, HangWatchdog, LoopActor, LoopHost, ThreadActor, handles
from messages.errors import InvalidValueError
from tests.support.eventually import eventually


class Wait:
    def __init__(self, until: threading.Event) -> None:
        self.until = until


class StuckOnLoop(LoopActor):
    @handles(Wait)
    def wait_for_it(self, message: Wait) -> None:
        message.until.wait(10)


class StuckOnThread(ThreadActor):
    @handles(Wait)
    def wait_for_it(self, message: Wait) -> None:
        message.until.wait(10)


async def test_a_handler_that_holds_up_the_loop_is_named_and_shown_while_it_hangs() -> None:
    host = LoopHost.current()
    actor = StuckOnLoop.start(host=host)
    await actor.started
    release = threading.Event()
    hangs: list[Hang] = []

    def told(hang: Hang) -> None:
        hangs.append(hang)
        release.set()  # nothing but the watchdog's report ends the hang

    watchdog = HangWatchdog(host, hang_s=0.05, every_s=0.01, told=told)
    watchdog.start()
    await actor.ask(Wait(release))
    watchdog.stop()
    assert (hangs[0].actor, hangs[0].message) == ("StuckOnLoop", "Wait")
    assert any("wait_for_it" in line for line in hangs[0].stack)
    assert hangs[0].for_s >= 0.05
    await actor.stop()


async def test_a_handler_that_hangs_on_its_thread_is_shown_and_the_loop_is_not_blamed() -> None:
    host = LoopHost.current()
    actor = StuckOnThread.start()
    await actor.started
    release = threading.Event()
    hangs: list[Hang] = []
    watchdog = HangWatchdog(host, hang_s=0.05, every_s=0.01, told=hangs.append)
    watchdog.start()
    actor.tell(Wait(release))
    await eventually(lambda: hangs)
    assert (hangs[0].actor, hangs[0].message) == ("StuckOnThread", "Wait")
    assert any("wait_for_it" in line for line in hangs[0].stack)
    await eventually(lambda: len(hangs) >= 2)
    assert hangs[1].for_s >= 2 * hangs[0].for_s - 0.01, "reported again only when it has doubled"
    release.set()
    watchdog.stop()
    await actor.stop()


async def test_a_busy_but_moving_system_is_left_alone() -> None:
    host = LoopHost.current()
    actor = StuckOnThread.start()
    hangs: list[Hang] = []
    watchdog = HangWatchdog(host, hang_s=5.0, every_s=0.01, told=hangs.append)
    watchdog.start()
    done = threading.Event()
    done.set()
    for _ in range(200):
        await actor.ask(Wait(done))
    watchdog.stop()
    assert hangs == []
    await actor.stop()


async def test_times_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="hang_s"):
        HangWatchdog(LoopHost.current(), hang_s=0)
