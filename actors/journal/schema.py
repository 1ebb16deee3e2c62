"""The tables of a journal and how a file of an older version becomes one of this version.

``PRAGMA user_version`` counts the migrations that a file has been through. Migrations are never changed, only added.
Columns are what is searched by; ``record`` and ``command`` hold the whole message as JSON, decimals as text.
"""

import functools
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, TypeAlias

from actors.journal.checksums import CHECKED, add_checksums, checksum_sql
from actors.journal.errors import JournalError

APPLICATION_ID: Final = 0x54454C4A
"""In the header of every journal: TELJ."""

Migration: TypeAlias = tuple[str, ...]
"""Statements that run in one transaction."""

_FEE: Final = "json_extract(record, '$.fee')"
_FEES_OF_OLD: Final = (
    # One fee beside its currency becomes a list of fees; a fee of zero has nothing but noughts before its exponent.
    "json_remove(json_set(record, '$.fees', json(CASE"
    f" WHEN substr({_FEE}, 1, instr({_FEE} || 'E', 'E') - 1) GLOB '*[1-9]*' THEN json_array("
    f"json_object('currency', coalesce(json_extract(record, '$.fee_currency'), '?'), 'amount', {_FEE}))"
    " ELSE '[]' END)), '$.fee', '$.fee_currency')"
)
_WITH_OLD_FEE: Final = "CASE WHEN json_valid(record) THEN json_type(record, '$.fee') = 'text' END"
"""Others stay as they are: what is damaged is found when it is read."""

MIGRATIONS: Final[tuple[Migration, ...]] = (
    (
        """CREATE TABLE about (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            account TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            probes INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        """CREATE TABLE intents (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            symbol TEXT,
            order_id TEXT,
            client_id TEXT,
            made_ms INTEGER NOT NULL,
            command TEXT NOT NULL,
            is_open INTEGER NOT NULL DEFAULT 1,
            outcome TEXT,
            outcome_ms INTEGER,
            detail TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        "CREATE INDEX intents_open ON intents (id) WHERE is_open = 1",
        """CREATE TABLE orders (
            symbol TEXT NOT NULL,
            order_id TEXT NOT NULL,
            client_order_id TEXT,
            status TEXT NOT NULL,
            is_open INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (symbol, order_id)
        ) STRICT""",
        "CREATE INDEX orders_open ON orders (symbol) WHERE is_open = 1",
        "CREATE INDEX orders_finished ON orders (symbol, updated_ms) WHERE is_open = 0",
        "CREATE INDEX orders_by_client_id ON orders (symbol, client_order_id)",
        """CREATE TABLE fills (
            symbol TEXT NOT NULL,
            trade_id TEXT NOT NULL,
            order_id TEXT NOT NULL,
            time_ms INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (symbol, trade_id)
        ) STRICT""",
        "CREATE INDEX fills_by_time ON fills (symbol, time_ms)",
        "CREATE INDEX fills_by_order ON fills (symbol, order_id)",
        "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, set_ms INTEGER NOT NULL) STRICT",
    ),
    (
        # When an answer was lost stays on record after the intent is settled; what was dropped for room is known.
        "ALTER TABLE intents ADD COLUMN unresolved_ms INTEGER",
        "UPDATE intents SET unresolved_ms = outcome_ms WHERE outcome = 'unresolved'",
        """CREATE TABLE dropped (
            what TEXT NOT NULL,
            symbol TEXT NOT NULL,
            through_ms INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (what, symbol)
        ) STRICT""",
    ),
    (
        # The newest trade ids are read at every start: from the index alone.
        "DROP INDEX fills_by_time",
        "CREATE INDEX fills_by_time ON fills (symbol, time_ms, trade_id)",
    ),
    (
        # A later life may have another clock and other settings: until when a request may arrive goes with it.
        "ALTER TABLE intents ADD COLUMN arrives_by_ms INTEGER",
    ),
    (
        # Both sides of a trade with oneself are fills; fees of one fill or order may be in several currencies.
        """CREATE TABLE sides (
            symbol TEXT NOT NULL,
            trade_id TEXT NOT NULL,
            order_id TEXT NOT NULL,
            time_ms INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (symbol, trade_id, order_id)
        ) STRICT""",
        "INSERT INTO sides (rowid, symbol, trade_id, order_id, time_ms, record)"
        " SELECT rowid, symbol, trade_id, order_id, time_ms, record FROM fills ORDER BY rowid",
        "DROP TABLE fills",
        "ALTER TABLE sides RENAME TO fills",
        "CREATE INDEX fills_by_time ON fills (symbol, time_ms, trade_id, order_id)",
        "CREATE INDEX fills_by_order ON fills (symbol, order_id)",
        # S608: every word in these statements is ours.
        f"UPDATE fills SET record = {_FEES_OF_OLD} WHERE {_WITH_OLD_FEE}",  # noqa: S608
        f"UPDATE orders SET record = {_FEES_OF_OLD} WHERE {_WITH_OLD_FEE}",  # noqa: S608
    ),
    (
        # What the disk has changed is noticed: until now only where it could not be read any more.
        *(f"ALTER TABLE {table} ADD COLUMN checksum INTEGER" for table in CHECKED),
        *(f"UPDATE {table} SET checksum = {checksum_sql(table)}" for table in CHECKED),  # noqa: S608
    ),
)


def version_of(connection: sqlite3.Connection) -> int:
    """How many migrations a file has been through."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(
    connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS, *, up_to: int | None = None
) -> None:
    """Brings a file up to ``up_to`` migrations, or all; each is in the file whole or not at all.

    Raises:
        sqlite3.Error: one failed; the file is as it was before that one.
    """
    add_checksums(connection)
    for number in range(version_of(connection), len(migrations) if up_to is None else up_to):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migrations[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                with suppress(sqlite3.Error):  # the first error says what is wrong
                    connection.execute("ROLLBACK")
            raise


def check_structure(connection: sqlite3.Connection, path: Path, *, version: int) -> None:
    """Compares the tables of a file with what its version has.

    Raises:
        JournalError: a table, column or index is missing, another, or one too many.
    """
    expected, found = _expected_structure(version), _structure(connection)
    for name in [*expected, *found]:
        if found.get(name) != expected.get(name):
            how = "is missing" if name not in found else "does not belong there" if name not in expected else "differs"
            raise JournalError.damaged(path, f"{name} {how}")


@functools.cache
def _expected_structure(version: int) -> dict[str, tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        migrate(model, up_to=version)
        return _structure(model)


def _structure(connection: sqlite3.Connection) -> dict[str, tuple[object, ...]]:
    """Everything a schema names, and the columns of what has some. What SQLite made for itself is left out."""
    names = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {
        f"{kind} {name}": tuple(
            connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (name,))
            if kind == "table"
            else connection.execute('SELECT name, "desc" FROM pragma_index_xinfo(?) WHERE key', (name,))
            if kind == "index"
            else ()
        )
        for kind, name in names.fetchall()
    }
