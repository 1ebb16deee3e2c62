"""Addresses outlive their actors (R8)."""

import threading
from typing import Any

import pytest

from actors.runtime import Address, DeadLetters, UnavailableError
from messages.errors import LocalRefusalError, StoppedError
from tests.actors.runtime.samples import Command, Event, Fail, Launch, Till, actor_of
from tests.support.eventually import eventually


@pytest.fixture
def address(dead_letters: DeadLetters) -> Address:
    return Address("account main", dead_letters)


async def test_an_address_survives_the_restart_of_its_actor_r8(launch: Launch, address: Address) -> None:
    first = launch(Till)
    address.bind(first)
    assert await address.ask(Command(1)) == Command(1)
    first.tell(Fail(RuntimeError("bug")))
    await first.terminated
    await eventually(lambda: not address.is_bound)
    with pytest.raises(UnavailableError, match="account main is unavailable: crashed: RuntimeError"):
        await address.ask(Command(2))
    second = launch(Till)
    await second.started
    address.bind(second)
    assert await address.ask(Command(3)) == Command(3)
    assert actor_of(second).seen == [Command(3)]
    assert address.ref is second


async def test_an_unbound_address_answers_asks_at_once_with_who_and_why(
    address: Address, dead_letters: DeadLetters
) -> None:
    with pytest.raises(UnavailableError, match="account main is unavailable: not started yet"):
        address.ask(Command()).result()
    assert issubclass(UnavailableError, LocalRefusalError)
    assert address.tell(Event()) is False
    assert address.tell_latest("BTC", Event()) is False
    assert dead_letters.by_reason == {"address unbound": 2}
    assert dead_letters.recent[0].actor == "account main"


async def test_a_bound_address_delivers_all_kinds(launch: Launch, address: Address) -> None:
    ref = launch(Till)
    address.bind(ref)
    assert address.is_bound
    assert address.tell(Event(1))
    assert address.tell_latest("BTC", Event(2))
    await address.ask(Command(3))
    assert actor_of(ref).seen == [Event(1), Event(2), Command(3)]


async def test_the_end_of_an_old_actor_does_not_unbind_the_new_one(launch: Launch, address: Address) -> None:
    old, new = launch(Till), launch(Till)
    address.bind(old)
    address.bind(new)
    await old.stop()
    assert address.is_bound
    assert await address.ask(Event(1)) == Event(1)


async def test_an_address_bound_to_a_dead_actor_is_unbound_at_once(launch: Launch, address: Address) -> None:
    ref = launch(Till)
    await ref.stop()
    address.bind(ref)
    assert not address.is_bound
    with pytest.raises(UnavailableError, match="unavailable: stopped"):
        await address.ask(Event())


async def test_repr_shows_name_and_state(launch: Launch, address: Address) -> None:
    assert repr(address) == "<Address account main: not started yet>"
    ref = launch(Till)
    address.bind(ref)
    assert repr(address) == "<Address account main: bound>"
    await ref.stop()
    assert repr(address) == "<Address account main: stopped>"


async def test_each_ask_through_an_address_has_one_answer_while_its_actors_come_and_go_r8(
    launch: Launch, address: Address, frequent_switches: None
) -> None:
    replies: list[Any] = []
    done = threading.Event()

    def ask_on() -> None:
        while not done.is_set():
            replies.append(address.ask(Event(len(replies))))

    asker = threading.Thread(target=ask_on, daemon=True)
    asker.start()
    for number in range(10):
        ref = launch(Till)
        await ref.started
        address.bind(ref)
        await _served_something(ref)
        if number % 2:
            await ref.stop()
        else:
            ref.tell(Fail(RuntimeError("bug")))
            await ref.terminated
    done.set()
    await eventually(lambda: not asker.is_alive())
    await eventually(lambda: all(reply.done for reply in replies))
    for number, reply in enumerate(replies):
        if reply.error is None:
            assert reply.result() == Event(number)
        else:
            assert isinstance(reply.error, (StoppedError, UnavailableError))
    assert {type(reply.error) for reply in replies} >= {type(None), UnavailableError}
    assert all(reply.late_answers == 0 for reply in replies)


async def _served_something(ref: Any) -> None:
    seen = actor_of(ref).seen
    await eventually(lambda: seen)
