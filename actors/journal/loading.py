"""Reading a journal at the start: bounded in time and memory by what is asked for, not by the size of the file."""

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from actors.journal.codec import decode_command, decode_fill, decode_order
from actors.journal.database import reading
from actors.journal.errors import JournalError
from actors.journal.records import JournalState, OpenIntent, Outcome, Placing, SymbolMemory
from messages.commands import AmendOrder, CancelAll, CancelOrder
from messages.order import Fill, Order
from messages.symbol import Symbol

_LOOSE_FILLS_LIMIT: Final = 1000
"""For each symbol; a tail that was lost is not longer than what an account hears within seconds."""
T = TypeVar("T")

_SYMBOLS: Final = """
    WITH RECURSIVE
        traded (symbol) AS (
            SELECT min(symbol) FROM orders
            UNION ALL
            SELECT (SELECT min(symbol) FROM orders WHERE symbol > traded.symbol) FROM traded WHERE symbol IS NOT NULL
        ),
        filled (symbol) AS (
            SELECT min(symbol) FROM fills
            UNION ALL
            SELECT (SELECT min(symbol) FROM fills WHERE symbol > filled.symbol) FROM filled WHERE symbol IS NOT NULL
        ),
        emptied (symbol) AS (SELECT symbol FROM dropped WHERE what = 'orders')
    SELECT symbol FROM traded WHERE symbol IS NOT NULL
    UNION SELECT symbol FROM filled WHERE symbol IS NOT NULL
    UNION SELECT symbol FROM emptied
    ORDER BY symbol"""
"""Steps from one symbol to the next in the index, where DISTINCT would read all of it."""
_OPEN: Final = "SELECT record FROM orders WHERE symbol = ? AND is_open = 1 ORDER BY rowid"
_NEWEST: Final = (
    "SELECT record, updated_ms, order_id FROM orders WHERE symbol = ? AND is_open = 0"
    " ORDER BY updated_ms DESC, rowid DESC LIMIT ?"
)
_LATELY: Final = (
    "SELECT record, order_id FROM orders WHERE symbol = ? AND is_open = 0 AND updated_ms > ?"
    " ORDER BY updated_ms DESC, rowid DESC LIMIT ? OFFSET ?"
)
_FILLS_OF: Final = "SELECT record FROM fills WHERE symbol = ? AND order_id = ? ORDER BY time_ms, rowid"
_LATELY_MS: Final = 60_000
_LATELY_LIMIT: Final = 20_000
_FILLS_OF_ORDERS: Final = (
    "SELECT record FROM fills WHERE symbol = ?1 AND order_id IN ("
    "SELECT order_id FROM orders WHERE symbol = ?1 AND is_open = 1 UNION ALL SELECT order_id FROM ("
    "SELECT order_id FROM orders WHERE symbol = ?1 AND is_open = 0 ORDER BY updated_ms DESC, rowid DESC LIMIT ?2)"
    ") ORDER BY +time_ms, rowid"  # + : by the orders' index, not through all fills in the order of time
)
_FILL_IDS: Final = (
    "SELECT trade_id, order_id, time_ms FROM fills WHERE symbol = ?"
    " ORDER BY time_ms DESC, trade_id DESC, order_id DESC LIMIT ?"
)
_LOOSE_FILLS: Final = (
    "SELECT record FROM (SELECT rowid AS number, order_id, time_ms FROM fills WHERE symbol = ?1"
    " ORDER BY time_ms DESC, trade_id DESC, order_id DESC LIMIT ?2) AS newest JOIN fills ON fills.rowid = number"
    # orders that were dropped for room are missing on purpose; one whose record is older than the fill lacks it
    " WHERE newest.time_ms > ?3 AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.symbol = ?1"
    " AND orders.order_id = newest.order_id AND orders.updated_ms >= newest.time_ms)"
    " ORDER BY newest.time_ms DESC, number DESC LIMIT ?4"
)
_OPEN_INTENTS: Final = (
    "SELECT id, kind, command, made_ms, arrives_by_ms, outcome, detail, symbol, client_id"
    " FROM intents WHERE is_open = 1 ORDER BY id"
)
_LATER_IDS: Final = "SELECT client_id FROM intents WHERE kind IN ('place', 'close_position') AND id > ? ORDER BY id"
_ORDER: Final = "SELECT record FROM orders WHERE symbol = ? AND order_id = ?"
_ORDER_OF: Final = (
    "SELECT record FROM orders WHERE symbol = ?1 AND client_order_id = ?2"
    # each confirmed placing has one of the orders of that client id: only one more than these can be of this placing
    " AND (SELECT count(*) FROM orders WHERE symbol = ?1 AND client_order_id = ?2) > (SELECT count(*) FROM intents"
    " WHERE kind IN ('place', 'close_position') AND symbol = ?1 AND client_id = ?2 AND id < ?3"
    " AND outcome = 'confirmed')"
    " ORDER BY rowid DESC LIMIT 1"
)
_ORDER_NAMED: Final = (
    "SELECT record FROM orders WHERE symbol = ?1 AND client_order_id = ?2"
    # where a client id was given again nobody knows which order of it was meant
    " AND (SELECT count(*) FROM orders WHERE symbol = ?1 AND client_order_id = ?2) = 1"
    " AND (SELECT count(*) FROM intents WHERE kind IN ('place', 'close_position')"
    " AND symbol = ?1 AND client_id = ?2) <= 1"
)


