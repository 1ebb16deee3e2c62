"""An event loop on virtual time: nothing ever waits, the clock jumps to whatever comes next.

All that asks the loop for time (timers, timeouts, sleeps, actors) lives on the same virtual clock, so a run of an hour
takes as long as the work in it, and the same work in the same order gives the same run, always.
"""

import asyncio
import contextlib
import contextvars
import heapq
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

from simulation.process import LIFE, Life, outside

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_RESOLUTION_S: Final = 1e-9
_MOVES_S: Final = 1e-6
"""Far more than the clock's resolution, by which asyncio calls timers early."""
_END_S: Final = 60.0
_MOST_TURNS_AT_ONE_MOMENT: Final = 200_000
_SPENDINGS: Final = 1_000


class DeadlockError(Exception):
    """Nothing is scheduled and the main task still waits: it would wait for ever."""


class LivelockError(Exception):
    """The loop turns and turns at one moment of virtual time."""


class _Jump:
    """Takes the place of the selector: instead of waiting for I/O it moves the clock.

    Attributes:
        appointment: what to do between two turns, and after which one. watchers: called between all
            turns until they answer something: True when they have acted, False when they have not and will not.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.turns = 0
        self.appointment: tuple[int, Callable[[], None]] | None = None
        self.watchers: list[Callable[[], bool | None]] = []
        self._turns_here = 0

    def select(self, timeout_s: float | None) -> list[Any]:
        """Called by the loop once in each turn, with the time until its next timer."""
        self.turns += 1
        if self.appointment is not None and self.turns >= self.appointment[0]:
            _, act = self.appointment
            self.appointment = None
            act()
            return []
        if self.watchers and self._ask_watchers():
            return []
        if timeout_s is None:
            raise DeadlockError("nothing is scheduled any more and the main task is not done")
        if timeout_s > 0:
            self.now_s += timeout_s
            self._turns_here = 0
            return []
        self._turns_here += 1
        if self._turns_here > _MOST_TURNS_AT_ONE_MOMENT:
            self._turns_here = 0  # so that what is left can be ended
            raise LivelockError(f"{_MOST_TURNS_AT_ONE_MOMENT} turns of the loop at {self.now_s:.6f} s")
        return []

    def _ask_watchers(self) -> bool:
        """Whether one of them has done something; those that have are done with, as are those that have given up."""
        acted = False
        for watcher in tuple(self.watchers):
            answer = watcher()
            if answer is not None:
                self.watchers.remove(watcher)
                acted |= answer
        return acted

    def spend(self, seconds: float) -> None:
        """Moves the clock while the loop is in the middle of a turn."""
        self.now_s += seconds
        self._turns_here = 0

    def close(self) -> None:
        """Nothing to close: there are no sockets."""


class _Standstill:
    """What a suspended life will do once it goes on: its timers, and what was ready to run, in that order."""

    def __init__(self, timers: list[asyncio.TimerHandle], ready: list[asyncio.Handle]) -> None:
        self.timers = timers
        self.ready = ready


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop over a selector that jumps. It has no sockets, no threads and no signals.

    The time begins at zero. Exceptions that reach nobody are kept in `unhandled`.
    """

    _ready: "deque[asyncio.Handle]"
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self._jump = _Jump()
        self._selector = self._jump
        self._clock_resolution = _RESOLUTION_S
        self._killed: list[Life] = []
        self._begun: weakref.WeakKeyDictionary[asyncio.Task[Any], None] = weakref.WeakKeyDictionary()
        self._suspended: dict[Life, _Standstill] = {}
        self._spent: deque[tuple[float, float]] = deque(maxlen=_SPENDINGS)
        self._nothing = asyncio.Handle(lambda: None, (), self)
        self._nothing.cancel()
        self.unhandled: list[str] = []
        self.set_exception_handler(self._keep_unhandled)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jump.now_s

    @property
    def turns(self) -> int:
        """How often the loop has turned: a measure of the work done."""
        return self._jump.turns

    def after_turns(self, turns: int, act: Callable[[], None]) -> None:
        """Calls ``act`` between two turns, so many turns from now; an earlier appointment is replaced."""
        self._jump.appointment = (self._jump.turns + turns, act)

    def watch_turns(self, watcher: Callable[[], bool | None]) -> None:
        """Calls it between all turns until it answers something: True, it has acted, or False, it gives up."""
        self._jump.watchers.append(watcher)

    def spend(self, seconds: float) -> None:
        """The callback that calls this takes so long (0 or more): nothing else runs meanwhile, all timers come late.

        Raises:
            ValueError: ``seconds`` is negative.
        """
        if not seconds >= 0:
            raise ValueError(f"seconds = {seconds!r} is not allowed: 0 or more")
        self._jump.spend(seconds)
        self._spent.append((self.time(), seconds))

    def spent_s(self, last_s: float) -> float:
        """How many of the last so many seconds callbacks have taken."""
        return sum(seconds for at_s, seconds in self._spent if at_s > self.time() - last_s)

    def suspend(self, life: Life) -> None:
        """Lets a life stand still, as SIGSTOP does, while the world goes on. Called by the world, between two turns of
        that life. Doing it twice, or to a life that is over, changes nothing."""
        if life.is_over or life in self._suspended:
            return
        timers = [each for each in self._scheduled if not each.cancelled() and _life_of(each) is life]
        ready = [each for each in self._ready if not each.cancelled() and _life_of(each) is life]
        for timer in timers:
            timer._scheduled = False  # type: ignore[attr-defined]  # so that canceling it does not count for the heap
        mine: set[asyncio.Handle] = {*timers, *ready}
        self._scheduled[:] = [each for each in self._scheduled if each not in mine]
        heapq.heapify(self._scheduled)
        # The turn under way has counted what is ready: each place is kept, by something that does not run.
        self._ready.extend([self._nothing if each in mine else each for each in self._take_ready()])
        self._suspended[life] = _Standstill(timers, ready)
        life.suspend()

    def resume(self, life: Life) -> None:
        """Lets it go on: first with what was ready, then with what came from outside meanwhile, then with the timers
        that are overdue. Doing it to a life that does not stand still changes nothing."""
        standstill = self._suspended.pop(life, None)
        if standstill is None:
            return
        self._ready.extend(standstill.ready)
        life.resume()
        for timer in standstill.timers:
            if not timer.cancelled():
                timer._scheduled = True  # type: ignore[attr-defined]
                heapq.heappush(self._scheduled, timer)

    def kill(self, life: Life) -> None:
        """Takes away all that a life has scheduled, and whatever it would have scheduled yet; also from one that stands
        still."""
        standstill = self._suspended.pop(life, None)
        if standstill is not None:
            for handle in [*standstill.ready, *standstill.timers]:
                handle.cancel()
        self._killed.append(life)
        life.end()
        for handle in [*self._ready, *self._scheduled]:
            if not outside(_context_of(handle)):
                handle.cancel()

    def unfinished(self) -> list[asyncio.Task[Any]]:
        """All tasks that are not done, save those that no kill will let go on; first begun first."""
        killed = {task for life in self._killed for task in life.unfinished}
        return [task for task in self._begun if not task.done() and task not in killed]

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """As always; what belongs to a life that was killed never runs."""
        handle = super().call_soon(callback, *args, context=context)
        if self._killed and not outside(_context_of(handle)):
            handle.cancel()
        elif self._suspended and (life := _life_of(handle)) in self._suspended:
            self._ready.pop()
            self._suspended[life].ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """As always; what is to wait at all waits until time has moved, as it does between two turns of a real loop."""
        return super().call_later(max(delay, _MOVES_S) if delay > 0 else delay, callback, *args, context=context)

    def create_task(
        self,
        coro: Coroutine[Any, Any, T] | Generator[Any, None, T],
        *,
        name: object = None,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[T]:
        """As always; the task belongs to the life that its context names."""
        task = super().create_task(coro, name=name, context=context)
        self._begun[task] = None
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is not None:
            life.tasks.add(task)
        return task

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Refused: what a thread does and when is not decided by the seed."""
        del executor, args
        raise RuntimeError(f"no threads on virtual time: {func!r} wanted one")

    def _take_ready(self) -> list[asyncio.Handle]:
        taken = list(self._ready)
        self._ready.clear()
        return taken

    def _process_events(self, event_list: list[Any]) -> None:
        """The selector never reports any."""

    def _write_to_self(self) -> None:
        """Nobody sleeps, so nobody is to be woken."""

    def _keep_unhandled(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        where = context.get("task") or context.get("future") or context.get("handle")
        name = where.get_name() if isinstance(where, asyncio.Task) else type(where).__name__
        self.unhandled.append(f"{context.get('message')}: {type(error).__name__}: {error} ({name})")


def _context_of(handle: asyncio.Handle) -> contextvars.Context:
    context: contextvars.Context = handle._context  # type: ignore[attr-defined]  # asyncio names no other way to it
    return context


def _life_of(handle: asyncio.Handle) -> Life | None:
    return _context_of(handle).get(LIFE)


def run_on_virtual_time(loop: VirtualLoop, main: Coroutine[Any, Any, T]) -> T:
    """Runs ``main`` to its end, then cancels and closes whatever is left.

    Raises:
        DeadlockError: ``main`` waits for something that will never come. LivelockError: time does not move.
    """
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(loop.create_task(main, name="main"))
    finally:
        try:
            _cancel_all(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _cancel_all(loop: VirtualLoop) -> None:
    left = sorted(loop.unfinished(), key=asyncio.Task.get_name)
    for task in left:
        task.cancel()
    with contextlib.suppress(DeadlockError, LivelockError):  # told already
        loop.run_until_complete(loop.create_task(_ended(left), name="end"))


async def _ended(tasks: list[asyncio.Task[Any]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=_END_S)


class VirtualClock:
    """`exchanges.base.environment.Clock` on the loop's virtual time.

    Attributes:
        skew_ms: how far this wall clock is off the true one; may be changed at any time, as somebody sets a clock.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, started_ms: int, skew_ms: int = 0) -> None:
        """``started_ms``: the true time at which the loop's virtual time is zero, unix milliseconds."""
        self._loop = loop
        self._started_ms = started_ms
        self.skew_ms = skew_ms

    def now_ms(self) -> int:
        return self._started_ms + int(self._loop.time() * 1000) + self.skew_ms

    def monotonic_s(self) -> float:
        return self._loop.time()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
