"""How the parts of the private client ask: contracts known first, lists read to their end."""

import contextlib
from collections.abc import Callable, Hashable, Iterable
from typing import Final, TypeVar

import msgspec

from exchanges.base.clients import UnreadableRow
from exchanges.base.rows import RowReader, Rows, UnreadableLog
from exchanges.gateio.futures import limits
from exchanges.gateio.futures.capabilities import NAME, capabilities_of
from exchanges.gateio.futures.changing_lists import Whole, read_whole
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.symbols import to_contract, to_symbol
from exchanges.gateio.histories import History, Window, windows
from exchanges.gateio.rest import GateioRest, Query
from messages.errors import TellerError
from messages.symbol import Symbol

M = TypeVar("M")
W = TypeVar("W", bound=msgspec.Struct)

_PAGE: Final = 100
"""Rows of a page of any list: what every one of them takes (REST manual, paging; positions: at most 100)."""
_MOST_PAGES: Final = 100


class AccountQueries:
    """What the parts of the private client share."""

    def __init__(self, rest: GateioRest, contracts: Contracts) -> None:
        self._rest = rest
        self._contracts = contracts
        self._unreadable = UnreadableLog(NAME)
        self.capabilities: Final = capabilities_of(rest.settings)

    @property
    def answers_count(self) -> int:
        return self._rest.answers_count

    @property
    def query_lag_ms(self) -> int:
        """How far queries may lag behind, by the stamps of the exchange: farther after its clock was set forward."""
        lag_ms = self._rest.settings.query_lag_ms
        return lag_ms + self._rest.server_clock.set_forward_ms(2 * lag_ms)

    async def _contracts_for_a_cancel(self) -> None:
        """A cancel goes out even while the sizes of contracts cannot be had (R13): then its answer cannot be read."""
        with contextlib.suppress(TellerError):
            await self._contracts.ready()

    async def _read_whole(
        self,
        operation: str,
        path: str,
        fixed: Query,
        read: Callable[[bytes], Rows[M]],
        key: Callable[[M], Hashable],
    ) -> Whole[M]:
        async def ask(offset: int, limit: int) -> tuple[Rows[M], int]:
            query = (*fixed, ("limit", str(limit)), ("offset", str(offset)))
            return await self._list(operation, path, read, query=query, continues=offset > 0)

        whole = await read_whole(operation, ask, key, _PAGE)
        self._noted(operation, whole.unreadable)
        return whole

    async def _read_history(
        self,
        operation: str,
        path: str,
        fixed: Query,
        read: Callable[[bytes], Rows[M]],
        key: Callable[[M], Hashable],
        *,
        span: tuple[int | None, int | None],
        limit: int | None = None,
    ) -> tuple[History[M], int]:
        """Every row between two times (unix ms; None: as the exchange does without), and when they were asked for."""
        asked: list[int] = []
        page_size = _PAGE if limit is None else min(limit, _PAGE)

        async def ask(window: Window, page: int) -> Rows[M]:
            numbers = (("limit", str(page_size)), ("offset", str((page - 1) * page_size)))
            query = (*fixed, *window.query, *numbers)
            rows, taken_up_ms = await self._list(operation, path, read, query=query, continues=bool(asked))
            asked.append(taken_up_ms)
            return rows

        now_ms = self._rest.server_clock.now_ms()
        history = History(
            operation,
            ask,
            key,
            page_size=page_size,
            most_pages=_MOST_PAGES,
            settled_ms=now_ms - self.query_lag_ms,
            now_ms=now_ms,
            limit=limit,
        )
        for window in windows(*span, now_ms):
            await history.read(window)
        return history, asked[0] if asked else now_ms

    async def _list(
        self, operation: str, path: str, read: Callable[[bytes], Rows[M]], *, query: Query, continues: bool
    ) -> tuple[Rows[M], int]:
        """One answer, and the exchange's clock at which it took the query up.

        Rows of contracts that are not known yet are read again when these have been asked for.
        """
        await self._contracts.ready()
        bodies_read: list[bytes] = []

        def keep(body: bytes, as_of_ms: int) -> tuple[Rows[M], int]:
            rows = read(body)
            bodies_read.append(body)
            return rows, as_of_ms

        rows, as_of_ms = await self._rest.query_as_of(
            operation, path, keep, scope=limits.endpoint(f"GET {path}"), query=query, continues=continues
        )
        if await self._contracts.learn_missing():
            rows = read(bodies_read[0])
        return rows, as_of_ms

    def _noted(self, operation: str, unreadable: Iterable[UnreadableRow]) -> tuple[UnreadableRow, ...]:
        """Logs what is new of it."""
        rows = tuple(unreadable)
        self._unreadable.tell(operation, rows)
        return rows


def rows_of(kind: type[W], convert: Callable[[W], M | None], *, item_id: str = "id") -> RowReader[W, M]:
    """A reader of lists whose rows name their ``contract``."""
    return RowReader(kind, convert, to_symbol=to_symbol, market="contract", item_id=item_id)


def of_market(symbol: Symbol | None) -> Query:
    """What limits a list to one market; nothing for None."""
    return () if symbol is None else (("contract", to_contract(symbol)),)
