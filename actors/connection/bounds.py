"""How long an attempt or a check may take."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from exchanges.base.environment import Spawn
from messages.errors import ConnectionFailedError, LocalRefusalError

_LONGEST: Final = 20
"""An attempt is given up after so many times its limit, whatever is answered meanwhile."""

_LOOKS: Final = 10
"""How often in that time it is looked for answers."""


class UnfinishedError(LocalRefusalError):
    """It took too long, but the exchange goes on answering: our own limits hold it back, or there is much to read."""


async def within(
    limit_s: float, work: Callable[[], Coroutine[Any, Any, None]], answers_count: Callable[[], int], what: str
) -> None:
    """Waits for ``work`` for ``limit_s`` seconds. ``answers_count``: as in `while_answered`.

    Raises:
        UnfinishedError: it was not through, and something was answered in the second half of the time.
        ConnectionFailedError: it was not through, and nothing was.
    """
    answered = 0

    def look() -> None:
        nonlocal answered
        answered = answers_count()

    half_time = asyncio.get_running_loop().call_later(limit_s / 2, look)
    try:
        async with asyncio.timeout(limit_s):
            await work()
    except TimeoutError:
        kind = UnfinishedError if answers_count() > answered else ConnectionFailedError
        raise kind(f"{what} was not through within {limit_s:g} s") from None
    finally:
        half_time.cancel()


async def while_answered(
    limit_s: float,
    spawn: Spawn,
    work: Callable[[], Coroutine[Any, Any, None]],
    answers_count: Callable[[], int],
    what: str,
) -> None:
    """Waits for ``work`` as long as answers come: a long list takes its time, and whoever gave it up would have to
    begin it anew, for ever.

    Args:
        limit_s: the longest time without an answer, in seconds.
        answers_count: how many the exchange has given so far.

    Raises:
        ConnectionFailedError: nothing was answered for so long, or it took twenty times as long.
    """
    task = spawn(work(), what)
    try:
        answered, quiet = answers_count(), 0
        for _ in range(_LONGEST * _LOOKS):
            done, _ = await asyncio.wait([task], timeout=limit_s / _LOOKS)
            if done:
                task.result()
                return
            before, answered = answered, answers_count()
            quiet = quiet + 1 if answered == before else 0
            if quiet == _LOOKS:
                break
        raise ConnectionFailedError(f"{what} was not through within {limit_s:g} s of the last answer")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
