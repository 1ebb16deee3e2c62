"""What is traded."""

import enum
from typing import Self

import msgspec

from messages.errors import InvalidValueError
from messages.validation import require_currency


class Product(enum.Enum):
    """What kind of thing a symbol is; an account trades one kind."""

    SPOT = "spot"
    PERPETUAL = "perpetual"


class Symbol(msgspec.Struct, frozen=True, order=True, cache_hash=True, omit_defaults=True):
    """A market: ``base`` is bought and sold, ``quote`` is what prices are in.

    Spot is written ``SOL/USDT``, a perpetual ``SOL/USDT:USDT`` with the currency that it is settled in (the unified
    notation of ccxt).

    Attributes:
        settle: the currency of margin and profit; empty for spot.
    """

    base: str
    quote: str
    settle: str = ""

    def __post_init__(self) -> None:
        require_currency("symbol.base", self.base)
        require_currency("symbol.quote", self.quote)
        if self.settle:
            require_currency("symbol.settle", self.settle)
        if self.base == self.quote:
            raise InvalidValueError("symbol.quote", self.quote, f"another currency than the base {self.base}")

    @property
    def product(self) -> Product:
        """What kind of thing it is."""
        return Product.PERPETUAL if self.settle else Product.SPOT

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads ``BASE/QUOTE`` or ``BASE/QUOTE:SETTLE``; raises `InvalidValueError` for anything else."""
        base, slash, rest = text.partition("/")
        quote, colon, settle = rest.partition(":")
        if not slash or bool(colon) is not bool(settle):
            raise InvalidValueError("symbol", text, "BASE/QUOTE, for example SOL/USDT, or BASE/QUOTE:SETTLE")
        return cls(base, quote, settle)

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}:{self.settle}" if self.settle else f"{self.base}/{self.quote}"
