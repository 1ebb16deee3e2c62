"""What fills an account has told, for the closing comparison: the newest one by one, earlier ones as totals."""

from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from typing import Final

import msgspec

from messages.enums import Side
from messages.order import Fee, Fill

FILLS_KEPT: Final = 10_000
"""For each account; some 9 MB. A market's totals take as much as one fill, however many they stand for."""

_EXACT: Final = Context(prec=400)
"""Sums that do not depend on the order in which they are made."""


class FillTotals(msgspec.Struct, kw_only=True):
    """Sums over fills of one market.

    Attributes:
        count: fills. bought, sold: base. paid, received: quote, before fees. fees: by currency.
        until_ms: time stamp of the newest of them; the exchange's clock, unix milliseconds.
    """

    count: int = 0
    bought: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    until_ms: int = 0

    def add(self, *, side: str, price: Decimal, quantity: Decimal, fees: Iterable[Fee], time_ms: int) -> None:
        """One more fill. ``side``: the value of a `Side`."""
        self.count += 1
        quote = _EXACT.multiply(price, quantity)
        if side == Side.BUY.value:
            self.bought = _EXACT.add(self.bought, quantity)
            self.paid = _EXACT.add(self.paid, quote)
        else:
            self.sold = _EXACT.add(self.sold, quantity)
            self.received = _EXACT.add(self.received, quote)
        for fee in fees:
            self.fees[fee.currency] = _EXACT.add(self.fees.get(fee.currency, Decimal(0)), fee.amount)
        self.until_ms = max(self.until_ms, time_ms)

    def is_same_as(self, other: "FillTotals") -> bool:
        """Whether all but the time is the same: the two sides may stamp a fill a moment apart."""
        return (
            (self.count, self.bought, self.sold, self.paid, self.received)
            == (other.count, other.bought, other.sold, other.paid, other.received)
        ) and self._paid_fees() == other._paid_fees()

    def _paid_fees(self) -> dict[str, Decimal]:
        return {currency: amount for currency, amount in self.fees.items() if amount}

    def __str__(self) -> str:
        fees = "".join(f", fees {amount:f} {currency}" for currency, amount in sorted(self._paid_fees().items()))
        return (
            f"{self.count} fills, bought {self.bought:f} for {self.paid:f}, sold {self.sold:f} for {self.received:f}"
            f"{fees}"
        )


class KeptFills:
    """One account's. Each fill is added once.

    Attributes:
        earlier: by symbol, the totals of those that are no longer kept one by one.
    """

    def __init__(self, kept: int = FILLS_KEPT) -> None:
        self.earlier: dict[str, FillTotals] = {}
        self._kept = kept
        self._from_ms: int | None = None
        self._newest: deque[Fill] = deque()

    def __iter__(self) -> Iterator[Fill]:
        return iter(self._newest)

    def begin(self, from_ms: int) -> None:
        """What is older is not compared; unix milliseconds of the exchange's clock. Until this is told nothing is
        summed up, for nobody knows yet what the exchange will be asked for."""
        self._from_ms = from_ms
        self._newest = deque(fill for fill in self._newest if fill.time_ms >= from_ms)
        self._sum_up()

    def add(self, fill: Fill) -> None:
        """One more."""
        if self._from_ms is None or fill.time_ms >= self._from_ms:
            self._newest.append(fill)
            self._sum_up()

    def _sum_up(self) -> None:
        if self._from_ms is None:
            return
        while len(self._newest) > self._kept:
            old = self._newest.popleft()
            totals = self.earlier.setdefault(str(old.symbol), FillTotals())
            totals.add(side=old.side.value, price=old.price, quantity=old.quantity, fees=old.fees, time_ms=old.time_ms)
