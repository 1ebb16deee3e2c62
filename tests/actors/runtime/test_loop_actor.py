"""What only actors on an event loop have: tasks, piped results, async hooks, serial async handlers."""

import asyncio
import contextvars
import gc
import threading
from collections.abc import Coroutine
from typing import Any

import msgspec
import pykka
import pytest
import structlog

from actors.runtime import (
    ActorCrashedError,
    ActorStoppedError,
    DeadLetters,
    LoopActor,
    LoopHost,
    Reply,
    TaskCancelledError,
    TerminationKind,
    handles,
)
from messages.errors import StoppedError
from tests.actors.runtime.samples import Cancel, Command, Event, Fail, Hold, RefusedError, Till, actor_of
from tests.support.eventually import eventually


class LoopTill(Till, LoopActor):
    pass


class Run(msgspec.Struct, frozen=True):
    """The handler runs this coroutine in a task of the actor."""

    work: Any


class Fetch(msgspec.Struct, frozen=True):
    """The handler pipes this coroutine; the asker gets what came of it."""

    work: Any


class Fetched(msgspec.Struct, frozen=True):
    value: Any


class FetchFailed(msgspec.Struct, frozen=True):
    error: Exception


class Worker(LoopTill):
    def __init__(self) -> None:
        super().__init__()
        self.asker: Reply[Any] | None = None
        self.task: asyncio.Task[Any] | None = None

    @handles(Run)
    def on_run(self, message: Run) -> None:
        self.task = self.spawn(message.work, "run")

    @handles(Fetch)
    def on_fetch(self, message: Fetch) -> None:
        self.asker = self.defer()
        self.task = self.pipe(message.work, Fetched, FetchFailed, name="fetch")

    @handles(Fetched)
    def on_fetched(self, message: Fetched) -> None:
        assert self.asker is not None
        self.asker.set(message.value)

    @handles(FetchFailed)
    def on_fetch_failed(self, message: FetchFailed) -> None:
        assert self.asker is not None
        self.asker.set_error(message.error)


