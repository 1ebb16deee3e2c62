"""References to actors, and what can be known about an actor from outside."""

import enum
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, TypeVar, overload

import msgspec
import pykka

from actors.runtime.envelope import Envelope, Stop
from actors.runtime.errors import ActorStoppedError, WouldBlockLoopError
from actors.runtime.inbox import Inbox
from actors.runtime.reply import Reply, on_a_running_loop

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
    """pykka's reference, with replies that can be awaited and calls that refuse to block an event loop."""

    def __init__(self, actor: A) -> None:
        super().__init__(actor)
        self.inbox: Inbox = actor.inbox
        self.name = actor.name
        self.started: Reply[None] = Reply()
        self.terminated: Reply[TerminationCause] = Reply()
        self.counters = Counters()

    def __str__(self) -> str:
        return f"{self.name} ({self.actor_urn})"

    def tell(self, message: Any) -> None:
        """Send without waiting for an answer.

        Raises:
            pykka.ActorDeadError: the actor is gone (the message is a dead letter).
            BusyError: too many commands wait.
        """
        if not self.inbox.put(Envelope(message)):
            raise ActorStoppedError(f"{self} is stopped")

    @overload
    def ask(self, message: Any, *, block: Literal[False], timeout: float | None = None) -> Reply[Any]: ...
    @overload
    def ask(self, message: Any, *, block: Literal[True], timeout: float | None = None) -> Any: ...
    @overload
    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any | Reply[Any]: ...
    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any | Reply[Any]:
        """Send, and get the `Reply` (``block=False``) or wait for it, at most ``timeout`` seconds.

        Raises:
            WouldBlockLoopError: ``block`` on a thread that runs an event loop. Nothing was sent.
            pykka.Timeout: no answer in time.
        """
        if block:
            _refuse_to_block("ask")
        reply: Reply[Any] = Reply()
        self.inbox.put(Envelope(message, reply))
        return reply.get(timeout=timeout) if block else reply

    @overload
    def stop(self, *, block: Literal[True], timeout: float | None = None) -> bool: ...
    @overload
    def stop(self, *, block: Literal[False], timeout: float | None = None) -> Reply[bool]: ...
    @overload
    def stop(self, *, block: bool = True, timeout: float | None = None) -> bool | Reply[bool]: ...
    def stop(self, *, block: bool = True, timeout: float | None = None) -> bool | Reply[bool]:
        """Stop the actor, ahead of the messages that wait. True once it is down, False if it was down already.

        Raises:
            WouldBlockLoopError: ``block`` on a thread that runs an event loop. Nothing was sent.
            pykka.Timeout: not down in time.
        """
        if block:
            _refuse_to_block("stop")
        reply = self.request_stop()
        return reply.get(timeout=timeout) if block else reply

    def request_stop(self, deadline_s: float | None = None) -> Reply[bool]:
        """Stop the actor; its tasks and hooks get ``deadline_s`` seconds (None: what its host says)."""
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


def _refuse_to_block(what: str) -> None:
    if on_a_running_loop():
        raise WouldBlockLoopError(
            f"{what}(block=True) would block this thread's event loop: use await with {what}(ref, ...) or block=False"
        )
