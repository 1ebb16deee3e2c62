"""Fixtures of the tests against the embedded exchange."""

from collections.abc import AsyncIterator

import pytest

from tests.exchanges.gateio.quiet_world import World, world


@pytest.fixture
async def here() -> AsyncIterator[World]:
    async with world() as made:
        yield made
