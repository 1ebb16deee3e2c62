"""Lists of the past, which MEXC cuts at so many rows without saying which: read to their end.

An answer that is full may have left rows out on either side of what it shows, and is taken to show all that lies
between its oldest and its newest row. So both sides are asked for, until an answer has room left
(docs/venues/mexc.md, lists).
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

import msgspec

from exchanges.base.clients import UnreadableRow
from exchanges.base.rows import Rows
from exchanges.mexc.signing import Query
from messages.errors import ProtocolError

M = TypeVar("M")

CLOCK_MARGIN_MS: Final = 1000
"""The newest window reaches so far ahead: the exchange's clock is not quite ours."""


class Window(msgspec.Struct, frozen=True):
    """Unix milliseconds, both included."""

    from_ms: int
    to_ms: int

    @property
    def query(self) -> Query:
        return (("startTime", str(self.from_ms)), ("endTime", str(self.to_ms)))


class History(Generic[M]):
    """Reads windows of one list, newest first, and puts together what they hold. What is seen twice counts once."""

    def __init__(
        self,
        name: str,
        ask: Callable[[Window], Awaitable[Rows[M]]],
        *,
        key: Callable[[M], Hashable],
        time_ms: Callable[[M], int],
        full: int,
    ) -> None:
        """
        Args:
            name: of the list, for errors. key: names an item for ever. time_ms: the time that the exchange selects by.
            full: rows of an answer that may have been cut.
        """
        self.found: dict[Hashable, M] = {}
        self.unreadable: dict[UnreadableRow, None] = {}
        self._name = name
        self._ask = ask
        self._key = key
        self._time_ms = time_ms
        self._full = full

    async def read(self, window: Window) -> None:
        """Reads a window to its end.

        Raises:
            ProtocolError: more rows of one millisecond than an answer holds, or none that has a time.
        """
        left = [window]
        while left:
            asked = left.pop()
            rows = await self._ask(asked)
            self.found.update((self._key(item), item) for item in rows.items)
            self.unreadable.update(dict.fromkeys(rows.unreadable))
            if len(rows.ids) < self._full:
                continue
            times = [self._time_ms(item) for item in rows.items if asked.from_ms <= self._time_ms(item) <= asked.to_ms]
            if not times or min(times) == max(times):
                raise ProtocolError(f"{self._name}: {self._full} rows that cannot be told apart by their time")
            if asked.from_ms < min(times):
                left.append(Window(asked.from_ms, min(times)))
            if max(times) < asked.to_ms:
                left.append(Window(max(times), asked.to_ms))
