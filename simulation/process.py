"""One life of the program within a run: it can be killed at any turn of the loop, as ``kill -9`` does it.

Everything that the program schedules carries the life that it belongs to in its context, so a kill takes exactly that
away: no ``finally``, no ``on_stop``, no last write. What it had handed to the network before is on its way; what the
journal had not committed is gone.
"""

import asyncio
import contextlib
import contextvars
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

from actors.journal import Journal

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_CLOSINGS: Final = 10

LIFE: "contextvars.ContextVar[Life | None]" = contextvars.ContextVar("LIFE", default=None)
"""The life that is running now; None for the world around it."""


class KilledError(Exception):
    """The program was killed while somebody outside waited for it."""


class Life:
    """The program from a start to its end or its kill.

    Attributes:
        journals: to be abandoned by a kill. is_over: it was killed. is_suspended: it stands still for a while.
        unfinished: tasks that will never go on. asked_for: what somebody outside waits for, or gave up
        waiting for, by its name.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, *, is_second: bool = False) -> None:
        """``number``: counts the lives of its program. ``is_second``: that is another program than that of the run."""
        self.number = number
        self.is_second = is_second
        self.journals: list[Journal] = []
        self.is_over = False
        self.is_suspended = False
        self.asked_for: dict[str, None] = {}
        self.unfinished: list[asyncio.Task[Any]] = []
        self.tasks: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        self._held: list[Callable[[], object]] = []
        self._loop = loop
        self._death: asyncio.Future[None] = loop.create_future()
        self._context = contextvars.copy_context()
        self._context.run(LIFE.set, self)

    async def run(self, coroutine: Coroutine[Any, Any, T], name: str) -> T:
        """Runs a part of the program, for somebody outside.

        Raises:
            KilledError: the program was killed meanwhile, or before.
        """
        if self.is_over:
            coroutine.close()
            raise KilledError
        task = self._loop.create_task(coroutine, name=name, context=self._context.copy())
        either: list[asyncio.Future[Any]] = [task, self._death]
        self.asked_for[name] = None
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        del self.asked_for[name]
        if not task.done():
            raise KilledError
        return task.result()

    def suspend(self) -> None:
        """Marks it as standing still; for `VirtualLoop.suspend`."""
        self.is_suspended = True

    def resume(self) -> None:
        """The contrary; hands over what was held back for it."""
        self.is_suspended = False
        held, self._held = self._held, []
        for deliver in held:
            deliver()

    def hold(self, deliver: Callable[[], object]) -> None:
        """While it stands still: what comes for it from outside is kept by its machine, and given to it afterwards."""
        self._held.append(deliver)

    def end(self) -> None:
        """Marks it as killed, and takes its journals from it."""
        self.is_over = True
        self.is_suspended = False
        self._held.clear()
        self.unfinished = [task for task in self.tasks if not task.done()]
        for journal in self.journals:
            journal.abandon()
        if not self._death.done():
            self._death.set_result(None)

    def bury(self) -> None:
        """Lets go of what it has left unfinished; to be called when nothing runs any more."""
        for task in self.unfinished:
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio's own switch has no other name
            _close(task.get_coro())
        self.unfinished.clear()


def outside(context: contextvars.Context) -> bool:
    """Whether what carries this context belongs to the world, or to a life that goes on."""
    life = context.get(LIFE)
    return life is None or not life.is_over


def _close(coroutine: Any) -> None:
    """Closes it, however often it tries to go on."""
    for _ in range(_CLOSINGS):
        with contextlib.suppress(Exception):  # its last words, or its going on after them
            coroutine.close()
            return


class Outside:
    """Schedules for the world around the program: what is scheduled here goes on when the program is killed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """To be made by the world, not from inside of a life."""
        self._loop = loop
        self._context = contextvars.copy_context()

    def later(self, delay_s: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts) -> asyncio.TimerHandle:
        return self._loop.call_later(delay_s, callback, *args, context=self._context)

    def at(self, when_s: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts) -> asyncio.TimerHandle:
        return self._loop.call_at(when_s, callback, *args, context=self._context)

    def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Calls it now, so that what it schedules belongs to the world."""
        return self._context.copy().run(function, *args)
