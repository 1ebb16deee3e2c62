"""Actors on a thread of their own, for handlers that block: strategies that compute, or call blocking libraries.

The threads are daemons, so a handler that hangs cannot hang the exit; and at the interpreter's exit, while daemon
threads still run, every thread actor that is left is stopped and waited for, so ``on_stop`` is not skipped.
"""

import atexit
import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self, cast

import pykka
import structlog

from actors.runtime.core import ActorCore
from actors.runtime.dead_letters import PROCESS_DEAD_LETTERS, DeadLetters
from actors.runtime.envelope import Envelope
from actors.runtime.errors import WouldBlockLoopError
from actors.runtime.handlers import HOOKS, is_async
from actors.runtime.ref import Ref, TerminationCause, TerminationKind
from actors.runtime.reply import on_a_running_loop
from actors.runtime.timers import Timer, check_delay, own_lane

_TURN = 64

_log = structlog.get_logger(__name__)
_thread_numbers = itertools.count(1)
_alive: dict[Ref[Any], float] = {}  # and how long the exit waits for each

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_alive.clear)  # threads do not survive a fork


@dataclass(frozen=True, slots=True)
class ThreadHost:
    """What thread actors take from outside.

    Attributes:
        dead_letters: told of every lost message.
        clock: monotonic seconds.
        exit_deadline_s: how long the interpreter's exit waits for an actor that nobody stopped.
    """

    dead_letters: DeadLetters = PROCESS_DEAD_LETTERS
    clock: Callable[[], float] = time.monotonic
    exit_deadline_s: float = 10.0


class ThreadActor(ActorCore):
    """An actor with its own thread. Handlers may block; ``async def`` is refused.

    A handler that runs cannot be interrupted: a stop is next in line, and then the actor ends.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for hook in HOOKS:
            if is_async(getattr(cls, hook)):
                raise TypeError(f"{cls.__name__}.{hook} is async, but a thread actor has no event loop to run it")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = threading.Lock()
        self._gate.acquire()
        self._timers: list[tuple[float, int, Timer, Any]] = []
        self._timer_numbers = itertools.count()
        self._live_timers: set[Timer] = set()
        self.thread_id: int | None = None

    @classmethod
    def start(cls, *args: Any, host: ThreadHost | None = None, **kwargs: Any) -> Ref[Self]:
        """Make an actor of ``args`` and ``kwargs`` and start its thread. `started` tells when ``on_start`` is through.

        Raises:
            RuntimeError: the operating system gives no more threads.
        """
        actor = cls(*args, **kwargs)
        actor._host = ThreadHost() if host is None else host
        ref = actor.actor_ref
        ref.name = actor.inbox.refusals.name = actor.name
        actor.inbox.refusals.dead_letters = actor._host.dead_letters
        pykka.ActorRegistry.register(ref)
        actor._start_actor_loop()
        return ref

    _host: ThreadHost

    # For handlers

    def now(self) -> float:
        """Monotonic seconds of the host's clock."""
        return self._host.clock()

    def later(self, delay_s: float, message: Any) -> Timer:
        """Send ``message`` to this actor after ``delay_s`` seconds (>= 0), unless it stops first.

        To be called in the actor. The message is put in line once the handler that runs then has returned.
        """
        check_delay(delay_s)
        timer = Timer(self._live_timers.discard)
        self._live_timers.add(timer)
        if len(self._timers) > 64 + 2 * len(self._live_timers):  # mostly canceled ones
            self._timers = [entry for entry in self._timers if entry[2] in self._live_timers]
            heapq.heapify(self._timers)
        heapq.heappush(self._timers, (self.now() + delay_s, next(self._timer_numbers), timer, message))
        return timer

    # The thread

    def _start_actor_loop(self) -> None:
        self.inbox.wake = self._gate.release
        thread = threading.Thread(target=self._actor_loop, name=f"{self.name}-{next(_thread_numbers)}", daemon=True)
        _alive[self._ref] = self._host.exit_deadline_s
        try:
            thread.start()
        except RuntimeError as error:
            self._end(TerminationCause(TerminationKind.START_FAILED, error))
            self._lay_to_rest()
            raise

    def _actor_loop(self) -> None:
        self.thread_id = threading.get_ident()
        try:
            cause = self._start_up()
            if cause is None:
                self._ref.started.set(None)
                while self._cause is None:
                    self._serve_turn()
            else:
                self._end(cause)
            self._run_last_hook()
        finally:
            self._end(TerminationCause(TerminationKind.STOPPED))
            self._lay_to_rest()

    def _start_up(self) -> TerminationCause | None:
        try:
            self.on_start()
        except BaseException as error:
            self._log_failure("actor_start_failed", error)
            return TerminationCause(TerminationKind.START_FAILED, error)
        return None

    def _serve_turn(self) -> None:
        inbox, counters = self.inbox, self._ref.counters
        depth = counters.last_depth = inbox.depth
        counters.peak_depth = max(counters.peak_depth, depth)
        for _ in range(_TURN):
            if self._timers:
                self._fire_due()
            envelope = inbox.take()
            if envelope is None:
                self._sleep()
                return
            self._serve(envelope)
            counters.handled += 1
            if self._cause is not None:
                return

    def _sleep(self) -> None:
        """Until a message comes or a timer is due."""
        if not self.inbox.park():
            return
        timeout_s = -1.0
        if self._timers:
            timeout_s = min(max(0.0, self._timers[0][0] - self.now()), threading.TIMEOUT_MAX)
        if not self._gate.acquire(timeout=timeout_s) and not self.inbox.unpark():
            self._gate.acquire()  # a put has taken our token and is about to wake us

    def _fire_due(self) -> None:
        now_s = self.now()
        while self._timers and self._timers[0][0] <= now_s:
            _, _, timer, message = heapq.heappop(self._timers)
            if timer in self._live_timers:
                self._live_timers.discard(timer)
                self.inbox.put(Envelope(message), own_lane(message))

    # The end

    def _ended(self) -> None:
        return  # the thread looks at the cause after each message

    def _run_last_hook(self) -> None:
        self._timers.clear()
        try:
            self._run_hook(cast("TerminationCause", self._cause))
        except BaseException as error:
            self._log_failure("actor_hook_failed", error)

    def _lay_to_rest(self) -> None:
        _alive.pop(self._ref, None)
        self._bury(cast("TerminationCause", self._cause))


def stop_all(refs: Iterable[Ref[Any]], *, deadline_s: float) -> list[Ref[Any]]:
    """Stop actors, the last one first, and wait for all of them; for plain threads.

    On a loop's thread, await what `Ref.stop` returns instead.

    Returns:
        Those that were not down within ``deadline_s`` seconds.

    Raises:
        WouldBlockLoopError: this thread runs an event loop.
    """
    if on_a_running_loop():
        raise WouldBlockLoopError("stop_all() would block this thread's event loop: await ref.stop() for each instead")
    until_s = time.monotonic() + deadline_s
    stops = [(ref, ref.stop(deadline_s=deadline_s)) for ref in reversed(list(refs))]
    late: list[Ref[Any]] = []
    for ref, stopped in stops:
        try:
            stopped.get(timeout=max(0.0, until_s - time.monotonic()))
        except pykka.Timeout:
            late.append(ref)
    return late


@atexit.register
def _stop_what_is_left() -> None:
    for ref in stop_all(list(_alive), deadline_s=max(_alive.values(), default=0.0)):
        _log.error("actor_outlives_exit", actor=str(ref))
