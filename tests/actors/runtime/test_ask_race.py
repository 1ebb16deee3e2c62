"""An ask that races the actor's end is answered all the same: the trap of a put after the last drain."""

import asyncio
import threading
from collections import deque
from typing import Any

import pytest

from actors.runtime import (
    ActorStoppedError,
    DeadLetters,
    Envelope,
    Inbox,
    LoopActor,
    LoopHost,
    Reply,
    ThreadActor,
    ThreadHost,
    handles,
)
from messages.errors import TellerError
from tests.actors.runtime.samples import Cancel, Command, Event, Fail, Till

ASKERS = 3
ROUNDS = 25


class _ClosingDeque(deque[Any]):
    """Closes the inbox at the worst moment: just before, or just after, a message is appended."""

    def __init__(self, inbox: Inbox, moment: str) -> None:
        super().__init__()
        self._inbox, self._moment, self._closed = inbox, moment, False

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            for envelope in self._inbox.close():
                self._inbox.refusals.stopped(envelope)

    def append(self, item: Any, /) -> None:
        if self._moment == "before":
            self._close()
        super().append(item)
        if self._moment == "after":
            self._close()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("message", [Event(), Command(), Cancel()])
def test_an_ask_put_while_the_inbox_closes_is_answered_once(moment: str, message: Any) -> None:
    inbox = Inbox()
    inbox._main = _ClosingDeque(inbox, moment)
    inbox._control = _ClosingDeque(inbox, moment)
    reply: Reply[Any] = Reply()
    inbox.put(Envelope(message, reply))
    assert isinstance(reply.error, ActorStoppedError)
    assert reply.late_answers == 0
    assert inbox.empty()
    assert inbox.command_depth == 0


def test_a_newest_wins_ask_put_while_the_inbox_closes_is_answered_once() -> None:
    inbox = Inbox()
    inbox._main = _ClosingDeque(inbox, "before")
    reply: Reply[Any] = Reply()
    assert inbox.put_latest("key", Envelope(Event(), reply)) is False
    assert isinstance(reply.error, ActorStoppedError)
    assert inbox.empty()


class _Asker:
    """Asks, tells and asks again until the actor is gone; keeps every reply."""

    def __init__(self, ref: Any) -> None:
        self.replies: list[Reply[Any]] = []
        self.told = 0
        self.taken = 0
        self._ref = ref
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        gone = 0
        while gone < 20:  # a little longer than the actor lives
            self.replies.append(self._ref.ask(Command(len(self.replies))))
            self.told += 1
            taken = self._ref.tell(Event())
            self.taken += taken
            self._ref.tell_latest("ticker", Event())
            gone += not taken


def _check(askers: list[_Asker]) -> tuple[int, int]:
    """Every ask has exactly one answer, a value or the typed error; returns how many of each."""
    answered = refused = 0
    for asker in askers:
        for number, reply in enumerate(asker.replies):
            try:
                value = reply.get(timeout=10)
            except TellerError:
                refused += 1
            else:
                assert value == Command(number)
                answered += 1
            assert reply.late_answers == 0
    return answered, refused


class _ThreadTill(Till, ThreadActor):
    command_capacity = 1_000_000


class _LoopTill(Till, LoopActor):
    command_capacity = 1_000_000


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_every_ask_is_answered_while_thread_actors_end(frequent_switches: None, end: str) -> None:
    refused = 0
    for _ in range(ROUNDS):
        ref = _ThreadTill.start(host=ThreadHost(dead_letters=DeadLetters(log_every_s=3600)))
        askers = [_Asker(ref) for _ in range(ASKERS)]
        for asker in askers:
            asker.thread.start()
        if end == "stop":
            ref.stop()
        else:
            ref.tell(Fail(RuntimeError("bug")))
        ref.terminated.get(timeout=10)
        for asker in askers:
            asker.thread.join(10)
        refused += _check(askers)[1]
        assert ref.inbox.empty()
    assert refused >= ROUNDS * ASKERS  # every asker lived to see the end


@pytest.mark.parametrize("end", ["stop", "crash", "loop torn down"])
def test_every_ask_is_answered_while_loop_actors_end(frequent_switches: None, end: str) -> None:
    async def one_life() -> list[_Asker]:
        host = LoopHost.current(dead_letters=DeadLetters(log_every_s=3600))
        ref = _LoopTill.start(host=host)
        await ref.started
        askers = [_Asker(ref) for _ in range(ASKERS)]
        for asker in askers:
            asker.thread.start()
        await asyncio.sleep(0)
        if end == "stop":
            await ref.stop()
        elif end == "crash":
            ref.tell(Fail(RuntimeError("bug")))
            await ref.terminated
        return askers

    refused = 0
    for _ in range(ROUNDS):
        askers = asyncio.run(one_life())
        for asker in askers:
            asker.thread.join(10)
            assert not asker.thread.is_alive()
        refused += _check(askers)[1]
    assert refused >= ROUNDS * ASKERS


class _Counting(ThreadActor):
    def __init__(self, handled: list[Event]) -> None:
        super().__init__()
        self._handled = handled

    @handles(Event)
    def on_event(self, event: Event) -> None:
        self._handled.append(event)


def _tell_until_gone(ref: Any, told: list[Event]) -> None:
    gone = 0
    while gone < 5:
        event = Event(len(told))
        told.append(event)
        gone += not ref.tell(event)


def test_each_told_message_is_either_handled_or_a_dead_letter(frequent_switches: None) -> None:
    for _ in range(ROUNDS):
        dead_letters = DeadLetters(log_every_s=3600)
        handled: list[Event] = []
        ref = _Counting.start(handled, host=ThreadHost(dead_letters=dead_letters))
        told: list[list[Event]] = [[] for _ in range(ASKERS)]
        threads = [threading.Thread(target=_tell_until_gone, args=(ref, mine), daemon=True) for mine in told]
        for thread in threads:
            thread.start()
        ref.stop()
        for thread in threads:
            thread.join(10)
        ref.terminated.get(timeout=10)
        assert len(handled) + dead_letters.count == sum(len(mine) for mine in told)
