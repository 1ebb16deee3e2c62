"""A thread for work that is over in a fraction of a millisecond, and whose caller waits for it for a moment.

Handing over and back costs half of what an executor takes for it: an order waits for that.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Self


class Work:
    """A piece of work on its way through the thread."""

    __slots__ = ("_call", "_error", "_future", "_guard", "_over", "_result")

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._over = threading.Lock()
        self._over.acquire()
        self._guard = threading.Lock()
        self._future: Future[Any] | None = None
        self._result: Any = None
        self._error: Exception | None = None

    def run(self) -> None:
        """On the thread."""
        try:
            self._result = self._call()
        except Exception as error:
            self._error = error
        self._over.release()
        with self._guard:
            if self._future is not None:
                self._settle(self._future)

    def wait(self, seconds: float) -> bool:
        """True once it is over; only asked by one thread, and once."""
        return self._over.acquire(timeout=seconds)

    def result(self) -> Any:
        """What it returned; raises what it raised. Only after `wait` has said that it is over."""
        if self._error is not None:
            raise self._error
        return self._result

    def as_future(self) -> "Future[Any]":
        """For who has waited in vain."""
        with self._guard:
            self._future = Future()
            if self._over.acquire(blocking=False):
                self._settle(self._future)
        return self._future

    def _settle(self, future: "Future[Any]") -> None:
        if not future.done():
            if self._error is not None:
                future.set_exception(self._error)
            else:
                future.set_result(self._result)


class IntentThread:
    """Runs one piece of work after the other until it is closed; ``with`` closes it."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="intents", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], Any]) -> Work:
        """Runs ``call`` after what was handed over before it."""
        work = Work(call)
        self._queue.put(work)
        return work

    def close(self) -> None:
        """Returns when all that was handed over is done."""
        self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            work.run()
