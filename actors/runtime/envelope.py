"""A message on its way, and what becomes of it when nobody will handle it."""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from pykka.messages import _ActorStop

from actors.runtime.dead_letters import PROCESS_DEAD_LETTERS, DeadLetters, name_of
from actors.runtime.errors import ActorStoppedError, SupersededError
from actors.runtime.reply import Reply
from messages.errors import BusyError
from messages.lanes import Lane


class Stop(msgspec.Struct, frozen=True):
    """Ends the actor that gets it. ``deadline_s``: seconds for its tasks and hooks; None: as its host says."""

    lane: ClassVar[Lane] = Lane.CONTROL

    deadline_s: float | None = None


class Continue(msgspec.Struct, frozen=True):
    """An actor goes on with something of its own, in a turn of its own: its I/O or a timer has ended.

    Attributes:
        what: it is, in a word or two, for logs, traces and dead letters. run: takes it in.
    """

    what: str
    run: Callable[[], None]


STOP_TYPES = (Stop, _ActorStop)


class Envelope(msgspec.Struct, eq=False):
    """A message, and the reply that it is owed if it was asked rather than told.

    Tracked by the garbage collector: a refusal's traceback leads back to the envelope through the frames that serve it.

    Attributes:
        number: of commands and control messages: later ones have higher numbers, whichever lane they wait in. What
            was told before something else, in any thread, has the lower number.
    """

    message: Any
    reply_to: Reply[Any] | None = None
    is_command: bool = False
    deferred: Reply[Any] | None = None
    number: int = 0

    def __repr__(self) -> str:
        return f"<Envelope {name_of(self.message)}{' ask' if self.reply_to else ''}>"


class Refusals:
    """Answers an ask, or dead-letters a tell, on behalf of an actor that will not handle it.

    Knows the actor's name only, so that references to a dead actor do not keep it in memory.
    """

    def __init__(self) -> None:
        self.name = "actor"
        self.dead_letters: DeadLetters = PROCESS_DEAD_LETTERS

    def stopped(self, envelope: Envelope) -> None:
        """The actor is gone."""
        if envelope.reply_to is not None:
            envelope.reply_to.set_error(self.stopped_error(type(envelope.message)))
        elif not isinstance(envelope.message, STOP_TYPES):
            self.dead_letters.add(envelope.message, self.name, "actor stopped")

    def stopped_error(self, message_type: type | None = None) -> ActorStoppedError:
        """The answer of a stopped actor."""
        what = "" if message_type is None else f" {message_type.__name__}"
        return ActorStoppedError(f"{self.name} stopped before it answered{what}")

    def busy(self, envelope: Envelope, capacity: int) -> None:
        """The actor has as many commands waiting as it takes.

        Raises:
            BusyError: to the teller; an asker finds it in its reply.
        """
        error = BusyError(f"{self.name} is busy: {capacity} commands are waiting, no more are taken")
        if envelope.reply_to is not None:
            envelope.reply_to.set_error(error)
            return
        self.dead_letters.add(envelope.message, self.name, "busy")
        raise error

    def superseded(self, envelope: Envelope) -> None:
        """A newer message has taken the place: what newest-wins means for a tell, an answer for an ask."""
        if envelope.reply_to is not None:
            kind = type(envelope.message).__name__
            envelope.reply_to.set_error(SupersededError(f"{self.name}: a newer message replaced this {kind}"))
