"""A position: what trades, funding and margin changes do to it; plain arithmetic, exact in Decimal."""

import enum
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Final

from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.orders import ZERO

QUANTUM: Final = Decimal("1e-12")
"""Shares of a sum that no division makes exact are cut to this; what is left stays with the rest of the sum."""
USUAL_LEVERAGE: Final = Decimal(10)


class Leg(enum.Enum):
    """Which position of a contract: the only one, or one of two that are held side by side."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPosition:
    """What became of a position, in parts; ``most``: contracts when it was largest; times in ms since 1970."""

    pair: str
    leg: Leg
    is_long: bool
    from_trades: Decimal
    from_funding: Decimal
    from_fees: Decimal
    entry_price: Decimal
    most: Decimal
    opened_ms: int
    closed_ms: int

    @property
    def realised(self) -> Decimal:
        """What it brought in."""
        return self.from_trades + self.from_funding + self.from_fees


@dataclass(slots=True, eq=False, kw_only=True)
class Position:
    """``size`` in contracts, below 0 for a short one. ``cost``: what its contracts were worth when they were traded;
    ``margin``: what is set aside for it when it is isolated. Both in the settlement currency, as all sums.

    ``realised`` is since it was opened, in parts ``from_trades``, ``from_funding`` and ``from_fees`` (below 0: paid);
    ``last_entry`` and ``most`` are the average entry and the size when it was largest, also after its end.
    ``history`` sums what positions of this leg realised that are closed, ``last_close`` is the newest of these.
    ``version`` grows by one with each change.
    """

    account: str
    contract: ContractConfig
    leg: Leg
    size: Decimal = ZERO
    cost: Decimal = ZERO
    margin: Decimal = ZERO
    leverage: Decimal = USUAL_LEVERAGE
    is_cross: bool = True
    from_trades: Decimal = ZERO
    from_funding: Decimal = ZERO
    from_fees: Decimal = ZERO
    history: Decimal = ZERO
    last_close: Decimal = ZERO
    last_entry: Decimal = ZERO
    most: Decimal = ZERO
    version: int = 0
    opened_ms: int = 0
    updated_ms: int = 0

    @property
    def sign(self) -> int:
        """1 for a long position, -1 for a short one, 0 for none."""
        return (self.size > 0) - (self.size < 0)

    @property
    def realised(self) -> Decimal:
        """What it has brought in since it was opened."""
        return self.from_trades + self.from_funding + self.from_fees

    @property
    def entry_price(self) -> Decimal:
        """What its contracts were traded at on average, 0 for none."""
        if not self.size:
            return ZERO
        price = self.cost / (abs(self.size) * self.contract.multiplier)
        return round(price, self.contract.price_precision + 6)

    def value(self, mark: Decimal) -> Decimal:
        """What it is worth, never below 0."""
        return self.contract.value(self.size, mark)

    def unrealised(self, mark: Decimal) -> Decimal:
        """What closing it at this price would bring in, without fees."""
        return self.sign * (self.value(mark) - self.cost)

    def trade(self, change: Decimal, price: Decimal, now_ms: int) -> tuple[Decimal, Decimal]:
        """Takes in a trade of ``change`` contracts (below 0: sold).

        Returns the contracts that came off the position, and what they brought in.
        """
        closed, profit = ZERO, ZERO
        if change * self.size < 0:
            closed, profit = self._close(min(abs(change), abs(self.size)), price)
        opened = abs(change) - closed
        if opened:
            if not self.size:
                self._begin(now_ms)
            worth = self.contract.value(opened, price)
            self.cost += worth
            if not self.is_cross:
                self.margin += (worth / self.leverage).quantize(QUANTUM, ROUND_UP)
            self.size += opened if change > 0 else -opened
            self.last_entry = self.entry_price
            self.most = max(self.most, abs(self.size))
        self.from_trades += profit
        self.changed(now_ms)
        return closed, profit

    def settle(self, payment: Decimal, now_ms: int) -> None:
        """Takes in a payment of funding, below 0 when it pays."""
        self.from_funding += payment
        if not self.is_cross:
            self.margin += payment
        self.changed(now_ms)

    def end_if_flat(self, sign: int) -> "ClosedPosition | None":
        """Moves what a position realised that is closed to the history, and returns it; None while it is open.
        ``sign``: of the position that it was."""
        if self.size:
            return None
        realised = self.realised
        ended = ClosedPosition(
            pair=self.contract.id,
            leg=self.leg,
            is_long=sign > 0,
            from_trades=self.from_trades,
            from_funding=self.from_funding,
            from_fees=self.from_fees,
            entry_price=self.last_entry,
            most=self.most,
            opened_ms=self.opened_ms,
            closed_ms=self.updated_ms,
        )
        self.history += realised
        self.last_close = realised
        self.from_trades = self.from_funding = self.from_fees = ZERO
        self.opened_ms = 0
        return ended

    def changed(self, now_ms: int) -> None:
        """Counts a change."""
        self.version += 1
        self.updated_ms = now_ms

    def _begin(self, now_ms: int) -> None:
        self.opened_ms = now_ms
        self.most = ZERO

    def _close(self, closed: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
        """Takes contracts off; the share of cost and margin that is theirs goes with them."""
        held, sign = abs(self.size), self.sign
        if closed == held:
            cost, margin = self.cost, self.margin
        else:
            cost = (self.cost * closed / held).quantize(QUANTUM, ROUND_DOWN)
            margin = (self.margin * closed / held).quantize(QUANTUM, ROUND_DOWN)
        self.cost -= cost
        self.margin -= margin
        self.size -= sign * closed
        return closed, sign * (self.contract.value(closed, price) - cost)
