"""Lists of what is open now, which come and go while they are read page by page (R6).

Gate counts pages by ``offset``. Between two answers rows end, and those behind them move to an earlier place, which has
been read. So pages overlap: each begins with a row that was seen before. Whatever was open all the time lies between
rows that were seen, in an order of the list that does not change, so it is seen, too; how many others came and went
does not matter.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

import msgspec

from exchanges.base.clients import UnreadableRow
from exchanges.base.rows import Rows
from messages.errors import ListChangedError

M = TypeVar("M")

_READINGS: Final = 4
"""How often the list is read anew when more rows ended between two pages than these have in common; each time with
twice the overlap."""
_OVERLAP_SHARE: Final = 10
_MOST_PAGES: Final = 500

Ask = Callable[[int, int], Awaitable[tuple[Rows[M], int]]]
"""Asks for so many rows from a place in the list (the first is 0); also gives the exchange's clock at which the query
was taken up."""


class Whole(msgspec.Struct, Generic[M]):
    """Every row that was in the list from the first answer to the last, and perhaps some that were not."""

    items: tuple[M, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...]


async def read_whole(name: str, ask: Ask[M], key: Callable[[M], Hashable], page_size: int) -> Whole[M]:
    """Reads a list to its end.

    Args:
        name: of the list, for errors. key: names an item for ever; of two with one name the later one counts.

    Raises:
        ListChangedError: too many rows ended between two answers, each time that it was tried.
    """
    for reading in range(_READINGS):
        overlap = min(max(1, page_size // _OVERLAP_SHARE) * 2**reading, max(page_size - 1, 1))
        whole = await _read_once(ask, key, page_size, overlap)
        if whole is not None:
            return whole
    raise ListChangedError(f"{name}: the list changed too fast during each of {_READINGS} readings")


async def _read_once(ask: Ask[M], key: Callable[[M], Hashable], page_size: int, overlap: int) -> Whole[M] | None:
    """None when a page did not begin with a row that was seen before."""
    items: dict[Hashable, M] = {}
    unreadable: dict[UnreadableRow, None] = {}
    seen: set[str] = set()
    offset = 0
    as_of_ms: int | None = None
    for _ in range(_MOST_PAGES):
        rows, taken_up_ms = await ask(offset, page_size)
        as_of_ms = taken_up_ms if as_of_ms is None else as_of_ms
        ids = [each for each in rows.ids if each]
        if seen and (not ids or ids[0] not in seen):
            return None
        seen.update(ids)
        items.update((key(item), item) for item in rows.items)
        unreadable.update(dict.fromkeys(rows.unreadable))
        if len(rows.ids) < page_size:
            return Whole(tuple(items.values()), as_of_ms, tuple(unreadable))
        offset += page_size - overlap
    return None
