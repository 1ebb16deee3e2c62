"""Lines are written by threads of their own: who says something neither waits for its reader nor fails with its disk.

A disk that is full, a pipe that nobody reads, a terminal that was stopped with Ctrl-S: lines are lost and counted then,
and nothing that trades or ends notices.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from actors.runtime.log_stream import LogStream, TextSink

ROOM: Final = 8 * 1024 * 1024
"""Characters that may wait for a reader."""
_AT_ONCE: Final = 64 * 1024
"""Characters in one piece: joining and encoding them keeps the interpreter from others."""
_LINGER_S: Final = 0.005
"""What is said within it is written together: each wake-up of the thread takes the interpreter from the event loop."""


class Writer:
    """Takes lines from any thread, and writes them to a sink in the order in which they came.

    A line that finds no room is lost and counted. Once there is room, or the sink works again, a notice in its place
    says how many lines are missing.
    """

    def __init__(
        self,
        sink: TextSink,
        *,
        hide: Callable[[str], str] = str,
        name: str = "writer",
        room: int = ROOM,
    ) -> None:
        """``hide``: takes secrets out of what is written (R12). ``room``: characters that may wait."""
        self._name = name
        self._room = room
        self._notice: Callable[[int], str] = _plain_notice
        self._on_loss: Callable[[str], None] = _ignore
        self._stream = LogStream(_Hiding(sink, hide), self._tell_lines)
        self._lock = threading.RLock()  # a finalizer that logs may run while this thread holds it
        self._waiting: deque[str] = deque()
        self._size = 0
        self._refused = 0
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._is_rung = False
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._awaited: list[threading.Event] = []

    def when_lost(self, *, notice: Callable[[int], str], on_loss: Callable[[str], None] | None = None) -> None:
        """``notice``: the line that tells of so many missing ones. ``on_loss``: is told why, when that begins."""
        self._notice = notice
        self._on_loss = _ignore if on_loss is None else on_loss

    def write(self, text: str) -> None:
        """Takes whole lines, or loses them if too many wait. Neither waits nor raises."""
        self._take(text, is_lossy=True)

    def insist(self, text: str) -> None:
        """Takes whole lines even if many wait: the few that say how it ended."""
        self._take(text, is_lossy=False)

    def flush(self) -> None:
        """Does nothing: who says something must not wait."""

    def written(self) -> threading.Event:
        """Is set when all that was taken before has been handed to the sink."""
        written = threading.Event()
        with self._lock:
            if self._thread is None:
                written.set()
            else:
                self._awaited.append(written)
                self._ring()
        return written

    def close(self) -> threading.Event:
        """The same for the last time: what comes later is dropped."""
        with self._lock:
            self._is_closed = True
            return self.written()

    def _take(self, text: str, *, is_lossy: bool) -> None:
        begins_to_lose = False
        with self._lock:
            if self._is_closed:
                return
            if is_lossy and self._size + len(text) > self._room:
                begins_to_lose = not self._refused
                self._refused += max(1, text.count("\n"))
            else:
                if self._refused:
                    self._append(self._notice_of_refused())
                self._append(text)
            self._ring()
        if begins_to_lose:
            self._on_loss("nobody reads it")

    def _append(self, text: str) -> None:
        self._waiting.append(text)
        self._size += len(text)

    def _tell_lines(self, lines: int) -> str:
        return self._notice(lines)

    def _notice_of_refused(self) -> str:
        refused, self._refused = self._refused, 0
        return self._notice(refused)

    def _ring(self) -> None:
        if self._is_rung:
            return
        self._is_rung = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # no thread can be had: the process is at its limit, or ends
                self._thread, self._is_rung = None, False
                return
        self._bell.put(None)

    def _run(self) -> None:
        is_over = False
        while not is_over:
            self._bell.get()
            if not self._awaited:
                time.sleep(_LINGER_S)
            is_over = self._write_all()

    def _write_all(self) -> bool:
        """Writes until nothing waits, and says so to who waits for that; whether that was for the last time."""
        while True:
            with self._lock:
                piece = self._next_piece()
                if not piece:
                    self._is_rung = False
                    awaited, self._awaited = self._awaited, []
                    is_over = self._is_closed
                    if is_over:
                        self._thread = None
                    break
            works = not self._stream.lost
            self._stream.write(piece)
            if works and self._stream.lost:
                self._on_loss(self._stream.problem)
        if awaited:
            self._stream.tell()
        for written in awaited:
            written.set()
        return is_over

    def _next_piece(self) -> str:
        if self._refused and not self._waiting:
            self._append(self._notice_of_refused())
        lines: list[str] = []
        size = 0
        while self._waiting and (not lines or size + len(self._waiting[0]) <= _AT_ONCE):
            lines.append(self._waiting.popleft())
            size += len(lines[-1])
        self._size -= size
        return "".join(lines)


class _Hiding:
    """Takes secrets out of what goes to a sink."""

    def __init__(self, sink: TextSink, hide: Callable[[str], str]) -> None:
        self._sink = sink
        self._hide = hide

    def write(self, text: str, /) -> None:
        self._sink.write(self._hide(text))


def _plain_notice(lines: int) -> str:
    return f"{lines} lines could not be written\n"


def _ignore(_: str) -> None:
    """Nobody wants to know."""
