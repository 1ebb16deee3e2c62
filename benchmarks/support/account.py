"""A real account, live: actor, session and handlers as in the program, on the running loop."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from actors.account.settings import AccountSettings
from actors.connection.settings import SupervisorSettings
from actors.runtime import Address, LoopActor, LoopHost, handles
from actors.strategy.handle import AccountHandle
from actors.system import AccountPlan, TradingSystem
from benchmarks.support.canned import CREDENTIALS
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment, SystemClock
from exchanges.base.transport import HttpTransport
from exchanges.base.websockets_transport import WebsocketsTransport
from messages.events import OrderUpdateEvent

T = TypeVar("T")
UNDISTURBED_S: Final = 3600.0
"""Longer than any benchmark: nothing is checked in between, a canned exchange would not pass."""


def spawn(coroutine: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
    """Starts a task on the running loop."""
    return asyncio.get_running_loop().create_task(coroutine, name=name)


@asynccontextmanager
async def real_environment(http: HttpTransport | None = None) -> AsyncIterator[Environment]:
    """The program's own seams; ``http`` may stand in for its transport."""
    transport = http or AiohttpTransport()
    try:
        yield Environment(
            clock=SystemClock(), rng=random.Random(1), spawn=spawn, http=transport, sockets=WebsocketsTransport()
        )
    finally:
        await transport.close()


class Counter:
    """Counts order updates and says when there have been enough."""

    def __init__(self) -> None:
        self._left = 0
        self._none_left: asyncio.Future[None] | None = None

    def expect(self, count: int) -> "asyncio.Future[None]":
        """Settles when ``count`` more order updates have come."""
        self._left = count
        self._none_left = asyncio.get_running_loop().create_future()
        return self._none_left

    def hear(self, _: OrderUpdateEvent) -> None:
        self._left -= 1
        if not self._left and self._none_left is not None:
            self._none_left.set_result(None)


class Observer(LoopActor):
    """Stands for a strategy: an actor that is told what happens on the account."""

    def __init__(self, hear: Callable[[OrderUpdateEvent], None]) -> None:
        super().__init__()
        self._apply = hear

    @handles(OrderUpdateEvent)
    def _on_order(self, event: OrderUpdateEvent) -> None:
        self._apply(event)


@asynccontextmanager
async def live_account(
    venue: Venue,
    environment: Environment,
    *,
    hear: Callable[[OrderUpdateEvent], None] = lambda _: None,
    credentials: Credentials = CREDENTIALS,
    executed_limit: int = 1000,
) -> AsyncIterator[AccountHandle]:
    """A trading system with one account on ``venue``, live; yields the account.

    Args:
        hear: called by the one observer, an actor, with each order update. executed_limit: finished orders kept for
            each market.
    """
    host = LoopHost.current(spawn=spawn)
    observer = Observer.start(hear, host=host)
    observing = Address("observer", host.dead_letters)
    observing.bind(observer)
    settings = AccountSettings(executed_limit=executed_limit)
    system = TradingSystem(
        host=host,
        environment=environment,
        venues={venue.name: venue},
        accounts=[AccountPlan(name="bench", venue=venue.name, credentials=credentials, settings=settings)],
        supervisor_settings=SupervisorSettings(check_every_s=UNDISTURBED_S),
        observers=(observing,),
    )
    await system.start()
    try:
        yield system.account("bench")
    finally:
        await system.stop(cancel_open_orders=False)
        await observer.stop()
