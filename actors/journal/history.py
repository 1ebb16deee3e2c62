"""What a journal tells of the past, also while its writer is at work."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from functools import partial
from heapq import merge
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.journal.codec import decode_command, decode_fill, decode_order
from actors.journal.database import account_of, reading
from actors.journal.errors import JournalError
from actors.journal.loading import read
from actors.journal.profit import AverageCost, RealisedProfit
from actors.journal.records import FILLS_THROUGH, REFUSED, Outcome, Placing
from messages.enums import OrderStatus
from messages.errors import InvalidValueError
from messages.order import Fee, Fill, Order
from messages.symbol import Symbol

_NEVER_ACKNOWLEDGED: Final = {
    None: OrderStatus.PENDING,
    Outcome.UNRESOLVED: OrderStatus.UNRESOLVED,
    Outcome.REJECTED: OrderStatus.REJECTED,
    Outcome.DENIED: OrderStatus.REJECTED,
}
_LAST_MS: Final = 2**63 - 1
_ORDERS: Final = "SELECT record FROM orders WHERE {} ORDER BY updated_ms DESC, rowid DESC LIMIT ?"
_FILLS: Final = "SELECT record FROM fills WHERE {} ORDER BY time_ms DESC, rowid DESC LIMIT ?"
_ATTEMPTS: Final = (
    "SELECT id, kind, command, made_ms, outcome, coalesce(outcome_ms, made_ms) AS told_ms, detail FROM intents"
    " WHERE kind IN ('place', 'close_position') AND outcome IS NOT 'confirmed' AND {}"
    " AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.symbol = intents.symbol AND client_order_id = client_id)"
    " ORDER BY told_ms DESC, id DESC"
)


class HistoryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the history is wanted; what is None does not narrow it.

    Attributes:
        from_ms, to_ms: unix milliseconds, the first included, the last not. Of an order, when it last changed.
        statuses: of orders. limit: of orders and of fills, each, 1 or more; profits count all fills.
    """

    symbol: Symbol | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    statuses: frozenset[OrderStatus] | None = None
    limit: int = 1000

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise InvalidValueError("limit", self.limit, "1 or more")
        if self.from_ms is not None and self.to_ms is not None and self.from_ms >= self.to_ms:
            raise InvalidValueError("from_ms", self.from_ms, f"before to_ms = {self.to_ms}")

    def has(self, time_ms: int) -> bool:
        """Whether a moment is within the span."""
        return (self.from_ms is None or time_ms >= self.from_ms) and (self.to_ms is None or time_ms < self.to_ms)


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known not to be in the journal any more, or never was.

    Attributes:
        what: "orders", "fills" or "intents". symbol: of which market; empty for intents, which are of all.
        count: how many. through_ms: the newest of them, by its own time; 0 where that is no time at all.
        was_refused: no file could hold them (the log names each); otherwise they were dropped for room.
    """

    what: str
    symbol: str
    count: int
    through_ms: int
    was_refused: bool

    def __str__(self) -> str:
        of = f" of {self.symbol}" if self.symbol else ""
        why = "could not be written (the log names each)" if self.was_refused else "were dropped for room"
        return f"{self.count} {self.what}{of} {why}"


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What one account did.

    Between ``complete_from_ms`` and ``complete_through_ms`` it is all that the exchange has of the account's fills, but
    for ``missing``. What is newer was heard as it happened, and not yet compared with the exchange's list.

    Attributes:
        complete_from_ms: when the journal began, unix milliseconds.
        complete_through_ms: the exchange's clock when its lists of fills were last read whole; None: never.
        missing: of the markets that are asked for.
        orders: newest first, as last known. Those that the exchange never acknowledged are among them, by their client
            order id: PENDING and UNRESOLVED while their fate is open, REJECTED with the reason.
        fills: newest first. profits: one for each market with fills in the span, as `actors.journal.profit` defines it.
    """

    account: str
    complete_from_ms: int
    complete_through_ms: int | None
    missing: tuple[Missing, ...]
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    profits: tuple[RealisedProfit, ...]


def read_history(path: Path, wanted: HistoryFilter | None = None) -> History:
    """Reads the journal at ``path`` as it was at one moment, without its lock and without holding up its writer.

    Raises:
        JournalError: there is none, it is of another version, or a record cannot be read.
    """
    if wanted is None:
        wanted = HistoryFilter()
    with reading(path, whole=True) as connection:
        try:
            connection.execute("BEGIN")
            account = account_of(connection)
            attempts = merge(
                _acknowledged(connection, path, wanted),
                _never_acknowledged(connection, path, wanted),
                key=lambda order: order.updated_ms,
                reverse=True,
            )
            began_ms, through_ms = _span(connection, path)
            return History(
                account=account,
                complete_from_ms=began_ms,
                complete_through_ms=through_ms,
                missing=tuple(_missing(connection, wanted)),
                orders=tuple(islice(attempts, wanted.limit)),
                fills=tuple(_fills(connection, path, wanted)),
                profits=tuple(_profits(connection, path, wanted, account)),
            )
        except sqlite3.Error as error:
            raise JournalError.because_of(path, error) from error


def _span(connection: sqlite3.Connection, path: Path) -> tuple[int, int | None]:
    began_ms: int = connection.execute("SELECT created_ms FROM about").fetchone()[0]
    row = connection.execute("SELECT value FROM state WHERE key = ?", (FILLS_THROUGH,)).fetchone()
    return began_ms, None if row is None else read(path, FILLS_THROUGH, int, row[0])


