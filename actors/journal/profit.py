"""Realised profit of a spot account, by average cost.

What a market's base cost is the average over all that is held. Selling realises what it brought less what that much
cost on average. In detail, for fills in the order of time:

* A buy adds its quantity to what is held, and price x quantity to what that cost.
* A sell realises price x quantity less its share of the cost, and takes both off what is held.
* A fee in quote is taken off realised profit at once, for buys as for sells.
* A fee in base makes less of what a buy adds, and more of what a sell takes; the cost stays, so it is dearer.
* A fee in a third currency is listed under that currency and touches nothing else: there is no price for it here.
* A rebate is a negative fee, and works the other way around. One that the exchange tells of with the order, and not
  with its fills, counts when the order was last filled: in quote it is profit, in base it is held and cost nothing.
* What is sold beyond what was bought on record (a deposit, or from before the journal) has no known cost: it realises
  nothing, and is listed as uncovered with what it brought.

Sums are of decimals with 50 digits; results are rounded to 18 digits behind the point.
"""

from decimal import Context, Decimal
from typing import Final

import msgspec

from messages.enums import Side
from messages.order import Fee, Fill
from messages.symbol import Symbol
from messages.validation import ZERO

_CONTEXT: Final = Context(prec=50)
_LAST_DIGIT: Final = Decimal("1e-18")


class RealisedProfit(msgspec.Struct, frozen=True, kw_only=True):
    """What an account made in one market, within a span of time.

    Attributes:
        realised: quote, after fees in quote and base. fees_quote, fees_base: paid, negative for rebates.
        fees_other: by currency, not in ``realised``.
        bought, sold: base, before fees. bought_quote, sold_quote: what that cost and brought.
        uncovered: base sold without a known cost. uncovered_quote: what it brought, not in ``realised``.
        held, held_cost: base left at the end of the span, and its cost in quote.
        fills_count: fills within the span. is_complete: False when fills are known to be missing.
    """

    account: str
    symbol: Symbol
    realised: Decimal
    fees_quote: Decimal
    fees_base: Decimal
    fees_other: dict[str, Decimal]
    bought: Decimal
    bought_quote: Decimal
    sold: Decimal
    sold_quote: Decimal
    uncovered: Decimal
    uncovered_quote: Decimal
    held: Decimal
    held_cost: Decimal
    fills_count: int
    is_complete: bool


class AverageCost:
    """Adds up the fills of one market, told in the order of time."""

    def __init__(self, symbol: Symbol) -> None:
        self._symbol = symbol
        self._held = ZERO
        self._cost = ZERO
        self._realised = ZERO
        self._uncovered = ZERO
        self._uncovered_quote = ZERO
        self._traded = {Side.BUY: ZERO, Side.SELL: ZERO}
        self._traded_quote = {Side.BUY: ZERO, Side.SELL: ZERO}
        self._fees: dict[str, Decimal] = {}
        self._count = 0

    def add(self, fill: Fill, *, counts: bool = True) -> None:
        """Takes one fill in. ``counts``: False for one before the span, which only makes what is held and its cost."""
        quote = _CONTEXT.multiply(fill.price, fill.quantity)
        fee_base = next((fee.amount for fee in fill.fees if fee.currency == self._symbol.base), ZERO)
        if fill.side is Side.BUY:
            realised = ZERO
            self._held = _CONTEXT.add(self._held, _CONTEXT.subtract(fill.quantity, fee_base))
            self._cost = _CONTEXT.add(self._cost, quote)
            uncovered = uncovered_quote = ZERO
        else:
            realised, uncovered, uncovered_quote = self._sell(fill, _CONTEXT.add(fill.quantity, fee_base), quote)
        if not counts:
            return
        self._count += 1
        self._traded[fill.side] = _CONTEXT.add(self._traded[fill.side], fill.quantity)
        self._traded_quote[fill.side] = _CONTEXT.add(self._traded_quote[fill.side], quote)
        self._uncovered = _CONTEXT.add(self._uncovered, uncovered)
        self._uncovered_quote = _CONTEXT.add(self._uncovered_quote, uncovered_quote)
        self._realised = _CONTEXT.add(self._realised, realised)
        self._count_fees(fill.fees)

    def add_apart(self, fees: tuple[Fee, ...], *, counts: bool = True) -> None:
        """Takes in what was paid for an order beside its fills. ``counts`` as in `add`."""
        for fee in fees:
            if fee.currency == self._symbol.base:
                self._held = _CONTEXT.subtract(self._held, fee.amount)
        if counts:
            self._count_fees(fees)

    def _count_fees(self, fees: tuple[Fee, ...]) -> None:
        for fee in fees:
            self._fees[fee.currency] = _CONTEXT.add(self._fees.get(fee.currency, ZERO), fee.amount)
            if fee.currency == self._symbol.quote:
                self._realised = _CONTEXT.subtract(self._realised, fee.amount)

    def result(self, account: str, *, is_complete: bool) -> RealisedProfit:
        """What it came to."""
        symbol = self._symbol
        return RealisedProfit(
            account=account,
            symbol=symbol,
            realised=_rounded(self._realised),
            fees_quote=_rounded(self._fees.get(symbol.quote, ZERO)),
            fees_base=_rounded(self._fees.get(symbol.base, ZERO)),
            fees_other={
                currency: _rounded(fee)
                for currency, fee in sorted(self._fees.items())
                if currency not in {symbol.base, symbol.quote}
            },
            bought=_rounded(self._traded[Side.BUY]),
            bought_quote=_rounded(self._traded_quote[Side.BUY]),
            sold=_rounded(self._traded[Side.SELL]),
            sold_quote=_rounded(self._traded_quote[Side.SELL]),
            uncovered=_rounded(self._uncovered),
            uncovered_quote=_rounded(self._uncovered_quote),
            held=_rounded(self._held),
            held_cost=_rounded(self._cost),
            fills_count=self._count,
            is_complete=is_complete,
        )

    def _sell(self, fill: Fill, taken: Decimal, quote: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        """Realised, and the base without known cost with what it brought. ``taken``: base that leaves, fee included."""
        if taken <= ZERO:  # a rebate of more than was sold: it only adds
            self._held = _CONTEXT.subtract(self._held, taken)
            return quote, ZERO, ZERO
        covered = min(max(self._held, ZERO), taken)
        if covered == self._held:
            cost = self._cost
            self._held = self._cost = ZERO
        else:
            cost = _CONTEXT.divide(_CONTEXT.multiply(self._cost, covered), self._held)
            self._held = _CONTEXT.subtract(self._held, covered)
            self._cost = _CONTEXT.subtract(self._cost, cost)
        if covered == taken:
            return _CONTEXT.subtract(quote, cost), ZERO, ZERO
        brought = _CONTEXT.divide(_CONTEXT.multiply(quote, covered), taken)
        uncovered = _CONTEXT.divide(_CONTEXT.multiply(fill.quantity, _CONTEXT.subtract(taken, covered)), taken)
        return _CONTEXT.subtract(brought, cost), uncovered, _CONTEXT.subtract(quote, brought)


def _rounded(value: Decimal) -> Decimal:
    """At most 18 digits behind the point, and no digit that says nothing."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -18:
        value = value.quantize(_LAST_DIGIT, context=_CONTEXT)
    return Decimal(f"{value.normalize(_CONTEXT):f}") if value else ZERO
