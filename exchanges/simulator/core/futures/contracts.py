"""What a perpetual contract is: its size in the base currency, its risk tiers, how funding is settled."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, Final

import msgspec

from exchanges.simulator.core.pairs import MAX_DECIMALS, PairConfig, refuse

SETTLEMENT: Final = "USDT"
"""What margin, realised profits, fees and funding are in."""
CONTRACT_VALUE: Final = 10
"""About what one contract is worth at least that is made for a pair, in the settlement currency."""
DAY_S: Final = 86_400


class RiskTier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to a position value of ``limit`` (settlement currency): the highest leverage, and the share of the value
    within the tier that is maintenance margin."""

    limit: Decimal
    max_leverage: Decimal
    maintenance_rate: Decimal


USUAL_TIERS: Final = (
    RiskTier(limit=Decimal(1_000_000), max_leverage=Decimal(100), maintenance_rate=Decimal("0.005")),
    RiskTier(limit=Decimal(5_000_000), max_leverage=Decimal(50), maintenance_rate=Decimal("0.01")),
    RiskTier(limit=Decimal(20_000_000), max_leverage=Decimal(20), maintenance_rate=Decimal("0.025")),
)


class ContractConfig(PairConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract that follows the pair of its id. Amounts are in contracts, also ``min_base_amount`` and ``max_size``.

    ``multiplier``: base units of one contract. ``amount_precision`` above 0: sizes may have decimals. ``deviation``:
    how far a limit may be from the mark price, as a share of it. ``max_market_size``: 0 is ``max_size``.
    ``funding_limit``: the largest rate of one settlement, a fraction. ``max_orders``: open orders of an account.
    """

    multiplier: Decimal
    max_size: Decimal = Decimal(1_000_000)
    max_market_size: Decimal = Decimal(0)
    deviation: Decimal = Decimal("0.2")
    tiers: tuple[RiskTier, ...] = USUAL_TIERS
    funding_interval_s: int = 28_800
    funding_limit: Decimal = Decimal("0.003")
    max_orders: int = 100
    market_buys_in_quote: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quote != SETTLEMENT:
            raise refuse(f"{self.id} contract", self.quote, f"settled in {SETTLEMENT}")
        for field in ("multiplier", "max_size", "deviation", "funding_limit"):
            value = getattr(self, field)
            if not value.is_finite() or value <= 0:
                raise refuse(f"{self.id} {field}", value, "above 0")
        if not 1 <= self.funding_interval_s <= DAY_S:
            raise refuse(f"{self.id} funding_interval_s", self.funding_interval_s, f"1 to {DAY_S} seconds")
        limits = [tier.limit for tier in self.tiers]
        if not limits or limits != sorted(set(limits)):
            raise refuse(f"{self.id} tiers", limits, "one or more with growing limits")
        rates = [tier.maintenance_rate for tier in self.tiers]
        if rates != sorted(rates) or not 0 < rates[0] <= rates[-1] < 1:
            raise refuse(f"{self.id} maintenance rates", rates, "above 0 and below 1, and never falling")

    @property
    def unit(self) -> Decimal:
        """How much of the base one of its amounts is."""
        return self.multiplier

    @property
    def tick(self) -> Decimal:
        """The smallest step of a price."""
        return Decimal(1).scaleb(-self.price_precision)

    def value(self, contracts: Decimal, price: Decimal) -> Decimal:
        """What so many contracts are worth, in the settlement currency; exact."""
        return abs(contracts) * self.multiplier * price

    def tier(self, value: Decimal) -> RiskTier:
        """The tier of a position of this value; the last one beyond all limits."""
        return next((tier for tier in self.tiers if value <= tier.limit), self.tiers[-1])


def contracts_of(pairs: Iterable[PairConfig], funding_interval_s: int) -> tuple[ContractConfig, ...]:
    """Returns a contract for each pair that the settlement currency pays for; every second has sizes with decimals."""
    found: list[ContractConfig] = []
    for pair in pairs:
        if pair.quote != SETTLEMENT:
            continue
        exponent = math.floor(math.log10(CONTRACT_VALUE / float(pair.start_price)))
        decimals = len(found) % 2
        found.append(
            ContractConfig(
                id=pair.id,
                start_price=pair.start_price,
                price_precision=min(pair.price_precision, MAX_DECIMALS - decimals),
                amount_precision=decimals,
                min_base_amount=Decimal(1).scaleb(-decimals),
                multiplier=Decimal(1).scaleb(exponent),
                trade_status=pair.trade_status,
                funding_interval_s=funding_interval_s,
            )
        )
    return tuple(found)
