"""A quiet exchange on real sockets, whose clock stands still until a test moves it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import aiohttp
import pytest

from exchanges.simulator import AccountConfig, RunningExchange, SimulatorConfig, start_exchange

from .clocks import START_MS
from .wire import Wire

BALANCES = {"SOL": Decimal(1_000), "USDT": Decimal(100_000)}
QUIET = SimulatorConfig(
    seed=7,
    accounts=tuple(AccountConfig(name=name, balances=BALANCES) for name in ("alpha", "beta")),
    traders_on=False,
)


@dataclass
class Venue:
    """A running exchange and its clock."""

    running: RunningExchange
    session: aiohttp.ClientSession
    ms: int = START_MS

    def wire(self, name: str = "alpha") -> Wire:
        return Wire(self.session, self.running.endpoints, name, lambda: self.ms // 1000)


class VenueFactory:
    """Starts exchanges of any config and closes them at the end."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._running: list[RunningExchange] = []

    async def __call__(self, config: SimulatorConfig = QUIET) -> Venue:
        venue: Venue | None = None
        running = await start_exchange(config, now_ms=lambda: START_MS if venue is None else venue.ms)
        self._running.append(running)
        venue = Venue(running, self._session)
        return venue

    async def close(self) -> None:
        await asyncio.gather(*(running.close() for running in self._running))


@pytest.fixture
async def start() -> AsyncIterator[VenueFactory]:
    async with aiohttp.ClientSession() as session:
        factory = VenueFactory(session)
        try:
            yield factory
        finally:
            await factory.close()


@pytest.fixture
async def venue(start: VenueFactory) -> Venue:
    return await start()


@pytest.fixture
def wire(venue: Venue) -> Wire:
    return venue.wire("alpha")
