"""What the runtime itself can answer. Texts name actors and message *types*, never what a message holds (R12)."""

import pykka

from messages.errors import LocalRefusalError, StoppedError, TellerError


class ActorStoppedError(StoppedError, pykka.ActorDeadError):
    """The actor stopped, or had stopped, before it answered. Also what pykka's own callers expect to catch."""


class ActorCrashedError(TellerError):
    """The actor died of an exception that is not a `TellerError`; that exception is the ``__cause__``.

    Not a refusal: how far the handler came before it failed is not known.
    """


class UnhandledMessageError(TellerError):
    """The actor has no handler for messages of this type."""


class UnavailableError(LocalRefusalError):
    """Nobody is at this address now: the text says who is missing and why."""


class SupersededError(LocalRefusalError):
    """A newer message under the same key took this one's place before the actor came to it."""


class TaskCancelledError(TellerError):
    """Somebody other than the stopping actor canceled a piped task, so it has no result."""


class WouldBlockLoopError(RuntimeError):
    """A blocking wait was tried on a thread whose event loop would stand still for it: await instead."""
