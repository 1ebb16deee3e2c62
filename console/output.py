"""What the program says on stdout: text for people, or JSON lines for programs."""

import os
import sys
from typing import Any, TextIO

import msgspec
import structlog

from console.logs import Hider

_log = structlog.get_logger("teller.output")


class Output:
    """Writes whole lines and flushes each; a reader that has gone away does not stop the program."""

    def __init__(self, *, json: bool, hider: Hider, stream: TextIO | None = None) -> None:
        """``json``: every line is one JSON object with its kind in ``event``."""
        self.json = json
        self.hider = hider
        self._stream = sys.stdout if stream is None else stream

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at a terminal that can draw."""
        return self._stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def text(self, text: str) -> None:
        """Text for people."""
        self._write(text)

    def record(self, event: str, record: Any) -> None:
        """One JSON line; ``record`` is anything that msgspec can write as an object."""
        fields = msgspec.to_builtins(record, str_keys=True)
        self._write(msgspec.json.encode({"event": event, **fields}).decode())

    def _write(self, text: str) -> None:
        try:
            self._stream.write(self.hider.hide(text) + "\n")
            self._stream.flush()
        except OSError as error:
            _log.warning("output_closed", error=error.strerror)
            # Python flushes the real stdout once more when it exits: let that go nowhere instead of fail.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
