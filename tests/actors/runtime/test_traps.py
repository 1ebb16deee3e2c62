"""Each trap of pykka that the runtime removes, by name, on both kinds of actor."""

import asyncio
import gc
import queue
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pykka
import pytest

from actors.runtime import (
    ActorCrashedError,
    ActorStoppedError,
    DeadLetters,
    LoopActor,
    Reply,
    TerminationKind,
    UnhandledMessageError,
    WouldBlockLoopError,
    handles,
)
from messages.errors import BusyError, StoppedError
from tests.actors.runtime.samples import (
    Cancel,
    Command,
    Event,
    Fail,
    Forward,
    Hold,
    Launch,
    RefusedError,
    Till,
    Wait,
    actor_of,
)
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[3]


# An exception in a handler: tell kills the actor, ask does not and leaves the state half changed.


@pytest.mark.parametrize("way", ["tell", "ask"])
async def test_an_unexpected_exception_ends_the_actor_whether_told_or_asked(launch: Launch, way: str) -> None:
    ref = launch(Till)
    actor = actor_of(ref)
    failing = Fail(KeyError("price"))
    if way == "tell":
        ref.tell(failing)
    else:
        with pytest.raises(ActorCrashedError, match="Till crashed on Fail: KeyError") as caught:
            await ref.ask(failing)
        assert isinstance(caught.value.__cause__, KeyError)
    cause = await ref.terminated
    assert cause.kind is TerminationKind.CRASHED
    assert isinstance(cause.error, KeyError)
    assert not ref.is_alive()
    assert actor.ends == ["failed: KeyError"]
    assert ref not in pykka.ActorRegistry.get_all()


@pytest.mark.parametrize("way", ["tell", "ask"])
async def test_a_refusal_is_an_answer_and_the_actor_goes_on_whether_told_or_asked(
    launch: Launch, dead_letters: DeadLetters, way: str
) -> None:
    ref = launch(Till)
    if way == "tell":
        ref.tell(Fail(RefusedError("closed today")))
    else:
        with pytest.raises(RefusedError, match="closed today"):
            await ref.ask(Fail(RefusedError("closed today")))
    assert await ref.ask(Event(7)) == Event(7)
    assert dead_letters.count == (1 if way == "tell" else 0)


