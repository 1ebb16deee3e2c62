"""Notices when the event loop is held up: everything that trades waits for it then."""

from collections.abc import Callable

import structlog

from actors.account.latency import LatencyWindow
from exchanges.base.environment import Clock
from messages.snapshot import LatencySummary

_log = structlog.get_logger("teller.watchdog")


class LoopWatchdog:
    """Sleeps for a fixed time over and over, and measures how much later than that it wakes up."""

    def __init__(
        self,
        clock: Clock,
        *,
        every_s: float = 0.1,
        warn_ms: float = 100.0,
        held_up: Callable[[float], None] | None = None,
    ) -> None:
        """``warn_ms``: a longer lag is logged, and told to ``held_up`` in milliseconds."""
        self._clock = clock
        self._every_s = every_s
        self._warn_ms = warn_ms
        self._held_up = held_up
        self._window = LatencyWindow()
        self._worst_ms = 0.0

    async def run(self) -> None:
        """Until canceled."""
        clock = self._clock
        while True:
            asleep_s = clock.monotonic_s()
            await clock.sleep(self._every_s)
            lag_ms = max(0.0, (clock.monotonic_s() - asleep_s - self._every_s) * 1000)
            self._window.add(lag_ms)
            self._worst_ms = max(self._worst_ms, lag_ms)
            if lag_ms >= self._warn_ms:
                _log.warning("loop_lag", lag_ms=round(lag_ms, 1))
                if self._held_up is not None:
                    self._held_up(lag_ms)

    def summary(self) -> LatencySummary:
        """Lag: percentiles over the latest, the highest over the whole life."""
        latest = self._window.summary()
        return LatencySummary(count=latest.count, p50_ms=latest.p50_ms, p99_ms=latest.p99_ms, max_ms=self._worst_ms)
