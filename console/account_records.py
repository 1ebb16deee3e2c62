"""What an account has, as one side tells it, and where two sides differ."""

from collections.abc import Iterable, Iterator, Mapping, Set
from decimal import Context, Decimal
from typing import Final

import msgspec

from messages.balance import Balance
from messages.enums import OrderStatus, Side
from messages.order import Fee, Fill, Order

_FillKey = tuple[str, str, str]
"""Symbol, trade id, order id."""
_EXACT: Final = Context(prec=400)
"""Sums that do not depend on the order in which they are made."""


class RecordedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What must be the same of an order on both sides."""

    order_id: str
    client_order_id: str | None
    symbol: str
    status: OrderStatus
    filled_quantity: Decimal
    filled_quote: Decimal
    updated_ms: int

    @classmethod
    def of(cls, order: Order) -> "RecordedOrder":
        """From an order that the exchange has named."""
        assert order.order_id is not None, "asked only of orders with an id"
        return cls(
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            symbol=str(order.symbol),
            status=order.status,
            filled_quantity=order.filled_quantity,
            filled_quote=order.filled_quote,
            updated_ms=order.updated_ms,
        )

    def __str__(self) -> str:
        average = f" at {self.filled_quote / self.filled_quantity:.8g}" if self.filled_quantity else ""
        return f"{self.status.value}, filled {self.filled_quantity}{average}"

    def is_same_as(self, other: "RecordedOrder") -> bool:
        """Whether status, filled quantity and (by what it cost) average price are the same."""
        return (
            self.status is other.status
            and self.filled_quantity == other.filled_quantity
            and self.filled_quote == other.filled_quote
        )


class RecordedFill(msgspec.Struct, frozen=True, kw_only=True):
    """What must be the same of a fill on both sides."""

    trade_id: str
    order_id: str
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    fees: tuple[Fee, ...]
    time_ms: int

    @classmethod
    def of(cls, fill: Fill) -> "RecordedFill":
        return cls(
            trade_id=fill.trade_id,
            order_id=fill.order_id,
            symbol=str(fill.symbol),
            side=fill.side.value,
            price=fill.price,
            quantity=fill.quantity,
            fees=fill.fees,
            time_ms=fill.time_ms,
        )

    def __str__(self) -> str:
        fees = f" fees {', '.join(map(str, self.fees))}" if self.fees else ""
        return f"{self.side} {self.quantity} at {self.price}{fees} on order {self.order_id}"


class FillTotals(msgspec.Struct, kw_only=True):
    """Sums over fills of one market.

    Attributes:
        count: fills. bought, sold: base. paid, received: quote, before fees. fees: by currency.
        until_ms: time stamp of the newest of them; the exchange's clock, unix milliseconds.
    """

    count: int = 0
    bought: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    until_ms: int = 0

    def add(self, fill: RecordedFill) -> None:
        """One more fill."""
        self.count += 1
        quote = _EXACT.multiply(fill.price, fill.quantity)
        if fill.side == Side.BUY.value:
            self.bought = _EXACT.add(self.bought, fill.quantity)
            self.paid = _EXACT.add(self.paid, quote)
        else:
            self.sold = _EXACT.add(self.sold, fill.quantity)
            self.received = _EXACT.add(self.received, quote)
        for fee in fill.fees:
            self.fees[fee.currency] = _EXACT.add(self.fees.get(fee.currency, Decimal(0)), fee.amount)
        self.until_ms = max(self.until_ms, fill.time_ms)

    @classmethod
    def of(cls, fills: Iterable[RecordedFill]) -> "FillTotals":
        totals = cls()
        for fill in fills:
            totals.add(fill)
        return totals

    def is_same_as(self, other: "FillTotals") -> bool:
        """Whether all but the time is the same: the two sides may stamp a fill a moment apart."""
        return (
            (self.count, self.bought, self.sold, self.paid, self.received)
            == (other.count, other.bought, other.sold, other.paid, other.received)
        ) and self._paid_fees() == other._paid_fees()

    def _paid_fees(self) -> dict[str, Decimal]:
        return {currency: amount for currency, amount in self.fees.items() if amount}

    def __str__(self) -> str:
        fees = "".join(f", fees {amount:f} {currency}" for currency, amount in sorted(self._paid_fees().items()))
        return (
            f"{self.count} fills, bought {self.bought:f} for {self.paid:f}, sold {self.sold:f} for {self.received:f}"
            f"{fees}"
        )


class AccountRecords(msgspec.Struct, kw_only=True):
    """One side's account.

    Attributes:
        balances: available and locked by currency; a currency that is missing is zero.
        orders: by the exchange's id; all open ones, and those that ended since ``complete_from_ms``.
        nameless: open orders for which the exchange has given no id yet, in words.
        fills: by symbol, trade id and order id, those since ``complete_from_ms``.
        earlier_fills: by symbol, totals of fills that were too many to be kept one by one.
        complete_from_ms: by symbol, unix milliseconds; 0 where a symbol is missing.
    """

    balances: dict[str, tuple[Decimal, Decimal]] = msgspec.field(default_factory=dict)
    orders: dict[str, RecordedOrder] = msgspec.field(default_factory=dict)
    nameless: list[str] = msgspec.field(default_factory=list)
    fills: dict[_FillKey, RecordedFill] = msgspec.field(default_factory=dict)
    earlier_fills: dict[str, FillTotals] = msgspec.field(default_factory=dict)
    complete_from_ms: dict[str, int] = msgspec.field(default_factory=dict)

    def add_balances(self, balances: Mapping[str, Balance]) -> None:
        """Takes in all of them that are not zero."""
        for currency, balance in balances.items():
            if balance.available or balance.locked:
                self.balances[currency] = (balance.available, balance.locked)

    def add_order(self, order: Order) -> None:
        """Takes in one order; one that never reached the exchange is passed over."""
        if order.order_id is not None:
            self.orders[order.order_id] = RecordedOrder.of(order)
        elif order.is_open:
            self.nameless.append(f"order {order.client_order_id} {order.symbol} is {order.status.value}")

    def add_fill(self, fill: RecordedFill) -> None:
        self.fills[fill.symbol, fill.trade_id, fill.order_id] = fill


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What two sides have in common and where they differ; ``differences`` are sentences, empty when they agree."""

    balances: int
    open_orders: int
    finished_orders: int
    fills: int
    differences: tuple[str, ...]