async def test_the_text_of_a_crash_names_types_only_so_that_no_secret_leaks_r12(
    launch: Launch, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = launch(Till)
    with pytest.raises(ActorCrashedError) as caught:
        await ref.ask(Fail(ValueError("key=s3cr3t")))
    ref.tell(Fail(ValueError("key=s3cr3t")))
    assert "s3cr3t" not in str(caught.value)
    await ref.terminated
    captured = capsys.readouterr()
    assert "actor_crashed" in captured.out
    assert "s3cr3t" not in captured.out + captured.err


# The inbox is unbounded; stop() queues behind everything; a crash drops queued tells without a word.


async def test_a_full_mailbox_refuses_commands_with_busy_and_still_takes_events_and_control(
    launch: Launch, dead_letters: DeadLetters
) -> None:
    class Small(Till):
        command_capacity = 3

    go_on = threading.Event()
    ref, blocker = await _blocked(launch, Small, go_on)
    taken = [ref.ask(Command(n)) for n in range(3)]
    with pytest.raises(BusyError, match="Small is busy: 3 commands"):
        ref.ask(Command(3)).result()
    with pytest.raises(BusyError):
        ref.tell(Command(4))
    with pytest.raises(BusyError):
        ref.tell(Command(5))
    assert dead_letters.by_reason == {"busy": 2}
    assert ref.tell(Event(6))
    assert ref.tell(Cancel())
    assert ref.metrics().command_depth == 3
    go_on.set()
    await blocker
    assert [await reply for reply in taken] == [Command(0), Command(1), Command(2)]
    assert await ref.ask(Command(7)) == Command(7)


async def test_stop_overtakes_waiting_messages_which_are_each_answered(
    launch: Launch, dead_letters: DeadLetters
) -> None:
    go_on = threading.Event()
    ref, blocker = await _blocked(launch, Till, go_on)
    actor = actor_of(ref)
    commands = [ref.ask(Command(n)) for n in range(100)]
    for n in range(50):
        ref.tell(Event(n))
    stopped = ref.stop()
    go_on.set()
    assert await stopped is True
    assert actor.seen == []
    for reply in commands:
        with pytest.raises(StoppedError, match="Till stopped before it answered Command"):
            reply.result()
    assert dead_letters.by_reason == {"actor stopped": 50}
    await blocker


async def test_control_overtakes_10000_waiting_events(launch: Launch) -> None:
    go_on = threading.Event()
    ref, blocker = await _blocked(launch, Till, go_on)
    for n in range(10_000):
        ref.tell(Event(n))
    cancelled = ref.ask(Cancel())
    assert ref.depth >= 10_001
    go_on.set()
    await cancelled
    await ref.ask(Event(-1))
    assert actor_of(ref).seen[0] == Cancel()
    assert ref.metrics().peak_depth >= 9_900  # seen at the start of a turn, which may be up to 64 messages later
    await blocker


async def test_a_crash_answers_every_waiting_command_once_and_counts_every_waiting_tell(
    launch: Launch, dead_letters: DeadLetters
) -> None:
    go_on = threading.Event()
    ref, blocker = await _blocked(launch, Till, go_on)
    crashing = ref.ask(Fail(RuntimeError("bug")))
    answers: list[BaseException | None] = []
    for n in range(200):
        ref.ask(Command(n)).add_done_callback(lambda reply: answers.append(reply.error))
    for n in range(30):
        ref.tell(Event(n))
    go_on.set()
    await blocker
    with pytest.raises(ActorCrashedError):
        await crashing
    await ref.terminated
    assert len(answers) == 200
    assert all(isinstance(error, ActorStoppedError) for error in answers)
    assert dead_letters.by_reason == {"actor stopped": 30}


# on_start may fail while start() returns normally; restart does not exist (for that, see test_address.py).


async def test_a_failed_start_is_reported_and_leaves_no_zombie(launch: Launch) -> None:
    class Unlucky(Till):
        def on_start(self) -> None:
            raise ConnectionRefusedError("no exchange")

    ref = launch(Unlucky)
    waiting = ref.ask(Command(1))
    with pytest.raises(ConnectionRefusedError):
        await ref.started
    cause = await ref.terminated
    assert cause.kind is TerminationKind.START_FAILED
    assert cause.is_failure
    assert not ref.is_alive()
    assert ref not in pykka.ActorRegistry.get_all()
    with pytest.raises(StoppedError):
        await waiting
    assert ref.tell(Event()) is False


async def test_a_start_is_acknowledged_only_when_on_start_is_through(launch: Launch) -> None:
    order: list[str] = []

    class Punctual(Till):
        def on_start(self) -> None:
            order.append("on_start")

    ref = launch(Punctual)
    ref.ask(Event()).add_done_callback(lambda _: order.append("first message"))
    ref.started.add_done_callback(lambda _: order.append("started"))
    await ref.ask(Event())
    assert order == ["on_start", "started", "first message"]


# Setting a reply twice raises queue.Full inside the actor's loop and leaves a zombie that reports itself alive.


async def test_an_answer_given_twice_is_counted_and_the_actor_serves_on(launch: Launch) -> None:
    class Twice(Till):
        @handles(Hold)
        def on_hold(self, _message: Hold) -> None:
            self.defer().set("first")
            self.defer().set("second")

    ref = launch(Twice)
    reply = ref.ask(Hold())
    assert await reply == "first"
    assert await ref.ask(Event(1)) == Event(1)
    assert reply.late_answers == 1
    assert ref.is_alive()


async def test_an_asker_that_sets_the_reply_itself_does_not_hurt_the_actor(launch: Launch) -> None:
    go_on = threading.Event()
    ref, blocker = await _blocked(launch, Till, go_on)
    reply = ref.ask(Command(1))
    reply.set("impatient")
    go_on.set()
    await blocker
    assert await ref.ask(Event(2)) == Event(2)
    assert await reply == "impatient"
    assert reply.late_answers == 1


def test_pykkas_own_future_raises_on_the_second_set() -> None:
    """What the two tests above are about; when this fails pykka has changed and they may go."""
    future: pykka.Future[int] = pykka.ThreadingFuture()
    future.set(1)
    with pytest.raises(queue.Full):
        future.set(2)


# `await future` and `future.get()` block the event loop's thread; a returned future is not chained.


async def test_get_refuses_to_block_the_loop_and_says_what_to_do(launch: Launch) -> None:
    ref = launch(Till)
    reply = ref.ask(Hold())
    with pytest.raises(WouldBlockLoopError, match="await the reply"):
        reply.get(timeout=1)
    await ref.ask(Event())
    actor_of(ref).held[0].set("now")
    assert await reply == "now"
    assert reply.get(timeout=0) == "now"


@pytest.mark.parametrize("call", ["ask", "stop"])
async def test_a_reply_that_would_block_the_loops_thread_refuses_to(launch: Launch, call: str) -> None:
    ref = launch(Till)
    reply = {"ask": lambda: ref.ask(Event(1)), "stop": ref.stop}[call]()
    with pytest.raises(WouldBlockLoopError, match="await"):
        reply.get()
    assert await reply in (Event(1), True)


async def test_awaiting_a_reply_leaves_the_loop_free(launch: Launch) -> None:
    ref = launch(Till)
    reply = ref.ask(Hold())
    waiting = asyncio.ensure_future(reply)
    await ref.ask(Event(1))  # the loop goes on serving while `waiting` waits
    assert not waiting.done()
    actor_of(ref).held[0].set(5)
    assert await waiting == 5


async def test_a_returned_reply_is_chained_not_handed_over(launch: Launch) -> None:
    ref = launch(Till)
    inner: Reply[str] = Reply()
    outer = ref.ask(Forward(inner))
    await ref.ask(Event(1))
    assert not outer.done
    inner.set("from afar")
    assert await outer == "from afar"


async def test_an_answer_of_another_actor_is_passed_on_with_its_error(launch: Launch) -> None:
    clerk, window = launch(Till), launch(Till)
    with pytest.raises(RefusedError):
        await window.ask(Forward(clerk.ask(Fail(RefusedError("no")))))
    assert await window.ask(Forward(clerk.ask(Event(3)))) == Event(3)


# SystemExit in a handler stops every actor. Non-daemon threads hang the exit; daemon threads skip on_stop.


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()])
async def test_system_exit_in_a_handler_ends_that_actor_only(launch: Launch, error: BaseException) -> None:
    bystander, ref = launch(Till), launch(Till)
    with pytest.raises(ActorCrashedError, match=type(error).__name__):
        await ref.ask(Fail(error))
    cause = await ref.terminated
    assert cause.error is error
    assert await bystander.ask(Event(1)) == Event(1)
    assert bystander.is_alive()


