"""A real account, live: actor, session and handlers as in the program, on the running loop."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from actors.account.actor import AccountActor
from actors.account.messages import Subscribe, SyncChanged
from actors.account.session import AccountSessions
from actors.account.settings import AccountSettings
from actors.runtime import Address, LoopActor, LoopHost, handles, started, stop
from benchmarks.support.canned import CREDENTIALS
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment, SystemClock
from exchanges.base.transport import HttpTransport
from exchanges.base.websockets_transport import WebsocketsTransport
from messages.enums import SyncState
from messages.events import ConnectionStatus, OrderUpdateEvent
from messages.symbol import Symbol

T = TypeVar("T")


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


class Subscriber(LoopActor):
    """Stands for a strategy: an actor that is told what happens on the account."""

    def __init__(self, hear: Callable[[OrderUpdateEvent], None]) -> None:
        super().__init__()
        self._hear = hear

    @handles(OrderUpdateEvent)
    def _hear_order(self, event: OrderUpdateEvent) -> None:
        self._hear(event)


@asynccontextmanager
async def live_account(
    venue: Venue,
    environment: Environment,
    *,
    hear: Callable[[OrderUpdateEvent], None] = lambda _: None,
    credentials: Credentials = CREDENTIALS,
    symbols: tuple[Symbol, ...] = (),
    executed_limit: int = 1000,
) -> AsyncIterator[Address]:
    """Starts an account on ``venue``, brings it live as its connection supervisor would, and yields its address.

    Args:
        hear: called by the one subscriber, an actor, with each order update. symbols: markets that it trades.
        executed_limit: finished orders kept for each market.
    """
    host = LoopHost.current(spawn=spawn)
    address = Address("bench", host.dead_letters)
    account = AccountActor.start(
        account="bench",
        venue=venue.name,
        settings=AccountSettings(executed_limit=executed_limit),
        supervisor=Address("bench:connection", host.dead_letters),
        has_credentials=True,
        symbols=symbols,
        server_now_ms=venue.server_now_ms,
        rng=environment.rng,
        host=host,
    )
    await started(account)
    address.bind(account)
    listener = Subscriber.start(hear, host=host)
    hears = Address("subscriber", host.dead_letters)
    hears.bind(listener)
    await address.ask(Subscribe(hears))
    sessions = AccountSessions(
        account="bench",
        address=address,
        venue=venue,
        credentials=credentials,
        environment=environment,
        symbols=symbols,
    )
    session = sessions(1, lambda _: None)
    await session.open()
    try:
        await session.load()
        await address.ask(SyncChanged(sync_state=SyncState.LIVE, links=ConnectionStatus(), cause="", reconnects=0))
        yield address
    finally:
        await session.close()
        await stop(account)
        await stop(listener)
