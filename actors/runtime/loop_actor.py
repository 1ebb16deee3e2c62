"""Actors hosted on an asyncio event loop: the loop that does their I/O also serves their mailbox.

Messages are served by a callback, `_serve_turn`, of which at most one is scheduled. The rest of an actor's life, start,
hooks and end, is one task: when the loop is torn down that task is canceled like every other, and so the actor ends
in order and answers everyone who waits.
"""

import asyncio
import contextvars
import functools
from asyncio import _get_running_loop
from collections.abc import Callable, Coroutine
from threading import get_ident
from typing import Any, ClassVar, Self, TypeVar, cast

import pykka
import structlog

from actors.runtime.core import ActorCore
from actors.runtime.envelope import Continue, Envelope
from actors.runtime.errors import ActorCrashedError, TaskCancelledError
from actors.runtime.handlers import Handler, handles
from actors.runtime.loop_host import LoopHost
from actors.runtime.ref import Ref, TerminationCause, TerminationKind
from actors.runtime.timers import Timer, check_delay, own_lane
from messages.lanes import Lane

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class LoopActor(ActorCore):
    """An actor whose handlers run on an event loop, one message at a time. A handler never waits.

    With ``serial_async = True`` handlers may be ``async def``: still one at a time, the others wait; a stop cancels
    the one in flight.
    """

    serial_async: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tasks: dict[asyncio.Task[Any], Coroutine[Any, Any, Any]] = {}  # each with what it was made for
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self._in_flight: asyncio.Task[Any] | None = None
        self._paused = True
        self._starting = True
        self._buried = False
        self._thread: int | None = None  # of the loop, once known

    @classmethod
    def start(cls, *args: Any, host: LoopHost, **kwargs: Any) -> Ref[Self]:
        """Make an actor of ``args`` and ``kwargs`` and host it on ``host``. May be called from any thread.

        Returns at once; `started` tells when ``on_start`` is through. Messages are taken from now on.

        Raises:
            RuntimeError: the host's loop is closed.
        """
        actor = cls(*args, **kwargs)
        actor._host = host
        actor._context = contextvars.copy_context()
        ref = actor.actor_ref
        ref.name = actor.inbox.refusals.name = actor.name
        actor.inbox.refusals.dead_letters = host.dead_letters
        pykka.ActorRegistry.register(ref)
        actor._start_actor_loop()
        return ref

    _host: LoopHost
    _context: contextvars.Context
    _life: "asyncio.Task[None]"
    _over: "asyncio.Future[None]"

    @property
    def is_serving_now(self) -> bool:
        """Whether a plain handler is running at this very moment; an async one that awaits does not count."""
        return self._in_hand is not None and self._in_flight is None

    # For handlers

    def now(self) -> float:
        """Monotonic seconds of the host's clock."""
        return self._host.loop.time()

    def later(self, delay_s: float, message: Any) -> Timer:
        """Send ``message`` to this actor after ``delay_s`` seconds (>= 0), unless it stops first.

        Like everything that an actor sends itself it is never refused: a command counts as an event.
        """
        check_delay(delay_s)
        timer = Timer(self._cancel_timer)
        handle = self._host.loop.call_later(delay_s, self._fire, timer, message, context=self._context)
        self._timers[timer] = handle
        return timer

    def call_later(self, delay_s: float, what: str, run: Callable[[], None]) -> Timer:
        """Runs ``run`` in a turn of this actor's after ``delay_s`` seconds (>= 0), unless it stops first.

        ``what``: it is, for logs.
        """
        return self.later(delay_s, Continue(what, run))

    def io(
        self,
        what: str,
        coro: Coroutine[Any, Any, T],
        then: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> "asyncio.Task[None]":
        """Runs I/O in a task; its end comes back as a message and calls ``then`` or ``failed`` in a turn of this
        actor's, where they may touch its state. Without ``failed`` failures are logged and counted.

        ``what``: it is, for logs.
        """
        return self.pipe(
            coro,
            lambda value: Continue(what, functools.partial(then, value)),
            None if failed is None else lambda error: Continue(what, functools.partial(failed, error)),
            name=f"{self.name}:{what}",
        )

    @handles(Continue)
    def _continue(self, message: Continue) -> None:
        message.run()

    def spawn(self, coro: Coroutine[Any, Any, T], name: str = "") -> "asyncio.Task[T]":
        """Start a task that ends, at the latest, with this actor. Its failure is logged and counted.

        A task never touches the actor's state; use `pipe` for what comes back.

        Raises:
            ActorStoppedError: the actor has ended.
        """
        label = name or getattr(coro, "__name__", "task")
        return self._start_task(self._contained(coro, label), label, coro)

    def pipe(
        self,
        coro: Coroutine[Any, Any, T],
        on_result: Callable[[T], Any],
        on_error: Callable[[Exception], Any] | None = None,
        name: str = "",
    ) -> "asyncio.Task[None]":
        """Run I/O in a task; what comes of it arrives in this actor's mailbox, as an event.

        Args:
            coro: the I/O.
            on_result: makes the message from the value. Runs outside the actor's turn: it must not touch its state.
            on_error: makes the message from the exception, also from `TaskCancelledError` when somebody canceled the
                task while the actor lives. Without it failures are logged and counted.
            name: for logs.
        """
        label = name or getattr(coro, "__name__", "pipe")
        task = self._start_task(self._piped(coro, on_result, on_error, label), label, coro)
        if on_error is not None:
            task.add_done_callback(functools.partial(self._pipe_ended, on_error))
        return task

    # Start

    def _start_actor_loop(self) -> None:
        self.inbox.wake = functools.partial(self._call_soon, self._serve_turn)
        self.inbox.stop_called = functools.partial(self._call_soon, self._stop_was_called)
        loop = self._host.loop
        if _get_running_loop() is loop:
            self._begin_life()
            return
        try:
            loop.call_soon_threadsafe(self._begin_life, context=self._context)
        except RuntimeError:
            self._abandon()
            raise

    def _begin_life(self) -> None:
        if self._buried:
            return
        self._thread = get_ident()
        self._over = self._host.loop.create_future()
        self._life = self._host.spawn(self._live(), f"{self.name}.life")
        self._life.add_done_callback(self._life_done)

    async def _live(self) -> None:
        cause = await self._start_up()
        if cause is None:
            self._paused = False
            self._ref.started.set(None)
            self._call_soon(self._serve_turn)
            try:
                await self._over
            except asyncio.CancelledError:
                self._life.uncancel()
                self._end(TerminationCause(TerminationKind.STOPPED))
        else:
            self._end(cause)
        await self._wind_up()

    async def _start_up(self) -> TerminationCause | None:
        try:
            pending = self.on_start()
            if pending is not None:
                await pending
        except BaseException as error:
            if self._was_cancelled(error):
                self._life.uncancel()
                return TerminationCause(TerminationKind.STOPPED)
            self._log_failure("actor_start_failed", error)
            return TerminationCause(TerminationKind.START_FAILED, error)
        finally:
            self._starting = False
        return None

    # Serving

    def _call_soon(self, callback: Callable[[], None]) -> None:
        loop = self._host.loop
        try:
            if get_ident() == self._thread:
                loop.call_soon(callback, context=self._context)
            else:
                loop.call_soon_threadsafe(callback, context=self._context)
        except RuntimeError:
            self._abandon()  # the loop was closed over our head

    def _serve_turn(self) -> None:
        if not self._may_serve():
            return
        inbox, counters = self.inbox, self._ref.counters
        depth = counters.last_depth = inbox.depth
        counters.peak_depth = max(counters.peak_depth, depth)
        for _ in range(self._host.max_per_turn):
            envelope = inbox.take()
            if envelope is None:
                if inbox.park():
                    return
                continue
            self._serve(envelope)
            counters.handled += 1
            if self._paused:
                return
        self._host.loop.call_soon(self._serve_turn, context=self._context)  # let I/O have its turn

    def _may_serve(self) -> bool:
        return not self._paused

    def _stop_was_called(self) -> None:
        """A stop is in the mailbox; do not let it wait for what may take long."""
        if self._starting:
            self._life.cancel()
        elif self._in_flight is not None:
            self._end(TerminationCause(TerminationKind.STOPPED))

    # Async handlers

    @classmethod
    def _async_wrapper(cls) -> Callable[[Handler], Handler] | None:
        if not cls.serial_async:
            return None

        def wrap(handler: Handler) -> Handler:
            @functools.wraps(handler)
            def launch(actor: LoopActor, message: Any) -> None:
                actor._launch(handler(actor, message))

            return launch

        return wrap

    def _launch(self, coro: Coroutine[Any, Any, Any]) -> None:
        envelope = cast("Envelope", self._in_hand)
        if envelope.reply_to is not None:
            envelope.deferred = envelope.reply_to  # the answer comes with the task's end
            self._track(envelope.reply_to)
        self._paused = True
        label = type(envelope.message).__name__
        self._in_flight = self._start_task(self._serve_async(coro, envelope), label, coro)

    async def _serve_async(self, coro: Coroutine[Any, Any, Any], envelope: Envelope) -> None:
        envelope.deferred = None
        self._in_hand = envelope
        try:
            value = await coro
        except BaseException as error:
            if self._was_cancelled(error):
                self._end(TerminationCause(TerminationKind.STOPPED))
                self.inbox.refusals.stopped(envelope)
            else:
                self._failed(envelope, error)
        else:
            if envelope.reply_to is not None and envelope.deferred is None:
                envelope.reply_to.set(value)
        finally:
            self._in_hand = self._in_flight = None
            if self._cause is None:
                self._paused = False
                self._call_soon(self._serve_turn)

    # Tasks and timers

    def _start_task(
        self, work: Coroutine[Any, Any, T], label: str, inner: Coroutine[Any, Any, Any]
    ) -> "asyncio.Task[T]":
        if self._buried:
            work.close()
            inner.close()
            raise self.inbox.refusals.stopped_error()
        task: asyncio.Task[T] = self._host.spawn(work, f"{self.name}.{label}")
        self._tasks[task] = inner
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: "asyncio.Task[Any]") -> None:
        inner = self._tasks.pop(task, None)
        if inner is not None:
            inner.close()  # a task that is canceled before its first step never came to it
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._task_failed(task, error)

    def _task_failed(self, task: "asyncio.Task[Any]", error: BaseException) -> None:
        self._ref.counters.task_failures += 1
        self._log_failure("actor_task_failed", error, task=task.get_name())

    async def _contained(self, coro: Coroutine[Any, Any, T], label: str) -> T:
        """Lets nothing through that would end the whole loop."""
        try:
            return await coro
        except (Exception, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise ActorCrashedError(f"{self.name}.{label} crashed: {type(error).__name__}") from error

    async def _piped(
        self,
        coro: Coroutine[Any, Any, T],
        on_result: Callable[[T], Any],
        on_error: Callable[[Exception], Any] | None,
        label: str,
    ) -> None:
        try:
            message = on_result(await self._contained(coro, label))
        except Exception as error:
            if on_error is None:
                raise
            message = on_error(error)
        self.inbox.put(Envelope(message), Lane.EVENT)

    def _pipe_ended(self, on_error: Callable[[Exception], Any], task: "asyncio.Task[Any]") -> None:
        if not task.cancelled() or self._cause is not None:
            return
        try:
            message = on_error(TaskCancelledError(f"{task.get_name()} was cancelled before it had a result"))
        except Exception as error:
            self._task_failed(task, error)
        else:
            self.inbox.put(Envelope(message), Lane.EVENT)

    def _fire(self, timer: Timer, message: Any) -> None:
        self._timers.pop(timer, None)
        self.inbox.put(Envelope(message), own_lane(message))

    def _cancel_timer(self, timer: Timer) -> None:
        handle = self._timers.pop(timer, None)
        if handle is not None:
            handle.cancel()

    # The end

    @staticmethod
    def _was_cancelled(error: BaseException) -> bool:
        """True when somebody canceled the current task, False when it merely awaited something canceled."""
        task = asyncio.current_task()
        return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0

    def _ended(self) -> None:
        self._paused = True
        if not self._buried and not self._over.done():
            self._over.set_result(None)

    async def _wind_up(self) -> None:
        cause = cast("TerminationCause", self._cause)
        loop = self._host.loop
        given_s = self._host.stop_deadline_s if self._stop_deadline_s is None else self._stop_deadline_s
        began_s = loop.time()
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        await self._cancel_tasks(began_s + given_s / 2)
        await self._run_last_hook(cause, began_s + given_s)
        for task in await self._cancel_tasks(began_s + given_s):
            _log.error("task_outlives_actor", actor=self.name, task=task.get_name())
        self._buried = True
        self._bury(cause)

    async def _cancel_tasks(self, until_s: float) -> "set[asyncio.Task[Any]]":
        """Returns those that have not ended by then."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if not tasks:
            return set()
        _, left = await asyncio.wait(tasks, timeout=max(0.0, until_s - self._host.loop.time()))
        return left

    async def _run_last_hook(self, cause: TerminationCause, until_s: float) -> None:
        try:
            pending = self._run_hook(cause)
            if pending is not None:
                async with asyncio.timeout_at(until_s):
                    await pending
        except BaseException as error:
            if self._was_cancelled(error):
                raise
            self._log_failure("actor_hook_failed", error)

    def _life_done(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log_failure("actor_runtime_failed", error)
        if not self._buried:
            self._abandon()

    def _abandon(self) -> None:
        """End without hooks: the loop is closed, or its teardown did not even let the last hook finish."""
        self._buried = True
        self._end(TerminationCause(TerminationKind.STOPPED))
        if not self._host.loop.is_closed():
            for task in list(self._tasks):
                task.cancel()
        self._bury(cast("TerminationCause", self._cause))
