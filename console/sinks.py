"""What lines are written to: a file descriptor, or where there is none (in tests) a text stream."""

import os
import select
from typing import TextIO

from actors.runtime.log_stream import PartlyWrittenError, TextSink
from messages.errors import ConfigurationError


class DescriptorSink:
    """Writes to a file descriptor itself.

    Python's own streams hold a lock while they wait for a reader, and the interpreter needs that lock to end.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_torn = False

    def write(self, text: str, /) -> None:
        """Waits for as long as the reader does. Raises `PartlyWrittenError`; what was cut off has a line of its own."""
        start = b"\n" if self._is_torn else b""
        data = start + text.encode("utf-8", "backslashreplace")
        at = 0
        while at < len(data):
            try:
                at += os.write(self._descriptor, memoryview(data)[at:])
            except BlockingIOError:  # who shares the descriptor has made it so
                waiting = select.poll()
                waiting.register(self._descriptor, select.POLLOUT)
                waiting.poll()
            except OSError as error:
                self._set_torn(data[:at])
                raise PartlyWrittenError(data.count(b"\n", max(at, len(start))), error) from error
        self._set_torn(data)

    def _set_torn(self, written: bytes) -> None:
        if written:
            self._is_torn = not written.endswith(b"\n")


class StreamSink:
    """Writes to a text stream, and flushes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> None:
        """Raises whatever the stream does."""
        self._stream.write(text)
        self._stream.flush()


def sink_of(stream: TextIO) -> TextSink:
    """The sink for one of Python's own streams."""
    try:
        return DescriptorSink(stream.fileno())
    except (OSError, ValueError):
        return StreamSink(stream)


def open_log(path: str, setting: str) -> int:
    """A descriptor of a log file to append to; ``setting`` is what named it.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise ConfigurationError(f"{setting} = {path}: the log cannot be written: {error.strerror}") from None
