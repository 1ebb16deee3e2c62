"""Fair comparison on a noisy machine: the sides take turns, medians count, the spread is told.

The garbage collector runs for all sides as it does by default, on what they make in their turn: what was there before
is frozen, as the program freezes it once it is up, or the collector would go through all that the other sides keep.
"""

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

Work = Callable[[], Awaitable[int]]
"""One turn of one side: does its work and returns how many items that was."""


Prepare = Callable[[], Awaitable[Work]]
"""Makes the work of one turn; not timed."""


async def take_turns(sides: Mapping[str, Prepare], *, rounds: int) -> dict[str, list[float]]:
    """Runs all sides ``rounds`` times, in turns; returns microseconds per item, turn by turn."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for _ in range(rounds):
        works = {name: await sides[name]() for name in order}
        gc.collect()
        gc.freeze()
        for name, work in works.items():
            began = time.perf_counter()
            items = await work()
            took[name].append((time.perf_counter() - began) * 1e6 / items)
        gc.unfreeze()
        order.reverse()  # no side always follows the same other one
    return took


def median(values: Sequence[float]) -> float:
    """The median, rounded to three digits behind the point."""
    return round(statistics.median(values), 3)


def spread(values: Sequence[float]) -> list[float]:
    """Smallest and largest: how noisy the machine was."""
    return [round(min(values), 3), round(max(values), 3)]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the ratios turn by turn: load on the machine that lasts for a turn touches both of its sides."""
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 3)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values are."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4)