async def test_system_exit_in_on_start_ends_that_actor_only(launch: Launch) -> None:
    class Quitter(Till):
        def on_start(self) -> None:
            raise SystemExit(3)

    bystander = launch(Till)
    with pytest.raises(StoppedError):
        await launch(Quitter).started
    assert await bystander.ask(Event(1)) == Event(1)


async def test_system_exit_in_the_last_hook_ends_that_actor_only(launch: Launch) -> None:
    class Quitter(Till):
        def on_stop(self) -> None:
            raise SystemExit(3)

    bystander, ref = launch(Till), launch(Quitter)
    assert await ref.stop()
    assert await bystander.ask(Event(1)) == Event(1)


def _run_program(body: str) -> "subprocess.CompletedProcess[str]":
    program = textwrap.dedent(
        """
        import threading
        from actors.runtime import ThreadActor, ThreadHost, handles

        entered = threading.Event()

        class Polite(ThreadActor):
            def on_stop(self):
                print("on_stop ran", flush=True)
            @handles(int)
            def on_int(self, number):
                return number
            @handles(str)
            def hang(self, text):
                entered.set()
                threading.Event().wait()
        """
    ) + textwrap.dedent(body)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_program_that_forgets_its_thread_actors_exits_and_their_on_stop_runs() -> None:
    ended = _run_program("ref = Polite.start(); assert ref.ask(5).get() == 5")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("on_stop ran") == 1


