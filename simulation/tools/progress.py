"""How far a long run has come, on stderr: a bar in a terminal, else a line now and then."""

import time
from collections.abc import Callable
from typing import Final, TextIO

_EVERY: Final = 100
_WIDTH: Final = 30
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """Counts seeds that are done, and tells of them."""

    def __init__(self, total: int, out: TextIO, now_s: Callable[[], float] = time.monotonic) -> None:
        """``total``: seeds to come, 1 or more. ``now_s``: monotonic seconds."""
        self._total = total
        self._out = out
        self._now_s = now_s
        self._began_s = now_s()
        self._is_terminal = out.isatty()
        self._done = 0
        self._violated = 0

    @property
    def per_minute(self) -> float:
        """Seeds a minute so far."""
        return self._done / max(self._now_s() - self._began_s, 1e-6) * 60

    def count(self, *, violated: bool) -> None:
        """One more seed is done."""
        self._done += 1
        self._violated += violated
        if self._is_terminal:
            self._write(f"\r{self._bar()} {self._figures()}\x1b[K")
        elif self._done % _EVERY == 0:
            self._write(f"{self._figures()}\n")

    def clear(self) -> None:
        """Makes room for other output; the bar comes back with the next seed."""
        if self._is_terminal:
            self._write(_CLEAR)

    def _bar(self) -> str:
        filled = _WIDTH * self._done // self._total
        return f"[{'#' * filled}{'.' * (_WIDTH - filled)}]"

    def _figures(self) -> str:
        left_s = round((self._total - self._done) / self.per_minute * 60)
        return (
            f"{self._done} of {self._total} seeds, {self._violated} violated, {self.per_minute:.0f} a minute, "
            f"{left_s // 60}:{left_s % 60:02} left"
        )

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
