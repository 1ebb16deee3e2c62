"""Time set by hand, and timers that go off when it is moved."""

import heapq
import itertools
from collections.abc import Callable

START_MS = 1_760_000_000_000


class Timer:
    """A scheduled call."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class VirtualTime:
    """A clock and a scheduler in one; nothing happens until ``advance``."""

    def __init__(self) -> None:
        self.ms: float = START_MS
        self._counter = itertools.count()
        self._timers: list[tuple[float, int, Timer]] = []

    def now_ms(self) -> int:
        return int(self.ms)

    def schedule(self, delay_s: float, call: Callable[[], None]) -> Timer:
        timer = Timer(call)
        heapq.heappush(self._timers, (self.ms + delay_s * 1000, next(self._counter), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Moves the time, and calls what falls due on the way, each at its time."""
        until = self.ms + seconds * 1000
        while self._timers and self._timers[0][0] <= until:
            self.ms, _, timer = heapq.heappop(self._timers)
            if timer.call is not None:
                timer.call()
        self.ms = until
