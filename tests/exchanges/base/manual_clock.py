"""A clock that moves only when a test says so."""

import asyncio
import heapq
import itertools


class ManualClock:
    """`exchanges.base.environment.Clock` whose time is set by hand; sleepers wake in the order of their time."""

    def __init__(self, now_s: float = 1000.0, unix_ms: int = 1_760_000_000_000) -> None:
        self._now_s = now_s
        self._start_s = now_s
        self.unix_ms = unix_ms
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now_ms(self) -> int:
        return self.unix_ms + round((self._now_s - self._start_s) * 1000)

    def monotonic_s(self) -> float:
        return self._now_s

    async def sleep(self, delay_s: float) -> None:
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_s + delay_s, next(self._numbers), woken))
        await woken

    @property
    def next_wake_s(self) -> float | None:
        """When the next sleeper wants to wake; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Moves on, waking each sleeper at its time and letting every task run in between."""
        target_s = self._now_s + seconds
        await settle()
        while (wake_s := self.next_wake_s) is not None and wake_s <= target_s:
            self._now_s = max(self._now_s, wake_s)
            heapq.heappop(self._sleepers)[2].set_result(None)
            await settle()
        self._now_s = target_s
        await settle()

    def jump(self, seconds: float) -> None:
        """Moves on at once, as for a process that was stopped: all whose time has come wake together, late."""
        self._now_s += seconds
        while (wake_s := self.next_wake_s) is not None and wake_s <= self._now_s:
            heapq.heappop(self._sleepers)[2].set_result(None)


async def settle() -> None:
    """Lets every task that can run, run."""
    for _ in range(12):
        await asyncio.sleep(0)
