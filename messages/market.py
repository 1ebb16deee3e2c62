"""Public market data."""

from decimal import Decimal

import msgspec

from messages.symbol import Symbol


class BookTicker(msgspec.Struct, frozen=True, kw_only=True):
    """Best bid and ask of a market. A side without orders has None for price and quantity.

    Attributes:
        update_id: rises with every change of the book. time_ms: the exchange's clock, unix milliseconds.
    """

    symbol: Symbol
    bid: Decimal | None
    bid_quantity: Decimal | None
    ask: Decimal | None
    ask_quantity: Decimal | None
    update_id: int
    time_ms: int

    @property
    def mid(self) -> Decimal | None:
        """Half way between bid and ask; None while a side is empty."""
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2
