"""The rules of a market: what prices and quantities the exchange takes."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from messages.enums import Side
from messages.errors import InvalidValueError
from messages.symbol import Symbol
from messages.validation import ZERO, require_not_negative, require_positive


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """Rules of one spot market, as the exchange publishes them.

    Attributes:
        tick: smallest step of a price, in quote per base.
        lot: smallest step of a quantity, in base.
        quote_step: smallest step of a quantity given in quote (market buys).
        min_quantity, max_quantity: bounds of a quantity in base; None where the exchange names none.
        min_notional, max_notional: bounds of price x quantity in quote; None where the exchange names none.
        can_buy, can_sell: whether the market is open for that side now.
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

    def __post_init__(self) -> None:
        require_positive("instrument.tick", self.tick)
        require_positive("instrument.lot", self.lot)
        require_positive("instrument.quote_step", self.quote_step)
        for name in ("min_quantity", "max_quantity", "min_notional", "max_notional"):
            value = getattr(self, name)
            if value is not None:
                require_not_negative(f"instrument.{name}", value)

    def round_price(self, price: Decimal, side: Side) -> Decimal:
        """The nearest price on the tick grid that is no worse for the one who asks: down to buy, up to sell."""
        rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return (price / self.tick).to_integral_value(rounding) * self.tick

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """The largest quantity on the lot grid that is not above ``quantity`` (base)."""
        return (quantity / self.lot).to_integral_value(ROUND_FLOOR) * self.lot

    def check(
        self,
        side: Side,
        *,
        quantity: Decimal | None = None,
        quote_quantity: Decimal | None = None,
        price: Decimal | None = None,
    ) -> None:
        """Refuses what the exchange would refuse, before it costs a request.

        Args:
            quantity: in base; ``quote_quantity``: in quote (market buys). ``price``: None for market orders.

        Raises:
            InvalidValueError: off the tick or lot grid, outside the bounds, or the market is closed for ``side``.
        """
        if not (self.can_buy if side is Side.BUY else self.can_sell):
            raise InvalidValueError("side", side.value, f"{self.symbol} is not open to {side.value} now")
        if price is not None and price % self.tick != ZERO:
            raise InvalidValueError("price", price, f"a multiple of the tick {self.tick} of {self.symbol}")
        if quantity is not None:
            if quantity % self.lot != ZERO:
                raise InvalidValueError("quantity", quantity, f"a multiple of the lot {self.lot} {self.symbol.base}")
            _within("quantity", quantity, self.min_quantity, self.max_quantity, self.symbol.base)
            if price is not None:
                _within(
                    "price x quantity",
                    price * quantity,
                    self.min_notional,
                    self.max_notional,
                    self.symbol.quote,
                )
        if quote_quantity is not None:
            if quote_quantity % self.quote_step != ZERO:
                raise InvalidValueError(
                    "quote_quantity", quote_quantity, f"a multiple of {self.quote_step} {self.symbol.quote}"
                )
            _within("quote_quantity", quote_quantity, self.min_notional, self.max_notional, self.symbol.quote)


def _within(field: str, value: Decimal, low: Decimal | None, high: Decimal | None, unit: str) -> None:
    if low is not None and value < low:
        raise InvalidValueError(field, value, f"at least {low} {unit}")
    if high is not None and value > high:
        raise InvalidValueError(field, value, f"at most {high} {unit}")
