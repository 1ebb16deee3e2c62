"""The rules of a perpetual, its risk tiers, and the prices that its margin is reckoned by."""

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Final

import msgspec

from messages.enums import Side
from messages.errors import InvalidValueError
from messages.instrument import Instrument
from messages.symbol import Product, Symbol
from messages.validation import ZERO, require_decimal, require_finite_positive, require_not_negative, require_positive

_EXACT: Final = Context(prec=200)
"""As in `messages.instrument`."""


class PerpetualInstrument(Instrument, frozen=True, kw_only=True):
    """Rules of one linear perpetual: quantities are in base here, whatever the exchange counts them in.

    ``tick``, ``lot``, bounds and openings are as of any `Instrument`; nothing is given in quote, so ``quote_step``
    means nothing.

    Attributes:
        multiplier: base of one contract of the exchange's.
        takes_fractions: quantities between the steps of ``lot`` may be taken, the exchange does not publish its step:
            `round_quantity` stays on ``lot``, `check` lets any other pass that is a finite number of contracts.
        max_market_quantity: of a market order, in base; None: as ``max_quantity``.
        max_price_deviation: a limit price may differ from the mark price by this fraction of it; None: by any.
        max_open_orders: at a time, of one account; None where the exchange names none.
        max_leverage, min_leverage: of the smallest risk tier; larger positions have less (`RiskTier`).
        maintenance_rate: of the smallest risk tier, fraction of the notional value.
        funding_interval_s: between two settlements of funding, seconds; it differs between markets.
        reduces_only: it takes no order but those that reduce a position (it is about to be delisted, for one).
    """

    multiplier: Decimal
    takes_fractions: bool = False
    max_market_quantity: Decimal | None = None
    max_price_deviation: Decimal | None = None
    max_open_orders: int | None = None
    min_leverage: Decimal = Decimal(1)
    max_leverage: Decimal = Decimal(1)
    maintenance_rate: Decimal = ZERO
    funding_interval_s: int = 0
    reduces_only: bool = False

    def __post_init__(self) -> None:
        Instrument.__post_init__(self)
        if self.symbol.product is not Product.PERPETUAL:
            raise InvalidValueError("instrument.symbol", str(self.symbol), "a perpetual, BASE/QUOTE:SETTLE")
        require_positive("instrument.multiplier", self.multiplier)
        for name in ("max_market_quantity", "max_price_deviation"):
            if getattr(self, name) is not None:
                require_not_negative(f"instrument.{name}", getattr(self, name))
        require_positive("instrument.min_leverage", self.min_leverage)
        require_positive("instrument.max_leverage", self.max_leverage)
        require_not_negative("instrument.maintenance_rate", self.maintenance_rate)

    def check(
        self,
        side: Side,
        *,
        now_ms: int,
        quantity: Decimal | None = None,
        quote_quantity: Decimal | None = None,
        price: Decimal | None = None,
        reduce_only: bool = False,
        mark_price: Decimal | None = None,
        open_orders: int | None = None,
    ) -> None:
        """Refuses what the exchange would refuse, before it costs a request; as `Instrument.check`, and:

        Args:
            reduce_only: of the order. mark_price: the latest one; None: the price band is not looked at.
            open_orders: that the account has in this market now; None: their number is not looked at.
        """
        if quote_quantity is not None:
            raise InvalidValueError("quote_quantity", quote_quantity, f"None: {self.symbol} is traded by quantity")
        if self.reduces_only and not reduce_only:
            raise InvalidValueError("reduce_only", reduce_only, f"True: {self.symbol} takes no other order now")
        checked = quantity
        if quantity is not None and self.takes_fractions:
            require_positive("quantity", quantity)
            contracts = _EXACT.divide(quantity, self.multiplier)
            if _EXACT.multiply(contracts, self.multiplier) != quantity:
                raise InvalidValueError("quantity", quantity, f"a finite number of contracts of {self.multiplier}")
            self._check_bounds(quantity)
            checked = None
        super().check(side, now_ms=now_ms, quantity=checked, price=price)
        most = self.max_market_quantity if price is None else None
        if most is not None and quantity is not None and quantity > most:
            raise InvalidValueError("quantity", quantity, f"at most {most} {self.symbol.base} at the market")
        if price is not None and mark_price is not None:
            self.check_price_band(price, mark_price)
        if open_orders is not None and self.max_open_orders is not None and open_orders >= self.max_open_orders:
            raise InvalidValueError("open_orders", open_orders, f"fewer than {self.max_open_orders} of {self.symbol}")

    def check_price_band(self, price: Decimal, mark_price: Decimal) -> None:
        """Refuses a limit price that is farther from the mark price than the exchange takes.

        Raises:
            InvalidValueError: it is.
        """
        require_positive("mark_price", mark_price)
        if self.max_price_deviation is None:
            return
        room = _EXACT.multiply(mark_price, self.max_price_deviation)
        if abs(_EXACT.subtract(price, mark_price)) > room:
            low, high = _EXACT.subtract(mark_price, room), _EXACT.add(mark_price, room)
            raise InvalidValueError("price", price, f"{low:f} to {high:f}, by the mark price {mark_price}")

    def _check_bounds(self, quantity: Decimal) -> None:
        if self.min_quantity is not None and quantity < self.min_quantity:
            raise InvalidValueError("quantity", quantity, f"at least {self.min_quantity} {self.symbol.base}")
        if self.max_quantity is not None and quantity > self.max_quantity:
            raise InvalidValueError("quantity", quantity, f"at most {self.max_quantity} {self.symbol.base}")


class RiskTier(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for positions of up to some notional value.

    Attributes:
        max_notional: that it reaches to, in quote, included. max_leverage: that it allows.
        initial_rate, maintenance_rate: margin as fractions of the notional value.
    """

    max_notional: Decimal
    max_leverage: Decimal
    initial_rate: Decimal
    maintenance_rate: Decimal

    def __post_init__(self) -> None:
        require_positive("risk_tier.max_notional", self.max_notional)
        require_positive("risk_tier.max_leverage", self.max_leverage)
        require_not_negative("risk_tier.initial_rate", self.initial_rate)
        require_not_negative("risk_tier.maintenance_rate", self.maintenance_rate)


def tier_for(tiers: Iterable[RiskTier], notional: Decimal) -> RiskTier:
    """The tier that a position of this notional value (quote) falls into.

    Raises:
        InvalidValueError: it is beyond the highest tier, or there is none.
    """
    require_decimal("notional", notional)
    highest = ZERO
    for tier in sorted(tiers, key=lambda each: each.max_notional):
        if notional <= tier.max_notional:
            return tier
        highest = tier.max_notional
    raise InvalidValueError("notional", notional, f"at most {highest}, the highest risk tier")


class MarkPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The price by which margin and unrealised profit are reckoned, and the index that it follows.

    Attributes:
        funding_rate: fraction of the notional value that longs pay to shorts at the next settlement; below zero shorts
            pay; None where it is not told. next_funding_ms: when that is; 0 where it is not told.
        time_ms: the exchange's clock, unix milliseconds.
    """

    symbol: Symbol
    mark_price: Decimal
    index_price: Decimal | None = None
    last_price: Decimal | None = None
    funding_rate: Decimal | None = None
    next_funding_ms: int = 0
    time_ms: int = 0

    def __post_init__(self) -> None:
        require_finite_positive("mark_price", self.mark_price)
