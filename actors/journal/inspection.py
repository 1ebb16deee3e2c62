"""A look at a journal from outside, also while its writer is at work."""

import sqlite3
from pathlib import Path

import msgspec

from actors.journal.database import check_content, reading
from actors.journal.errors import JournalError


class JournalReport(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    orders_count, fills_count: in the file. open_intents_count: commands whose end is not known.
    state: what was last set with `Journal.set_state`.
    """

    orders_count: int
    fills_count: int
    open_intents_count: int
    state: dict[str, str]


def inspect_journal(path: Path, *, account: str) -> JournalReport:
    """Checks the file as a start would, and changes nothing.

    Raises:
        JournalError: there is none, or a start would refuse it.
    """
    with reading(path) as connection:
        try:
            check_content(connection, path, account)
            return JournalReport(
                orders_count=_count(connection, "SELECT count(*) FROM orders"),
                fills_count=_count(connection, "SELECT count(*) FROM fills"),
                open_intents_count=_count(connection, "SELECT count(*) FROM intents WHERE is_open = 1"),
                state=dict(connection.execute("SELECT key, value FROM state")),
            )
        except sqlite3.Error as error:
            raise JournalError.because_of(path, error) from error


def read_state(path: Path, key: str) -> str | None:
    """The value last set under ``key``, without a check of the whole file.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    with reading(path) as connection:
        try:
            row = connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise JournalError.because_of(path, error) from error
    return None if row is None else str(row[0])


def _count(connection: sqlite3.Connection, query: str) -> int:
    count: int = connection.execute(query).fetchone()[0]
    return count
