"""What only actors on a thread of their own have: blocking handlers, their own timers, a stop for plain threads."""

import asyncio
import threading
from typing import Any

import pykka
import pytest

from actors.runtime import (
    ActorCrashedError,
    ActorStoppedError,
    DeadLetters,
    LoopActor,
    LoopHost,
    ThreadActor,
    ThreadHost,
    WouldBlockLoopError,
    handles,
    stop_all,
)
from tests.actors.runtime.samples import Cancel, Command, Event, Fail, Hold, Till, Wait, actor_of
from tests.support.eventually import eventually_blocking


class ThreadTill(Till, ThreadActor):
    pass


@pytest.fixture(autouse=True)
def no_actor_is_left() -> Any:
    yield
    assert stop_all(pykka.ActorRegistry.get_all(), deadline_s=10) == []


def test_all_of_an_actors_life_happens_on_its_own_daemon_thread() -> None:
    threads: list[threading.Thread] = []

    class Curious(ThreadActor):
        def on_start(self) -> None:
            threads.append(threading.current_thread())

        @handles(Event)
        def on_event(self, _event: Event) -> None:
            threads.append(threading.current_thread())

        def on_stop(self) -> None:
            threads.append(threading.current_thread())

    ref = Curious.start()
    ref.ask(Event()).get(timeout=10)
    assert ref.stop().get(timeout=10) is True
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()
    assert threads[0].daemon
    threads[0].join(10)
    assert not threads[0].is_alive()


def test_a_handler_may_block_on_the_answer_of_another_actor() -> None:
    class Patient(ThreadActor):
        def __init__(self, other: Any) -> None:
            super().__init__()
            self.other = other

        @handles(Event)
        def on_event(self, event: Event) -> Any:
            return self.other.ask(event).get(timeout=10)

    assert Patient.start(ThreadTill.start()).ask(Event(7)).get(timeout=10) == Event(7)


async def test_a_handler_may_block_on_the_answer_of_an_actor_on_the_loop(host: LoopHost) -> None:
    class OnLoop(Till, LoopActor):
        pass

    on_loop = OnLoop.start(host=host)

    class Patient(ThreadActor):
        @handles(Event)
        def on_event(self, event: Event) -> Any:
            return on_loop.ask(event).get(timeout=10)

    ref = Patient.start()
    assert await ref.ask(Event(7)) == Event(7)
    await ref.stop()


def test_deferred_replies_are_settled_later_or_answered_at_the_end_r8() -> None:
    ref = ThreadTill.start()
    replies = [ref.ask(Hold()) for _ in range(3)]
    ref.ask(Event()).get(timeout=10)
    actor = actor_of(ref)
    actor.held[0].set("later")  # from any thread
    assert replies[0].get(timeout=10) == "later"
    ref.stop().get(timeout=10)
    for reply in replies[1:]:
        with pytest.raises(ActorStoppedError):
            reply.get(timeout=10)


def test_the_newest_of_many_waiting_messages_is_the_one_that_is_served() -> None:
    ref = ThreadTill.start()
    entered, go_on = threading.Event(), threading.Event()
    ref.tell(Wait(entered, go_on))
    assert entered.wait(10)
    for n in range(1000):
        ref.tell_latest("BTC", Event(n))
    assert ref.metrics().depth == 1
    go_on.set()
    ref.ask(Command()).get(timeout=10)
    assert actor_of(ref).seen == [Event(999), Command()]
    assert ref.metrics().superseded == 999


def test_timers_fire_in_order_of_their_time_and_not_when_canceled() -> None:
    class Timed(ThreadTill):
        @handles(Hold)
        def on_hold(self, _message: Hold) -> None:
            self.later(0.03, Event(3))
            self.later(0.01, Event(1))
            self.later(0.02, Event(2)).cancel()
            self.later(0, Cancel())

    ref = Timed.start()
    ref.tell(Hold())
    eventually_blocking(lambda: Event(3) in actor_of(ref).seen)
    assert actor_of(ref).seen == [Cancel(), Event(1), Event(3)]


def test_a_message_wakes_an_actor_that_waits_for_a_timer() -> None:
    class Timed(ThreadTill):
        def on_start(self) -> None:
            self.later(3600, Event(1))

    ref = Timed.start()
    ref.started.get(timeout=10)
    assert ref.ask(Event(2)).get(timeout=10) == Event(2)
    assert ref.stop().get(timeout=10) is True


