"""What fills an account has told, for the closing comparison: the newest one by one, earlier ones as totals."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from console.account_records import FillTotals, RecordedFill
from messages.order import Fill

FILLS_KEPT: Final = 10_000
"""For each account; some 9 MB. A market's totals take as much as one fill, however many they stand for."""


class KeptFills:
    """One account's. Each fill is added once.

    Attributes:
        earlier: by symbol, the totals of those that are no longer kept one by one.
    """

    def __init__(self, kept: int = FILLS_KEPT) -> None:
        self.earlier: dict[str, FillTotals] = {}
        self._kept = kept
        self._from_ms: int | None = None
        self._newest: deque[Fill] = deque()

    def __iter__(self) -> Iterator[Fill]:
        return iter(self._newest)

    def begin(self, from_ms: int) -> None:
        """What is older is not compared; unix milliseconds of the exchange's clock. Until this is told nothing is
        summed up, for nobody knows yet what the exchange will be asked for."""
        self._from_ms = from_ms
        self._newest = deque(fill for fill in self._newest if fill.time_ms >= from_ms)
        self._sum_up()

    def add(self, fill: Fill) -> None:
        """One more."""
        if self._from_ms is None or fill.time_ms >= self._from_ms:
            self._newest.append(fill)
            self._sum_up()

    def _sum_up(self) -> None:
        if self._from_ms is None:
            return
        while len(self._newest) > self._kept:
            old = RecordedFill.of(self._newest.popleft())
            self.earlier.setdefault(old.symbol, FillTotals()).add(old)
