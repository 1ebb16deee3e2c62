"""Positions in perpetuals and the margin that they tie up."""

import enum
from decimal import Decimal
from typing import Final

import msgspec

from messages.errors import InvalidValueError
from messages.symbol import Product, Symbol
from messages.validation import ZERO, require_finite, require_finite_not_negative


class PositionMode(enum.Enum):
    """How many positions an account may have in one market.

    ONE_WAY: one, long or short (also called single mode, or netting). HEDGE: a long and a short one beside each other
    (also called dual mode, or hedging).
    """

    ONE_WAY = "one_way"
    HEDGE = "hedge"


class PositionSide(enum.Enum):
    """Which position of a market: NET is the only one in `PositionMode.ONE_WAY`, LONG and SHORT are those of HEDGE."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


class MarginMode(enum.Enum):
    """What stands behind a position: CROSS, all free margin of the account; ISOLATED, its own margin alone."""

    CROSS = "cross"
    ISOLATED = "isolated"


_LONG: Final = PositionSide.LONG
_SHORT: Final = PositionSide.SHORT


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One position as the exchange tells it. ``(symbol, side)`` names it; of two reports the one with the greater
    ``update_id`` is the newer (R2).

    None stands for what this report does not tell: sockets tell less than queries.

    Attributes:
        quantity: signed, in base: above zero long, below zero short, zero none.
        entry_price: average, quote per base; None where there is no position.
        mark_price: by which margin and profit are reckoned. liquidation_price: of ``mark_price``; None: none is near.
        leverage: that is in force in either margin mode; None where the exchange leaves it open.
        margin: tied up by it, in the settlement currency. maintenance_margin: below which it is liquidated.
        unrealized_pnl: at ``mark_price``. realized_pnl: since it was opened, fees and funding included. Both in the
            settlement currency.
        risk_limit: the greatest notional value (quote) that its present risk tier allows.
        update_id: rises by one with every change of this position. updated_ms: the exchange's clock, unix milliseconds.
    """

    symbol: Symbol
    quantity: Decimal
    side: PositionSide = PositionSide.NET
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    liquidation_price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: MarginMode = MarginMode.CROSS
    margin: Decimal = ZERO
    maintenance_margin: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    realized_pnl: Decimal = ZERO
    risk_limit: Decimal | None = None
    update_id: int = 0
    updated_ms: int = 0

    def __post_init__(self) -> None:
        quantity = self.quantity
        if self.symbol.product is not Product.PERPETUAL:
            raise InvalidValueError("position.symbol", str(self.symbol), "a perpetual, BASE/QUOTE:SETTLE")
        require_finite("position.quantity", quantity)
        if (self.side is _LONG and quantity < ZERO) or (self.side is _SHORT and quantity > ZERO):
            raise InvalidValueError("position.quantity", quantity, f"of the sign of a {self.side.value} position")
        for value in (
            self.entry_price,
            self.mark_price,
            self.liquidation_price,
            self.leverage,
            self.maintenance_margin,
            self.risk_limit,
        ):
            if value is not None and (type(value) is not Decimal or not value.is_finite() or value < ZERO):
                self._refuse_amounts()
        for value in (self.margin, self.realized_pnl, self.unrealized_pnl):
            if value is not None and (type(value) is not Decimal or not value.is_finite()):
                self._refuse_amounts()

    def _refuse_amounts(self) -> None:
        """Names the amount that cannot be."""
        for name in ("entry_price", "mark_price", "liquidation_price", "leverage", "maintenance_margin", "risk_limit"):
            value = getattr(self, name)
            if value is not None:
                require_finite_not_negative(f"position.{name}", value)
        for name in ("margin", "realized_pnl", "unrealized_pnl"):
            value = getattr(self, name)
            if value is not None:
                require_finite(f"position.{name}", value)

    @property
    def is_flat(self) -> bool:
        """There is none."""
        return not self.quantity

    @property
    def notional(self) -> Decimal | None:
        """Its value at ``mark_price`` in quote, zero or more; None where that price is not told."""
        return None if self.mark_price is None else abs(self.quantity) * self.mark_price
