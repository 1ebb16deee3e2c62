"""One clock and one table of markets for all accounts of a venue: what everybody asks is asked once."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

from exchanges.base.clients import PublicRest
from exchanges.base.environment import Environment
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.symbol import Symbol

T = TypeVar("T")
_EVERY_S: Final = 0.1
"""So often the same is asked at most: of the some 200 queries that venues let one address send in 10 s that is half."""


class _Asking:
    """A query that is under way or waits for its turn, and how many wait for its answer."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting = 0


class SharedPublicRest:
    """A `PublicRest` for many: who asks while the same is being asked, or is about to be, gets that answer. Answers are
    not kept: each is of a query that was on its way when it was asked for, or was sent later."""

    def __init__(self, rest: PublicRest, environment: Environment) -> None:
        self._rest = rest
        self._environment = environment
        self._under_way: dict[str, _Asking] = {}
        self._next_s: dict[str, float] = {}

    async def server_time_ms(self) -> int:
        """See `PublicRest`."""
        return await self.once("time", self._rest.server_time_ms)

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        """See `PublicRest`; the same table for all who ask together."""
        return await self.once("markets", self._rest.load_instruments)

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        """See `PublicRest`."""
        return await self._rest.load_book_ticker(symbol)

    async def once(self, what: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer to ``ask``, which goes out once for all who ask for ``what`` meanwhile."""
        asking = self._under_way.get(what)
        if asking is None:
            task = self._environment.spawn(self._ask(what, ask), f"shared:{what}")
            task.add_done_callback(_retrieve)
            asking = self._under_way[what] = _Asking(task)
        asking.waiting += 1
        try:
            answer: T = await asyncio.shield(asking.task)  # who gives up does not take the answer from the others
            return answer
        finally:
            asking.waiting -= 1
            if not asking.waiting and not asking.task.done():
                asking.task.cancel()
                if self._under_way.get(what) is asking:
                    del self._under_way[what]  # whoever comes now asks anew

    async def _ask(self, what: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        clock = self._environment.clock
        try:
            pause_s = self._next_s.get(what, 0.0) - clock.monotonic_s()
            if pause_s > 0:
                await clock.sleep(pause_s)
            self._next_s[what] = clock.monotonic_s() + _EVERY_S
            return await ask()
        finally:
            under_way = self._under_way.get(what)
            if under_way is not None and under_way.task is asyncio.current_task():
                del self._under_way[what]


def _retrieve(asking: asyncio.Task[Any]) -> None:
    """Whoever still waits has the error from it; nobody may be left that does."""
    if not asking.cancelled():
        asking.exception()