def compare(ours: AccountRecords, theirs: AccountRecords) -> Comparison:
    """Compares everything that both sides are complete about. Only ``ours`` may hold totals of earlier fills."""
    orders = [*ours.orders.items(), *(item for item in theirs.orders.items() if item[0] not in ours.orders)]
    both = [order for key, order in orders if key in ours.orders and key in theirs.orders]
    differences = [*ours.nameless, *_balances(ours, theirs), *_orders(ours, theirs)]
    summed_up, wrong_sums = _earlier_fills(ours, theirs)
    differences += [*wrong_sums, *_fills(ours, theirs, summed_up)]
    return Comparison(
        balances=len(ours.balances.keys() | theirs.balances.keys()),
        open_orders=sum(not order.status.is_finished for order in both),
        finished_orders=sum(order.status.is_finished for order in both),
        fills=len(ours.fills.keys() & theirs.fills.keys()) + len(summed_up),
        differences=tuple(differences),
    )


def _balances(ours: AccountRecords, theirs: AccountRecords) -> Iterator[str]:
    nothing = (Decimal(0), Decimal(0))
    for currency in sorted(ours.balances.keys() | theirs.balances.keys()):
        mine, other = ours.balances.get(currency, nothing), theirs.balances.get(currency, nothing)
        if mine != other:
            yield (
                f"balance {currency}: we say {mine[0]} available and {mine[1]} locked, "
                f"the exchange {other[0]} and {other[1]}"
            )


def _orders(ours: AccountRecords, theirs: AccountRecords) -> Iterator[str]:
    for order_id in sorted(ours.orders.keys() | theirs.orders.keys()):
        mine, other = ours.orders.get(order_id), theirs.orders.get(order_id)
        known = mine or other
        assert known is not None, "it is in one of them"
        name = f"order {order_id} {known.symbol}"
        if mine is not None and other is not None:
            if not mine.is_same_as(other):
                yield f"{name}: we say {mine}; the exchange {other}"
        elif not known.status.is_finished or _is_covered(known.symbol, known.updated_ms, ours, theirs):
            yield f"{name}: only {'we have' if mine else 'the exchange has'} it: {known}"


def _earlier_fills(ours: AccountRecords, theirs: AccountRecords) -> tuple[set[_FillKey], list[str]]:
    """Those of the exchange's fills that our totals stand for, and where the sums differ.

    They stand for all that we do not have one by one; where these come to another sum, so that some of them are missing
    here, for those that are no newer than the newest in our totals.
    """
    rest: dict[str, dict[_FillKey, RecordedFill]] = {symbol: {} for symbol in ours.earlier_fills}
    for key, fill in theirs.fills.items():
        if fill.symbol in rest and key not in ours.fills:
            rest[fill.symbol][key] = fill
    stood_for: set[_FillKey] = set()
    differences = []
    for symbol, mine in sorted(ours.earlier_fills.items()):
        fills, other = rest[symbol], FillTotals.of(rest[symbol].values())
        if not mine.is_same_as(other):
            fills = {key: fill for key, fill in fills.items() if fill.time_ms <= mine.until_ms}
            other = FillTotals.of(fills.values())
            if not mine.is_same_as(other):
                differences.append(f"earlier fills {symbol}: we say {mine}; the exchange {other}")
        stood_for |= fills.keys()
    return stood_for, differences


def _fills(ours: AccountRecords, theirs: AccountRecords, summed_up: Set[_FillKey]) -> Iterator[str]:
    for key in sorted((ours.fills.keys() | theirs.fills.keys()) - summed_up):
        mine, other = ours.fills.get(key), theirs.fills.get(key)
        known = mine or other
        assert known is not None, "it is in one of them"
        name = f"fill {known.trade_id} {known.symbol}"
        if mine is not None and other is not None:
            if msgspec.structs.replace(mine, time_ms=other.time_ms) != other:
                yield f"{name}: we say {mine}; the exchange {other}"
        elif _is_covered(known.symbol, known.time_ms, ours, theirs):
            yield f"{name}: only {'we have' if mine else 'the exchange has'} it: {known}"


def _is_covered(symbol: str, at_ms: int, ours: AccountRecords, theirs: AccountRecords) -> bool:
    return at_ms >= max(ours.complete_from_ms.get(symbol, 0), theirs.complete_from_ms.get(symbol, 0))
