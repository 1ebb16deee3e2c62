"""Opening the file of a journal: made whole, checked before it is believed, never overwritten."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import structlog

from actors.journal.errors import JournalError
from actors.journal.schema import APPLICATION_ID, MIGRATIONS, check_structure, migrate, version_of
from actors.journal.settings import Durability

_MAGIC: Final = b"SQLite format 3\0"
_OLDEST_SQLITE: Final = (3, 37)
_FULL_CHECK_BYTES: Final = 512 * 1024 * 1024
"""Larger files are not read through at the start: a second for each GiB or two would keep the account from trading.
What is read later is checked page by page as ever."""
_log: Final = structlog.get_logger("teller.journal")


def open_database(path: Path, *, account: str, durability: Durability, now_ms: int) -> sqlite3.Connection:
    """The file, made if there is none, checked, brought up to date and set for writing. The lock must be held.

    Raises:
        JournalError: it is damaged, of another program or account, or too new; nothing was changed then.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise JournalError(path, f"needs SQLite 3.37 or later, this is {sqlite3.sqlite_version}", "update Python")
    try:
        if not path.exists():
            _create(path, account, now_ms)
        connection = _connect(path, "rw")
    except (sqlite3.Error, OSError) as error:
        raise JournalError.because_of(path, error) from error
    try:
        check_content(connection, path, account)
        version = version_of(connection)
        if version < len(MIGRATIONS):
            migrate(connection)
            _log.info("journal_migrated", account=account, path=str(path), from_version=version, to=len(MIGRATIONS))
        _set_up(connection, path, durability)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise JournalError.because_of(path, error) from error
        raise
    return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """The file for reading, also while its writer is at work. Without a full check of its pages.

    Raises:
        JournalError: there is none, it is no journal, or its version is not this program's.
    """
    try:
        if not path.exists():
            raise JournalError(path, "does not exist", "name an account that has traded, or another directory")
        connection = _connect(path, "ro")
    except (sqlite3.Error, OSError) as error:
        raise JournalError.because_of(path, error) from error
    try:
        _check_origin(connection, path)
        if version_of(connection) < len(MIGRATIONS):
            raise JournalError(path, "is of an older version", "start the account once, which brings it up to date")
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise JournalError.because_of(path, error) from error
        raise
    return connection


def account_of(connection: sqlite3.Connection) -> str:
    """Whose journal it is."""
    account: str = connection.execute("SELECT account FROM about").fetchone()[0]
    return account


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Never makes a file. A file that is no database is told apart before SQLite touches it."""
    if not path.is_file():
        raise JournalError(path, "is not a file", "move it away")
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    if not head:
        raise JournalError.damaged(path, "it is empty")
    if head != _MAGIC:
        raise JournalError(path, "is not a journal", "move it away: it is some other file, or its beginning is lost")
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=5.0,
        isolation_level=None,
        check_same_thread=False,
    )


def _create(path: Path, account: str, now_ms: int) -> None:
    """Makes the file under another name first: under its own name it is whole from the first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    leftover = path.with_name(path.name + "-wal")
    if leftover.exists() and leftover.stat().st_size:
        raise JournalError(
            path,
            f"is missing while {leftover.name} is there",
            "put it back beside its -wal, which has its last records",
        )
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # once at the end is enough for a draft
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection)
        connection.execute("INSERT INTO about (id, account, created_ms) VALUES (1, ?, ?)", (account, now_ms))
    _sync(draft)
    draft.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Returns when the disk has it; for a directory, the names in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_origin(connection: sqlite3.Connection, path: Path) -> None:
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    if application_id != APPLICATION_ID:
        raise JournalError(path, "is a database of another program", "move it away")
    version = version_of(connection)
    if version > len(MIGRATIONS):
        raise JournalError(
            path,
            f"is of version {version}, newer than the {len(MIGRATIONS)} that this program knows",
            "run the newer program that wrote it",
        )
    if version < 1:
        raise JournalError.damaged(path, f"version {version}")


def check_content(connection: sqlite3.Connection, path: Path, account: str) -> None:
    """Reads the file through, unless it is very large.

    Raises:
        JournalError: it is damaged, too new, or not the journal of this account.
    """
    _check_origin(connection, path)
    size = path.stat().st_size
    if size <= _FULL_CHECK_BYTES:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise JournalError.damaged(path, " ".join(str(verdict).split()))
    else:
        _log.info("journal_not_read_through", account=account, path=str(path), size_mib=size >> 20)
    check_structure(connection, path, version=version_of(connection))
    owners = [row[0] for row in connection.execute("SELECT account FROM about")]
    if len(owners) != 1:
        raise JournalError.damaged(path, f"it names {len(owners)} accounts")
    if owners[0] != account:
        raise JournalError(path, f"is the journal of account {owners[0]!r}, not of {account!r}", "mend the file names")


def _set_up(connection: sqlite3.Connection, path: Path, durability: Durability) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise JournalError(path, "lies on a file system without shared memory", "put it on a local disk")
    synchronous = "FULL" if durability is Durability.POWER_LOSS else "NORMAL"
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: past the disk's own cache, too
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # done when nobody waits for it
    connection.execute("PRAGMA busy_timeout = 100")
