"""What all accounts of a venue ask is asked once, and nobody is told what was known before they asked."""

import asyncio
import random
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import pytest

from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.environment import Environment, SystemClock
from exchanges.base.shared_public_rest import SharedPublicRest
from exchanges.base.websockets_transport import WebsocketsTransport
from messages.errors import ConnectionFailedError
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.symbol import Symbol

T = TypeVar("T")


class Counted:
    """Answers with the number of the query, when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.answer = asyncio.Event()

    async def server_time_ms(self) -> int:
        self.asked += 1
        number = self.asked
        await self.answer.wait()
        if self.fails:
            raise ConnectionFailedError("no answer")
        return number

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        return {}

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        raise AssertionError(f"{symbol} is not asked for")


class RealTime(SystemClock):
    """Keeps what was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        await asyncio.sleep(0)


def shared(rest: Counted, clock: SystemClock) -> SharedPublicRest:
    def spawn(coroutine: Coroutine[Any, Any, T], name: str, /) -> asyncio.Task[T]:
        return asyncio.get_running_loop().create_task(coroutine, name=name)

    http, sockets = AiohttpTransport(), WebsocketsTransport()
    environment = Environment(clock=clock, rng=random.Random(1), spawn=spawn, http=http, sockets=sockets)
    return SharedPublicRest(rest, environment)


async def test_who_asks_while_it_is_asked_gets_that_answer() -> None:
    rest = Counted()
    one = shared(rest, SystemClock())
    asking = [asyncio.ensure_future(one.server_time_ms()) for _ in range(500)]
    await asyncio.sleep(0)
    rest.answer.set()
    assert set(await asyncio.gather(*asking)) == {1}
    assert rest.asked == 1


async def test_r5_an_answer_is_not_kept_and_the_next_query_waits_its_turn() -> None:
    rest, clock = Counted(), RealTime()
    one = shared(rest, clock)
    rest.answer.set()
    assert [await one.server_time_ms(), await one.server_time_ms(), await one.server_time_ms()] == [1, 2, 3]
    assert len(clock.waited) == 2
    assert all(0 < seconds <= 0.1 for seconds in clock.waited)


async def test_who_gives_up_takes_the_answer_from_nobody() -> None:
    rest = Counted()
    one = shared(rest, SystemClock())
    impatient, patient = (asyncio.ensure_future(one.server_time_ms()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    rest.answer.set()
    assert await patient == 1


async def test_when_nobody_waits_any_more_nothing_is_asked_any_more() -> None:
    rest = Counted()
    one = shared(rest, SystemClock())
    asking = [asyncio.ensure_future(one.server_time_ms()) for _ in range(3)]
    await asyncio.sleep(0)
    for each in asking:
        each.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    later = asyncio.ensure_future(one.server_time_ms())
    await asyncio.sleep(0)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("shared:")] == ["shared:time"]
    rest.answer.set()
    assert await later == 2


async def test_r10_what_fails_is_told_to_all_who_wait_and_asked_anew() -> None:
    rest, clock = Counted(), RealTime()
    one = shared(rest, clock)
    rest.fails = True
    rest.answer.set()
    for error in await asyncio.gather(one.server_time_ms(), one.server_time_ms(), return_exceptions=True):
        assert isinstance(error, ConnectionFailedError)
    rest.fails = False
    assert await one.server_time_ms() == 2
    with pytest.raises(AssertionError, match="SOL"):
        await one.load_book_ticker(Symbol("SOL", "USDT"))
