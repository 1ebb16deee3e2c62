"""Wait for a condition instead of sleeping for a guess."""

import asyncio
import time
from collections.abc import Callable


async def eventually(condition: Callable[[], object], *, within_s: float = 5.0, what: str = "the condition") -> None:
    """Returns as soon as ``condition()`` is truthy; fails the test when that takes longer than ``within_s``."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what} did not come true within {within_s} s")
        await asyncio.sleep(0.002)


def eventually_blocking(condition: Callable[[], object], *, within_s: float = 5.0, what: str = "the condition") -> None:
    """The same for a test that runs without an event loop."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within_s} s")
        time.sleep(0.002)
