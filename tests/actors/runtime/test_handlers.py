"""Which handler gets a message, and what is refused when the class is made."""

from typing import Any

import msgspec
import pytest

from actors.runtime import LoopActor, LoopHost, ThreadActor, UnhandledMessageError, handles
from actors.runtime.dead_letters import DeadLetters
from tests.actors.runtime.samples import Event, Launch


class Base(msgspec.Struct, frozen=True):
    pass


class Near(Base, frozen=True):
    pass


class Exact(Near, frozen=True):
    pass


class Desk:
    @handles(Base)
    def on_base(self, _message: Base) -> str:
        return "base"

    @handles(Exact)
    def on_exact(self, _message: Exact) -> str:
        return "exact"


async def test_the_exact_type_wins_then_the_nearest_base(launch: Launch) -> None:
    ref = launch(Desk)
    for _ in range(2):  # the second time from the cache
        assert await ref.ask(Exact()) == "exact"
        assert await ref.ask(Near()) == "base"
        assert await ref.ask(Base()) == "base"


async def test_a_subclass_inherits_overrides_and_adds_handlers(launch: Launch) -> None:
    class BetterDesk(Desk):
        def on_base(self, _message: Base) -> str:  # no decorator needed to override
            return "better base"

        @handles(Near)
        def on_near(self, _message: Near) -> str:
            return "near"

        @handles(int, str)
        def on_either(self, message: int | str) -> str:
            return f"either {message}"

    ref, plain = launch(BetterDesk), launch(Desk)
    asked = [await ref.ask(message) for message in (Base(), Near(), Exact(), 1, "a")]
    assert asked == ["better base", "near", "exact", "either 1", "either a"]
    assert await plain.ask(Near()) == "base"  # the parent is as it was


async def test_a_message_nobody_handles_is_an_error_for_an_ask_and_a_dead_letter_for_a_tell(
    launch: Launch, dead_letters: DeadLetters
) -> None:
    ref = launch(Desk)
    with pytest.raises(UnhandledMessageError, match="Desk has no handler for Event"):
        await ref.ask(Event())
    ref.tell(Event())
    assert await ref.ask(Base()) == "base"
    assert [(letter.message_type, letter.actor, letter.reason) for letter in dead_letters.recent] == [
        ("Event", "Desk", "UnhandledMessageError")
    ]


async def test_on_receive_gets_what_has_no_handler(launch: Launch) -> None:
    class Open(Desk):
        def on_receive(self, message: Any) -> str:
            return f"received {type(message).__name__}"

    ref = launch(Open)
    assert await ref.ask(Event()) == "received Event"
    assert await ref.ask(Base()) == "base"


@pytest.mark.parametrize("base", [LoopActor, ThreadActor])
def test_an_async_handler_is_refused_when_the_class_is_made(base: Any) -> None:
    async def wait(self: Any, message: Any) -> None:
        raise AssertionError

    async def stream(self: Any, message: Any) -> Any:
        yield

    for handler in (wait, stream):
        with pytest.raises(TypeError, match=r"Slow\.on_event is async, but a handler may not wait"):
            type("Slow", (base,), {"on_event": handles(Event)(handler)})
        with pytest.raises(TypeError, match=r"Slow\.on_receive is async"):
            type("Slow", (base,), {"on_receive": handler})


@pytest.mark.parametrize("hook", ["on_start", "on_stop", "on_failure"])
def test_an_async_hook_is_refused_on_a_thread(hook: str) -> None:
    async def wait(self: Any) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match=rf"Slow\.{hook} is async, but a thread actor has no event loop"):
        type("Slow", (ThreadActor,), {hook: wait})


def test_two_handlers_for_one_type_in_one_class_are_refused() -> None:
    def make() -> type:
        class Double(LoopActor):
            @handles(Event)
            def one(self, message: Event) -> None: ...

            @handles(Event)
            def two(self, message: Event) -> None: ...

        return Double

    with pytest.raises(TypeError, match=r"Double\.one and \.two both handle Event"):
        make()


@pytest.mark.parametrize("wrong", [(), (1,), ("Event",), (Event(), Event)])
def test_handles_takes_message_classes_only(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="message classes"):
        handles(*wrong)


async def test_the_name_is_the_classs_or_the_actors_own(launch: Launch, host: LoopHost) -> None:
    class Named(Desk):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    assert launch(Desk).name == "Desk"
    ref = launch(Named, "account main")
    assert ref.name == "account main"
    with pytest.raises(UnhandledMessageError, match="account main has no handler"):
        await ref.ask(Event())
