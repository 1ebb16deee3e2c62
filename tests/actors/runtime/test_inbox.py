"""The mailbox: order of service, bounds, newest-wins, closing."""

import threading
from collections import deque
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.runtime import ActorStoppedError, Envelope, Inbox, Reply, SupersededError
from actors.runtime.inbox import lane_of
from messages.errors import BusyError
from messages.lanes import Lane
from tests.actors.runtime.samples import Cancel, Command, Event


class _WithAField:
    lane = "a field of this name is not a lane"


def test_a_message_class_names_its_lane_and_is_an_event_otherwise() -> None:
    assert lane_of(Cancel) is Lane.CONTROL
    assert lane_of(Command) is Lane.COMMAND
    assert lane_of(Event) is Lane.EVENT
    assert lane_of(_WithAField) is Lane.EVENT
    assert lane_of(int) is Lane.EVENT


def test_control_goes_first_and_the_rest_in_order_of_arrival() -> None:
    inbox = Inbox()
    messages = [Event(1), Command(2), Event(3), Cancel(), Command(4)]
    for message in messages:
        inbox.put(Envelope(message))
    assert inbox.depth == 5
    assert inbox.command_depth == 2
    assert _drained(inbox) == [Cancel(), Event(1), Command(2), Event(3), Command(4)]
    assert inbox.command_depth == 0
    assert inbox.empty()


def test_the_newest_message_under_a_key_keeps_the_place_of_the_first() -> None:
    inbox = Inbox()
    inbox.put_latest("BTC", Envelope(Event(1)))
    inbox.put(Envelope(Event(2)))
    inbox.put_latest("ETH", Envelope(Event(3)))
    inbox.put_latest("BTC", Envelope(Event(4)))
    assert inbox.depth == 3
    assert _drained(inbox) == [Event(4), Event(2), Event(3)]
    assert inbox.superseded == 1
    inbox.put_latest("BTC", Envelope(Event(5)))  # the old one is gone: a new place
    assert _drained(inbox) == [Event(5)]


def test_an_ask_whose_place_is_taken_is_told_so() -> None:
    inbox = Inbox()
    first: Reply[Any] = Reply()
    inbox.put_latest("BTC", Envelope(Event(1), first))
    inbox.put_latest("BTC", Envelope(Event(2)))
    with pytest.raises(SupersededError, match="a newer message replaced this Event"):
        first.result()


def test_closing_returns_what_is_left_and_refuses_what_comes_after() -> None:
    inbox = Inbox()
    for message in (Event(1), Command(2), Cancel()):
        inbox.put(Envelope(message))
    inbox.put_latest("BTC", Envelope(Event(3)))
    assert [each.message for each in inbox.close()] == [Cancel(), Event(1), Command(2), Event(3)]
    assert inbox.close() == []
    reply: Reply[Any] = Reply()
    assert inbox.put(Envelope(Event(4), reply)) is False
    assert isinstance(reply.error, ActorStoppedError)
    assert inbox.put_latest("BTC", Envelope(Event(5))) is False
    assert inbox.depth == inbox.command_depth == 0


class _StolenFrom(deque[Any]):
    """Another thread that refuses what is left is always a moment quicker."""

    def popleft(self) -> Any:
        self.clear()
        return super().popleft()


def test_two_threads_that_refuse_what_is_left_leave_nothing() -> None:
    inbox = Inbox()
    inbox._control = _StolenFrom([Envelope(Cancel())])
    inbox.put(Envelope(Event(1)))
    assert [each.message for each in inbox.close()] == [Event(1)]


def test_a_sleeper_is_woken_once_for_many_messages() -> None:
    inbox = Inbox()
    woken: list[None] = []
    inbox.wake = lambda: woken.append(None)
    inbox.put(Envelope(Event(1)))
    assert not woken  # nobody sleeps yet
    assert not inbox.park()  # something is there already
    inbox.take()
    assert inbox.park()
    for n in range(5):
        inbox.put(Envelope(Event(n)))
    assert len(woken) == 1


