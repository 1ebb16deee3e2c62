"""The stream under the log: a log that cannot be written must not end whoever logs."""

from collections.abc import Callable
from typing import Protocol


class TextSink(Protocol):
    """What a log is written to."""

    def write(self, text: str, /) -> object:
        """Takes whole lines, and hands them on at once: a buffer would take lines that the disk does not."""


class PartlyWrittenError(OSError):
    """A sink took the beginning of a text; ``lines``: how many it did not take whole."""

    def __init__(self, lines: int, cause: OSError) -> None:
        super().__init__(cause.errno, cause.strerror)
        self.lines = lines


class LogStream:
    """Writes lines to a sink; those that it refuses (a full disk, a broken pipe, a closed file) are counted.

    Attributes:
        lost: lines that were refused since the sink took one; a buffer in it may have kept some of them.
        problem: why the latest of them were refused.
    """

    def __init__(self, sink: TextSink, notice: Callable[[int], str]) -> None:
        """``notice``: makes the line that tells how many may be missing, for when the sink takes lines again."""
        self._sink = sink
        self._notice = notice
        self.lost = 0
        self.problem = ""

    def write(self, text: str) -> None:
        """Takes one or more lines. Never raises what the sink does."""
        try:
            self._tell()
            self._sink.write(text)
        except (OSError, ValueError) as error:  # ValueError: the file was closed
            whole = max(1, text.count("\n"))
            self.lost += error.lines if isinstance(error, PartlyWrittenError) and not self.lost else whole
            self.problem = getattr(error, "strerror", None) or str(error)

    def tell(self) -> None:
        """Tells of what was lost, if the sink takes lines again."""
        try:
            self._tell()
        except (OSError, ValueError):
            return

    def _tell(self) -> None:
        if self.lost:
            self._sink.write(self._notice(self.lost))
            self.lost = 0
