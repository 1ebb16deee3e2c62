"""Orders, fills and what was paid for them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from messages.enums import Liquidity, OrderOrigin, OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InvalidValueError
from messages.symbol import Symbol
from messages.validation import ZERO

NEVER_ARRIVED: Final = "never_arrived"
"""`Order.finish_reason` of an order that the exchange, asked for it, never told of."""
VANISHED: Final = "vanished"
"""`Order.finish_reason` of an order that the exchange told of and, asked for it, knows no more."""
UNKNOWN_WORD: Final = "unknown_word:"
"""Before the venue's word for an end in `Order.finish_reason` where we do not know that word: CANCELED is a guess then,
and any end that the venue tells in a word that we know stands over it."""
UNNAMED_CURRENCY: Final = "?"
"""Stands for the currency of a fee where the exchange has named none."""


_PLAIN_DIGITS: Final = 60
"""Beyond that an exponent is written: 1e-999999 would be a million digits."""


class Fee(msgspec.Struct, frozen=True):
    """What was paid in one currency; negative for a rebate. Written ``0.001 SOL``."""

    currency: str
    amount: Decimal

    def __str__(self) -> str:
        plain = abs(self.amount.adjusted()) <= _PLAIN_DIGITS
        return f"{self.amount:f} {self.currency}" if plain else f"{self.amount} {self.currency}"


NO_FEES: Final[tuple[Fee, ...]] = ()
"""Nothing was paid, or nothing is known to have been."""


def sum_fees(fees: Iterable[Fee]) -> tuple[Fee, ...]:
    """One fee for each currency, sorted by currency, without those that come to nothing."""
    sums: dict[str, Decimal] = {}
    for fee in fees:
        sums[fee.currency] = sums.get(fee.currency, ZERO) + fee.amount
    return tuple(Fee(currency, sums[currency]) for currency in sorted(sums) if sums[currency])


def add_fees(first: tuple[Fee, ...], second: tuple[Fee, ...]) -> tuple[Fee, ...]:
    """`sum_fees` of both, each of which is one already: quick where there is nothing to sort."""
    if not first or not second:
        return first or second
    if len(first) == len(second) == 1 and first[0].currency == second[0].currency:
        amount = first[0].amount + second[0].amount
        return (Fee(first[0].currency, amount),) if amount else NO_FEES
    return sum_fees((*first, *second))


class Order(msgspec.Struct, frozen=True):
    """What is known of one order: one report of the exchange, or the join of all reports (R2).

    Attributes:
        order_id: the exchange's id; None until the exchange has named one.
        client_order_id: our id, without any prefix that the venue wants; None for orders placed elsewhere without one.
        quantity: total quantity in base, filled part included. Zero for a market buy that is given in quote, and where
            it is to be whatever can be reduced and the exchange has not told how much that is.
        quote_quantity: total amount in quote of a market buy; otherwise None.
        price: limit price; None for market orders.
        filled_quantity: in base; never falls unless it was derived.
        filled_quote: what it cost or brought, in quote, before fees.
        fees: paid so far, one for each currency, sorted by currency; empty while nothing was paid. An exchange may take
            several for one order (in the market's currency and in its own coin) and give a rebate in yet another.
        finish_reason: the venue's own word for how it ended ("filled", "ioc", ...), one that we do not know behind
            `UNKNOWN_WORD`; None while open.
        created_ms, updated_ms: the exchange's clock, unix milliseconds; 0 where it has not said.
        filled_is_derived: the exchange did not say ``filled_quantity``, it was calculated from what it did say; the
            fills are to be believed before it, and when they are known it may fall.
        fees_are_partial: it has ended, and its fills come to more than the exchange has said of it yet: what that tells
            with an order only, as rebates, is missing from ``fees``.
        reduce_only: it opens nothing, it makes smaller what there is; of perpetuals only.
        origin: who made it.
    """

    symbol: Symbol
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    status: OrderStatus
    quantity: Decimal
    price: Decimal | None = None
    quote_quantity: Decimal | None = None
    filled_quantity: Decimal = ZERO
    filled_quote: Decimal = ZERO
    fees: tuple[Fee, ...] = NO_FEES
    order_id: str | None = None
    client_order_id: str | None = None
    finish_reason: str | None = None
    created_ms: int = 0
    updated_ms: int = 0
    filled_is_derived: bool = False
    fees_are_partial: bool = False
    reduce_only: bool = False
    origin: OrderOrigin = OrderOrigin.TRADER

    def __post_init__(self) -> None:
        quantity, filled, price = self.quantity, self.filled_quantity, self.price
        if type(quantity) is not Decimal or not quantity >= ZERO:
            raise InvalidValueError("order.quantity", quantity, "a Decimal of zero or more")
        if type(filled) is not Decimal or not filled >= ZERO:
            raise InvalidValueError("order.filled_quantity", filled, "a Decimal of zero or more")
        if type(self.filled_quote) is not Decimal or not self.filled_quote >= ZERO:
            raise InvalidValueError("order.filled_quote", self.filled_quote, "a Decimal of zero or more")
        if price is not None and (type(price) is not Decimal or not price > ZERO):
            raise InvalidValueError("order.price", price, "None or a Decimal above zero")
        if self.order_id is None and self.client_order_id is None:
            raise InvalidValueError("order.order_id", None, "an id, or a client_order_id beside it")

    @property
    def remaining(self) -> Decimal:
        """Base still to fill; zero for market buys, whose rest is in quote."""
        return max(self.quantity - self.filled_quantity, ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """Quote per base over all fills; None while nothing is filled."""
        return self.filled_quote / self.filled_quantity if self.filled_quantity else None

    @property
    def is_finished(self) -> bool:
        return self.status.is_finished

    @property
    def is_open(self) -> bool:
        return not self.status.is_finished

    @property
    def is_inferred(self) -> bool:
        """It ended by our own conclusion only: the exchange, asked, knew no such order. Any newer word of it reopens
        the order; nothing else that is finished ever reopens."""
        return self.status.is_finished and self.finish_reason in {NEVER_ARRIVED, VANISHED}


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One order's side of one trade. ``(symbol, trade_id, order_id)`` names it for ever; it counts once (R2).

    Both sides of a trade may be the account's own, and then both are told under one trade id.

    Attributes:
        quantity: base. price: quote per base. fees: one for each currency, sorted by currency; empty for none.
        time_ms: the exchange's clock, unix milliseconds. origin: who made the order.
    """

    symbol: Symbol
    trade_id: str
    order_id: str
    client_order_id: str | None
    side: Side
    price: Decimal
    quantity: Decimal
    fees: tuple[Fee, ...]
    liquidity: Liquidity
    time_ms: int
    origin: OrderOrigin = OrderOrigin.TRADER

    def __post_init__(self) -> None:
        if type(self.price) is not Decimal or not self.price > ZERO:
            raise InvalidValueError("fill.price", self.price, "a Decimal above zero")
        if type(self.quantity) is not Decimal or not self.quantity > ZERO:
            raise InvalidValueError("fill.quantity", self.quantity, "a Decimal above zero")

    @property
    def quote(self) -> Decimal:
        """What it cost or brought, in quote, before fees."""
        return self.price * self.quantity
