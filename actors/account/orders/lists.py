"""Complete lists, loaded once for all orders in doubt: what is open, what has ended, what was traded (R6)."""

from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeVar

import msgspec

from actors.account.state import OrderKey
from exchanges.base.account_wide import AccountWideRest
from exchanges.base.capabilities import RequestScope
from exchanges.base.clients import OpenOrdersReport, PrivateRest
from messages.errors import ProtocolError, RefusalReason, TellerError, VenueRefusedError
from messages.order import Fill, Order
from messages.symbol import Symbol

_Key: TypeAlias = tuple[Symbol, Literal["order", "client"], str]
T = TypeVar("T", Order, Fill)


class MarketLists(msgspec.Struct, frozen=True):
    """Of one market, since a given time.

    Attributes:
        finished: orders that have ended. fills: all of them, newest first.
        is_gone: the exchange does not know the market any more, so that there is no list of it but the fills of all
            markets.
        error: why there are none now; None while there are.
    """

    finished: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    is_gone: bool = False
    error: Exception | None = None


class Listed:
    """What complete lists say of each order, by its ids.

    Attributes:
        markets: those that were asked for.
    """

    def __init__(self, open_orders: OpenOrdersReport, markets: Mapping[Symbol, MarketLists]) -> None:
        self.markets = markets
        self._orders: dict[_Key, list[Order]] = {}
        self._fills: dict[_Key, list[Fill]] = {}
        for order in open_orders.orders:
            _file(self._orders, order)
        for market in markets.values():
            for order in market.finished:
                _file(self._orders, order)
            for fill in market.fills:
                _file(self._fills, fill)

    def orders_of(self, order_key: OrderKey) -> list[Order]:
        """How it ended, where that is known: it may have done so while the lists were loading. The newest first."""
        found = self._orders.get(_key_of(order_key), [])
        return sorted(found, key=lambda order: (order.is_finished, order.updated_ms), reverse=True)

    def fills_of(self, order_key: OrderKey) -> list[Fill]:
        return self._fills.get(_key_of(order_key), [])


def _key_of(order_key: OrderKey) -> _Key:
    """By the exchange's id where there is one: ours may have been another order's before."""
    if order_key.order_id is not None:
        return order_key.symbol, "order", order_key.order_id
    return order_key.symbol, "client", order_key.client_order_id or ""


def _file(filed: dict[_Key, list[T]], row: T) -> None:
    filed.setdefault((row.symbol, "order", row.order_id or ""), []).append(row)
    if row.client_order_id is not None:
        filed.setdefault((row.symbol, "client", row.client_order_id), []).append(row)


async def load_lists(wide: AccountWideRest, rest: PrivateRest, since_ms: Mapping[Symbol, int]) -> Listed:
    """The open orders of the account (of these markets, where the venue lists by market only), then what has ended and
    what was traded in each market, since its time (unix milliseconds of the exchange's clock). What one market does not
    tell keeps nothing from the others (R10).

    Raises:
        TellerError: the open orders cannot be had.
    """
    open_orders = await wide.load_open_orders(since_ms)
    markets = {symbol: await _load_market(rest, symbol, since, open_orders) for symbol, since in since_ms.items()}
    return Listed(open_orders, markets)


async def _load_market(rest: PrivateRest, symbol: Symbol, since_ms: int, open_orders: OpenOrdersReport) -> MarketLists:
    """A market of which a row cannot be read is not known whole: whatever is looked for may be that row."""
    try:
        finished = await rest.load_finished_orders(symbol, from_ms=since_ms)
        fills = await rest.load_fills(symbol, from_ms=since_ms)
    except TellerError as error:
        return await _load_gone(rest, symbol, since_ms) if _is_unknown(error) else MarketLists(error=error)
    odd = [row for row in open_orders.unreadable if row.symbol in {symbol, None}]
    odd += [*finished.unreadable, *fills.unreadable]
    problem = ProtocolError(f"{symbol}: {len(odd)} rows of its lists cannot be read: {odd[0].reason}") if odd else None
    return MarketLists(finished.orders, fills.fills, error=problem)


async def _load_gone(rest: PrivateRest, symbol: Symbol, since_ms: int) -> MarketLists:
    """What the exchange still tells of a market that it does not know any more: its fills among those of all, where it
    lists those."""
    if rest.capabilities.histories is not RequestScope.ACCOUNT:
        return MarketLists(is_gone=True)
    try:
        report = await rest.load_fills(None, from_ms=since_ms)
    except TellerError as error:
        return MarketLists(is_gone=True) if _is_unknown(error) else MarketLists(error=error)
    return MarketLists(fills=tuple(fill for fill in report.fills if fill.symbol == symbol), is_gone=True)


def _is_unknown(error: TellerError) -> bool:
    return isinstance(error, VenueRefusedError) and error.reason is RefusalReason.UNKNOWN_SYMBOL
