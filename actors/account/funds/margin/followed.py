"""What fills do to a position, and whether they explain how the exchange tells it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from messages.validation import ZERO


class Change(msgspec.Struct, frozen=True, order=True):
    """One fill's part in a position.

    Attributes:
        time_ms: the exchange's clock. trade: length and text of the trade id, so that ids of digits are in their order,
            and the order's id. quantity: in base, below zero where it was sold. price: quote per base.
    """

    time_ms: int
    trade: tuple[int, str, str]
    quantity: Decimal
    price: Decimal


class Mark(msgspec.Struct, frozen=True):
    """A quantity that was told of a moment: at ``from_ms`` at the earliest it came to be so, and fills up to
    ``through_ms`` may be in it; none that is later."""

    quantity: Decimal
    from_ms: int
    through_ms: int


def follow(quantity: Decimal, entry_price: Decimal | None, changes: Sequence[Change]) -> tuple[Decimal, Decimal | None]:
    """Quantity and average entry price of a position after further fills; the price is None without a position, and
    where that of the beginning is not known."""
    for change in changes:
        after = quantity + change.quantity
        if not after:
            entry_price = None
        elif not quantity or (quantity > ZERO) is not (after > ZERO):
            entry_price = change.price
        elif abs(after) > abs(quantity) and entry_price is not None:
            entry_price = (entry_price * quantity + change.price * change.quantity) / after
        quantity = after
    return quantity, entry_price


def unexplained(before: Mark, after: Mark, changes: Sequence[Change]) -> Decimal:
    """What the exchange tells of a position beyond what fills make of it, in base; zero where they explain it.

    The exchange's stamps do not say on which side of a fill of the same moment a position was told: any cut between
    fills, in the order of their trades, is taken that a stamp allows.

    ``changes``: in their order, all that are known since ``before``.
    """
    times = [change.time_ms for change in changes]
    sums = [ZERO]
    for change in changes:
        sums.append(sums[-1] + change.quantity)
    starts = range(bisect_left(times, before.from_ms), bisect_right(times, before.through_ms) + 1)
    ends = range(bisect_left(times, after.from_ms), bisect_right(times, after.through_ms) + 1)
    moved = after.quantity - before.quantity
    earliest: dict[Decimal, int] = {}
    for start in starts:
        earliest.setdefault(sums[start], start)
    if any(earliest.get(sums[end] - moved, end + 1) <= end for end in ends):
        return ZERO
    return moved - (sums[ends[-1]] - sums[min(starts[0], ends[-1])])
