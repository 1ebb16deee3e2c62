"""What tests of journals share."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture(params=["on the loop", "by threads"])
def executor(request: pytest.FixtureRequest) -> Iterator[ThreadPoolExecutor | None]:
    """Who writes: the loop itself, or threads beside it."""
    if request.param == "on the loop":
        yield None
    else:
        with ThreadPoolExecutor(2) as pool:
            yield pool