class Sleeper:
    """Work that never ends by itself, and tells how it ended."""

    def __init__(self) -> None:
        self.running = False
        self.cancelled = False

    async def run(self) -> None:
        self.running = True
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def _value(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def _failing(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


# Hosting


async def test_handlers_run_on_the_loops_thread_whoever_sends(host: LoopHost) -> None:
    threads: set[int] = set()

    class Curious(LoopActor):
        @handles(Event)
        def on_event(self, _event: Event) -> None:
            threads.add(threading.get_ident())

    ref = Curious.start(host=host)
    await ref.ask(Event())
    await asyncio.to_thread(lambda: ref.ask(Event()).get(timeout=10))
    assert threads == {threading.get_ident()}


async def test_an_actor_may_be_started_from_another_thread(host: LoopHost) -> None:
    ref = await asyncio.to_thread(LoopTill.start, host=host)
    await ref.started
    assert await ref.ask(Event(1)) == Event(1)


async def test_a_flood_of_messages_lets_io_have_its_turn(dead_letters: DeadLetters) -> None:
    host = LoopHost.current(dead_letters=dead_letters, max_per_turn=10)
    ref = LoopTill.start(host=host)
    await ref.started
    for n in range(100):
        ref.tell(Event(n))
    seen: list[int] = []
    while len(actor_of(ref).seen) < 100:
        await asyncio.sleep(0)
        seen.append(len(actor_of(ref).seen))
    assert len(seen) >= 10
    assert all(later - earlier <= 10 for earlier, later in zip([0, *seen], seen, strict=False))
    assert ref.metrics().handled == 100
    await ref.stop()


async def test_a_handler_runs_in_the_context_of_its_actor_not_of_the_teller(host: LoopHost) -> None:
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")
    seen: list[str] = []

    class Curious(LoopActor):
        @handles(Event)
        def on_event(self, _event: Event) -> None:
            seen.append(who.get())

    who.set("starter")
    ref = Curious.start(host=host)
    who.set("teller")
    await ref.ask(Event())
    await asyncio.sleep(0)  # it sleeps now, and the next message is what wakes it
    await ref.ask(Event())
    assert seen == ["starter", "starter"]


async def test_every_task_is_started_by_the_hosts_spawn(dead_letters: DeadLetters) -> None:
    names: list[str] = []
    loop = asyncio.get_running_loop()

    def spawn(coroutine: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
        names.append(name)
        return loop.create_task(coroutine, name=name)

    ref = Worker.start(host=LoopHost.current(spawn, dead_letters=dead_letters))
    assert await ref.ask(Fetch(_value(1))) == 1
    await ref.ask(Run(_value(2)))
    await ref.stop()
    assert names == ["Worker.life", "Worker.fetch", "Worker.run"]


def test_a_host_that_would_never_serve_is_refused() -> None:
    async def make() -> None:
        LoopHost.current(max_per_turn=0)

    with pytest.raises(ValueError, match="max_per_turn = 0 is not allowed: 1 or more"):
        asyncio.run(make())


def test_a_start_on_a_closed_loop_fails_and_leaves_nothing() -> None:
    async def make() -> LoopHost:
        return LoopHost.current()

    host = asyncio.run(make())
    with pytest.raises(RuntimeError, match="closed"):
        LoopTill.start(host=host)
    assert pykka.ActorRegistry.get_all() == []


def test_actors_end_in_order_when_their_loop_is_torn_down() -> None:
    ends: list[str] = []
    sleeper = Sleeper()

    class Orderly(Worker):
        async def on_stop(self) -> None:
            await asyncio.sleep(0)
            ends.append("on_stop through")

    async def program() -> tuple[Any, list[Reply[Any]]]:
        ref = Orderly.start(host=LoopHost.current(dead_letters=DeadLetters()))
        await ref.started
        ref.tell(Run(sleeper.run()))
        replies = [ref.ask(Hold())]
        await eventually(lambda: sleeper.running)
        replies += [ref.ask(Command(n)) for n in range(3)]
        return ref, replies

    ref, replies = asyncio.run(program())
    assert ends == ["on_stop through"]
    assert sleeper.cancelled
    assert ref.terminated.result().kind is TerminationKind.STOPPED
    assert all(reply.done for reply in replies)
    assert ref.tell(Event()) is False


def test_a_message_to_an_actor_whose_loop_was_closed_over_its_head_is_answered() -> None:
    loop = asyncio.new_event_loop()

    async def begin() -> Any:
        ref = LoopTill.start(host=LoopHost.current(dead_letters=DeadLetters()))
        held = ref.ask(Hold())
        await ref.ask(Event())
        await asyncio.sleep(0)
        return ref, held, actor_of(ref)._life

    ref, held, life = loop.run_until_complete(begin())
    loop.close()  # without canceling its tasks
    with pytest.raises(StoppedError):
        ref.ask(Command()).get(timeout=10)
    with pytest.raises(StoppedError):
        held.get(timeout=10)
    assert ref.terminated.done
    assert not ref.is_alive()
    life._log_destroy_pending = False  # that the loop left it behind is the point of this test
    del life
    gc.collect()


# Deferred replies


async def test_a_deferred_reply_is_settled_later_by_another_handler(host: LoopHost) -> None:
    ref = LoopTill.start(host=host)
    reply = ref.ask(Hold())
    await ref.ask(Event())
    assert not reply.done
    actor_of(ref).held[0].set("later")
    assert await reply == "later"
    assert actor_of(ref)._deferred == {}


async def test_deferring_twice_gives_the_same_reply_and_a_tell_gets_one_nobody_reads(host: LoopHost) -> None:
    replies: list[Reply[Any]] = []

    class Twice(LoopActor):
        @handles(Hold)
        def on_hold(self, _message: Hold) -> None:
            replies.extend((self.defer(), self.defer()))

    ref = Twice.start(host=host)
    asked = ref.ask(Hold())
    ref.tell(Hold())
    await eventually(lambda: len(replies) == 4)
    assert replies[0] is replies[1] is asked
    assert replies[2] is replies[3]
    replies[2].set("into the void")
    replies[0].set("heard")
    assert await asked == "heard"


async def test_a_refusal_after_deferring_is_the_answer(host: LoopHost) -> None:
    class Hesitant(LoopActor):
        @handles(Hold)
        def on_hold(self, _message: Hold) -> None:
            self.defer()
            raise RefusedError("after all not")

    with pytest.raises(RefusedError):
        await Hesitant.start(host=host).ask(Hold())


@pytest.mark.parametrize("end", ["stop", "crash"])
async def test_deferred_replies_of_an_actor_that_ends_are_each_answered_once_r8(host: LoopHost, end: str) -> None:
    ref = LoopTill.start(host=host)
    replies = [ref.ask(Hold()) for _ in range(5)]
    await ref.ask(Event())
    held = actor_of(ref).held
    held[0].set("in time")
    if end == "stop":
        await ref.stop()
    else:
        ref.tell(Fail(RuntimeError("bug")))
        await ref.terminated
    assert await replies[0] == "in time"
    for reply in replies[1:]:
        assert isinstance(reply.error, ActorStoppedError)
    held[1].set("too late")
    assert replies[1].late_answers == 1
    assert isinstance(replies[1].error, ActorStoppedError)


@pytest.mark.parametrize("end", ["on_stop", "on_failure"])
async def test_the_last_hook_may_answer_deferred_replies_with_what_it_knows(host: LoopHost, end: str) -> None:
    class Honest(LoopTill):
        async def on_stop(self) -> None:
            await asyncio.sleep(0)
            self.held[0].set("sent, outcome unknown")

        def on_failure(self, *_args: Any) -> None:
            self.held[0].set("sent, outcome unknown")

    ref = Honest.start(host=host)
    reply = ref.ask(Hold())
    await ref.ask(Event())
    if end == "on_stop":
        await ref.stop()
    else:
        ref.tell(Fail(RuntimeError("bug")))
    assert await reply == "sent, outcome unknown"


async def test_defer_outside_a_handler_is_refused(host: LoopHost) -> None:
    ref = LoopTill.start(host=host)
    await ref.started
    with pytest.raises(RuntimeError, match="no message in hand"):
        actor_of(ref).defer()


# Piped results and tasks


async def test_a_piped_result_comes_back_as_a_message(host: LoopHost) -> None:
    ref = Worker.start(host=host)
    assert await ref.ask(Fetch(_value(5))) == 5


async def test_a_piped_failure_comes_back_as_a_message(host: LoopHost) -> None:
    ref = Worker.start(host=host)
    with pytest.raises(KeyError):
        await ref.ask(Fetch(_failing(KeyError("no such order"))))
    with pytest.raises(ActorCrashedError, match="SystemExit"):
        await ref.ask(Fetch(_failing(SystemExit(1))))
    assert await ref.ask(Fetch(_value(6))) == 6


async def test_a_piped_task_that_somebody_cancels_still_answers(host: LoopHost) -> None:
    ref = Worker.start(host=host)
    sleeper = Sleeper()
    reply = ref.ask(Fetch(sleeper.run()))
    await eventually(lambda: sleeper.running)
    actor_of(ref).task.cancel()
    with pytest.raises(TaskCancelledError, match=r"Worker\.fetch was cancelled"):
        await reply


async def test_a_piped_task_that_is_canceled_before_its_first_step_still_answers(host: LoopHost) -> None:
    class Hasty(Worker):
        @handles(Event)
        def on_event(self, _event: Event) -> None:
            self.asker = self.defer()
            self.pipe(_value(1), Fetched, FetchFailed, name="fetch").cancel()

    with pytest.raises(TaskCancelledError):
        await Hasty.start(host=host).ask(Event())


async def test_an_error_message_that_cannot_be_made_is_logged_and_counted(host: LoopHost) -> None:
    class Clumsy(LoopTill):
        @handles(Event)
        def on_event(self, _event: Event) -> None:
            self.pipe(_failing(KeyError()), Fetched, lambda _error: 1 / 0)
            self.pipe(_value(1), Fetched, lambda _error: 1 / 0).cancel()

    ref = Clumsy.start(host=host)
    ref.tell(Event())
    await eventually(lambda: ref.metrics().task_failures == 2)
    assert ref.is_alive()


async def test_a_piped_result_waits_behind_no_command_bound(host: LoopHost) -> None:
    class Tight(LoopTill):
        command_capacity = 0

        @handles(Event)
        def on_event(self, _event: Event) -> None:
            self.pipe(_value(1), Command)
            self.later(0, Command(2))

    ref = Tight.start(host=host)
    ref.tell(Event())
    await eventually(lambda: len(actor_of(ref).seen) == 2)


async def test_a_result_message_that_cannot_be_made_is_a_failure_of_the_pipe(host: LoopHost) -> None:
    class Clumsy(LoopTill):
        @handles(Event)
        def on_event(self, _event: Event) -> Reply[Any]:
            reply = self.defer()
            self.pipe(_value(0), lambda value: 1 / value, lambda error: Fetched((reply, error)))
            return reply

        @handles(Fetched)
        def on_fetched(self, message: Fetched) -> None:
            reply, error = message.value
            reply.set_error(error)

    with pytest.raises(ZeroDivisionError):
        await Clumsy.start(host=host).ask(Event())


async def test_a_task_that_fails_is_logged_and_counted_and_the_actor_lives(
    host: LoopHost, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = Worker.start(host=host)
    for error in (ValueError("s3cr3t"), SystemExit(1)):
        ref.tell(Run(_failing(error)))
    await eventually(lambda: ref.metrics().task_failures == 2)
    assert await ref.ask(Event(1)) == Event(1)
    out = capsys.readouterr().out
    assert out.count("actor_task_failed") == 2
    assert "s3cr3t" not in out


@pytest.mark.parametrize("end", ["stop", "crash"])
async def test_tasks_are_canceled_before_the_last_hook(host: LoopHost, end: str) -> None:
    sleeper, fetcher = Sleeper(), Sleeper()
    ends: list[bool] = []

    class Careful(Worker):
        def on_stop(self) -> None:
            ends.append(sleeper.cancelled and fetcher.cancelled)

        def on_failure(self, *_args: Any) -> None:
            ends.append(sleeper.cancelled and fetcher.cancelled)

    ref = Careful.start(host=host)
    ref.tell(Run(sleeper.run()))
    reply = ref.ask(Fetch(fetcher.run()))
    await eventually(lambda: sleeper.running and fetcher.running)
    if end == "stop":
        await ref.stop()
    else:
        ref.tell(Fail(RuntimeError("bug")))
        await ref.terminated
    assert ends == [True]
    with pytest.raises(StoppedError):
        await reply


async def test_a_task_canceled_before_its_first_step_leaves_no_coroutine_behind(host: LoopHost) -> None:
    class Hasty(LoopTill):
        @handles(Event)
        def on_event(self, _event: Event) -> None:
            self.spawn(_value(1)).cancel()
            self.pipe(_value(2), Fetched).cancel()

    await Hasty.start(host=host).ask(Event())
    await asyncio.sleep(0)
    gc.collect()  # a coroutine that was never awaited would warn here, and warnings are errors


async def test_a_task_that_ignores_its_cancellation_does_not_hold_up_the_stop(
    host: LoopHost, capsys: pytest.CaptureFixture[str]
) -> None:
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    ref = Worker.start(host=host)
    ref.tell(Run(stubborn()))
    await ref.ask(Event())
    task = actor_of(ref).task
    await asyncio.sleep(0)
    assert await ref.stop(deadline_s=0.02) is True
    assert "task_outlives_actor" in capsys.readouterr().out
    released.set()
    await task


async def test_a_task_that_ends_late_but_before_its_actor_is_not_said_to_outlive_it(
    host: LoopHost, capsys: pytest.CaptureFixture[str]
) -> None:
    released = asyncio.Event()

    class Releasing(Worker):
        def on_stop(self) -> None:
            released.set()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await released.wait()

    ref = Releasing.start(host=host)
    ref.tell(Run(slow()))
    await ref.ask(Event())
    task = actor_of(ref).task
    await asyncio.sleep(0)
    assert await ref.stop(deadline_s=0.02) is True
    assert task.done()
    assert "task_outlives_actor" not in capsys.readouterr().out


async def test_an_actor_that_has_ended_starts_no_tasks(host: LoopHost) -> None:
    ref = Worker.start(host=host)
    await ref.started
    actor = actor_of(ref)
    await ref.stop()
    with pytest.raises(StoppedError):
        actor.spawn(_value(1))
    with pytest.raises(StoppedError):
        actor.pipe(_value(1), Fetched)
    gc.collect()


# Async hooks


async def test_messages_wait_for_an_async_on_start(host: LoopHost) -> None:
    go_on = asyncio.Event()

    class Slow(LoopTill):
        async def on_start(self) -> None:
            await go_on.wait()

    ref = Slow.start(host=host)
    reply = ref.ask(Event(1))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not ref.started.done
    assert not reply.done
    go_on.set()
    assert await reply == Event(1)
    assert ref.started.done


async def test_a_stop_cancels_an_on_start_that_hangs(host: LoopHost) -> None:
    sleeper = Sleeper()

    class Hanging(LoopTill):
        async def on_start(self) -> None:
            await sleeper.run()

    ref = Hanging.start(host=host)
    actor = actor_of(ref)
    command = ref.ask(Command())
    await eventually(lambda: sleeper.running)
    assert await ref.stop() is True
    assert sleeper.cancelled
    assert actor.ends == ["stopped"]
    for reply in (command, ref.started):
        with pytest.raises(StoppedError):
            await reply


async def test_a_stop_right_after_the_start_is_obeyed(host: LoopHost) -> None:
    ref = LoopTill.start(host=host)
    assert await ref.stop() is True
    assert (await ref.terminated).kind is TerminationKind.STOPPED
    other = await asyncio.to_thread(LoopTill.start, host=host)
    assert await other.stop() is True


async def test_an_on_start_whose_own_work_is_canceled_is_a_failed_start(host: LoopHost) -> None:
    class Unlucky(LoopTill):
        async def on_start(self) -> None:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    ref = Unlucky.start(host=host)
    with pytest.raises(StoppedError):
        await ref.started
    assert (await ref.terminated).kind is TerminationKind.START_FAILED


async def test_a_hook_that_takes_too_long_is_cut_off_at_the_deadline(
    host: LoopHost, capsys: pytest.CaptureFixture[str]
) -> None:
    sleeper = Sleeper()

    class Lingering(LoopTill):
        async def on_stop(self) -> None:
            await sleeper.run()

    ref = Lingering.start(host=host)
    assert await ref.stop(deadline_s=0.02) is True
    assert sleeper.cancelled
    assert "actor_hook_failed" in capsys.readouterr().out


async def test_the_last_hook_may_start_tasks_which_end_with_it(host: LoopHost) -> None:
    sleeper = Sleeper()

    class Tidy(LoopTill):
        async def on_stop(self) -> None:
            self.spawn(sleeper.run())
            await eventually(lambda: sleeper.running)

    assert await Tidy.start(host=host).stop() is True
    assert sleeper.cancelled


# Serial async handlers


class Serial(LoopTill):
    serial_async = True

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []
        self.gates: dict[int, asyncio.Event] = {}

    def gate(self, number: int) -> asyncio.Event:
        return self.gates.setdefault(number, asyncio.Event())

    @handles(Command)
    async def on_command(self, command: Command) -> int:
        self.log.append(f"begin {command.number}")
        try:
            await self.gate(command.number).wait()
        finally:
            self.log.append(f"end {command.number}")
        return command.number

    @handles(Fail)
    async def on_fail(self, message: Fail) -> None:
        await asyncio.sleep(0)
        raise message.error

    @handles(Hold)
    async def on_hold(self, _message: Hold) -> str:
        await asyncio.sleep(0)
        self.held.append(self.defer())
        return "ignored"


async def test_async_handlers_run_one_at_a_time_in_order(host: LoopHost) -> None:
    ref = Serial.start(host=host)
    await ref.started
    actor = actor_of(ref)
    replies = [ref.ask(Command(n)) for n in range(3)]
    event = ref.ask(Event(9))
    await eventually(lambda: actor.log == ["begin 0"])
    for n in reversed(range(3)):
        actor.gate(n).set()
    assert [await reply for reply in replies] == [0, 1, 2]
    assert await event == Event(9)
    assert actor.log == ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]
    assert ref.metrics().handled == 4


async def test_a_stop_cancels_the_async_handler_in_flight(host: LoopHost) -> None:
    ref = Serial.start(host=host)
    actor = actor_of(ref)
    in_flight, waiting = ref.ask(Command(1)), ref.ask(Command(2))
    await eventually(lambda: actor.log == ["begin 1"])
    assert await ref.stop() is True
    assert actor.log == ["begin 1", "end 1"]
    assert actor.ends == ["stopped"]
    for reply in (in_flight, waiting):
        with pytest.raises(StoppedError):
            reply.result()
        assert reply.late_answers == 0


async def test_control_overtakes_what_waits_behind_the_handler_in_flight(host: LoopHost) -> None:
    ref = Serial.start(host=host)
    actor = actor_of(ref)
    in_flight = ref.ask(Command(1))
    await eventually(lambda: actor.log == ["begin 1"])
    events = [ref.ask(Event(n)) for n in range(10)]
    cancelled = ref.ask(Cancel())
    actor.gate(1).set()
    await asyncio.gather(in_flight, cancelled, *events)
    assert actor.seen == [Cancel(), *(Event(n) for n in range(10))]


async def test_async_handlers_refuse_crash_and_defer_like_the_others(host: LoopHost) -> None:
    ref = Serial.start(host=host)
    with pytest.raises(RefusedError):
        await ref.ask(Fail(RefusedError("no")))
    held = ref.ask(Hold())
    assert await ref.ask(Event(1)) == Event(1)
    assert not held.done
    actor_of(ref).held[0].set("later")
    assert await held == "later"
    crashing, waiting = ref.ask(Fail(KeyError("bug"))), ref.ask(Command(1))
    with pytest.raises(ActorCrashedError, match="KeyError"):
        await crashing
    with pytest.raises(StoppedError):
        await waiting
    assert (await ref.terminated).kind is TerminationKind.CRASHED


async def test_a_told_message_in_flight_at_the_stop_is_a_dead_letter(host: LoopHost, dead_letters: DeadLetters) -> None:
    ref = Serial.start(host=host)
    actor = actor_of(ref)
    ref.tell(Command(1))
    await eventually(lambda: actor.log == ["begin 1"])
    await ref.stop()
    assert dead_letters.by_reason == {"actor stopped": 1}


def test_a_loop_torn_down_under_an_async_handler_is_a_stop() -> None:
    async def program() -> tuple[Any, Reply[Any]]:
        ref = Serial.start(host=LoopHost.current(dead_letters=DeadLetters()))
        actor = actor_of(ref)
        in_flight = ref.ask(Command(1))
        await eventually(lambda: actor.log == ["begin 1"])
        return ref, in_flight

    ref, in_flight = asyncio.run(program())
    assert isinstance(in_flight.error, ActorStoppedError)
    assert ref.terminated.result().kind is TerminationKind.STOPPED


# Timers


async def test_a_timer_sends_its_message_unless_canceled(host: LoopHost) -> None:
    class Timed(LoopTill):
        @handles(Event)
        def on_event(self, event: Event) -> None:
            self.later(0.001, Command(1))
            self.later(0.002, Command(2)).cancel()
            self.later(0.003, Command(3))

    ref = Timed.start(host=host)
    ref.tell(Event())
    await eventually(lambda: Command(3) in actor_of(ref).seen)
    assert actor_of(ref).seen == [Command(1), Command(3)]
    assert actor_of(ref)._timers == {}


async def test_timers_end_with_their_actor(host: LoopHost, dead_letters: DeadLetters) -> None:
    class Timed(LoopTill):
        @handles(Event)
        def on_event(self, event: Event) -> None:
            self.handle = self._timers[self.later(3600, Command(1))]

    ref = Timed.start(host=host)
    actor = actor_of(ref)
    await ref.ask(Event())
    await ref.stop()
    assert actor.handle.cancelled()
    assert actor._timers == {}
    assert dead_letters.count == 0


@pytest.mark.parametrize("delay_s", [-1, float("nan"), float("inf")])
async def test_a_delay_that_no_clock_can_keep_is_refused(host: LoopHost, delay_s: float) -> None:
    ref = LoopTill.start(host=host)
    await ref.started
    with pytest.raises(ValueError, match=r"delay_s = .* is not allowed"):
        actor_of(ref).later(delay_s, Event())


async def test_now_is_the_hosts_clock(host: LoopHost) -> None:
    ref = LoopTill.start(host=host)
    await ref.started
    before = host.loop.time()
    assert before <= actor_of(ref).now() <= host.loop.time()


async def test_a_crash_is_logged_with_where_it_happened(host: LoopHost) -> None:
    ref = LoopTill.start(host=host)
    with structlog.testing.capture_logs() as logs:
        ref.tell(Fail(KeyError("x")))
        await ref.terminated
    crash = next(entry for entry in logs if entry["event"] == "actor_crashed")
    assert crash["error_type"] == "KeyError"
    assert crash["message_type"] == "Fail"
    assert any("samples.py" in place and "on_fail" in place for place in crash["where"])
