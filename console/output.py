"""What the program says on stdout: text for people, or JSON lines for programs."""

import os
import sys
from typing import Any, TextIO

import msgspec
import structlog

from console.logs import Hider
from console.outlets import Outlets

_log = structlog.get_logger("teller.output")


class Output:
    """Writes whole lines and flushes each; a reader that has gone away does not stop the program."""

    def __init__(
        self, *, json: bool, hider: Hider, stream: TextIO | None = None, outlets: Outlets | None = None
    ) -> None:
        """``json``: every line is one JSON object with its kind in ``event``.

        ``outlets``: lines go to its stdout, so that nothing here waits for who reads them.
        """
        self.json = json
        self.hider = hider
        self.outlets = outlets
        self._stream = sys.stdout if stream is None else stream
        if outlets is not None:
            outlets.out.when_lost(notice=self._notice, on_loss=_tell_loss)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at a terminal that can draw."""
        return self._stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def text(self, text: str, *, may_be_lost: bool = False) -> None:
        """Text for people. ``may_be_lost``: where much waits for a slow reader, it goes without this."""
        self._write(text, may_be_lost)

    def record(self, event: str, record: Any, *, may_be_lost: bool = False) -> None:
        """One JSON line; ``record`` is anything that msgspec can write as an object."""
        fields = msgspec.to_builtins(record, str_keys=True)
        self._write(msgspec.json.encode({"event": event, **fields}).decode(), may_be_lost)

    def last_words(self, text: str) -> None:
        """A line on stderr, for who ends the process at once then; over within a second."""
        if self.outlets is not None:
            self.outlets.last_words(text)
        else:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def _write(self, text: str, may_be_lost: bool) -> None:
        if self.outlets is None:
            self._write_now(self.hider.hide(text))
        elif may_be_lost:
            self.outlets.out.write(f"{text}\n")
        else:
            self.outlets.out.insist(f"{text}\n")

    def _write_now(self, text: str) -> None:
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except OSError as error:
            _tell_loss(error.strerror or str(error))
            # Python flushes the real stdout once more when it exits: let that go nowhere instead of fail.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def _notice(self, lines: int) -> str:
        if self.json:
            return msgspec.json.encode({"event": "output_was_not_writable", "lines": lines}).decode() + "\n"
        return f"output_was_not_writable lines={lines}\n"


def _tell_loss(problem: str) -> None:
    _log.warning("output_closed", error=problem)
