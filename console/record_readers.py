"""Where the two sides of the closing comparison come from: the account itself, and the exchange.

The embedded exchange shows its true books by its control API. A real one is asked anew by REST.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

import msgspec

from actors.strategy.handle import AccountHandle
from console.account_records import AccountRecords, RecordedFill, RecordedOrder
from console.kept_fills import KeptFills
from exchanges.base.account_wide import AccountWideRest
from exchanges.base.clients import PrivateRest
from exchanges.base.transport import HttpTransport
from messages.enums import OrderStatus
from messages.errors import ConnectionFailedError
from messages.order import Fee, Fill, sum_fees
from messages.symbol import Symbol

T = TypeVar("T")
_TIMEOUT_S: Final = 10.0
_MARKETS_AT_ONCE: Final = 10
"""Of a venue that lists fills by market only: with more, its rate limits are used up."""
_MARGIN_MS: Final = 1000
"""Around the oldest order or fill that a bounded list still holds: lists are ordered by arrival, not by time stamp."""


class RecordReader(Protocol):
    """Reads one account's books at the exchange.

    Attributes:
        from_ms: what ended earlier is not compared; unix milliseconds of the exchange's clock.
    """

    from_ms: int

    async def read(self, symbols: Sequence[Symbol], /) -> AccountRecords:
        """``symbols``: the markets whose finished orders and fills are wanted. Raises the errors of REST queries."""
        ...


async def own_records(
    account: AccountHandle, fills: KeptFills, symbols: Iterable[Symbol], *, executed_limit: int
) -> AccountRecords:
    """What the account says, with the fills that were heard from it."""
    books = AccountRecords()
    snapshot = await account.snapshot()
    books.add_balances(snapshot.balances)
    for order in snapshot.open_orders:
        books.add_order(order)
    for symbol in symbols:
        executed = await account.executed_orders(symbol)
        for order in executed:
            books.add_order(order)
        if len(executed) >= executed_limit:
            books.complete_from_ms[str(symbol)] = executed[0].updated_ms + _MARGIN_MS
    for fill in fills:
        books.add_fill(RecordedFill.of(fill))
    books.earlier_fills |= fills.earlier
    return books


class RestRecordReader:
    """Asks a real exchange with a client of its own, so that nothing that the account remembers is in the answer."""

    def __init__(self, rest: PrivateRest, server_now_ms: Callable[[], int], *, from_ms: int) -> None:
        """``from_ms``: what ended earlier is nobody's concern; like ``server_now_ms`` of the exchange's clock."""
        self._rest = rest
        self._wide = AccountWideRest(rest, server_now_ms)
        self.from_ms = from_ms

    async def read(self, symbols: Sequence[Symbol], /) -> AccountRecords:
        """All markets in one list each: with hundreds of them a query for each would use up the limits."""
        books, wanted = AccountRecords(), set(symbols)
        open_orders = (await self._wide.load_open_orders(symbols)).orders
        for order in (await self._wide.load_finished_orders(symbols, from_ms=self.from_ms)).orders:
            if order.symbol in wanted:
                books.add_order(order)
        for fill in await self._fills_of(symbols):
            if fill.symbol in wanted:
                books.add_fill(RecordedFill.of(fill))
        books.complete_from_ms |= dict.fromkeys(map(str, symbols), self.from_ms)
        for order in open_orders:
            books.orders.setdefault(order.order_id or "", RecordedOrder.of(order))
        books.add_balances({balance.currency: balance for balance in (await self._rest.load_balances()).balances})
        return books

    async def _fills_of(self, symbols: Sequence[Symbol]) -> list[Fill]:
        """Raises `RateLimitedError` where the limits have no room for all of them: a part would look like all (R14)."""
        found: list[Fill] = []
        for first in range(0, len(symbols), _MARKETS_AT_ONCE):
            some = symbols[first : first + _MARKETS_AT_ONCE]
            report = await self._wide.load_fills(some, from_ms=self.from_ms, spawn=_spawn)
            found.extend(report.fills)
            if report.markets is None:
                return found
            for symbol in some:
                if symbol not in report.markets:
                    found.extend((await self._wide.load_fills_of(symbol, from_ms=self.from_ms)).fills)
        return found


def _spawn(work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    return asyncio.create_task(work, name=name)


class _Balance(msgspec.Struct, frozen=True):
    available: Decimal
    locked: Decimal


class _Order(msgspec.Struct, frozen=True):
    id: str
    client_id: str | None
    currency_pair: str
    status: str
    finish_as: str
    filled: Decimal
    filled_total: Decimal
    updated_ms: int


class _Trade(msgspec.Struct, frozen=True):
    id: str
    order_id: str
    currency_pair: str
    side: str
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_currency: str
    gt_fee: Decimal
    point_fee: Decimal
    time_ms: int


class _ControlBooks(msgspec.Struct, frozen=True):
    balances: dict[str, _Balance]
    orders: list[_Order]
    trades: list[_Trade]


_FINISHED: Final = {"filled": OrderStatus.FILLED, "cancelled": OrderStatus.CANCELED}
_decode: Final = msgspec.json.Decoder(_ControlBooks).decode


class ControlRecordReader:
    """Reads the books of the embedded exchange, every order and trade since it began."""

    def __init__(self, http: HttpTransport, control: str, venue: str, account: str) -> None:
        """``control``: address of the control API, which shows everything since the exchange began. ``venue``: the
        kind of the account's."""
        self.from_ms = 0
        self._http = http
        self._url = f"{control}/{venue}/accounts/{account}/books"

    async def read(self, _: Sequence[Symbol], /) -> AccountRecords:
        answer = await self._http.request("GET", self._url, headers={}, body=None, timeout_s=_TIMEOUT_S)
        if answer.status != 200:
            raise ConnectionFailedError(f"the embedded exchange does not show its books: status {answer.status}")
        found = _decode(answer.body)
        books = AccountRecords()
        for currency, balance in found.balances.items():
            if balance.available or balance.locked:
                books.balances[currency] = (balance.available, balance.locked)
        for order in found.orders:
            books.orders[order.id] = _recorded_order(order)
        for trade in found.trades:
            books.add_fill(_recorded_fill(trade))
        return books


def _recorded_order(order: _Order) -> RecordedOrder:
    if order.status == "open":
        status = OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.NEW
    else:
        status = _FINISHED.get(order.finish_as, OrderStatus.EXPIRED)
    return RecordedOrder(
        order_id=order.id,
        client_order_id=order.client_id,
        symbol="/".join(order.currency_pair.rsplit("_", 1)),
        status=status,
        filled_quantity=order.filled,
        filled_quote=order.filled_total,
        updated_ms=order.updated_ms,
    )


def _recorded_fill(trade: _Trade) -> RecordedFill:
    return RecordedFill(
        trade_id=trade.id,
        order_id=trade.order_id,
        symbol="/".join(trade.currency_pair.rsplit("_", 1)),
        side=trade.side,
        price=trade.price,
        quantity=trade.amount,
        fees=sum_fees((Fee(trade.fee_currency, trade.fee), Fee("GT", trade.gt_fee), Fee("POINT", trade.point_fee))),
        time_ms=trade.time_ms,
    )
