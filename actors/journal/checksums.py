"""A checksum for each record: what a disk has changed is noticed before anything of it is believed (R4).

SQLite checks the structure of its pages, and the checksums of its log, but not what is in a record. The checksum of a
row is over its other columns, `CHECKED`, and is made where the row is written: by `checksum_of` here, and by the
same as a function of SQL where a statement changes a row that is there. The end of a damaged log SQLite leaves out
without a word: `unreadable_transactions` finds that.
"""

import sqlite3
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from actors.journal.errors import JournalError

CHECKED: Final[Mapping[str, tuple[str, ...]]] = {
    "about": ("id", "account", "created_ms"),
    "intents": (
        *("id", "kind", "symbol", "order_id", "client_id", "made_ms", "arrives_by_ms", "command"),
        *("is_open", "outcome", "outcome_ms", "detail", "unresolved_ms"),
    ),
    "orders": ("symbol", "order_id", "client_order_id", "status", "is_open", "updated_ms", "record"),
    "fills": ("symbol", "trade_id", "order_id", "time_ms", "record"),
    "state": ("key", "value", "set_ms"),
    "dropped": ("what", "symbol", "through_ms", "count"),
}
"""By table, the columns that a checksum covers, in its order: all but the count of probes."""
_NAMED_BY: Final = {
    "about": "account",
    "intents": "id",
    "orders": "order_id",
    "fills": "trade_id",
    "state": "key",
    "dropped": "what",
}
_FUNCTION: Final = "checksum_of"
_FRAME_HEADER_BYTES: Final = 24
_LOG_HEADER_BYTES: Final = 32
_encode: Final = msgspec.json.Encoder().encode


def checksum_of(*values: str | int | None) -> int:
    """The checksum of a row, from the values of its columns as SQLite holds them: True is 1."""
    return zlib.crc32(_encode(values))


def add_checksums(connection: sqlite3.Connection) -> None:
    """Makes `checksum_of` known to the statements of a connection."""
    connection.create_function(_FUNCTION, -1, checksum_of, deterministic=True)


def checksum_sql(table: str, changed: Mapping[str, str] | None = None) -> str:
    """The checksum of a row as an expression of SQL, where some columns have the values of other expressions."""
    columns = (changed.get(name, f"{table}.{name}") if changed else name for name in CHECKED[table])
    return f"{_FUNCTION}({', '.join(columns)})"


def require_sound_records(connection: sqlite3.Connection, path: Path) -> None:
    """Reads every record: a millisecond for a thousand.

    Raises:
        JournalError: one is not as it was written; the first one of its table is named.
    """
    for table in CHECKED:
        # S608: every word in the statement is ours.
        wrong = f"SELECT {_NAMED_BY[table]} FROM {table} WHERE checksum IS NOT {checksum_sql(table)} LIMIT 1"  # noqa: S608
        try:
            found = connection.execute(wrong).fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_ERROR":
                raise
            raise JournalError.damaged(path, f"a record of {table} cannot be read: {error}") from error
        if found is not None:
            raise JournalError.damaged(path, f"{found[0]} in {table} does not have the checksum it was written with")


def unreadable_transactions(path: Path) -> int:
    """How many committed transactions follow after the readable end of a journal's log, which was opened and read, and
    nobody writes to.

    The log is read up to the first frame that is not as it was written. A program that is killed leaves at most one
    transaction half written after that, and nothing behind it: for that one nobody has waited, and it does not count.
    Formats: SQLite, "WAL-mode File Format", sections 1.1 (frames) and 2.1 (``mxFrame`` of the index).

    Raises:
        OSError: the files cannot be read.
    """
    lost, is_end = 0, False
    log, index = path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")
    try:
        with log.open("rb") as frames, index.open("rb") as known:
            header = frames.read(_LOG_HEADER_BYTES)
            if len(header) < _LOG_HEADER_BYTES:
                return 0
            page_bytes = struct.unpack_from(">I", header, 8)[0]
            salt = header[16:24]
            (number,) = struct.unpack_from("=I", known.read(20), 16)
            while True:
                frames.seek(_LOG_HEADER_BYTES + number * (_FRAME_HEADER_BYTES + page_bytes))
                frame = frames.read(_FRAME_HEADER_BYTES)
                if len(frame) < _FRAME_HEADER_BYTES:
                    break
                if frame[8:16] == salt:
                    is_end = frame[4:8] != bytes(4)
                    lost += is_end
                number += 1
    except FileNotFoundError:
        return 0  # all of it is in the file
    return 0 if lost == 1 and is_end else lost
