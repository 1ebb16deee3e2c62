"""What a market is: the rules of a pair, and which new orders it takes."""

import enum
import re
from decimal import Decimal
from typing import ClassVar

import msgspec

PAIR_PATTERN = re.compile(r"(?=.{3,64}$)(?:[^\W_]|\$)(?:\w|\$)*_(?:[^\W_]|\$)+")  # any script: venues list such names
MAX_DECIMALS = 12
MAX_TIME_S = 10**11
ONE = Decimal(1)


def refuse(field: str, value: object, allowed: str) -> ValueError:
    """Returns the error for a field of a configuration."""
    return ValueError(f"{field}: {value!r} is not allowed, must be {allowed}")


class TradeStatus(enum.Enum):
    """Which new orders a pair takes."""

    TRADABLE = "tradable"
    UNTRADABLE = "untradable"
    BUYABLE = "buyable"
    SELLABLE = "sellable"


class PairConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One currency pair: its rules and where its synthetic market starts.

    ``id`` is the base, an underscore and the quote, of letters and digits of any script and ``$``; the base may have
    underscores, too: the quote is what follows the last one.

    ``price_precision`` and ``amount_precision`` count decimals; ``min_base_amount`` is in base units, the quote
    limits in quote units; ``start_price`` is the price that the synthetic traders' walk returns to. ``trade_status``
    says which new orders are taken, each side not before its ``*_start_s`` (seconds since 1970, 0: always).
    """

    id: str
    start_price: Decimal
    price_precision: int
    amount_precision: int
    min_base_amount: Decimal
    min_quote_amount: Decimal = Decimal(3)
    max_quote_amount: Decimal = Decimal(5_000_000)
    trade_status: TradeStatus = TradeStatus.TRADABLE
    buy_start_s: int = 0
    sell_start_s: int = 0
    market_buys_in_quote: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not PAIR_PATTERN.fullmatch(self.id):
            raise refuse("pair id", self.id, "BASE_QUOTE of letters, digits and $")
        for field in ("price_precision", "amount_precision"):
            value = getattr(self, field)
            if not 0 <= value <= MAX_DECIMALS:
                raise refuse(f"{self.id} {field}", value, f"0 to {MAX_DECIMALS} decimals")
        if self.price_precision + self.amount_precision > MAX_DECIMALS:
            # a price times an amount must be an exact balance
            raise refuse(
                f"{self.id} price_precision + amount_precision",
                self.price_precision + self.amount_precision,
                f"at most {MAX_DECIMALS}",
            )
        for field in ("start_price", "min_base_amount", "min_quote_amount", "max_quote_amount"):
            value = getattr(self, field)
            if not value.is_finite() or value <= 0:
                raise refuse(f"{self.id} {field}", value, "above 0")
        for field in ("buy_start_s", "sell_start_s"):
            value = getattr(self, field)
            if not 0 <= value <= MAX_TIME_S:
                raise refuse(f"{self.id} {field}", value, f"0 to {MAX_TIME_S} seconds since 1970")

    @property
    def base(self) -> str:
        """The currency that is traded."""
        return self.id.rpartition("_")[0]

    @property
    def quote(self) -> str:
        """The currency that it is paid with."""
        return self.id.rpartition("_")[2]

    @property
    def unit(self) -> Decimal:
        """How much of the base one of its amounts is."""
        return ONE
