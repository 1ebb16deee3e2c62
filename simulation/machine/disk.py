"""The disk with the journals: it fails and stalls, forgets its newest writes when the power goes, and loses files.

Journals stay real SQLite files. Only the function that opens one is replaced, by one that gives a connection with
faults in it, and files are cut or moved under it.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection, OperationalError
from typing import Final, cast

from actors.journal import Durability, JournalError, database, journal
from simulation.machine.disk_errors import DiskErrors, FaultyConnection
from simulation.machine.replaced import replaced
from simulation.machine.write_ahead_log import LogMark, cut, mark_of
from simulation.trace import Trace

SECOND_FOLDER: Final = "second"
"""Of the journals of a second program, within the folder of the first one's."""
WRITEBACK_S: Final = 30.0
"""Linux hands what was written to the disk after that time, asked or not (vm.dirty_expire_centisecs)."""
NOTICED_WITHIN_S: Final = 1.0
_GOES_AFTER: Final = ("", "-wal", "-shm")


class _File:
    """One journal that is open for writing.

    Attributes:
        synced: of its log, what the disk is known to have. past: how far the log went, second by second.
    """

    def __init__(self, path: Path, durability: Durability) -> None:
        self.path = path
        self.durability = durability
        self.synced = LogMark()
        self.past: deque[tuple[float, LogMark]] = deque()

    @property
    def log(self) -> Path:
        return _beside(self.path, "-wal")

    def mark(self) -> LogMark:
        return mark_of(self.log.read_bytes()) if self.log.exists() else LogMark()


class Disk:
    """The disk of one machine, for a whole run.

    Attributes:
        errors: when it fails and stalls. power_losses: how often records were lost with the power.
        lost_through_s: when that happened last; None for never.
    """

    def __init__(
        self,
        errors: DiskErrors,
        rng: random.Random,
        now_s: Callable[[], float],
        trace: Trace,
        broken: Callable[[str], None],
    ) -> None:
        """``broken``: takes each broken promise in words."""
        self.errors = errors
        self.power_losses = 0
        self.lost_through_s: float | None = None
        self._rng = rng
        self._now_s = now_s
        self._trace = trace
        self._broken = broken
        self._files: dict[Path, _File] = {}
        self._gone_s: dict[Path, float] = {}
        self._told: set[Path] = set()

    @property
    def open_journals(self) -> tuple[Path, ...]:
        """Those that are written to at present."""
        return tuple(self._files)

    @contextmanager
    def holding_journals(self) -> Iterator[None]:
        """While it lasts, journals that are opened lie on this disk."""

        def open_database(path: Path, *, account: str, durability: Durability, now_ms: int) -> Connection:
            try:
                self.errors.refuse_to_open()
            except OperationalError as error:
                raise JournalError.because_of(path, error) from error
            connection = database.open_database(path, account=account, durability=durability, now_ms=now_ms)
            file = self._files[path] = _File(path, durability)
            file.synced = file.mark()  # it was read from the disk

            def closed() -> None:
                self._files.pop(path, None)

            faulty = FaultyConnection(connection, self.errors, lambda statement: self._done(file, statement), closed)
            return cast("Connection", faulty)

        with replaced(journal, "open_database", open_database):
            yield

    def look(self) -> None:
        """Called once a second: time passes, and what is old has reached the disk."""
        now_s = self._now_s()
        for file in self._files.values():
            file.past.append((now_s, file.mark()))
            while file.past[0][0] <= now_s - WRITEBACK_S:
                _, file.synced = file.past.popleft()

    def _done(self, file: _File, statement: str) -> None:
        if statement.startswith("PRAGMA wal_checkpoint"):
            file.synced = file.mark()
            file.past.clear()
        elif statement.startswith("INSERT INTO intents"):
            self._check_not_gone(file.path)

    # -- files that go ------------------------------------------------------------------------------------------------

    def move_away(self, path: Path, *, with_log: bool) -> None:
        """Somebody moves a journal, or deletes it, while it is written to; alone or with its log."""
        self._trace.add("machine", f"journal {path.name} is moved away")
        for ending in _GOES_AFTER if with_log else ("",):
            if (there := _beside(path, ending)).exists():
                there.rename(_aside(there))
        self._gone_s[path] = self._now_s()
        self._told.discard(path)

    def put_back(self) -> None:
        """Whoever moved them puts them back."""
        for path in self._gone_s:
            self._trace.add("machine", f"journal {path.name} is put back")
            for ending in _GOES_AFTER:
                there = _beside(path, ending)
                if _aside(there).exists():
                    _aside(there).rename(there)
        self._gone_s.clear()

    def gone(self) -> tuple[Path, ...]:
        """Journals that are not where they belong."""
        return tuple(self._gone_s)

    def logs_left_alone(self) -> bool:
        """Whether a journal is not where it belongs and its log is, with something in it."""
        logs = [_beside(path, "-wal") for path in self._gone_s if not path.exists()]
        return any(log.exists() and log.stat().st_size for log in logs)

    def _check_not_gone(self, path: Path) -> None:
        gone_s = self._gone_s.get(path)
        if gone_s is None or path in self._told:
            return
        age_s = self._now_s() - gone_s
        if age_s > NOTICED_WITHIN_S:
            self._told.add(path)
            self._broken(f"{path.stem}: an intent is filed in {path.name}, which has been gone for {age_s:.1f} s (R4)")

    # -- the power goes ------------------------------------------------------------------------------------------------

    @contextmanager
    def power_loss(self, paths: Sequence[Path]) -> Iterator[None]:
        """Around a kill: afterwards these journals, as far as they were open, are what a disk may have of them.

        A journal that is kept for a loss of power loses nothing. Of any other the newest commits may be missing, as far
        as nothing has brought them to the disk: no checkpoint, no system that writes back what is 30 s old.
        """
        kept = {path: self._kept(self._files[path]) for path in paths if path in self._files}
        yield
        for path, (content, log) in kept.items():
            path.write_bytes(content)
            _beside(path, "-wal").write_bytes(log)
            _beside(path, "-shm").unlink(missing_ok=True)

    def _kept(self, file: _File) -> tuple[bytes, bytes]:
        content = file.path.read_bytes()
        log = file.log.read_bytes() if file.log.exists() else b""
        if file.durability is Durability.POWER_LOSS:
            return content, log
        rest = cut(log, file.synced, self._rng)
        if len(rest) < len(log):
            self.power_losses += 1
            self.lost_through_s = self._now_s()
            self._trace.add("machine", f"{len(log) - len(rest)} bytes of {file.log.name} are lost with the power")
        return content, rest


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _aside(path: Path) -> Path:
    return path.with_name("moved-" + path.name)
