"""The rules of a market: what prices and quantities the exchange takes."""

from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Final

import msgspec

from messages.enums import Side
from messages.errors import InvalidValueError
from messages.symbol import Symbol
from messages.validation import ZERO, require_not_negative, require_positive, require_time_ms

_EXACT: Final = Context(prec=200)
"""Quotients, rests and products of any two numbers that `messages.validation.require_decimal` lets pass are exact in
it: those have at most 81 digits. The default of 28 raises `InvalidOperation` for the rest of 1e19 by 1e-10."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """Rules of one spot market, as the exchange publishes them.

    Attributes:
        tick: smallest step of a price, in quote per base.
        lot: smallest step of a quantity, in base.
        quote_step: smallest step of a quantity given in quote (market buys).
        min_quantity, max_quantity: bounds of a quantity in base; None where the exchange names none.
        min_notional, max_notional: bounds of price x quantity in quote; None where the exchange names none.
        can_buy, can_sell: whether the market is open for that side, once it has opened.
        buy_opens_ms, sell_opens_ms: when it opens for that side, unix milliseconds by the exchange's clock; 0: it has.
    """

    symbol: Symbol
    tick: Decimal
    lot: Decimal
    quote_step: Decimal
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    max_notional: Decimal | None = None
    can_buy: bool = True
    can_sell: bool = True
    buy_opens_ms: int = 0
    sell_opens_ms: int = 0

    def __post_init__(self) -> None:
        require_positive("instrument.tick", self.tick)
        require_positive("instrument.lot", self.lot)
        require_positive("instrument.quote_step", self.quote_step)
        for name in ("min_quantity", "max_quantity", "min_notional", "max_notional"):
            value = getattr(self, name)
            if value is not None:
                require_not_negative(f"instrument.{name}", value)
        require_time_ms("instrument.buy_opens_ms", self.buy_opens_ms)
        require_time_ms("instrument.sell_opens_ms", self.sell_opens_ms)

    def round_price(self, price: Decimal, side: Side) -> Decimal:
        """The nearest price on the tick grid that is no worse for the one who asks: down to buy, up to sell.

        Raises:
            InvalidValueError: not a number that any market could have for a price; below zero.
        """
        require_not_negative("price", price)
        return _on_grid(price, self.tick, up=side is Side.SELL)

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """The largest quantity on the lot grid that is not above ``quantity`` (base).

        Raises:
            InvalidValueError: not a number that any market could have for a quantity; below zero.
        """
        require_not_negative("quantity", quantity)
        return _on_grid(quantity, self.lot, up=False)

    def check(
        self,
        side: Side,
        *,
        now_ms: int,
        quantity: Decimal | None = None,
        quote_quantity: Decimal | None = None,
        price: Decimal | None = None,
    ) -> None:
        """Refuses what the exchange would refuse, before it costs a request.

        Args:
            now_ms: the exchange's clock, unix milliseconds. quantity: in base; ``quote_quantity``: in quote (market
                buys). ``price``: None for market orders.

        Raises:
            InvalidValueError: off the tick or lot grid, outside the bounds, or the market is closed for ``side``.
        """
        is_buy = side is Side.BUY
        if not (self.can_buy if is_buy else self.can_sell):
            raise InvalidValueError("side", side.value, f"{self.symbol} is not open to {side.value} now")
        opens_ms = self.buy_opens_ms if is_buy else self.sell_opens_ms
        if now_ms < opens_ms:
            raise InvalidValueError("side", side.value, f"{self.symbol} opens to {side.value} at {_time(opens_ms)}")
        if price is not None:
            require_positive("price", price)
            if _EXACT.remainder(price, self.tick) != ZERO:
                raise InvalidValueError("price", price, f"a multiple of the tick {self.tick} of {self.symbol}")
        if quantity is not None:
            require_positive("quantity", quantity)
            if _EXACT.remainder(quantity, self.lot) != ZERO:
                raise InvalidValueError("quantity", quantity, f"a multiple of the lot {self.lot} {self.symbol.base}")
            _within("quantity", quantity, self.min_quantity, self.max_quantity, self.symbol.base)
            if price is not None:
                _within(
                    "price x quantity",
                    _EXACT.multiply(price, quantity),
                    self.min_notional,
                    self.max_notional,
                    self.symbol.quote,
                )
        if quote_quantity is not None:
            require_positive("quote_quantity", quote_quantity)
            if _EXACT.remainder(quote_quantity, self.quote_step) != ZERO:
                raise InvalidValueError(
                    "quote_quantity", quote_quantity, f"a multiple of {self.quote_step} {self.symbol.quote}"
                )
            _within("quote_quantity", quote_quantity, self.min_notional, self.max_notional, self.symbol.quote)


def _on_grid(value: Decimal, step: Decimal, *, up: bool) -> Decimal:
    steps = _EXACT.divide_int(value, step)
    if up and _EXACT.remainder(value, step) != ZERO:
        steps = _EXACT.add(steps, 1)
    return _EXACT.multiply(steps, step)


def _within(field: str, value: Decimal, low: Decimal | None, high: Decimal | None, unit: str) -> None:
    if low is not None and value < low:
        raise InvalidValueError(field, value, f"at least {low} {unit}")
    if high is not None and value > high:
        raise InvalidValueError(field, value, f"at most {high} {unit}")


def _time(unix_ms: int) -> str:
    """The time of day, or the number where no calendar has it."""
    try:
        return f"{datetime.fromtimestamp(unix_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{unix_ms} ms"