def test_a_program_that_dies_of_an_exception_still_runs_on_stop() -> None:
    ended = _run_program("refs = [Polite.start() for _ in range(3)]; raise LookupError('main failed')")
    assert ended.returncode == 1
    assert "main failed" in ended.stderr
    assert ended.stdout.count("on_stop ran") == 3


def test_a_handler_that_hangs_does_not_hang_the_exit() -> None:
    ended = _run_program(
        """
        ref = Polite.start(host=ThreadHost(exit_deadline_s=0.2))
        ref.tell("hang")
        assert entered.wait(10)
        """
    )
    assert ended.returncode == 0, ended.stderr
    assert "actor_outlives_exit" in ended.stdout


# proxy() costs 0.1 to 2 ms and reaches private methods: use messages.


async def test_there_is_no_proxy_and_proxy_messages_reach_nothing(launch: Launch) -> None:
    ref = launch(Till)
    with pytest.raises(TypeError, match="send it messages"):
        ref.proxy()
    for message in (
        pykka.messages.ProxyCall(("defer",), (), {}),
        pykka.messages.ProxyGetAttr(("seen",)),
        pykka.messages.ProxySetAttr(("seen",), None),
    ):
        with pytest.raises(UnhandledMessageError, match="Till has no handler for Proxy"):
            await ref.ask(message)
    assert actor_of(ref).seen == []


# Real pykka actors nevertheless


async def test_they_are_pykka_actors_in_pykkas_registry(launch: Launch) -> None:
    ref = launch(Till)
    assert isinstance(actor_of(ref), pykka.Actor)
    assert isinstance(ref, pykka.ActorRef)
    assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is ref
    assert pykka.ActorRegistry.get_by_class_name("Till") == [ref]
    pykka.ActorRegistry.broadcast(Event(1), "Till")
    assert await ref.ask(Event(2)) == Event(2)
    assert actor_of(ref).seen == [Event(1), Event(2)]
    assert await ref.stop() is True
    assert await ref.stop() is False
    assert ref.tell(Event(3)) is False
    with pytest.raises(pykka.ActorDeadError):
        await ref.ask(Event(3))


async def test_an_actor_may_stop_itself(launch: Launch) -> None:
    class Mortal(Till):
        @handles(Cancel)
        def on_cancel(self, _message: Cancel) -> str:
            self.stop()
            return "bye"

    ref = launch(Mortal)
    actor = actor_of(ref)
    assert await ref.ask(Cancel()) == "bye"
    assert (await ref.terminated).kind is TerminationKind.STOPPED
    assert actor.ends == ["stopped"]


async def test_blocking_calls_from_a_plain_thread_work(launch: Launch) -> None:
    ref = launch(Till)

    def work() -> Any:
        assert ref.ask(Event(1)).get(timeout=5) == Event(1)
        with pytest.raises(pykka.Timeout):
            ref.ask(Hold()).get(timeout=0.01)
        return ref.stop().get(timeout=5)

    assert await asyncio.to_thread(work) is True


async def test_a_dead_actor_is_freed_though_its_reference_is_kept(launch: Launch) -> None:
    ref = launch(Till)
    await ref.ask(Event())
    await ref.stop()
    await eventually(lambda: _collected(ref), what="the dead actor's memory being freed")


def _collected(ref: Any) -> bool:
    gc.collect()
    return ref._actor_weakref() is None


async def _blocked(launch: Launch, behaviour: type, go_on: threading.Event) -> tuple[Any, Reply[Any]]:
    """An actor that takes no message before ``go_on`` is set.

    On a thread its handler blocks. On the loop nothing needs to be done: the test itself holds the loop.
    """
    ref = launch(behaviour)
    await ref.started
    if isinstance(actor_of(ref), LoopActor):
        return ref, Reply.of(None)
    entered = threading.Event()
    blocker = ref.ask(Wait(entered, go_on))
    await eventually(entered.is_set)
    return ref, blocker
