"""A disk that fails or stalls under a journal: the connection that the journal writes through, with faults in it."""

import random
import sqlite3
from collections.abc import Callable
from typing import Any, Final

import msgspec

from simulation.machine.chance import some_rate, some_seconds

FULL: Final = ("SQLITE_FULL", "database or disk is full")
IO_ERROR: Final = ("SQLITE_IOERR_WRITE", "disk I/O error")
_WRITES: Final = ("INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "PRAGMA wal_checkpoint")
_STALL_HIGHEST: Final = 0.05
_STALL_S: Final = (0.1, 5.0)


class BadTime(msgspec.Struct, frozen=True):
    """For a while the disk takes nothing, or now and then does not.

    Attributes:
        words: SQLite's name and text of the error. rate: share of the writes that fail, above 0 to 1.
        only_commits: the fault shows at the end of a transaction only. after_effect: what was refused is there.
    """

    from_s: float
    until_s: float
    words: tuple[str, str]
    rate: float
    only_commits: bool
    after_effect: bool


class DiskErrors:
    """When the disk fails and stalls in a run, drawn from the seed.

    Attributes:
        bad_times: when it fails. stall_rate: share of the writes that stall.
        failures, stalls: how often it did.
    """

    def __init__(
        self,
        rng: random.Random,
        now_s: Callable[[], float],
        spend: Callable[[float], None],
        begins_s: float,
        ends_s: float,
    ) -> None:
        """``spend``: lets virtual time pass in which nothing else runs."""
        self._rng = rng
        self._now_s = now_s
        self._spend = spend
        self._ends_s = ends_s
        self._begins_s = begins_s
        self.stall_rate = rng.choice((0.0, some_rate(rng, _STALL_HIGHEST)))
        self.bad_times = [self._bad_time() for _ in range(rng.choice((0, 1, 1, 2, 4)))]
        self.failures = 0
        self.stalls = 0

    def describe(self) -> list[str]:
        """What is to come, for traces."""
        lines = [f"disk stalls {self.stall_rate:.4f}"] if self.stall_rate else []
        lines += [f"disk from {bad.from_s:.1f} to {bad.until_s:.1f}: {bad}" for bad in self.bad_times]
        return lines

    def execute(self, run: Callable[[], sqlite3.Cursor], statement: str) -> sqlite3.Cursor:
        """Runs a statement as this disk does.

        Raises:
            sqlite3.OperationalError: the disk is full or broken.
        """
        if not statement.startswith(_WRITES):
            return run()
        now_s = self._now_s()
        ends_something = statement.startswith(("COMMIT", "PRAGMA"))
        if self._begins_s <= now_s < self._ends_s and self._rng.random() < self.stall_rate:
            self.stalls += 1
            self._spend(some_seconds(self._rng, *_STALL_S))
        for bad in self.bad_times:
            if bad.from_s <= now_s < bad.until_s and (ends_something or not bad.only_commits):
                if self._rng.random() >= bad.rate:
                    continue
                if bad.after_effect and statement == "COMMIT":
                    run()
                raise self._error(bad)
        return run()

    def refuse_to_open(self) -> None:
        """Raises `sqlite3.OperationalError` when a file cannot be opened for writing now."""
        now_s = self._now_s()
        for bad in self.bad_times:
            if bad.from_s <= now_s < bad.until_s and not bad.only_commits and self._rng.random() < bad.rate:
                raise self._error(bad)

    def _error(self, bad: BadTime) -> sqlite3.OperationalError:
        self.failures += 1
        name, text = bad.words
        error = sqlite3.OperationalError(text)
        error.sqlite_errorname = name
        return error

    def _bad_time(self) -> BadTime:
        rng = self._rng
        from_s = rng.uniform(self._begins_s, self._ends_s)
        return BadTime(
            from_s=from_s,
            until_s=min(from_s + some_seconds(rng, 0.5, 30.0), self._ends_s),
            words=rng.choice((FULL, IO_ERROR)),
            rate=rng.choice((1.0, 1.0, 0.3)),
            only_commits=rng.random() < 0.4,
            after_effect=rng.random() < 0.2,
        )


class FaultyConnection:
    """What the journal's store uses of a `sqlite3.Connection`, over a disk with faults."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        errors: DiskErrors,
        done: Callable[[str], None],
        closed: Callable[[], None],
    ) -> None:
        """``done``: called after each statement that went well. ``closed``: when it has been closed."""
        self._connection = connection
        self._errors = errors
        self._done = done
        self._closed = closed

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str, values: Any = ()) -> sqlite3.Cursor:
        """As `sqlite3.Connection.execute`, as far as this disk lets it."""
        cursor = self._errors.execute(lambda: self._connection.execute(statement, values), statement)
        self._done(statement)
        return cursor

    def close(self) -> None:
        self._connection.close()
        self._closed()
