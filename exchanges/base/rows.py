"""Lists row by row: a row that cannot be read is known as such, and keeps no other from being read (R10)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
import structlog

from exchanges.base.clients import UnreadableRow
from exchanges.base.json_reader import Reader, plain_object
from exchanges.base.websocket_connection import reason_of
from messages.errors import InvalidValueError
from messages.symbol import Symbol

W = TypeVar("W", bound=msgspec.Struct)
M = TypeVar("M")
ToSymbol = Callable[[str], Symbol]

logger = structlog.get_logger(__name__)

_NAME_LENGTH: Final = 64
_ROWS_REMEMBERED: Final = 1000

_split: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


def raw_rows(body: bytes) -> list[msgspec.Raw]:
    """The rows of a JSON list, as they are.

    Raises:
        msgspec.MsgspecError: it is no list, or nothing in it is an object: another's answer, not rows that are odd.
    """
    rows = _split(body)
    if rows and not any(bytes(row).startswith(b"{") for row in rows):
        raise msgspec.ValidationError("Expected `object`, got something else in every row")
    return rows


class Rows(msgspec.Struct, Generic[M]):
    """What a list held.

    Attributes:
        items: in the list's order.
        ids: of all rows, also of those that are unreadable or not ours; "" for a row without.
    """

    items: list[M]
    unreadable: list[UnreadableRow]
    ids: list[str]


class RowReader(Generic[W, M]):
    """Reads lists of one kind of row: all at once where every row is as expected, else each by itself."""

    def __init__(
        self,
        kind: type[W],
        convert: Callable[[W], M | None],
        *,
        to_symbol: ToSymbol,
        market: str,
        item_id: str = "id",
        is_left_out: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> None:
        """
        Args:
            convert: to our form; None leaves a row out that is not ours, a `TellerError` makes it unreadable.
            to_symbol: reads the name of a market; `InvalidValueError` where it is none.
            market: the field with that name. item_id: the field with the row's id.
            is_left_out: tells by a row's plain JSON that it matters to nobody even where it cannot be read.
        """
        self._convert = convert
        self._to_symbol = to_symbol
        self._market = market
        self._item_id = item_id
        self._is_left_out = is_left_out
        self._read_all: Callable[[bytes], list[W]] = msgspec.json.Decoder(list[kind]).decode  # type: ignore[valid-type]
        self._read_row = Reader[W](kind).read

    def read(self, body: bytes) -> Rows[M]:
        """The rows of a JSON list.

        Raises:
            msgspec.MsgspecError: it is no list of objects. UnicodeDecodeError, RecursionError: see `json_reader`.
        """
        try:
            wired = self._read_all(body)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return self.read_each(raw_rows(body))
        return self.convert_each(wired)

    def convert_each(self, wired: Iterable[W]) -> Rows[M]:
        """Rows that are typed already."""
        rows: Rows[M] = Rows([], [], [])
        for row in wired:
            rows.ids.append(_name(getattr(row, self._item_id, "")))
            try:
                item = self._convert(row)
            except Exception as problem:
                rows.unreadable.append(self._unreadable(msgspec.structs.asdict(row), problem))
                continue
            if item is not None:
                rows.items.append(item)
        return rows

    def read_each(self, raw: Iterable[bytes | msgspec.Raw]) -> Rows[M]:
        """Rows as JSON, each by itself."""
        rows: Rows[M] = Rows([], [], [])
        for row in raw:
            plain = plain_object(bytes(row))
            rows.ids.append(_name(plain.get(self._item_id)))
            try:
                item = self._convert(self._read_row(bytes(row)))
            except Exception as problem:
                if self._is_left_out is None or not self._is_left_out(plain):
                    rows.unreadable.append(self._unreadable(plain, problem))
                continue
            if item is not None:
                rows.items.append(item)
        return rows

    def _unreadable(self, row: Mapping[str, Any], problem: Exception) -> UnreadableRow:
        return unreadable_row(self._to_symbol, row.get(self._market), row.get(self._item_id), problem)


def unreadable_row(to_symbol: ToSymbol, market: object, item_id: object, problem: Exception | str) -> UnreadableRow:
    """What is known of a row that cannot be read; nothing of its contents but market and id."""
    name = _name(market)
    try:
        symbol = to_symbol(name)
    except InvalidValueError:
        symbol = None
    return UnreadableRow(symbol, name, _name(item_id), problem if isinstance(problem, str) else reason_of(problem))


def _name(value: object) -> str:
    """A name or a number of the exchange's, fit for a log line."""
    text = str(value) if isinstance(value, str) or type(value) is int else ""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_NAME_LENGTH])


class UnreadableLog:
    """Logs each unreadable row once, however often it is listed."""

    def __init__(self, venue: str) -> None:
        """``venue``: its name, for the log."""
        self._venue = venue
        self._told: dict[tuple[str, UnreadableRow], None] = {}

    def tell(self, list_name: str, rows: Iterable[UnreadableRow]) -> None:
        """``list_name``: the operation that read them."""
        for row in rows:
            fact = (list_name, row)
            if fact in self._told:
                continue
            self._told[fact] = None
            if len(self._told) > _ROWS_REMEMBERED:
                del self._told[next(iter(self._told))]
            logger.warning(
                "row_unreadable",
                venue=self._venue,
                list=list_name,
                market=row.market,
                item_id=row.item_id,
                reason=row.reason,
            )