def test_a_consumer_that_sleeps_and_wakes_misses_nothing(frequent_switches: None) -> None:
    inbox = Inbox()
    gate = threading.Semaphore(0)
    inbox.wake = gate.release
    taken: list[int] = []

    def consume() -> None:
        while len(taken) < 3 * 2000:
            envelope = inbox.take()
            if envelope is not None:
                taken.append(envelope.message)
            elif inbox.park():
                assert gate.acquire(timeout=10)

    def produce(start: int) -> None:
        for n in range(2000):
            inbox.put(Envelope(start + n))

    threads = [
        threading.Thread(target=consume),
        *(threading.Thread(target=produce, args=(n * 2000,)) for n in range(3)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(taken) == list(range(6000))
    for start in (0, 2000, 4000):  # each producer's messages in its order
        own = [n for n in taken if start <= n < start + 2000]
        assert own == sorted(own)


def test_no_envelope_shows_its_message_r12() -> None:
    assert repr(Envelope(Event(42))) == "<Envelope Event>"
    assert repr(Envelope(Event(42), Reply())) == "<Envelope Event ask>"


def _drained(inbox: Inbox) -> list[Any]:
    messages = []
    while (envelope := inbox.take()) is not None:
        messages.append(envelope.message)
    return messages


class _Model(RuleBasedStateMachine):
    """The inbox against a plain list: the same messages in the same order, each ask answered at most once."""

    CAPACITY = 3

    def __init__(self) -> None:
        super().__init__()
        self.inbox = Inbox()
        self.inbox.command_capacity = self.CAPACITY
        self.control: list[Any] = []
        self.main: list[tuple[str | None, Any]] = []
        self.closed = False
        self.numbers = 0

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    @rule()
    def put_control(self) -> None:
        reply: Reply[Any] = Reply()
        assert self.inbox.put(Envelope(Cancel(), reply)) is not self.closed
        if self.closed:
            assert isinstance(reply.error, ActorStoppedError)
        else:
            self.control.append(Cancel())

    @rule()
    def put_event(self) -> None:
        event = Event(self._number())
        assert self.inbox.put(Envelope(event)) is not self.closed
        if not self.closed:
            self.main.append((None, event))

    @rule()
    def put_command(self) -> None:
        command = Command(self._number())
        reply: Reply[Any] = Reply()
        accepted = self.inbox.put(Envelope(command, reply))
        if self.closed:
            assert isinstance(reply.error, ActorStoppedError)
        elif self._commands() == self.CAPACITY:
            assert not accepted
            assert isinstance(reply.error, BusyError)
        else:
            assert accepted
            self.main.append((None, command))

    @rule(key=st.sampled_from("ab"))
    def put_latest(self, key: str) -> None:
        event = Event(self._number())
        assert self.inbox.put_latest(key, Envelope(event)) is not self.closed
        if self.closed:
            return
        for place, (waiting, _) in enumerate(self.main):
            if waiting == key:
                self.main[place] = (key, event)
                return
        self.main.append((key, event))

    @precondition(lambda self: not self.closed)
    @rule()
    def take(self) -> None:
        envelope = self.inbox.take()
        if self.control:
            assert envelope is not None
            assert envelope.message == self.control.pop(0)
        elif self.main:
            assert envelope is not None
            assert envelope.message == self.main.pop(0)[1]
        else:
            assert envelope is None

    @precondition(lambda self: self.numbers > 5)
    @rule()
    def close(self) -> None:
        expected = [*self.control, *(message for _, message in self.main)]
        assert [each.message for each in self.inbox.close()] == expected
        self.control, self.main, self.closed = [], [], True

    def _commands(self) -> int:
        return sum(isinstance(message, Command) for _, message in self.main)

    @invariant()
    def depths_agree(self) -> None:
        assert self.inbox.depth == len(self.control) + len(self.main)
        assert self.inbox.command_depth == self._commands()


TestTheInboxAgainstAList = _Model.TestCase
TestTheInboxAgainstAList.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