def load(path: Path, *, executed_limit: int, fill_ids_limit: int) -> JournalState:
    """See `Journal.load`."""
    with reading(path) as connection:
        try:
            connection.execute("BEGIN")
            return JournalState(
                open_intents=tuple(_open_intents(connection, path)),
                symbols=tuple(
                    _memory(connection, path, text, executed_limit, fill_ids_limit)
                    for (text,) in connection.execute(_SYMBOLS).fetchall()
                ),
                orders_count=_count(connection, "orders"),
                fills_count=_count(connection, "fills"),
                intents_count=_count(connection, "intents"),
            )
        except sqlite3.Error as error:
            raise JournalError.because_of(path, error) from error


def read(path: Path, what: str, decode: Callable[[Any], T], text: object) -> T:
    """One value out of its text.

    Raises:
        JournalError: it is not what was ever written there.
    """
    try:
        return decode(text)
    except (msgspec.DecodeError, ValueError) as error:
        raise JournalError.damaged(path, f"{what}: {error}") from error


def _open_intents(connection: sqlite3.Connection, path: Path) -> Iterable[OpenIntent]:
    rows = connection.execute(_OPEN_INTENTS).fetchall()
    for number, kind, text, made_ms, arrives_by_ms, outcome, detail, symbol, client_id in rows:
        what = f"intent {number}"
        command = read(path, what, partial(decode_command, kind), text)
        row = None
        if isinstance(command, Placing):
            row = connection.execute(_ORDER_OF, (symbol, client_id, number)).fetchone()
        elif isinstance(command, CancelOrder | AmendOrder):
            is_named = command.order_id is None
            row = connection.execute(
                _ORDER_NAMED if is_named else _ORDER,
                (symbol, command.client_order_id if is_named else command.order_id),
            ).fetchone()
        order = None if row is None else read(path, f"order of {what}", decode_order, row[0])
        later = connection.execute(_LATER_IDS, (number,)).fetchall() if isinstance(command, CancelAll) else []
        yield OpenIntent(
            intent_id=number,
            command=command,
            made_ms=made_ms,
            arrives_by_ms=arrives_by_ms,
            outcome=None if outcome is None else read(path, what, Outcome, outcome),
            detail=detail,
            order=order,
            later_ids=tuple(client_order_id for (client_order_id,) in later),
        )


def _memory(
    connection: sqlite3.Connection, path: Path, text: str, executed_limit: int, fill_ids_limit: int
) -> SymbolMemory:
    finished = connection.execute(_NEWEST, (text, executed_limit + 1)).fetchall()
    dropped = connection.execute(
        "SELECT through_ms FROM dropped WHERE what = 'orders' AND symbol = ?", (text,)
    ).fetchone()
    dropped_through_ms = 0 if dropped is None else dropped[0]
    older_ms = [row[1] for row in finished[executed_limit:]]
    from_ms = finished[0][1] - _LATELY_MS if older_ms else 0
    lately = connection.execute(_LATELY, (text, from_ms, _LATELY_LIMIT if older_ms else 0, executed_limit)).fetchall()
    lately_finished = tuple(
        read(path, f"order {order_id} of {text}", decode_order, record) for record, order_id in reversed(lately)
    )
    loose = connection.execute(_LOOSE_FILLS, (text, fill_ids_limit, dropped_through_ms, _LOOSE_FILLS_LIMIT)).fetchall()
    newest = connection.execute(_FILL_IDS, (text, fill_ids_limit)).fetchall()
    return SymbolMemory(
        symbol=read(path, "a symbol", Symbol.parse, text),
        open_orders=tuple(
            read(path, f"an open order of {text}", decode_order, record)
            for (record,) in connection.execute(_OPEN, (text,))
        ),
        finished_orders=tuple(
            read(path, f"order {order_id} of {text}", decode_order, record)
            for record, _, order_id in reversed(finished[:executed_limit])
        ),
        lately_finished=lately_finished,
        older_through_ms=max(*older_ms, dropped_through_ms, 0),
        fills=tuple(
            read(path, f"a fill of {text}", decode_fill, record)
            for (record,) in connection.execute(_FILLS_OF_ORDERS, (text, executed_limit))
        ),
        loose_fills=(
            *(read(path, f"a fill of {text}", decode_fill, record) for (record,) in reversed(loose)),
            *_uncounted(connection, path, lately_finished),
        ),
        fill_ids=tuple((trade_id, order_id) for trade_id, order_id, _ in reversed(newest)),
        newest_fill_ms=newest[0][2] if newest else 0,
    )


def _uncounted(connection: sqlite3.Connection, path: Path, orders: Iterable[Order]) -> Iterable[Fill]:
    """The fills of orders that were filed without one of them: it came when they were not in memory any more."""
    for order in orders:
        text = str(order.symbol)
        rows = connection.execute(_FILLS_OF, (text, order.order_id)).fetchall()
        fills = [read(path, f"a fill of {text}", decode_fill, record) for (record,) in rows]
        if sum(fill.quantity for fill in fills) > order.filled_quantity:
            yield from fills


def _count(connection: sqlite3.Connection, table: str) -> int:
    count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 our own words
    return count
