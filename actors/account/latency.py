"""The latest latencies of one kind."""

from collections import deque

from messages.snapshot import LatencySummary


class LatencyWindow:
    """Keeps the last ``size`` observations; adding one costs the same whatever the size."""

    __slots__ = ("_values_ms", "count")

    def __init__(self, size: int = 1024) -> None:
        self.count = 0
        self._values_ms: deque[float] = deque(maxlen=size)

    def add(self, value_ms: float) -> None:
        self.count += 1
        self._values_ms.append(value_ms)

    def summary(self) -> LatencySummary:
        """Percentiles over the window; ``count`` is over the whole life."""
        if not self._values_ms:
            return LatencySummary()
        ordered = sorted(self._values_ms)
        last = len(ordered) - 1
        return LatencySummary(
            count=self.count,
            p50_ms=ordered[round(last * 0.50)],
            p99_ms=ordered[round(last * 0.99)],
            max_ms=ordered[last],
        )
