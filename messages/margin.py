"""Money of an account that trades on margin, and what changed it."""

import enum
from decimal import Decimal

import msgspec

from messages.symbol import Symbol
from messages.validation import ZERO, require_finite


class MarginBalance(msgspec.Struct, frozen=True, kw_only=True):
    """One settlement currency of a margin account; all amounts in it.

    Attributes:
        wallet_balance: deposits, realised profit, fees and funding; unrealised profit is not in it.
        available: free for new orders or to withdraw.
        unrealized_pnl: of all positions, at their mark prices. position_margin: tied up by positions; order_margin: by
            open orders. maintenance_margin: below which positions are liquidated; None where the exchange tells none.
        updated_ms: when the exchange says it was so, unix milliseconds.
    """

    currency: str
    wallet_balance: Decimal
    available: Decimal
    unrealized_pnl: Decimal = ZERO
    position_margin: Decimal = ZERO
    order_margin: Decimal = ZERO
    maintenance_margin: Decimal | None = None
    updated_ms: int = 0

    def __post_init__(self) -> None:
        for name in ("wallet_balance", "available", "unrealized_pnl", "position_margin", "order_margin"):
            require_finite(f"margin_balance.{name}", getattr(self, name))
        if self.maintenance_margin is not None:
            require_finite("margin_balance.maintenance_margin", self.maintenance_margin)

    @property
    def equity(self) -> Decimal:
        """What would be left if every position were closed at its mark price, without fees."""
        return self.wallet_balance + self.unrealized_pnl

    @property
    def margin_used(self) -> Decimal:
        """Tied up by positions and open orders."""
        return self.position_margin + self.order_margin


class LedgerKind(enum.Enum):
    """Why a wallet balance changed. OTHER: for a reason that has no name here; the venue's word stands beside it."""

    TRANSFER = "transfer"
    REALIZED_PNL = "realized_pnl"
    FEE = "fee"
    REBATE = "rebate"
    FUNDING = "funding"
    BONUS = "bonus"
    OTHER = "other"


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a wallet balance.

    Attributes:
        amount: in ``currency``; below zero it was paid. balance: of the wallet after it.
        venue_kind: the exchange's own word for the kind. symbol: whose position or order it concerns, where it does.
        reference: the exchange's id of the order or trade that caused it, "" where none is named.
        entry_id: the exchange's id of the entry itself, "" where it has none: sockets tell none.
        time_ms: the exchange's clock, unix milliseconds.
    """

    currency: str
    kind: LedgerKind
    amount: Decimal
    balance: Decimal
    venue_kind: str = ""
    symbol: Symbol | None = None
    reference: str = ""
    entry_id: str = ""
    time_ms: int = 0

    def __post_init__(self) -> None:
        require_finite("ledger_entry.amount", self.amount)
        require_finite("ledger_entry.balance", self.balance)

    @property
    def funding(self) -> "FundingPayment | None":
        """The funding payment that it is; None for any other change, and where it names no market."""
        if self.kind is not LedgerKind.FUNDING or self.symbol is None:
            return None
        return FundingPayment(symbol=self.symbol, currency=self.currency, amount=self.amount, time_ms=self.time_ms)


class FundingPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Funding of one position at one settlement. A market settles once in an hour at most, so ``(symbol, time)`` names
    it: by socket and by query it may be told with times that differ by less than a second.

    Attributes:
        amount: in ``currency``; below zero it was paid, above zero received. time_ms: the exchange's clock, unix ms.
    """

    symbol: Symbol
    currency: str
    amount: Decimal
    time_ms: int

    def __post_init__(self) -> None:
        require_finite("funding_payment.amount", self.amount)
