"""The stream under the log: a log that cannot be written must not end whoever logs."""

from collections.abc import Callable
from typing import Protocol


class TextSink(Protocol):
    """What a log is written to."""

    def write(self, text: str, /) -> object:
        """Takes a line."""

    def flush(self) -> object:
        """Hands on what was taken."""


class LogStream:
    """Writes lines to a sink; those that it refuses (a full disk, a broken pipe, a closed file) are counted.

    Attributes:
        lost: lines that were refused since the sink took one; a buffer in it may have kept some of them.
    """

    def __init__(self, sink: TextSink, notice: Callable[[int], str]) -> None:
        """``notice``: makes the line that tells how many may be missing, for when the sink takes lines again."""
        self._sink = sink
        self._notice = notice
        self.lost = 0

    def write(self, text: str) -> None:
        """Takes a line. Never raises what the sink does."""
        try:
            if self.lost:
                self._write(self._notice(self.lost))
                self.lost = 0
            self._write(text)
        except (OSError, ValueError):  # ValueError: the file was closed
            self.lost += 1

    def _write(self, text: str) -> None:
        self._sink.write(text)
        self._sink.flush()  # a buffer would take lines that the disk does not

    def flush(self) -> None:
        """Nothing waits here."""
