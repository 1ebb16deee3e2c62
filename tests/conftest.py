"""Fixtures that many tests share."""

from collections.abc import AsyncIterator

import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.support.world import World, open_world

# How long a draw takes says something of a busy machine, and of tables that are made once, not of the tests.
settings.register_profile("teller", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("teller")


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """The embedded exchange with a quiet market: SOL/USDT is 140 bid, 141 asked."""
    async with open_world() as opened:
        yield opened
