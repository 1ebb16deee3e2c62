"""The answer to an ask: set once, from any thread; awaited on any loop or waited for on any plain thread.

No lock is held anywhere. Two facts do the work: ``list.append`` and ``list.pop`` are atomic, so the right to settle
is a token that only one caller can pop, and every waiter is popped, hence woken, exactly once; and a waiter is
appended *before* it looks whether the reply is done, so that it is seen either by the settler or by itself.
"""

import asyncio
import sys
import threading
from asyncio import _get_running_loop
from collections.abc import Callable, Generator, Iterable
from threading import get_ident
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, cast

import pykka
import structlog

from actors.runtime.errors import WouldBlockLoopError

T = TypeVar("T")
J = TypeVar("J")
M = TypeVar("M")
R = TypeVar("R")

ExcInfo: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

_log = structlog.get_logger(__name__)


def on_a_running_loop() -> bool:
    """True on a thread that is running an event loop at this moment, where no call may block."""
    return _get_running_loop() is not None


class Reply(pykka.Future[T]):
    """A future value. The first `set`, `set_error` or `set_exception` counts; later ones change nothing."""

    _get_hook = None
    _done = False
    _value: T | None = None
    _error: BaseException | None = None
    _traceback: TracebackType | None = None
    _source: "Reply[Any] | None" = None

    late_answers: int = 0
    """How many answers came after the first one, and were ignored."""

    def __init__(self) -> None:
        # pykka's initialiser only prepares the hook, which replies do not have.
        self._claim: list[None] = [None]
        self._waiters: list[Callable[[Reply[T]], None]] = []

    def __repr__(self) -> str:
        if not self._done:
            return "<Reply pending>"
        return "<Reply done>" if self._error is None else f"<Reply failed: {type(self._error).__name__}>"

    # Settling

    def set(self, value: "T | Reply[T] | None" = None) -> None:
        """Settle with a value. With another `Reply`, settle as that one settles, when it does.

        A pykka future of another kind is answered as an error: only a blocking call could tell when it is done.
        """
        if not self._claimed():
            return
        if not isinstance(value, pykka.Future):
            self._settle(value, None)
        elif isinstance(value, Reply):
            self._follow(value)
        else:
            self._settle(None, TypeError(f"cannot answer with a {type(value).__name__}: return a Reply"))

    def set_error(self, error: BaseException) -> None:
        """Settle with an exception, which `get`, `result` and ``await`` raise."""
        if not isinstance(error, BaseException):
            raise TypeError(f"error = {type(error).__name__} is not allowed: an exception instance")
        if self._claimed():
            self._settle(None, error)

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """pykka's spelling of `set_error`; without argument it takes the exception being handled."""
        kind, error, traceback = sys.exc_info() if exc_info is None else exc_info
        if error is None:
            if kind is None:
                raise ValueError("exc_info is not allowed to be empty: no exception is being handled")
            error = kind()
        self.set_error(error.with_traceback(traceback))

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Refused: a hook runs in whoever happens to call `get`, so nothing could ever await it."""
        del func
        raise TypeError("a Reply takes no get hook: set it, or derive another with map()")

    def _claimed(self) -> bool:
        try:
            self._claim.pop()
        except IndexError:
            self.late_answers += 1
            return False
        return True

    def _follow(self, source: "Reply[T]") -> None:
        link: Reply[Any] | None = source
        while link is not None:
            if link is self:
                self._settle(None, ValueError("a Reply cannot be answered with itself"))
                return
            link = link._source
        self._source = source
        source.add_done_callback(self._source_settled)

    def _source_settled(self, source: "Reply[T]") -> None:
        self._source = None
        self._settle(source._value, source._error)

    def _settle(self, value: T | None, error: BaseException | None) -> None:
        self._value = value
        if error is not None:
            self._error = error
            self._traceback = error.__traceback__
        self._done = True
        if self._waiters:
            self._wake_waiters()

    def _wake_waiters(self) -> None:
        while True:
            try:
                waiter = self._waiters.pop(0)
            except IndexError:
                return
            try:
                waiter(self)
            except BaseException as error:  # must not reach whoever happened to settle this reply
                _log.error("reply_callback_failed", error_type=type(error).__name__)

    # Waiting

    @property
    def done(self) -> bool:
        """True once there is a value or an error."""
        return self._done

    @property
    def error(self) -> BaseException | None:
        """The exception that the reply was settled with; None while pending and for a value."""
        return self._error

    def result(self) -> T:
        """The value, or raises the error; never waits.

        Raises:
            asyncio.InvalidStateError: there is no answer yet.
        """
        if not self._done:
            raise asyncio.InvalidStateError("the reply is not settled yet")
        if self._error is not None:
            raise self._error.with_traceback(self._traceback)
        return cast("T", self._value)

    def get(self, *, timeout: float | None = None) -> T:
        """Wait on a plain thread for the answer, at most ``timeout`` seconds (None: for ever).

        Raises:
            pykka.Timeout: no answer within ``timeout``.
            WouldBlockLoopError: not settled, and this thread runs an event loop: await the reply there.
        """
        if not self._done:
            if on_a_running_loop():
                raise WouldBlockLoopError("get() would block this thread's event loop: await the reply instead")
            waiter = _ThreadWaiter()
            self.add_done_callback(waiter)
            if not waiter.wait(timeout):
                self._forget(waiter)
                if not self._done:
                    raise pykka.Timeout(f"{timeout} seconds")
        return self.result()

    def __await__(self) -> Generator[Any, None, T]:
        if not self._done:
            loop = asyncio.get_running_loop()
            waiter = _LoopWaiter(loop)
            self.add_done_callback(waiter)
            try:
                yield from waiter.future
            except BaseException:
                self._forget(waiter)
                raise
        return self.result()

    __iter__ = __await__

    def add_done_callback(self, fn: "Callable[[Reply[T]], None]") -> None:
        """Call ``fn(reply)`` once settled, on the thread that settles it; at once when that has happened.

        What ``fn`` raises is logged, and reaches nobody.
        """
        self._waiters.append(fn)
        if self._done:
            self._wake_waiters()

    def _forget(self, waiter: "Callable[[Reply[T]], None]") -> None:
        try:
            self._waiters.remove(waiter)
        except ValueError:
            return  # being woken at this moment

    # pykka's combinators: theirs compute lazily inside a blocking get(), these push

    def map(self, func: Callable[[T], M]) -> "Reply[M]":
        """A reply that settles with ``func(value)``, or with this one's error, or with what ``func`` raises."""
        mapped: Reply[M] = Reply()

        def push(reply: Reply[T]) -> None:
            try:
                value = func(reply.result())
            except BaseException as error:
                mapped.set_error(error)
            else:
                mapped.set(value)

        self.add_done_callback(push)
        return mapped

    def join(self: "Reply[Any]", *futures: pykka.Future[Any]) -> "Reply[Iterable[Any]]":
        """A reply with the list of all values, or with the error of the first one to fail.

        Raises:
            TypeError: one of ``futures`` is not a `Reply`.
        """
        replies: list[Reply[Any]] = [self]
        for future in futures:
            if not isinstance(future, Reply):
                raise TypeError(f"cannot join a {type(future).__name__}: only a Reply tells when it is done")
            replies.append(future)
        joined: Reply[Iterable[Any]] = Reply()
        missing = [None] * len(replies)

        def push(reply: Reply[Any]) -> None:
            missing.pop()
            if reply.error is not None:
                joined.set_error(reply.error)
            elif not missing:
                joined.set([each.result() for each in replies])

        for reply in replies:
            reply.add_done_callback(push)
        return joined

    @classmethod
    def of(cls, value: T) -> Self:
        """A reply that is settled already."""
        reply = cls()
        reply.set(value)
        return reply


class _ThreadWaiter:
    """One blocked thread."""

    __slots__ = ("_gate",)

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._gate.acquire()

    def __call__(self, _reply: Reply[Any]) -> None:
        self._gate.release()

    def wait(self, timeout_s: float | None) -> bool:
        if timeout_s is None:
            return self._gate.acquire()
        return self._gate.acquire(timeout=min(max(timeout_s, 0.0), threading.TIMEOUT_MAX))


class _LoopWaiter:
    """One suspended task, on its own loop. A loop is taken to stay on the thread on which its task began to wait."""

    __slots__ = ("_loop", "_thread", "future")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = get_ident()  # a tenth of the cost of asking for the running loop
        self.future: asyncio.Future[None] = loop.create_future()

    def __call__(self, _reply: Reply[Any]) -> None:
        try:
            if get_ident() == self._thread:
                self._wake()
            else:
                self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            return  # that loop is closed: nobody is left to wake

    def _wake(self) -> None:
        if not self.future.done():
            self.future.set_result(None)
