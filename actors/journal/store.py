"""Records to rows: writes batches in one transaction each. Plain blocking code."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.journal.checksums import checksum_of, checksum_sql
from actors.journal.codec import encode, ids_of, kind_of
from actors.journal.presence import Presence
from actors.journal.records import FILLS_OVERLAP_MS, FILLS_THROUGH
from actors.journal.refusals import Refusal, as_written, note_of
from actors.journal.settings import JournalSettings
from actors.journal.told import IntentRecord, OutcomeRecord, Record, StateRecord
from messages.order import NEVER_ARRIVED, VANISHED, Fill, Order
from messages.symbol import Symbol

_DETAIL_LIMIT: Final = 500
_DROP_STEP: Final = 100


def _assigned(expressions: Mapping[str, str]) -> str:
    return ", ".join(f"{column} = {expression}" for column, expression in expressions.items())


_INSERT_INTENT: Final = (
    "INSERT INTO intents (id, kind, symbol, order_id, client_id, made_ms, arrives_by_ms, command, checksum) VALUES "
)
_INSERT_ONE_INTENT: Final = _INSERT_INTENT + "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UPSERT_ORDER: Final = (
    "INSERT INTO orders (symbol, order_id, client_order_id, status, is_open, updated_ms, record, checksum) VALUES "
)
_MERGED_ORDER: Final = {
    "symbol": "orders.symbol",
    "order_id": "orders.order_id",
    # a report without our client id does not wipe the one that an earlier life has heard of (R2)
    "client_order_id": "coalesce(excluded.client_order_id, orders.client_order_id)",
    "status": "excluded.status",
    "is_open": "excluded.is_open",
    "updated_ms": "max(excluded.updated_ms, orders.updated_ms)",
    "record": "CASE WHEN excluded.client_order_id IS NULL AND orders.client_order_id IS NOT NULL"
    " THEN json_set(excluded.record, '$.client_order_id', orders.client_order_id) ELSE excluded.record END",
}
_FILLED_OF: Final = "CAST(coalesce(json_extract({}.record, '$.filled_quantity'), '0') AS REAL)"
_ON_KNOWN_ORDER: Final = (
    f" ON CONFLICT (symbol, order_id) DO UPDATE SET {_assigned(_MERGED_ORDER)},"
    f" checksum = {checksum_sql('orders', _MERGED_ORDER)}"
    # a late echo of an order that the account has dropped from memory does not reopen it here (R2),
    # and an older report of a larger fill is news all the same: filled quantity never falls
    " WHERE (excluded.updated_ms >= orders.updated_ms OR "
    f"{_FILLED_OF.format('excluded')} > {_FILLED_OF.format('orders')})"
    " AND (excluded.is_open <= orders.is_open"
    # but one that only we took for ended does
    f" OR json_extract(orders.record, '$.finish_reason') IN ('{NEVER_ARRIVED}', '{VANISHED}'))"
)
_INSERT_FILL: Final = "INSERT INTO fills (symbol, trade_id, order_id, time_ms, record, checksum) VALUES "
_SETTLED: Final = {
    "outcome": "told.outcome",
    "detail": "told.detail",
    "outcome_ms": "told.time_ms",
    "is_open": "told.is_open",
    "unresolved_ms": "CASE WHEN told.is_open THEN coalesce(intents.unresolved_ms, told.time_ms)"
    " ELSE intents.unresolved_ms END",
}
_SETTLE: Final = (
    f"UPDATE intents SET {_assigned(_SETTLED)}, checksum = {checksum_sql('intents', _SETTLED)}"  # noqa: S608 our words
    " FROM (SELECT column1 AS outcome, column2 AS detail, column3 AS time_ms,"
    " column4 AS is_open, column5 AS id FROM (VALUES "
)
_UNLESS_ENDED: Final = (
    # an end stands, but for one: what was taken for never arrived turns out to be there
    ")) AS told WHERE intents.id = told.id"
    " AND (intents.is_open = 1 OR (told.outcome = 'confirmed' AND intents.outcome <> 'confirmed'))"
)
_SET_STATE: Final = (
    "INSERT INTO state (key, value, set_ms, checksum) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value, set_ms = excluded.set_ms, checksum = excluded.checksum"
)
_MORE_DROPPED: Final = {
    "through_ms": "max(dropped.through_ms, excluded.through_ms)",
    "count": "dropped.count + excluded.count",
}
_ON_KNOWN_DROPPED: Final = (
    f" ON CONFLICT (what, symbol) DO UPDATE SET {_assigned(_MORE_DROPPED)},"
    f" checksum = {checksum_sql('dropped', _MORE_DROPPED)}"
)
_NOTE_REFUSED: Final = (
    "INSERT INTO dropped (what, symbol, through_ms, count, checksum) SELECT column1, column2, column3, 1,"  # noqa: S608
    " checksum_of(column1, column2, column3, 1) FROM (VALUES (?, ?, ?)) WHERE 1" + _ON_KNOWN_DROPPED
)
_KEPT: Final = {
    "orders": ("keep_finished_orders", "symbol", "updated_ms", "is_open = 0"),
    "fills": (
        "keep_fills",
        "symbol",
        "time_ms",
        "(symbol, order_id) NOT IN (SELECT symbol, order_id FROM orders WHERE is_open = 1)"  # noqa: S608 our own words
        # what the next life asks for again it must know
        f" AND time_ms < (SELECT value - {FILLS_OVERLAP_MS} FROM state WHERE key = '{FILLS_THROUGH}')",
    ),
    "intents": ("keep_settled_intents", "''", "made_ms", "is_open = 0"),
}
"""For each table: the setting, what tells symbol and time, and which rows may go."""


class Store:
    """Writes to an open journal, one caller at a time: others wait. Only `checkpoint` runs beside the other methods."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, settings: JournalSettings, hide: Callable[[str], str]
    ) -> None:
        """``connection``: from `open_database`. ``hide``: takes known secrets out of free text (R12)."""
        self._connection = connection
        self._lock = threading.Lock()
        self._path = path
        self._settings = settings
        self._hide = hide
        self._checkpointer: sqlite3.Connection | None = None
        self._connection.execute("SELECT 1 FROM about")  # now its log is there, too
        self._presence = Presence(path)

    @property
    def is_gone(self) -> bool:
        """True while the file that is written to is not where it was opened. May be asked at any time."""
        return self._presence.is_gone

    def newest_intent_id(self) -> int:
        """0 where there is none."""
        newest: int | None = self._connection.execute("SELECT max(id) FROM intents").fetchone()[0]
        return newest or 0

    def read_state(self) -> dict[str, str]:
        """Every value that is kept, by its key."""
        return dict(self._connection.execute("SELECT key, value FROM state"))

    def read_began_ms(self) -> int:
        """When the file was made, unix milliseconds; on the disk from its first moment on."""
        began_ms: int = self._connection.execute("SELECT created_ms FROM about").fetchone()[0]
        return began_ms

    def write(self, records: Sequence[Record]) -> list[Refusal]:
        """Writes all records in one transaction, durable when this returns; returns those that no file can hold.

        Raises:
            JournalGoneError: the file is not where it was; nothing was written.
            sqlite3.Error, OSError: the file takes nothing; nothing of them is in it.
        """
        self._presence.require()
        try:
            self._write_together(records)
        except Exception as error:
            if self._is_of_the_file(error):
                raise
            return self._write_each(records)
        return []

    def _is_of_the_file(self, error: Exception) -> bool:
        """Whether nothing can be written, rather than this: a number or a text is no reason to stop."""
        if isinstance(error, sqlite3.DataError | sqlite3.IntegrityError):
            return False
        if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError):
            try:
                self._connection.execute("SELECT 1")  # it is not closed
            except sqlite3.Error:
                return True
            return False
        return isinstance(error, sqlite3.Error | OSError | MemoryError)

    def _write_each(self, records: Sequence[Record]) -> list[Refusal]:
        """The same, with a look at each: what cannot be written is left out, and noted in the file."""
        refused: list[Refusal] = []
        with self._lock, self._transaction():
            for record in records:
                self._connection.execute("SAVEPOINT one")
                try:
                    self._execute(self._rows_of([record]))
                except Exception as error:
                    if self._is_of_the_file(error):
                        raise
                    self._connection.execute("ROLLBACK TO one")
                    self._connection.execute(_NOTE_REFUSED, note_of(record))
                    refused.append(Refusal(record, as_written(str(error))))
                self._connection.execute("RELEASE one")
        return refused

    def _write_together(self, records: Sequence[Record]) -> None:
        if len(records) == 1 and isinstance(records[0], IntentRecord):
            with self._lock:
                self._connection.execute(_INSERT_ONE_INTENT, _intent_row(records[0]))  # a transaction by itself
            return
        rows = self._rows_of(records)  # before the locks are taken
        with self._lock, self._transaction():
            self._execute(rows)

    def _execute(self, rows: "_Rows") -> None:
        self._insert(_INSERT_INTENT, rows.intents)
        for outcomes in rows.outcomes:
            self._insert(_SETTLE, list(outcomes.values()), _UNLESS_ENDED)
        self._insert(_UPSERT_ORDER, rows.order_rows, _ON_KNOWN_ORDER)
        self._insert(_INSERT_FILL, rows.fills, " ON CONFLICT DO NOTHING")
        for state in rows.states:
            self._set_state(state)
        if rows.is_probe:
            self._connection.execute("UPDATE about SET probes = probes + 1")

    def _rows_of(self, records: Sequence[Record]) -> "_Rows":
        rows = _Rows()
        for record in records:
            if isinstance(record, Order):
                rows.orders[record.symbol, record.order_id] = record  # only the newest of each needs to be written
            elif isinstance(record, Fill):
                rows.fills.append(_fill_row(record))
            elif isinstance(record, IntentRecord):
                rows.intents.append(_intent_row(record))
            elif isinstance(record, OutcomeRecord):
                rows.add_outcome(record.intent_id, self._outcome_row(record))
            elif isinstance(record, StateRecord):
                rows.states.append(record)
            else:
                rows.is_probe = True
        rows.order_rows = [_order_row(order) for order in rows.orders.values()]
        return rows

    def checkpoint(self) -> int:
        """Moves what is committed from the log into the file, beside whoever writes; returns the log's length in pages.

        The log starts anew by itself at a commit that finds all of it moved; under steady writing none ever does.
        """
        if self._checkpointer is None:
            # "rw": a file that is gone is not made anew.
            where = f"{self._path.absolute().as_uri()}?mode=rw"
            self._checkpointer = sqlite3.connect(where, uri=True, isolation_level=None, check_same_thread=False)
            self._checkpointer.execute("PRAGMA synchronous = NORMAL")
            self._checkpointer.execute("PRAGMA checkpoint_fullfsync = ON")
        pages: int = self._checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
        return pages

    def restart_log(self) -> None:
        """Moves the little that is left after `checkpoint` and starts the log anew, unless a reader is still in it."""
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)")

    def drop_some(self) -> bool:
        """Drops a few of the oldest records beyond what is to be kept; True when there may be more to drop.

        Raises:
            sqlite3.Error: one of the tables could not be shortened; it is as it was.
        """
        more = False
        for table, (setting, symbol, time_ms, which) in _KEPT.items():
            keep: int | None = getattr(self._settings, setting)
            if keep is None:
                continue
            with self._lock:
                dropped = self._drop(table, symbol, time_ms, which, keep)
            more = more or dropped == _DROP_STEP
        return more

    def close(self) -> None:
        """Leaves one file without a log beside it, unless somebody reads it at this moment."""
        self._presence.forget()
        if self._checkpointer is not None:
            self._checkpointer.close()
        self._connection.close()

    def _insert(self, head: str, rows: list[tuple[Any, ...]], tail: str = "") -> None:
        if not rows:
            return
        marks = "(" + ",".join("?" * len(rows[0])) + ")"
        written = 0
        while written < len(rows):
            count = 1 << ((len(rows) - written).bit_length() - 1)  # powers of two: so few that all stay prepared
            values = [value for row in rows[written : written + count] for value in row]
            self._connection.execute(head + ",".join([marks] * count) + tail, values)
            written += count

    def _set_state(self, state: StateRecord) -> None:
        if state.value is None:
            self._connection.execute("DELETE FROM state WHERE key = ?", (state.key,))
        else:
            row = (state.key, self._hide(state.value), state.time_ms)
            self._connection.execute(_SET_STATE, (*row, checksum_of(*row)))

    def _outcome_row(self, record: OutcomeRecord) -> tuple[Any, ...]:
        detail = as_written(self._hide(record.detail)[:_DETAIL_LIMIT])
        return record.outcome.value, detail, record.time_ms, not record.outcome.is_final, record.intent_id

    def _drop(self, table: str, symbol: str, time_ms: str, which: str, keep: int) -> int:
        # S608: every word in these statements is ours.
        oldest = (
            f"SELECT rowid FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ? AND {which}"  # noqa: S608
            f" ORDER BY rowid LIMIT {_DROP_STEP}"
        )
        rows = self._connection.execute(oldest, (keep,)).fetchall()
        if not rows:
            return 0
        some = f"{table} WHERE rowid IN ({','.join(str(rowid) for (rowid,) in rows)})"
        note = (
            "INSERT INTO dropped (what, symbol, through_ms, count, checksum)"  # noqa: S608
            " SELECT what, symbol, through_ms, count, checksum_of(what, symbol, through_ms, count) FROM (SELECT"
            f" ? AS what, {symbol} AS symbol, max({time_ms}) AS through_ms, count(*) AS count"
            f" FROM {some} GROUP BY {symbol}) WHERE 1" + _ON_KNOWN_DROPPED
        )
        with self._transaction():
            self._connection.execute(note, (table,))
            self._connection.execute(f"DELETE FROM {some}")  # noqa: S608
        return len(rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):  # the first error says what is wrong
                    self._connection.execute("ROLLBACK")
            raise


