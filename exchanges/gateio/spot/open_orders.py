"""The list of all open orders, which comes and goes while it is read (R6).

Gate pages it within each pair: every answer has every pair, with its ``total`` and one page of its orders. Between two
answers orders end, and those behind them move to an earlier page, which has been read. So pages are asked for that
overlap: one begins with an order that was seen before. Whatever was open all the time lies between orders that were
seen, in an order of the list that does not change, so it is seen, too; how many others came and went does not matter.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from exchanges.base.clients import OpenOrdersReport, UnreadableRow
from exchanges.base.json_reader import plain_object
from exchanges.base.rows import Rows, raw_rows
from exchanges.gateio.rows import RowReader, unreadable_row
from exchanges.gateio.spot import wire
from messages.errors import ListChangedError
from messages.order import Order

_READINGS: Final = 4
"""How often the list is read anew when more orders ended between two pages than these have in common; each time with
twice the overlap."""
_OVERLAP_SHARE: Final = 10
_MOST_PAGES: Final = 500

_read_groups: Final = msgspec.json.Decoder(list[wire.OpenOrdersOfPair]).decode
_read_raw_group: Final = msgspec.json.Decoder(wire.OpenRowsOfPair).decode


class OpenPage(msgspec.Struct):
    """One pair's part of an answer.

    Attributes:
        total: its open orders at that moment; None where that cannot be read. rows: ids in the list's order, "" where
            one cannot be read. orders, unreadable: what the rows say; rows that are not ours are in neither.
    """

    total: int | None
    rows: list[str]
    orders: list[Order]
    unreadable: list[UnreadableRow]


OpenPages = Mapping[str, OpenPage]
"""By pair, as the exchange writes it."""

Ask = Callable[[int, int], Awaitable[tuple[OpenPages, int]]]
"""Asks for a page (from 1) of so many orders; also gives the exchange's clock at which the query was taken up."""


class OpenOrdersReader:
    """Reads an answer of the list, pair by pair and row by row."""

    def __init__(self, rows: RowReader[wire.RestOrder, Order]) -> None:
        """``rows``: reads the orders of one pair."""
        self._rows = rows

    def read(self, body: bytes) -> OpenPages:
        """The pages by pair; what has no name in the list goes by "".

        Raises:
            msgspec.MsgspecError: it is no list of pairs. UnicodeDecodeError, RecursionError: see `Reader`.
        """
        try:
            groups = _read_groups(body)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return dict(self._by_itself(bytes(group)) for group in raw_rows(body))
        return {
            group.currency_pair: _page(group.currency_pair, group.total, self._rows.convert_each(group.orders))
            for group in groups
        }

    def _by_itself(self, group: bytes) -> tuple[str, OpenPage]:
        plain = plain_object(group)
        try:
            found = _read_raw_group(group)
        except (msgspec.ValidationError, UnicodeDecodeError) as problem:
            name = plain.get("currency_pair")
            row = unreadable_row(name, "", problem)
            return row.market, OpenPage(None, [], [], [row])
        page = _page(found.currency_pair, found.total, self._rows.read_each(found.orders))
        row = unreadable_row(found.currency_pair, "", "the number of its open orders cannot be read")
        if type(found.total) is not int:
            page.total = None
            page.unreadable.append(row)
        return row.market, page


def _page(pair: object, total: int | None, rows: Rows[Order]) -> OpenPage:
    """Rows that do not name their market are of the pair that they stand in."""
    unreadable = [row if row.market else unreadable_row(pair, row.item_id, row.reason) for row in rows.unreadable]
    return OpenPage(total, rows.ids, rows.items, unreadable)


class _Pair:
    """How far the orders of one pair have been read.

    Attributes:
        read_to: position in the list behind the last row that was read.
    """

    __slots__ = ("is_read", "read_to", "seen")

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.read_to = 0
        self.is_read = False


async def read_open_orders(ask: Ask, page_size: int) -> OpenOrdersReport:
    """Every order that is open from the first answer to the last, and perhaps some that were not all that time.

    Raises:
        ListChangedError: too many orders ended between two answers, each time that it was tried.
    """
    for reading in range(_READINGS):
        report = await _read_once(ask, page_size, max(1, page_size // _OVERLAP_SHARE) * 2**reading)
        if report is not None:
            return report
    raise ListChangedError(f"load_open_orders: the list changed too fast during each of {_READINGS} readings")


async def _read_once(ask: Ask, page_size: int, overlap: int) -> OpenOrdersReport | None:
    """None when a page did not begin with an order that was seen before."""
    orders: dict[str | None, Order] = {}
    unreadable: dict[UnreadableRow, None] = {}
    pairs: dict[str, _Pair] = {}
    page, limit = 1, page_size
    as_of_ms: int | None = None
    for _ in range(_MOST_PAGES):
        pages, taken_up_ms = await ask(page, limit)
        as_of_ms = taken_up_ms if as_of_ms is None else as_of_ms
        for name, part in pages.items():
            # A pair that is not in the first answer had no order then.
            pair = pairs.setdefault(name, _Pair())
            orders.update((order.order_id, order) for order in part.orders)
            unreadable.update(dict.fromkeys(part.unreadable))
            if not _continue(pair, part, start=(page - 1) * limit, limit=limit):
                return None
        unread = [name for name, pair in pairs.items() if not pair.is_read]
        if any(name not in pages for name in unread):
            return None  # it may have no more orders, or no more than before this page
        if not unread:
            return OpenOrdersReport(tuple(orders.values()), as_of_ms, tuple(unreadable))
        page, limit = _next_page(min(pairs[name].read_to for name in unread), overlap, page_size)
    return None


def _continue(pair: _Pair, part: OpenPage, *, start: int, limit: int) -> bool:
    """Takes a pair's rows in; False when some may have been skipped before them, or some are missing behind them."""
    if pair.is_read:
        return True
    if pair.seen and part.total != 0:
        first = next(filter(None, part.rows), None)
        if first not in pair.seen:
            return False
    pair.seen.update(filter(None, part.rows))
    pair.read_to = start + len(part.rows)
    pair.is_read = part.total is None or pair.read_to >= part.total
    return pair.is_read or len(part.rows) >= limit


def _next_page(read_to: int, overlap: int, page_size: int) -> tuple[int, int]:
    """The page and its size that begin at least ``overlap`` rows before ``read_to`` and reach farthest beyond it."""
    begin = max(read_to - overlap, 0)
    pages = ((begin // limit + 1, limit) for limit in range(1, page_size + 1))
    reach, page, limit = max((page * limit, page, limit) for page, limit in pages)
    if reach <= read_to:
        return _next_page(read_to, overlap // 2, page_size)
    return page, limit
