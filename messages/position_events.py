"""What an account with positions tells, besides what `messages.events` has for every account."""

from decimal import Decimal

import msgspec

from messages.margin import LedgerEntry, MarginBalance
from messages.position import Position, PositionSide
from messages.symbol import Symbol


class PositionUpdateEvent(msgspec.Struct, frozen=True):
    """A position: on the way to the account, as the exchange reported it; from the account, as it is now known.

    Attributes:
        session_id: which session of the account brought it; 0 when it comes from the account itself.
    """

    account: str
    position: Position
    session_id: int = 0


class PositionMismatchEvent(msgspec.Struct, frozen=True):
    """The exchange, asked, tells of a position what its fills, asked for, do not explain. Its word stands.

    Attributes:
        quantity: as the exchange tells it, in base, signed. by_fills: what the fills that are known make of it.
    """

    account: str
    symbol: Symbol
    side: PositionSide
    quantity: Decimal
    by_fills: Decimal


class MarginBalanceUpdateEvent(msgspec.Struct, frozen=True):
    """A margin balance as it is now. ``session_id`` as in `PositionUpdateEvent`."""

    account: str
    balance: MarginBalance
    session_id: int = 0


class LedgerEvent(msgspec.Struct, frozen=True):
    """One change of a wallet balance, funding payments among them (`LedgerEntry.funding`). ``session_id`` as in
    `PositionUpdateEvent`."""

    account: str
    entry: LedgerEntry
    session_id: int = 0