def test_messages_and_due_timers_meet_without_losing_a_wake_up(frequent_switches: None) -> None:
    class Restless(ThreadActor):
        fired = 0

        @handles(Event)
        def on_event(self, _event: Event) -> int:
            self.later(0.00005, Cancel())
            return self.fired

        @handles(Cancel)
        def on_cancel(self, _message: Cancel) -> None:
            self.fired += 1

    ref = Restless.start()
    for _ in range(2000):
        ref.ask(Event()).get(timeout=10)
    eventually_blocking(lambda: actor_of(ref).fired == 2000)


def test_canceled_timers_do_not_pile_up() -> None:
    class Rearming(ThreadTill):
        @handles(Event)
        def on_event(self, _event: Event) -> int:
            for _ in range(1000):
                self.later(3600, Event()).cancel()
            return len(self._timers)

    assert Rearming.start().ask(Event()).get(timeout=10) < 100


def test_the_clock_is_handed_in() -> None:
    now = [100.0]

    class Timed(ThreadTill):
        @handles(Hold)
        def on_hold(self, _message: Hold) -> float:
            self.later(50, Event(1))
            return self.now()

    ref = Timed.start(host=ThreadHost(clock=lambda: now[0]))
    assert ref.ask(Hold()).get(timeout=10) == 100.0
    ref.ask(Command(1)).get(timeout=10)
    assert actor_of(ref).seen == [Command(1)]
    now[0] = 151.0
    ref.ask(Command(2)).get(timeout=10)  # any message makes it look at its clock
    eventually_blocking(lambda: Event(1) in actor_of(ref).seen)


def test_stop_all_waits_for_all_and_stops_the_dead_again_without_harm() -> None:
    order: list[str] = []

    class Noting(ThreadActor):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def on_stop(self) -> None:
            order.append(self.name)

    refs = [Noting.start(name) for name in "abc"]
    assert stop_all(refs, deadline_s=10) == []
    assert sorted(order) == ["a", "b", "c"]
    assert all(ref.terminated.done for ref in refs)
    assert stop_all(refs, deadline_s=10) == []


def test_stop_all_names_who_is_late() -> None:
    ref, quick = ThreadTill.start(), ThreadTill.start()
    entered, go_on = threading.Event(), threading.Event()
    ref.tell(Wait(entered, go_on))
    assert entered.wait(10)
    assert stop_all([ref, quick], deadline_s=0.02) == [ref]
    go_on.set()
    ref.terminated.get(timeout=10)


async def test_stop_all_refuses_to_block_a_loop() -> None:
    with pytest.raises(WouldBlockLoopError, match=r"await ref\.stop"):
        stop_all([], deadline_s=1)


def test_a_failing_last_hook_is_logged_and_the_actor_is_down(capsys: pytest.CaptureFixture[str]) -> None:
    class Clumsy(ThreadActor):
        def on_stop(self) -> None:
            raise LookupError("s3cr3t")

    assert Clumsy.start().stop().get(timeout=10) is True
    out = capsys.readouterr().out
    assert "actor_hook_failed" in out
    assert "s3cr3t" not in out


def test_an_actor_whose_thread_cannot_be_started_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            ThreadTill.start()
    assert pykka.ActorRegistry.get_all() == []


def test_a_crash_on_a_thread_answers_in_hand_deferred_and_waiting_each_once() -> None:
    dead_letters = DeadLetters()
    ref = ThreadTill.start(host=ThreadHost(dead_letters=dead_letters))
    entered, go_on = threading.Event(), threading.Event()
    deferred = ref.ask(Hold())
    ref.tell(Wait(entered, go_on))
    assert entered.wait(10)
    in_hand, waiting = ref.ask(Fail(OSError())), ref.ask(Command())
    go_on.set()
    for reply, expected in ((in_hand, ActorCrashedError), (waiting, ActorStoppedError), (deferred, ActorStoppedError)):
        with pytest.raises(expected):
            reply.get(timeout=10)
        assert reply.late_answers == 0


async def test_a_strategy_thread_does_not_hold_up_the_loop(host: LoopHost) -> None:
    ref = ThreadTill.start()
    entered, go_on = threading.Event(), threading.Event()
    reply = ref.ask(Wait(entered, go_on))
    await asyncio.to_thread(entered.wait, 10)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reply, 0.01)  # the loop's own timer fires while the handler blocks
    go_on.set()
    await reply
    await ref.stop()
