"""What tests of journals share."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import pytest_asyncio


@pytest.fixture(params=["on the loop", "by threads"])
def executor(request: pytest.FixtureRequest) -> Iterator[ThreadPoolExecutor | None]:
    """Who writes: the loop itself, or threads beside it."""
    if request.param == "on the loop":
        yield None
    else:
        with ThreadPoolExecutor(2) as pool:
            yield pool


@pytest_asyncio.fixture(autouse=True)
async def escaped() -> AsyncIterator[list[dict[str, Any]]]:
    """Errors that a journal's own callbacks raise reach nobody but the loop: there are none."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    yield found
    assert found == []
