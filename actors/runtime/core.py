"""What loop-hosted and thread actors have in common: dispatch, answers, deferred replies, the failure policy.

Failure policy. A `TellerError` that a handler raises is an answer: the asker gets it, a teller's message becomes a
dead letter (logged, rate-limited); the actor goes on, so a handler refuses *before* it changes state. Any other
exception is a crash, whether the message was asked or told: state can no longer be trusted, so the actor ends, and
everyone who waits is answered.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, cast

import pykka
import structlog
from pykka.messages import _ActorStop

from actors.runtime.envelope import Envelope, Stop
from actors.runtime.errors import ActorCrashedError, UnhandledMessageError
from actors.runtime.handlers import Handler, build_handlers, handles, resolve
from actors.runtime.inbox import DEFAULT_COMMAND_CAPACITY, Inbox
from actors.runtime.ref import Ref, TerminationCause, TerminationKind
from actors.runtime.reply import Reply
from messages.errors import TellerError

_log = structlog.get_logger(__name__)


class ActorCore(pykka.Actor):
    """Base of `LoopActor` and `ThreadActor`; not for use by itself."""

    name: str = ""
    """For logs and errors. The class's name, unless the actor sets another one in its ``__init__``."""

    command_capacity: ClassVar[int] = DEFAULT_COMMAND_CAPACITY
    """Waiting commands before the next one is refused with `BusyError`."""

    _handlers: ClassVar[dict[type, Handler]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._handlers = build_handlers(cls, wrap_async=cls._async_wrapper())

    @classmethod
    def _async_wrapper(cls) -> Callable[[Handler], Handler] | None:
        """What makes a plain handler of an async one; None where async handlers are refused."""
        return None

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__()
        self.name = self.name or type(self).__name__
        self.inbox = cast("Inbox", self.actor_inbox)
        self.inbox.command_capacity = self.command_capacity
        self._ref = self._actor_ref = Ref(self)
        self._in_hand: Envelope | None = None
        self._deferred: dict[Reply[Any], None] = {}
        self._cause: TerminationCause | None = None
        self._stop_deadline_s: float | None = None

    @property
    def actor_ref(self) -> Ref[Self]:
        """The reference to this actor, to be handed around in its place."""
        return cast("Ref[Self]", self._ref)

    @property
    def in_hand(self) -> Envelope | None:
        """The message being handled at this moment, for those who look from outside."""
        return self._in_hand

    @staticmethod
    def _create_actor_inbox() -> Any:  # pykka's protocol has put() return None
        return Inbox()

    @staticmethod
    def _create_future() -> Reply[Any]:
        return Reply()

    # For handlers

    def defer(self) -> Reply[Any]:
        """Take the reply of the message in hand, to settle it later; the handler's return value is then ignored.

        For a message that was told, a reply that nobody reads. A reply that is still open when the actor has ended,
        after ``on_stop`` or ``on_failure``, is answered with `ActorStoppedError`: where a request may have left, settle
        it there with what is known, since that error says that nothing happened.

        Raises:
            RuntimeError: no message is being handled.
        """
        envelope = self._in_hand
        if envelope is None:
            raise RuntimeError(f"{self.name}: defer() is for handlers, there is no message in hand")
        if envelope.deferred is None:
            envelope.deferred = envelope.reply_to if envelope.reply_to is not None else Reply()
            self._track(envelope.deferred)
        return envelope.deferred

    def on_start(self) -> Any:
        """Prepare; messages wait meanwhile. An exception here is a failed start.

        On a loop actor any hook may be ``async def``, or return an awaitable: mypy holds an ``async def`` here against
        pykka's own annotation, ``None``, so typed code writes ``def on_start(self) -> Any: return self._connect()``.
        """

    def on_stop(self) -> Any:
        """Clean up after a stop, also one that came during ``on_start``; on a loop actor within the stop's deadline."""

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> Any:
        """Clean up after a crash or a failed start, in place of ``on_stop``."""

    def on_receive(self, message: Any) -> Any:
        """Handle a message that has no `handles` method.

        Raises:
            UnhandledMessageError: always, unless overridden.
        """
        raise UnhandledMessageError(f"{self.name} has no handler for {type(message).__name__}")

    def stop(self) -> None:
        """Stop this actor as soon as the message in hand is done."""
        self._ref.stop()

    @handles(Stop, _ActorStop)
    def _handle_stop(self, message: Stop | _ActorStop) -> None:
        deadline_s = message.deadline_s if isinstance(message, Stop) else None
        self._end(TerminationCause(TerminationKind.STOPPED), deadline_s)

    # Serving

    def _serve(self, envelope: Envelope) -> None:
        """Handle one message and give its answer. Never raises."""
        message = envelope.message
        message_type = type(message)
        handler = self._handlers.get(message_type)
        if handler is None:
            handler = resolve(self._handlers, message_type)
        self._in_hand = envelope
        try:
            value = handler(self, message)
        except BaseException as error:
            self._failed(envelope, error)
        else:
            if envelope.reply_to is not None and envelope.deferred is None:
                envelope.reply_to.set(value)
        self._in_hand = None

    def _failed(self, envelope: Envelope, error: BaseException) -> None:
        if isinstance(error, TellerError):
            self._refused(envelope, error)
        else:
            self._crashed(envelope, error)

    def _refused(self, envelope: Envelope, error: TellerError) -> None:
        reply = envelope.deferred if envelope.reply_to is None else envelope.reply_to
        if reply is not None:
            reply.set_error(error)
        if envelope.reply_to is None:
            self.inbox.refusals.dead_letters.add(envelope.message, self.name, type(error).__name__)

    def _crashed(self, envelope: Envelope, error: BaseException) -> None:
        message_type = type(envelope.message).__name__
        self._end(TerminationCause(TerminationKind.CRASHED, error))
        answer = ActorCrashedError(f"{self.name} crashed on {message_type}: {type(error).__name__}")
        answer.__cause__ = error
        reply = envelope.deferred if envelope.reply_to is None else envelope.reply_to
        if reply is not None:
            reply.set_error(answer)
        if envelope.reply_to is None:
            self.inbox.refusals.dead_letters.add(envelope.message, self.name, "actor crashed on it")
        self._log_failure("actor_crashed", error, message_type=message_type)

    def _track(self, reply: Reply[Any]) -> None:
        self._deferred[reply] = None
        reply.add_done_callback(self._untrack)

    def _untrack(self, reply: Reply[Any]) -> None:
        self._deferred.pop(reply, None)

    # The end

    def _end(self, cause: TerminationCause, deadline_s: float | None = None) -> None:
        """Take no more messages, and refuse those that wait. The first call counts."""
        if self._cause is not None:
            return
        self._cause = cause
        self._stop_deadline_s = deadline_s
        self.actor_stopped.set()
        pykka.ActorRegistry.unregister(self._ref)
        for envelope in self.inbox.close():
            self.inbox.refusals.stopped(envelope)
            if isinstance(envelope.message, Stop) and self._stop_deadline_s is None:
                self._stop_deadline_s = envelope.message.deadline_s
        self._ended()

    def _ended(self) -> None:
        """Lets the host's side know that `_end` was called."""
        raise NotImplementedError

    def _bury(self, cause: TerminationCause) -> None:
        """Answer whatever is still open. Nothing of the actor runs after this."""
        refusals = self.inbox.refusals
        for reply in list(self._deferred):
            reply.set_error(refusals.stopped_error())
        started = self._ref.started
        if not started.done:
            started.set_error(cause.error if isinstance(cause.error, Exception) else refusals.stopped_error())
        if not self._ref.terminated.done:
            self._ref.terminated.set(cause)

    def _run_hook(self, cause: TerminationCause) -> Any:
        """``on_stop`` or ``on_failure``, whichever the cause asks for."""
        error = cause.error
        if error is None:
            return self.on_stop()
        return self.on_failure(type(error), error, error.__traceback__)

    def _log_failure(self, event: str, error: BaseException, **fields: object) -> None:
        """Log where it failed and with which type; not the text, which may quote a secret (R12)."""
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        level = _log.error if isinstance(error, Exception) else _log.critical
        level(event, actor=self.name, error_type=type(error).__name__, where=where, **fields)
