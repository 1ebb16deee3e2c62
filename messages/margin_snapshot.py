"""State and figures of an account with positions at one moment, frozen (R1)."""

from decimal import Decimal

from messages.margin import MarginBalance
from messages.position import Position, PositionMode
from messages.snapshot import AccountSnapshot, TradingStats


class MarginAccountSnapshot(AccountSnapshot, frozen=True, kw_only=True):
    """As `AccountSnapshot`, and:

    Attributes:
        positions: those that there are; fills that are ahead of the exchange's word are in them.
        margins: by settlement currency. position_mode: None until the exchange has told.
    """

    positions: tuple[Position, ...]
    margins: dict[str, MarginBalance]
    position_mode: PositionMode | None


class MarginTradingStats(TradingStats, frozen=True, kw_only=True):
    """As `TradingStats`, and:

    Attributes:
        active_positions: how many there are. margin_used: by positions and orders, by currency.
        unrealized_pnl: at the mark prices that are known, by currency.
        position_mismatches: how often the exchange told of a position what its fills did not explain.
    """

    active_positions: int
    margin_used: dict[str, Decimal]
    unrealized_pnl: dict[str, Decimal]
    position_mismatches: int
