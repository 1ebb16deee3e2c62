"""Requests of a whole account at venues that have them, and at venues that know one market at a time (R6, R10)."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from exchanges.base.account_wide import AccountWideRest
from exchanges.base.capabilities import RequestScope, VenueCapabilities
from exchanges.base.clients import FillsReport, FinishedOrdersReport, OpenOrdersReport, PrivateRest, UnreadableRow
from messages.enums import OrderStatus, Side
from messages.errors import ConnectionFailedError, RateLimitedError, RefusalReason, TellerError, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol
from tests.support.capabilities import capabilities
from tests.support.orders import BTC, SOL, fill, order

NOW_MS = 5_000
GONE = VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, "NO_SUCH_MARKET")
BUSY = VenueRefusedError(RefusalReason.OVERLOADED, "BUSY")
KEY = VenueRefusedError(RefusalReason.AUTHENTICATION, "INVALID_KEY")
DOWN = ConnectionFailedError("no answer within 10 s")
BY_MARKET = capabilities(
    open_orders=RequestScope.MARKET,
    histories=RequestScope.MARKET,
    cancel_all=RequestScope.MARKET,
    cancels_by_side=False,
)
ETH = Symbol("ETH", "USDT")


class Rest:
    """One order and one fill in each market; ``errors`` by market. Reports are of the time at which they are asked."""

    def __init__(self, declared: VenueCapabilities) -> None:
        self.capabilities = declared
        self.asked: list[tuple[Any, ...]] = []
        self.errors: dict[Symbol, TellerError] = {}
        self._as_of_ms = 1_000

    def _ask(self, what: str, symbol: Symbol | None) -> tuple[Symbol, ...]:
        self.asked.append((what, symbol))
        if symbol in self.errors:
            raise self.errors[symbol]
        self._as_of_ms += 1
        return (SOL, BTC, ETH) if symbol is None else (symbol,)

    async def load_open_orders(self, symbol: Symbol | None = None) -> OpenOrdersReport:
        markets = self._ask("open", symbol)
        return OpenOrdersReport(tuple(_order(each) for each in markets), self._as_of_ms)

    async def load_fills(self, symbol: Symbol | None, *, from_ms: int) -> FillsReport:
        markets = self._ask("fills", symbol)
        fills = tuple(fill(each.base, symbol=each, at=from_ms + len(each.base)) for each in markets)
        return FillsReport(fills, self._as_of_ms)

    async def load_finished_orders(self, symbol: Symbol | None, *, from_ms: int) -> FinishedOrdersReport:
        markets = self._ask("finished", symbol)
        assert from_ms
        return FinishedOrdersReport(tuple(_order(each) for each in markets), self._as_of_ms)

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        assert side is None or self.capabilities.cancels_by_side
        return tuple(_order(each) for each in self._ask("cancel", symbol))


def _order(symbol: Symbol) -> Order:
    return order(OrderStatus.NEW, symbol=symbol, order_id=f"{symbol.base}-1", client_order_id=None)


def spawn(work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    return asyncio.create_task(work, name=name)


def wide(rest: Rest) -> AccountWideRest:
    return AccountWideRest(cast("PrivateRest", rest), lambda: NOW_MS)


async def test_one_request_where_the_venue_lists_the_whole_account() -> None:
    rest = Rest(capabilities())
    assert (await wide(rest).load_open_orders([SOL])).covers(ETH)
    assert (await wide(rest).load_fills([SOL], from_ms=1, spawn=spawn)).markets is None
    assert len((await wide(rest).load_finished_orders([SOL], from_ms=1)).orders) == 3
    assert len(await wide(rest).cancel_all(None, Side.BUY, [SOL])) == 3
    assert rest.asked == [("open", None), ("fills", None), ("finished", None), ("cancel", None)]


async def test_r6_market_by_market_a_report_speaks_for_those_that_were_asked_for_and_no_other() -> None:
    rest = Rest(BY_MARKET)
    report = await wide(rest).load_open_orders([SOL, BTC])
    assert {each.symbol for each in report.orders} == {SOL, BTC}
    assert (report.covers(SOL), report.covers(BTC), report.covers(ETH)) == (True, True, False)
    assert report.as_of_ms == 1_001, "the oldest of its parts"
    fills = await wide(rest).load_fills([SOL, BTC], from_ms=7, spawn=spawn)
    assert fills.markets == {SOL, BTC}
    assert rest.asked == [("open", SOL), ("open", BTC), ("fills", SOL), ("fills", BTC)]


async def test_without_any_market_a_report_is_empty_and_of_now() -> None:
    rest = Rest(BY_MARKET)
    assert await wide(rest).load_open_orders([]) == OpenOrdersReport((), NOW_MS, (), frozenset())
    assert (await wide(rest).load_fills([], from_ms=1, spawn=spawn)).as_of_ms == NOW_MS
    assert (await wide(rest).load_finished_orders([], from_ms=1)).as_of_ms == NOW_MS


async def test_r10_in_a_market_that_the_exchange_does_not_know_nothing_is_open() -> None:
    rest = Rest(BY_MARKET)
    rest.errors[SOL] = GONE
    report = await wide(rest).load_open_orders([SOL, BTC])
    assert ({each.symbol for each in report.orders}, report.covers(SOL)) == ({BTC}, True)
    assert len((await wide(rest).load_finished_orders([SOL, BTC], from_ms=1)).orders) == 1
    assert len(await wide(rest).cancel_all(None, None, [SOL, BTC])) == 1
    assert (await wide(rest).load_fills([SOL, BTC], from_ms=1, spawn=spawn)).unreadable == ()
    assert (await wide(rest).load_fills_of(SOL, from_ms=1)) == FillsReport((), NOW_MS)


async def test_r10_a_market_of_which_all_fills_are_listed_may_still_be_refused_by_itself() -> None:
    rest = Rest(capabilities())
    rest.errors[SOL] = GONE
    with pytest.raises(VenueRefusedError):
        await wide(rest).load_fills_of(SOL, from_ms=1)


async def test_r14_markets_for_which_the_rate_limit_has_no_room_are_not_in_the_report() -> None:
    rest = Rest(BY_MARKET)
    rest.errors[BTC] = RateLimitedError("weight of queries", 20.0)
    report = await wide(rest).load_fills([SOL, BTC, ETH], from_ms=1, spawn=spawn)
    assert (report.markets, report.unreadable) == ({SOL, ETH}, ())
    with pytest.raises(RateLimitedError):
        await wide(rest).load_fills([BTC], from_ms=1, spawn=spawn)


async def test_r10_fills_that_one_market_refuses_keep_nothing_from_the_others() -> None:
    rest = Rest(BY_MARKET)
    rest.errors[SOL] = BUSY
    report = await wide(rest).load_fills([SOL, BTC, ETH], from_ms=1, spawn=spawn)
    assert {each.symbol for each in report.fills} == {BTC, ETH}
    assert report.unreadable == (UnreadableRow(SOL, "SOL/USDT", "", str(BUSY)),)


@pytest.mark.parametrize("error", [KEY, DOWN])
async def test_a_refused_key_or_a_broken_link_is_no_matter_of_one_market(error: TellerError) -> None:
    rest = Rest(BY_MARKET)
    rest.errors[BTC] = error
    for asking in (
        wide(rest).load_fills([SOL, BTC], from_ms=1, spawn=spawn),
        wide(rest).load_open_orders([SOL, BTC]),
        wide(rest).load_finished_orders([SOL, BTC], from_ms=1),
    ):
        with pytest.raises(type(error)):
            await asking


async def test_r13_every_market_is_canceled_whatever_becomes_of_the_others() -> None:
    rest = Rest(BY_MARKET)
    rest.errors[SOL], rest.errors[BTC] = DOWN, BUSY
    with pytest.raises(ConnectionFailedError):
        await wide(rest).cancel_all(None, None, [SOL, BTC, ETH])
    assert rest.asked == [("cancel", SOL), ("cancel", BTC), ("cancel", ETH)]


async def test_one_market_is_canceled_in_one_request_everywhere() -> None:
    rest = Rest(BY_MARKET)
    assert len(await wide(rest).cancel_all(BTC, None, [SOL])) == 1
    assert rest.asked == [("cancel", BTC)]
    assert (wide(rest).can_cancel_all(None), wide(rest).can_cancel_all(Side.BUY)) == (True, False)
