"""What a snapshot tells that the socket should have told before: the sign of a socket that has gone deaf."""

from typing import Final

from messages.order import Fill, Order

_LONGEST_DELAY_MS: Final = 2_000
"""News that is younger may still be on its way."""


class LateNews:
    """Counts, for one snapshot, changes that are older than any delay on the way."""

    def __init__(self, as_of_ms: int) -> None:
        """``as_of_ms``: server time at which the snapshot was taken up, unix milliseconds."""
        self._before_ms = as_of_ms - _LONGEST_DELAY_MS
        self.count = 0

    def count_fill(self, fill: Fill, *, is_new: bool) -> None:
        self.count += is_new and fill.time_ms < self._before_ms

    def count_order(self, before: Order | None, after: Order | None) -> None:
        """``before``: as it was known; ``after``: with the snapshot joined; None where there is no such order."""
        if after is None or after.updated_ms >= self._before_ms:
            return
        self.count += before is None or _essence(before) != _essence(after)


def _essence(order: Order) -> tuple[object, ...]:
    return order.is_finished, order.filled_quantity, order.quantity, order.price
