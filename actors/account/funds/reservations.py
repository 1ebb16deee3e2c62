"""Money that orders on their way will lock, set aside until a balance shows it.

A balance tells what was available at one moment of the exchange's clock, so it shows what an order locked when it is
newer than the order. An acknowledgement shows nothing: it may come long before the balance does.
"""

from decimal import Decimal

import msgspec

from messages.balance import Balance
from messages.validation import ZERO


class Reservation(msgspec.Struct, frozen=True):
    """What an order locks: an amount of one currency."""

    currency: str
    amount: Decimal


class _Kept:
    """One reservation.

    Attributes:
        amount: set aside now. taken_ms: when the exchange took the order, by its clock; None while that is not known.
        is_shown: a push told of exactly this change.
    """

    __slots__ = ("amount", "is_shown", "taken_ms", "whole")

    def __init__(self, whole: Reservation) -> None:
        self.whole = whole
        self.amount = whole.amount
        self.taken_ms: int | None = None
        self.is_shown = False

    def is_over(self, balance: Balance | None) -> bool:
        """``balance``: of its currency, the latest."""
        if self.taken_ms is None:
            return False
        return not self.amount or self.is_shown or (balance is not None and balance.updated_ms > self.taken_ms)


class Reservations:
    """Those of one account, by the client id of their order."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def amount_of(self, currency: str) -> Decimal:
        """How much of a currency is set aside."""
        return sum((kept.amount for kept in self._kept.values() if kept.whole.currency == currency), ZERO)

    def of(self, client_order_id: str) -> Reservation | None:
        """The whole of what was set aside for this order; None while nothing is."""
        kept = self._kept.get(client_order_id)
        return None if kept is None else kept.whole

    def add(self, client_order_id: str, reservation: Reservation) -> None:
        """An order will be sent."""
        self._kept[client_order_id] = _Kept(reservation)

    def free(self, client_order_id: str) -> None:
        """The order is not on the exchange and will not be: nothing is locked."""
        self._kept.pop(client_order_id, None)

    def take(self, client_order_id: str, taken_ms: int, spent: Decimal | None, balance: Balance | None) -> None:
        """The exchange has the order.

        Args:
            taken_ms: since when, by its clock. spent: what an order that has ended cost; None while it is open.
            balance: of the currency, the latest.
        """
        kept = self._kept[client_order_id]
        kept.taken_ms = taken_ms
        if spent is not None:
            kept.amount = min(kept.whole.amount, spent)
        if kept.is_over(balance):
            del self._kept[client_order_id]

    def apply(self, before: Balance | None, after: Balance, *, is_push: bool) -> None:
        """A newer balance is known.

        A push tells one change, and its stamp may be the order's own or, where the money is locked first, one before
        it: a push that locks, takes or spends exactly what was set aside, or what the order has cost, is taken for the
        order's, the oldest order first.
        """
        mine = [(name, kept) for name, kept in self._kept.items() if kept.whole.currency == after.currency]
        if is_push and before is not None:
            changes = {
                after.locked - before.locked,
                before.available - after.available,
                before.total - after.total,
            }
            for _, kept in mine:
                if not kept.is_shown and not changes.isdisjoint((kept.whole.amount, kept.amount)):
                    kept.is_shown = True
                    break
        for name, kept in mine:
            if kept.is_over(after):
                del self._kept[name]
