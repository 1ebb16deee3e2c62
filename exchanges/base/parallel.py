"""Several requests at a time."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from exchanges.base.environment import Spawn


async def in_parallel(spawn: Spawn, *coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
    """Runs them together and returns their results in order; the first failure cancels the rest and is raised."""
    tasks = [spawn(coroutine, "in_parallel") for coroutine in coroutines]
    if not tasks:
        return []
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
