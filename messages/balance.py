"""Money on an account."""

from decimal import Decimal

import msgspec

from messages.errors import InvalidValueError
from messages.validation import ZERO


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One currency of one account.

    Attributes:
        available: free to trade or withdraw. locked: held by open orders or withdrawals.
        updated_ms: when the exchange says it was so, unix milliseconds.
    """

    currency: str
    available: Decimal
    locked: Decimal
    updated_ms: int = 0

    def __post_init__(self) -> None:
        if type(self.available) is not Decimal or not self.available.is_finite():
            raise InvalidValueError("balance.available", self.available, "a finite Decimal")
        if type(self.locked) is not Decimal or not self.locked >= ZERO:
            raise InvalidValueError("balance.locked", self.locked, "a Decimal of zero or more")

    @property
    def total(self) -> Decimal:
        return self.available + self.locked
