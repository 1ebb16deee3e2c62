"""R12: no API key, secret or signature in anything that is written or told: logs, errors, events, journals, traces."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from simulation.oracles.command_log import CommandLog
from simulation.oracles.oracle import Oracle
from simulation.trace import Trace

_SIGNATURE: Final = rb"(?<![0-9a-f])[0-9a-f]{128}(?![0-9a-f])"
"""HMAC-SHA512 in hexadecimal, as the venue wants it."""
_SHOWN: Final = 60


class Secrets(Oracle):
    """Reads everything. What it finds is told without the secret itself, once for each place."""

    def __init__(self, *, secrets: Mapping[str, Iterable[str]], log: CommandLog, trace: Trace, directory: Path) -> None:
        """``secrets``: by account, key and secret. ``directory``: of the journals. ``trace``: its log events and what
        listeners are told are read as they come."""
        self._names = {text.encode(): name for name, texts in secrets.items() for text in texts}
        literals = b"|".join(re.escape(text) for text in self._names)
        self._pattern = re.compile(literals + b"|" + _SIGNATURE if literals else _SIGNATURE)
        self._log = log
        self._trace = trace
        self._directory = directory
        self._found: dict[str, None] = {}
        self._told = 0
        trace.readers.append(self.read)

    def read(self, where: str, text: str) -> None:
        """Looks at one text; ``where`` it was found, for people."""
        self._read_bytes(where, text.encode("utf-8", "replace"))

    def look(self) -> Iterator[str]:
        found = list(self._found)[self._told :]
        self._told += len(found)
        yield from found

    def begin_life(self) -> None:
        self._read_files()

    def final(self) -> Iterator[str]:
        self._read_files()
        for filed in self._log.commands:
            if filed.error is not None:
                self.read(f"the answer to a {type(filed.command).__name__}", f"{filed.error} {filed.error!r}")
        for line in self._trace.lines:
            self.read("the trace", line)
        yield from self.look()

    def _read_files(self) -> None:
        for path in sorted(self._directory.rglob("*")):
            if path.is_file():
                self._read_bytes(f"the file {path.name}", path.read_bytes())

    def _read_bytes(self, where: str, content: bytes) -> None:
        found = self._pattern.search(content)
        if found is not None:
            name = self._names.get(found[0], "somebody")
            what = "the key or secret" if found[0] in self._names else "a signature"
            self._found[f"{name}: {what} is in {where[:_SHOWN]} (R12)"] = None
