"""The watchdog on a clock of its own: it measures exactly what the loop was late by."""

import asyncio

import structlog

from console.watchdog import LoopWatchdog


class LateClock:
    """A clock on which every sleep takes longer than asked for, by the next of some lags; then it blocks."""

    def __init__(self, *lags_s: float) -> None:
        self._lags_s = list(lags_s)
        self._now_s = 0.0

    def now_ms(self) -> int:
        return round(self._now_s * 1000)

    def monotonic_s(self) -> float:
        return self._now_s

    async def sleep(self, delay_s: float) -> None:
        if not self._lags_s:
            raise asyncio.CancelledError
        self._now_s += delay_s + self._lags_s.pop(0)


async def watched(*lags_s: float) -> LoopWatchdog:
    watchdog = LoopWatchdog(LateClock(*lags_s), every_s=0.1, warn_ms=100)
    task = asyncio.ensure_future(watchdog.run())
    await asyncio.gather(task, return_exceptions=True)
    return watchdog


async def test_it_measures_the_lag() -> None:
    summary = (await watched(0.0, 0.0, 0.02, 0.5)).summary()
    assert summary.count == 4
    assert round(summary.max_ms) == 500
    assert round(summary.p50_ms) in {0, 20}


async def test_a_long_lag_is_logged_once_for_each_time() -> None:
    with structlog.testing.capture_logs() as logs:
        await watched(0.05, 0.25, 0.099, 1.0)
    assert [(entry["event"], entry["lag_ms"]) for entry in logs] == [("loop_lag", 250.0), ("loop_lag", 1000.0)]


async def test_before_it_has_looked_it_says_so() -> None:
    assert LoopWatchdog(LateClock()).summary().count == 0
