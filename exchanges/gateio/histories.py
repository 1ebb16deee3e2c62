"""Lists of the past, which Gate filters by time and tells in pages, newest first: read to their end.

What its manual says of them (gateapi-python, `list_my_trades`): without times the last seven days; with ``from`` or
``to`` alone seven days from there; a span of 30 days at most; ``limit * (page - 1)`` of 100,000 at most.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import Final, Generic, TypeVar

import msgspec

from exchanges.base.clients import UnreadableRow
from exchanges.base.rows import Rows
from exchanges.gateio.rest import Query
from messages.errors import ProtocolError

M = TypeVar("M")

_DAY_S: Final = 86_400
_SPAN_S: Final = 30 * _DAY_S
_FROM_ALONE_S: Final = 6 * _DAY_S
"""Seven days from ``from`` are told without ``to``; one less, as its clock is not ours."""
_CLOCK_MARGIN_S: Final = 2


class Window(msgspec.Struct, frozen=True):
    """Unix seconds, both included; None leaves the end to the exchange."""

    from_s: int | None
    to_s: int | None

    @property
    def query(self) -> Query:
        bounds = (("from", self.from_s), ("to", self.to_s))
        return tuple((name, str(value)) for name, value in bounds if value is not None)


def windows(from_ms: int | None, to_ms: int | None, now_ms: int) -> Iterator[Window]:
    """Windows that together cover the time, newest first, none longer than the exchange takes.

    The newest has no end unless one is asked for, so that no difference between the clocks cuts it off.
    """
    to_s = None if to_ms is None else -(-to_ms // 1000)
    if from_ms is None:
        yield Window(None, to_s)
        return
    from_s = from_ms // 1000
    if to_s is None:
        begin_s = max(from_s, now_ms // 1000 - _FROM_ALONE_S)
        yield Window(begin_s, None)
        if begin_s == from_s:
            return
        to_s = begin_s
    while to_s >= from_s:
        begin_s = max(from_s, to_s - _SPAN_S)
        yield Window(begin_s, to_s)
        if begin_s == from_s:
            return
        to_s = begin_s


class History(Generic[M]):
    """Reads windows of one list page by page, and puts together what they hold.

    A list that grows while it is read moves rows to later pages: they are seen twice and counted once. A page of an
    answer that lags lacks the newest rows, so that the next one may skip as many; hence what is old enough to be in
    every answer is read by itself, where nothing moves, as soon as there is more than one page.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[Window, int], Awaitable[Rows[M]]],
        key: Callable[[M], Hashable],
        *,
        page_size: int,
        most_pages: int,
        settled_ms: int,
        now_ms: int,
        limit: int | None = None,
    ) -> None:
        """
        Args:
            name: of the list, for errors. ask: for a window's page of ``page_size`` rows, the first page being 1.
            key: names an item for ever. now_ms: the exchange's clock. settled_ms: what happened until then is in every
                answer.
            limit: when so many are found, no more are asked for.
        """
        self.found: dict[Hashable, M] = {}
        self.unreadable: dict[UnreadableRow, None] = {}
        self.is_complete = True
        self._name = name
        self._ask = ask
        self._key = key
        self._page_size = page_size
        self._most_pages = most_pages
        self._settled_s = settled_ms // 1000 - _CLOCK_MARGIN_S
        self._now_s = now_ms // 1000 + _CLOCK_MARGIN_S
        self._limit = limit

    async def read(self, window: Window) -> None:
        """Reads a window to its end.

        Raises:
            ProtocolError: more rows than can be told apart by time.
        """
        if self._is_enough or await self._is_last_page(window, 1):
            return
        from_s, to_s, settled_s = window.from_s, window.to_s, self._settled_s
        if from_s is not None and from_s < settled_s and (to_s is None or to_s > settled_s):
            await self._read_pages(Window(settled_s, to_s), 1)
            await self._read_pages(Window(from_s, settled_s), 1)
        else:
            await self._read_pages(window, 2)

    async def _read_pages(self, window: Window, first: int) -> None:
        for page in range(first, self._most_pages + 1):
            if self._is_enough or await self._is_last_page(window, page):
                return
        from_s, until_s = window.from_s, self._now_s if window.to_s is None else window.to_s
        if from_s is None or until_s <= from_s:
            raise ProtocolError(f"{self._name}: more than {self._most_pages} pages of {self._page_size} rows")
        middle_s = (from_s + until_s) // 2
        await self._read_pages(Window(middle_s + 1, window.to_s), 1)
        await self._read_pages(Window(from_s, middle_s), 1)

    async def _is_last_page(self, window: Window, page: int) -> bool:
        rows = await self._ask(window, page)
        self.found.update((self._key(item), item) for item in rows.items)
        self.unreadable.update(dict.fromkeys(rows.unreadable))
        return len(rows.ids) < self._page_size

    @property
    def _is_enough(self) -> bool:
        if self._limit is None or len(self.found) < self._limit:
            return False
        self.is_complete = False
        return True