class _Rows(msgspec.Struct):
    """What a batch comes to, table by table."""

    intents: list[tuple[Any, ...]] = msgspec.field(default_factory=list)
    outcomes: list[dict[int, tuple[Any, ...]]] = msgspec.field(default_factory=list)
    orders: dict[tuple[Symbol, str | None], Order] = msgspec.field(default_factory=dict)
    order_rows: list[tuple[Any, ...]] = msgspec.field(default_factory=list)
    fills: list[tuple[Any, ...]] = msgspec.field(default_factory=list)
    states: list[StateRecord] = msgspec.field(default_factory=list)
    is_probe: bool = False

    def add_outcome(self, intent_id: int, row: tuple[Any, ...]) -> None:
        """One after the other for one intent: a statement looks at each intent once."""
        for outcomes in self.outcomes:
            if intent_id not in outcomes:
                outcomes[intent_id] = row
                return
        self.outcomes.append({intent_id: row})


def _intent_row(record: IntentRecord) -> tuple[Any, ...]:
    command = record.command
    symbol, order_id, client_id = ids_of(command)
    row = (
        record.intent_id,
        kind_of(command),
        None if symbol is None else str(symbol),
        order_id,
        client_id,
        record.made_ms,
        record.arrives_by_ms,
        record.text,
    )
    return *row, checksum_of(*row, 1, None, None, "", None)


def _order_row(order: Order) -> tuple[Any, ...]:
    row = (
        str(order.symbol),
        order.order_id,
        order.client_order_id,
        order.status.value,
        int(order.is_open),
        order.updated_ms,
        encode(order),
    )
    return *row, checksum_of(*row)


def _fill_row(fill: Fill) -> tuple[Any, ...]:
    row = str(fill.symbol), fill.trade_id, fill.order_id, fill.time_ms, encode(fill)
    return *row, checksum_of(*row)
