"""What is traded."""

from typing import Self

import msgspec

from messages.errors import InvalidValueError
from messages.validation import require_currency


class Symbol(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """A spot market: ``base`` is bought and sold, ``quote`` pays for it. Written ``SOL/USDT``."""

    base: str
    quote: str

    def __post_init__(self) -> None:
        require_currency("symbol.base", self.base)
        require_currency("symbol.quote", self.quote)
        if self.base == self.quote:
            raise InvalidValueError("symbol.quote", self.quote, f"another currency than the base {self.base}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads ``BASE/QUOTE``; raises `InvalidValueError` for anything else."""
        base, slash, quote = text.partition("/")
        if not slash:
            raise InvalidValueError("symbol", text, "BASE/QUOTE, for example SOL/USDT")
        return cls(base, quote)

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"
