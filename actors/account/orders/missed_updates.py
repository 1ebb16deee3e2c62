"""What a snapshot tells that the socket should have told before: the sign of a socket that has gone deaf.

Only the exchange's own dates count: a change that it dates while the socket was subscribed, and longer ago than any
delay on the way. What we concluded ourselves has no such date.
"""

from typing import Final

from messages.order import Fill, Order

_LONGEST_DELAY_MS: Final = 2_000
"""News that is younger may still be on its way."""


class MissedUpdates:
    """Counts, for one snapshot, changes that the socket should have told."""

    def __init__(self, *, subscribed_ms: int, as_of_ms: int, unreadable_ms: int = 0) -> None:
        """``subscribed_ms``: when the exchange acknowledged the subscriptions. ``as_of_ms``: when the snapshot was
        taken up. ``unreadable_ms``: when the socket last told something that could not be read, and may have been any
        of what came before; 0: never. All by the exchange's clock, unix milliseconds."""
        self._after_ms = max(subscribed_ms, unreadable_ms + _LONGEST_DELAY_MS)
        self._before_ms = as_of_ms - _LONGEST_DELAY_MS
        self.count = 0

    def count_fill(self, fill: Fill, *, is_new: bool) -> None:
        self.count += is_new and self._was_to_be_told(fill.time_ms)

    def count_order(self, before: Order | None, after: Order | None, *, dropped_through_ms: int = 0) -> None:
        """``before``: as it was known; ``after``: with what the exchange says now; None where there is no such order.

        ``dropped_through_ms``: an order that last changed up to then may have been known and dropped for room.
        """
        if after is None:
            return
        if before is None:
            # Its latest change may be one that is not told; that it came is.
            is_late = after.updated_ms > dropped_through_ms and self._was_to_be_told(after.created_ms)
        else:
            is_newer = after.updated_ms > before.updated_ms
            is_late = is_newer and self._was_to_be_told(after.updated_ms) and _essence(before) != _essence(after)
        self.count += is_late

    def _was_to_be_told(self, time_ms: int) -> bool:
        return self._after_ms < time_ms < self._before_ms


def _essence(order: Order) -> tuple[object, ...]:
    return order.is_finished, order.filled_quantity, order.quantity, order.price
