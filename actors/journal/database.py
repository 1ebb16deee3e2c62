"""Opening the file of a journal: made whole, checked before it is believed, never overwritten."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from actors.journal.checksums import add_checksums, checksum_of, require_sound_records, unreadable_transactions
from actors.journal.errors import JournalError
from actors.journal.lock import holder_of
from actors.journal.schema import APPLICATION_ID, MIGRATIONS, check_structure, migrate, version_of
from actors.journal.settings import Durability

_MAGIC: Final = b"SQLite format 3\0"
_OLDEST_SQLITE: Final = (3, 37)
_FULL_CHECK_BYTES: Final = 256 * 1024 * 1024
"""Larger files are not read through at the start: five seconds for each GiB would keep the account from trading.
`history` reads them through."""
_NOT_BESIDE_IT: Final = {"CANTOPEN", "READONLY"}
"""What SQLite says where it cannot make the files that it needs beside a journal."""
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
        _look_at_log(path, account, durability)
        version = version_of(connection)
        if version < len(MIGRATIONS):
            migrate(connection)
            _log.info("journal_migrated", account=account, path=str(path), from_version=version, to=len(MIGRATIONS))
        _set_up(connection, path, durability)
    except BaseException as error:
        _close_unchanged(connection, path)
        if isinstance(error, sqlite3.Error | OSError):
            raise JournalError.because_of(path, error) from error
        raise
    return connection


def _look_at_log(path: Path, account: str, durability: Durability) -> None:
    """A loss of power may leave a hole in a log that is not written through: then the account begins with what is
    before it, as if the rest had never been written, and asks the exchange."""
    lost = unreadable_transactions(path)
    if not lost:
        return
    if durability is Durability.POWER_LOSS:
        raise JournalError.damaged(path, f"the last {lost} transactions of its log cannot be read")
    _log.error("journal_log_cut_short", account=account, path=str(path), lost_transactions=lost)


def _close_unchanged(connection: sqlite3.Connection, path: Path) -> None:
    """The last one that may write would move the log into the file and remove it: evidence, where that is damaged."""
    with suppress(sqlite3.Error, JournalError), closing(_open_read_only(path)):
        connection.close()
    connection.close()


@contextmanager
def reading(path: Path, *, whole: bool = False) -> Iterator[sqlite3.Connection]:
    """The file for reading, also while its writer is at work, and where nothing can be written beside it.

    On a read-only file system, or in a directory of another user, SQLite cannot read a log: then a copy is read.

    Args:
        whole: all of it is read through first, with its log where nobody writes.

    Raises:
        JournalError: there is none, it is no journal, its version is not this program's, or something in it is not as
            it was written.
    """
    try:
        if not path.exists():
            raise JournalError(path, "does not exist", "name an account that has traded, or another directory")
        with ExitStack() as stack:
            try:
                connection, where = _open_read_only(path), path
            except sqlite3.Error as error:
                if error.sqlite_errorname.split("_")[1] not in _NOT_BESIDE_IT:
                    raise
                where = _copied(path, Path(stack.enter_context(TemporaryDirectory(prefix="teller-journal-"))))
                connection = _connect(where, "rw")
            stack.enter_context(closing(connection))
            _check_origin(connection, path)
            if version_of(connection) < len(MIGRATIONS):
                raise JournalError(path, "is of an older version", "start the account once, which brings it up to date")
            if whole:
                require_sound(connection, path)
                if holder_of(path) is None and (lost := unreadable_transactions(where)):
                    raise JournalError(
                        path,
                        f"is damaged (the last {lost} transactions of its log cannot be read)",
                        "start the account once, which asks the exchange for what is missing, or put a sound copy of "
                        "the journal and its -wal file in their place",
                    )
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise JournalError.because_of(path, error) from error


def _open_read_only(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first look into its log
    except BaseException:
        connection.close()
        raise
    return connection


def _copied(path: Path, directory: Path) -> Path:
    """The file and its log in another place; nobody may be writing to them."""
    holder = holder_of(path)
    if holder is not None:
        raise JournalError(
            path, f"is written to by {holder}, and cannot be read from here", "read it where it is written"
        )
    for name in (path.name, path.name + "-wal"):
        if path.with_name(name).exists():
            shutil.copyfile(path.with_name(name), directory / name)
    return directory / path.name


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
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=5.0,
        isolation_level=None,
        check_same_thread=False,
    )
    add_checksums(connection)
    return connection


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
        row = (1, account, now_ms)
        connection.execute(
            "INSERT INTO about (id, account, created_ms, checksum) VALUES (?, ?, ?, ?)", (*row, checksum_of(*row))
        )
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


def require_sound(connection: sqlite3.Connection, path: Path) -> None:
    """Reads the file through, indexes too: half a second for 100 MB.

    Raises:
        JournalError: something is not as it was written.
    """
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise JournalError.damaged(path, " ".join(str(verdict).split()))
    if version_of(connection) == len(MIGRATIONS):
        require_sound_records(connection, path)


def check_content(connection: sqlite3.Connection, path: Path, account: str) -> None:
    """Reads the file through, unless it is very large.

    Raises:
        JournalError: it is damaged, too new, or not the journal of this account.
    """
    _check_origin(connection, path)
    check_structure(connection, path, version=version_of(connection))
    size = path.stat().st_size
    if size <= _FULL_CHECK_BYTES:
        require_sound(connection, path)
    else:
        _log.info("journal_not_read_through", account=account, path=str(path), size_mib=size >> 20)
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
