"""Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end; another Ctrl-C or SIGTERM ends the program at once."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, Self, TypeVar

from console.exit_codes import ExitCode

T = TypeVar("T")
_NAMES: Final = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "SIGHUP",  # the terminal was closed: orders must not be left behind
}
_SAME_S: Final = 0.005
"""``timeout`` sends SIGTERM twice, to the program and to its process group: that is one wish."""


class StopRequestedError(Exception):
    """Somebody asked for the end while something else was awaited."""


class StopRequest:
    """A wish to end, with its reason; ``with StopRequest(...) as stop:`` listens to the signals meanwhile."""

    def __init__(self, last_words: Callable[[str], None]) -> None:
        """``last_words``: says a line before the program ends at once; must not wait for a reader."""
        self._last_words = last_words
        self._asked = asyncio.Event()
        self._signalled_s: float | None = None
        self.reason = ""

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number, name in _NAMES.items():
            loop.add_signal_handler(number, self._heard, number, name)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in _NAMES:
            loop.remove_signal_handler(number)

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self, reason: str) -> None:
        """Asks for an orderly end; the first reason stays."""
        if not self._asked.is_set():
            self.reason = reason
            self._asked.set()

    async def wait(self) -> None:
        await self._asked.wait()

    async def unless_asked(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``.

        Raises:
            StopRequestedError: the end was asked for first; ``work`` has been canceled and is over.
        """
        task = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise StopRequestedError(self.reason)
        finally:
            for waiting in (task, asked):
                waiting.cancel()
            await asyncio.gather(task, asked, return_exceptions=True)

    def _heard(self, number: int, name: str) -> None:
        if self._asked.is_set() and self._is_urgent(number):
            self._last_words("ended at once: open orders may be left on the exchange")
            os._exit(ExitCode.INTERRUPTED)
        if number != signal.SIGHUP and self._signalled_s is None:
            self._signalled_s = time.monotonic()
        self.ask(name)

    def _is_urgent(self, number: int) -> bool:
        """A machine that goes down sends SIGTERM after SIGHUP, and when the time is up, too: that is no hurry yet."""
        if number == signal.SIGTERM:
            return self._signalled_s is not None and time.monotonic() - self._signalled_s > _SAME_S
        return number == signal.SIGINT
