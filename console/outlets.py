"""Everything that the program says: stdout, stderr and log files, each with a writer of its own."""

import os
import sys
import time
from types import TracebackType
from typing import Final, Self

import structlog

from console.logs import Hider
from console.sinks import DescriptorSink, open_log, sink_of
from console.writer import Writer

_log = structlog.get_logger("teller.output")
_CLOSE_S: Final = 2.0
"""So long may readers take at the end, all together. Who reads nothing until then reads nothing more."""
_LAST_WORDS_S: Final = 0.3
_AT_LEAST_S: Final = 0.3
"""A log is not left out because nobody reads stdout."""


class Outlets:
    """The ``with`` ends when all is written, or after some 2 s.

    Attributes:
        out, err: stdout and stderr. hider: takes secrets out of all that is written.
    """

    def __init__(self, hider: Hider) -> None:
        self.hider: Final = hider
        self.out: Final = Writer(sink_of(sys.stdout), hide=hider.hide, name="stdout")
        self.err: Final = Writer(sink_of(sys.stderr), hide=hider.hide, name="stderr")
        self._files: list[tuple[int, Writer]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close(_CLOSE_S)

    def file(self, path: str, setting: str) -> Writer:
        """A writer to the end of a file; ``setting`` is what named it.

        Raises:
            ConfigurationError: it cannot be written.
        """
        descriptor = open_log(path, setting)
        writer = Writer(DescriptorSink(descriptor), hide=self.hider.hide, name="log")
        self._files.append((descriptor, writer))
        return writer

    def last_words(self, text: str) -> None:
        """Says a line on stderr and closes everything, within a second, for who ends the process then."""
        self.err.insist(f"{text}\n")
        self.close(_LAST_WORDS_S)

    def close(self, within_s: float) -> None:
        """Waits until all is written, for so long or a little more; what is said later is dropped."""
        deadline_s = time.monotonic() + within_s
        if not self.out.close().wait(within_s):
            _log.warning("output_not_read", waited_s=within_s)
        files = [(descriptor, writer.close()) for descriptor, writer in self._files]
        for written in (self.err.close(), *(written for _, written in files)):
            written.wait(max(_AT_LEAST_S, deadline_s - time.monotonic()))
        for descriptor, written in files:
            if written.is_set():  # else its thread may still wait for it
                os.close(descriptor)
        self._files.clear()