def _missing(connection: sqlite3.Connection, wanted: HistoryFilter) -> Iterator[Missing]:
    rows = connection.execute("SELECT what, symbol, through_ms, count FROM dropped ORDER BY what, symbol")
    for what, symbol, through_ms, count in rows.fetchall():
        if wanted.symbol is None or symbol in {"", str(wanted.symbol)}:
            yield Missing(
                what=what.removeprefix(REFUSED),
                symbol=symbol,
                count=count,
                through_ms=through_ms,
                was_refused=what.startswith(REFUSED),
            )


def _where(wanted: HistoryFilter, time: str) -> tuple[str, list[Any]]:
    terms, values = ["1"], list[Any]()
    for term, value in (
        ("symbol = ?", None if wanted.symbol is None else str(wanted.symbol)),
        (f"{time} >= ?", wanted.from_ms),
        (f"{time} < ?", wanted.to_ms),
    ):
        if value is not None:
            terms.append(term)
            values.append(value)
    return " AND ".join(terms), values


def _acknowledged(connection: sqlite3.Connection, path: Path, wanted: HistoryFilter) -> Iterator[Order]:
    where, values = _where(wanted, "updated_ms")
    if wanted.statuses is not None:
        where += f" AND status IN ({','.join('?' * len(wanted.statuses))})"
        values += sorted(status.value for status in wanted.statuses)
    for (record,) in connection.execute(_ORDERS.format(where), [*values, wanted.limit]):
        yield read(path, "an order", decode_order, record)


def _never_acknowledged(connection: sqlite3.Connection, path: Path, wanted: HistoryFilter) -> Iterator[Order]:
    where, values = _where(wanted, "told_ms")
    for number, kind, text, made_ms, outcome, told_ms, detail in connection.execute(_ATTEMPTS.format(where), values):
        command = read(path, f"intent {number}", partial(decode_command, kind), text)
        assert isinstance(command, Placing), "the kind is in the query"
        known = None if outcome is None else read(path, f"intent {number}", Outcome, outcome)
        status = _NEVER_ACKNOWLEDGED[known]
        if wanted.statuses is None or status in wanted.statuses:
            yield _as_order(command, status, made_ms, told_ms, detail)


def _as_order(command: Placing, status: OrderStatus, made_ms: int, told_ms: int, detail: str) -> Order:
    return msgspec.structs.replace(
        command.as_order(status),
        finish_reason=detail if status.is_finished else None,
        created_ms=made_ms,
        updated_ms=told_ms,
    )


def _fills(connection: sqlite3.Connection, path: Path, wanted: HistoryFilter) -> Iterator[Fill]:
    where, values = _where(wanted, "time_ms")
    for (record,) in connection.execute(_FILLS.format(where), [*values, wanted.limit]):
        yield read(path, "a fill", decode_fill, record)


def _profits(
    connection: sqlite3.Connection, path: Path, wanted: HistoryFilter, account: str
) -> Iterator[RealisedProfit]:
    missing = {each.symbol for each in _missing(connection, wanted) if each.what == "fills"}
    symbols: list[tuple[str]] = (
        connection.execute("SELECT DISTINCT symbol FROM fills ORDER BY symbol").fetchall()
        if wanted.symbol is None
        else [(str(wanted.symbol),)]
    )
    for (text,) in symbols:
        symbol = read(path, "a symbol", Symbol.parse, text)
        average, in_span = AverageCost(symbol), False
        apart = deque(_fees_apart(connection, path, text))
        until_ms = _LAST_MS if wanted.to_ms is None else wanted.to_ms
        for record, time_ms in connection.execute(
            "SELECT record, time_ms FROM fills WHERE symbol = ? AND time_ms < ? ORDER BY time_ms, rowid",
            (text, until_ms),
        ):
            while apart and apart[0][0] < time_ms:
                paid_ms, fees = apart.popleft()
                average.add_apart(fees, counts=wanted.has(paid_ms))
            counts = wanted.has(time_ms)
            average.add(read(path, f"a fill of {text}", decode_fill, record), counts=counts)
            in_span = in_span or counts
        for paid_ms, fees in apart:
            if paid_ms < until_ms:
                average.add_apart(fees, counts=wanted.has(paid_ms))
        if in_span:
            yield average.result(account, is_complete=text not in missing)


def _fees_apart(connection: sqlite3.Connection, path: Path, symbol: str) -> list[tuple[int, tuple[Fee, ...]]]:
    """Rebates of which only the orders tell (rows of fills may have no field for them), each with the time of the
    order's last fill; in the order of time."""
    found = []
    rows = connection.execute(
        'SELECT record FROM orders WHERE symbol = ? AND record LIKE \'%"amount":"-%\'', (symbol,)
    ).fetchall()
    for (record,) in rows:
        order = read(path, f"an order of {symbol}", decode_order, record)
        fills = connection.execute(
            "SELECT record, time_ms FROM fills WHERE symbol = ? AND order_id = ?", (symbol, order.order_id)
        ).fetchall()
        told = {
            fee.currency for record, _ in fills for fee in read(path, f"a fill of {symbol}", decode_fill, record).fees
        }
        fees = tuple(fee for fee in order.fees if fee.amount < 0 and fee.currency not in told)
        if fills and fees:
            found.append((max(time_ms for _, time_ms in fills), fees))
    return sorted(found, key=itemgetter(0))
