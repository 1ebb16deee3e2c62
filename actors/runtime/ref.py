"""References to actors, and what can be known about an actor from outside."""

import enum
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

import msgspec
import pykka

from actors.runtime.envelope import Envelope, Stop
from actors.runtime.inbox import Inbox
from actors.runtime.reply import Reply

if TYPE_CHECKING:
    from actors.runtime.core import ActorCore

A = TypeVar("A", bound="ActorCore")


class TerminationKind(enum.Enum):
    """How an actor's life ended."""

    STOPPED = "stopped"
    CRASHED = "crashed"
    START_FAILED = "start_failed"


class TerminationCause(msgspec.Struct, frozen=True):
    """Why an actor is dead; ``error`` is what killed it, None when it was stopped."""

    kind: TerminationKind
    error: BaseException | None = None

    @property
    def is_failure(self) -> bool:
        """True unless somebody stopped it."""
        return self.kind is not TerminationKind.STOPPED

    def __str__(self) -> str:
        return self.kind.value if self.error is None else f"{self.kind.value}: {type(self.error).__name__}"

    def __repr__(self) -> str:
        return f"<TerminationCause {self}>"


class Counters(msgspec.Struct):
    """Kept by the actor, readable from anywhere."""

    handled: int = 0
    task_failures: int = 0
    last_depth: int = 0
    peak_depth: int = 0


class ActorMetrics(msgspec.Struct, frozen=True):
    """A reading of one actor.

    ``last_depth`` and ``peak_depth`` are the messages found waiting at the start of a turn of serving, ``depth`` and
    ``command_depth`` those waiting now.
    """

    name: str
    handled: int
    depth: int
    command_depth: int
    last_depth: int
    peak_depth: int
    superseded: int
    task_failures: int


class Ref(pykka.ActorRef[A], Generic[A]):
    """The one kind of reference to an actor. Sending never waits, whoever sends; safe from any thread.

    Attributes:
        started: settles when ``on_start`` is through, or with what it failed with; the actor is then dead.
        terminated: settles when the actor has ended, by a stop or a crash.
    """

    def __init__(self, actor: A) -> None:
        super().__init__(actor)
        self.inbox: Inbox = actor.inbox
        self.name = actor.name
        self.started: Reply[None] = Reply()
        self.terminated: Reply[TerminationCause] = Reply()
        self.counters = Counters()

    def __str__(self) -> str:
        return f"{self.name} ({self.actor_urn})"

    @property
    def depth(self) -> int:
        """Messages waiting for the actor now, in all lanes."""
        return self.inbox.depth

    def tell(self, message: Any) -> bool:  # type: ignore[override]  # pykka's raises for an actor that is gone
        """Send without waiting for an answer.

        Returns:
            True when the message is in the mailbox; False when the actor is gone (the message is a dead letter).

        Raises:
            BusyError: the message is a command and too many of them wait (it is a dead letter, too).
        """
        return self.inbox.put(Envelope(message))

    def tell_latest(self, key: Hashable, message: Any) -> bool:
        """Send an event of which only the newest matters: it takes the place of a waiting one under the same ``key``.

        Returns:
            False when the actor is gone (the message is a dead letter).
        """
        return self.inbox.put_latest(key, Envelope(message))

    def ask(self, message: Any) -> Reply[Any]:  # type: ignore[override]  # pykka's waits unless it is told not to
        """Send, and get the reply: await it on a loop, ``get()`` it on a plain thread.

        Each ask is answered exactly once, by the handler's result or by an error: what the handler refused with,
        `BusyError`, `UnhandledMessageError`, `ActorCrashedError`, or `ActorStoppedError`.
        """
        reply: Reply[Any] = Reply()
        self.inbox.put(Envelope(message, reply))
        return reply

    def stop(self, *, deadline_s: float | None = None) -> Reply[bool]:  # type: ignore[override]  # pykka's waits
        """Stop the actor; waiting messages are refused, those in the control lane before it are served.

        Args:
            deadline_s: seconds for a loop actor's tasks and hooks to finish; None: its host's ``stop_deadline_s``.

        Returns:
            Settles when it is down: True, or False when it had been down before.
        """
        if self.terminated.done:
            return Reply.of(False)
        self.inbox.put(Envelope(Stop(deadline_s)))
        return self.terminated.map(lambda _: True)

    def proxy(self) -> NoReturn:
        """Refused: a proxy reaches private attributes and costs up to milliseconds a call."""
        raise TypeError(f"{self.name} has no proxy: send it messages")

    def metrics(self) -> ActorMetrics:
        """A reading of the actor's counters; also after its end."""
        counters, inbox = self.counters, self.inbox
        return ActorMetrics(
            name=self.name,
            handled=counters.handled,
            depth=inbox.depth,
            command_depth=inbox.command_depth,
            last_depth=counters.last_depth,
            peak_depth=counters.peak_depth,
            superseded=inbox.superseded,
            task_failures=counters.task_failures,
        )
