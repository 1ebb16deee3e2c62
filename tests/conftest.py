"""Fixtures that many tests share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.world import World, open_world


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """The embedded exchange with a quiet market: SOL/USDT is 140 bid, 141 asked."""
    async with open_world() as opened:
        yield opened
