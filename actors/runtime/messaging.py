"""Sending messages and watching actors. Works with the references of loop and thread actors, from any thread."""

from collections.abc import Hashable
from typing import Any

import pykka

from actors.runtime.envelope import Envelope
from actors.runtime.ref import ActorMetrics, Ref, TerminationCause
from actors.runtime.reply import Reply


def _own(ref: pykka.ActorRef[Any]) -> Ref[Any]:
    if not isinstance(ref, Ref):
        raise TypeError(f"ref = {ref!r} is not allowed: the reference of a LoopActor or a ThreadActor")
    return ref


def tell(ref: pykka.ActorRef[Any], message: Any) -> bool:
    """Send without waiting for an answer.

    Returns:
        True when the message is in the mailbox; False when the actor is gone (the message is a dead letter).

    Raises:
        BusyError: the message is a command and too many of them wait (it is a dead letter, too).
    """
    own: Any = ref  # not a cast(): this is the hottest call of all
    accepted: bool = own.inbox.put(Envelope(message))
    return accepted


def ask(ref: pykka.ActorRef[Any], message: Any) -> Reply[Any]:
    """Send, and get the reply: await it on a loop, ``get()`` it on a plain thread.

    Each ask is answered exactly once, by the handler's result or by an error: what the handler refused with,
    `BusyError`, `UnhandledMessageError`, `ActorCrashedError`, or `ActorStoppedError`.
    """
    reply: Reply[Any] = Reply()
    own: Any = ref
    own.inbox.put(Envelope(message, reply))
    return reply


def tell_latest(ref: pykka.ActorRef[Any], key: Hashable, message: Any) -> bool:
    """Send an event of which only the newest matters: it takes the place of a waiting one under the same ``key``.

    Returns:
        False when the actor is gone (the message is a dead letter).
    """
    return _own(ref).inbox.put_latest(key, Envelope(message))


def started(ref: pykka.ActorRef[Any]) -> Reply[None]:
    """Settles when ``on_start`` is through, or with what it failed with; the actor is then dead."""
    return _own(ref).started


def terminated(ref: pykka.ActorRef[Any]) -> Reply[TerminationCause]:
    """Settles when the actor has ended, by a stop or a crash; at once for one that has."""
    return _own(ref).terminated


def stop(ref: pykka.ActorRef[Any], *, deadline_s: float | None = None) -> Reply[bool]:
    """Stop an actor; waiting messages are refused, those in the control lane before it are served.

    Args:
        ref: the actor.
        deadline_s: seconds for a loop actor's tasks and hooks to finish; None: its host's ``stop_deadline_s``.

    Returns:
        Settles when it is down: True, or False when it had been down before.
    """
    return _own(ref).request_stop(deadline_s)


def mailbox_depth(ref: pykka.ActorRef[Any]) -> int:
    """Messages waiting for the actor now, in all lanes."""
    return _own(ref).inbox.depth


def metrics(ref: pykka.ActorRef[Any]) -> ActorMetrics:
    """A reading of the actor's counters; also after its end."""
    return _own(ref).metrics()
