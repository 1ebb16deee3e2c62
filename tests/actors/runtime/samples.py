"""Messages and handlers for the tests. `Till` is started as a loop actor or as a thread actor."""

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from actors.runtime import Ref, Reply, handles
from messages.errors import TellerError
from messages.lanes import Lane

Launch = Callable[..., Ref[Any]]
"""The type of the fixture that starts a mixin as an actor of either kind."""


class Event(msgspec.Struct, frozen=True):
    number: int = 0


class Command(msgspec.Struct, frozen=True):
    lane: ClassVar[Lane] = Lane.COMMAND

    number: int = 0


class Cancel(msgspec.Struct, frozen=True):
    lane: ClassVar[Lane] = Lane.CONTROL


class Fail(msgspec.Struct, frozen=True):
    """The handler raises this exception."""

    error: BaseException


class Hold(msgspec.Struct, frozen=True):
    """The handler defers its reply."""


class Forward(msgspec.Struct, frozen=True):
    """The handler answers with this reply."""

    reply: Reply[Any]


class Wait(msgspec.Struct, frozen=True):
    """The handler blocks its actor until the event is set; for actors on a thread, or with the event set already."""

    entered: threading.Event
    go_on: threading.Event


class RefusedError(TellerError):
    """A refusal that a handler may give."""


class Till:
    """Handlers that show what reached the actor, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self.held: list[Reply[Any]] = []
        self.ends: list[str] = []

    def on_stop(self) -> None:
        self.ends.append("stopped")

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        self.ends.append(f"failed: {exception_type.__name__}")

    @handles(Event, Command, Cancel)
    def on_any(self, message: Any) -> Any:
        self.seen.append(message)
        return message

    @handles(Fail)
    def on_fail(self, message: Fail) -> None:
        raise message.error

    @handles(Hold)
    def on_hold(self, _message: Hold) -> str:
        self.held.append(self.defer())
        return "ignored, since the reply is deferred"

    @handles(Forward)
    def on_forward(self, message: Forward) -> Reply[Any]:
        return message.reply

    @handles(Wait)
    def on_wait(self, message: Wait) -> None:
        message.entered.set()
        message.go_on.wait(10)


def actor_of(ref: Any) -> Any:
    """The actor behind a reference, for a look at what it holds."""
    actor = ref._actor_weakref()
    assert actor is not None
    return actor
