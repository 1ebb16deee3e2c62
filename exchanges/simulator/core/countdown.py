"""The dead man's switch: an account's orders are canceled unless it keeps asking for more time."""

from collections.abc import Callable

from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.scheduling import Cancellable, Schedule


class Countdowns:
    """At most one timer for each account and pair, and one for all pairs of an account."""

    def __init__(self, engine: Engine, *, now_ms: Callable[[], int], schedule: Schedule) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._schedule = schedule
        self._timers: dict[tuple[str, str | None], Cancellable] = {}

    def arm(self, account: str, pair: str | None, timeout_s: int) -> int:
        """Starts the timer anew; 0 stops it. Returns when it runs out in ms, 0 when stopped."""
        running = self._timers.pop((account, pair), None)
        if running is not None:
            running.cancel()
        if not timeout_s:
            return 0
        self._timers[account, pair] = self._schedule(timeout_s, lambda: self._run_out(account, pair))
        return self._now_ms() + timeout_s * 1000

    def _run_out(self, account: str, pair: str | None) -> None:
        del self._timers[account, pair]
        self._engine.cancel_all(account, pair=pair)
