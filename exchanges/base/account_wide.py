"""Requests of a whole account: in one where the venue has such, else market by market."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TypeVar

from exchanges.base.capabilities import RequestScope
from exchanges.base.clients import FillsReport, FinishedOrdersReport, OpenOrdersReport, PrivateRest, UnreadableRow
from exchanges.base.environment import Spawn
from exchanges.base.parallel import in_parallel
from messages.enums import Side
from messages.errors import (
    LocalRefusalError,
    ProtocolError,
    RateLimitedError,
    RefusalReason,
    TellerError,
    VenueRefusedError,
)
from messages.order import Order
from messages.symbol import Symbol

R = TypeVar("R")


class AccountWideRest:
    """Asks in the scope that the venue has. Answers say for which markets they are complete (R6); a market that the
    exchange does not know any more has nothing open."""

    def __init__(self, rest: PrivateRest, server_now_ms: Callable[[], int]) -> None:
        self._rest = rest
        self._capabilities = rest.capabilities
        self._server_now_ms = server_now_ms

    async def load_open_orders(self, markets: Collection[Symbol]) -> OpenOrdersReport:
        """The open orders of the account, or, where the venue lists by market only, of ``markets``.

        Raises:
            TellerError: one of the lists cannot be had.
        """
        if self._capabilities.open_orders is RequestScope.ACCOUNT:
            return await self._rest.load_open_orders()
        asked_ms = self._server_now_ms()
        reports = await _of_each(markets, self._rest.load_open_orders)
        return OpenOrdersReport(
            tuple(order for report in reports for order in report.orders),
            min((report.as_of_ms for report in reports), default=asked_ms),
            _unreadable(reports),
            frozenset(markets),
        )

    async def load_fills(self, markets: Collection[Symbol], *, from_ms: int, spawn: Spawn) -> FillsReport:
        """The fills of the account, or, where the venue lists by market only, of ``markets``, all asked for together.

        A market whose fills are refused is told among the unreadable rows; the others are known all the same (R10).
        Those for which the rate limit has no room are not among the markets of the report.

        Raises:
            RateLimitedError: there is no room for any. VenueRefusedError: the key is refused.
        """
        if self._capabilities.histories is RequestScope.ACCOUNT:
            return await self._rest.load_fills(None, from_ms=from_ms)
        asked_ms = self._server_now_ms()
        answers = await in_parallel(spawn, *(self._fills_or_error(symbol, from_ms) for symbol in markets))
        by_market: dict[Symbol, FillsReport | TellerError] = dict(zip(markets, answers, strict=True))
        held_back = {symbol: each for symbol, each in by_market.items() if isinstance(each, RateLimitedError)}
        if held_back and len(held_back) == len(by_market):
            raise next(iter(held_back.values()))
        reports = [each for each in by_market.values() if isinstance(each, FillsReport)]
        refused = [
            UnreadableRow(symbol, str(symbol), "", str(each))
            for symbol, each in by_market.items()
            if isinstance(each, TellerError) and symbol not in held_back
        ]
        fills = (fill for report in reports for fill in report.fills)
        return FillsReport(
            tuple(sorted(fills, key=lambda fill: fill.time_ms, reverse=True)),
            min((report.as_of_ms for report in reports), default=asked_ms),
            (*_unreadable(reports), *refused),
            frozenset(by_market) - held_back.keys(),
        )

    async def _fills_or_error(self, symbol: Symbol, from_ms: int) -> FillsReport | TellerError:
        """An error is one of this market alone, or of our own limits."""
        try:
            return await self.load_fills_of(symbol, from_ms=from_ms)
        except (VenueRefusedError, LocalRefusalError, ProtocolError) as error:
            if isinstance(error, VenueRefusedError) and error.is_hopeless:
                raise
            return error

    async def load_fills_of(self, symbol: Symbol, *, from_ms: int) -> FillsReport:
        """The fills of one market; of one that the exchange does not know any more there are none where it lists by
        market only. Raises as the queries of the client do."""
        asked_ms = self._server_now_ms()
        try:
            return await self._rest.load_fills(symbol, from_ms=from_ms)
        except VenueRefusedError as error:
            if self._capabilities.histories is RequestScope.ACCOUNT or not _is_unknown(error):
                raise
            return FillsReport((), asked_ms)

    async def load_finished_orders(self, markets: Collection[Symbol], *, from_ms: int) -> FinishedOrdersReport:
        """What has ended, of the account or of ``markets``, newest first. Raises as the queries of the client do."""
        if self._capabilities.histories is RequestScope.ACCOUNT:
            return await self._rest.load_finished_orders(None, from_ms=from_ms)
        asked_ms = self._server_now_ms()

        async def ask(symbol: Symbol) -> FinishedOrdersReport:
            return await self._rest.load_finished_orders(symbol, from_ms=from_ms)

        reports = await _of_each(markets, ask)
        orders = (order for report in reports for order in report.orders)
        return FinishedOrdersReport(
            tuple(sorted(orders, key=lambda order: order.updated_ms, reverse=True)),
            min((report.as_of_ms for report in reports), default=asked_ms),
            _unreadable(reports),
            all(report.is_complete for report in reports),
        )

    def can_cancel_all(self, side: Side | None) -> bool:
        """Whether a cancel of all can be limited to that side; where not, orders are canceled one by one."""
        return side is None or self._capabilities.cancels_by_side

    async def cancel_all(
        self, symbol: Symbol | None, side: Side | None, markets: Collection[Symbol]
    ) -> tuple[Order, ...]:
        """Cancels the open orders of ``symbol``, or of the account: where the venue cancels by market only, of
        ``markets``, each tried whatever becomes of the others.

        Raises:
            TellerError: the first that failed.
        """
        if symbol is not None or self._capabilities.cancel_all is RequestScope.ACCOUNT:
            return await self._rest.cancel_all(symbol, side)
        ended: list[Order] = []
        problem: TellerError | None = None
        for each in markets:
            try:
                ended.extend(await self._rest.cancel_all(each, side))
            except TellerError as error:
                if not _is_unknown(error):
                    problem = problem or error
        if problem is not None:
            raise problem
        return tuple(ended)


async def _of_each(markets: Iterable[Symbol], ask: Callable[[Symbol], Awaitable[R]]) -> list[R]:
    """One after another: together they would use up the account's limits at once."""
    found: list[R] = []
    for symbol in markets:
        try:
            found.append(await ask(symbol))
        except VenueRefusedError as error:
            if not _is_unknown(error):
                raise
    return found


def _is_unknown(error: TellerError) -> bool:
    return isinstance(error, VenueRefusedError) and error.reason is RefusalReason.UNKNOWN_SYMBOL


def _unreadable(
    reports: Iterable[OpenOrdersReport | FillsReport | FinishedOrdersReport],
) -> tuple[UnreadableRow, ...]:
    return tuple(row for report in reports for row in report.unreadable)
