"""A wall clock that jumps, as a virtual machine's does, or one that somebody sets by hand."""

import random
from typing import Final

from simulation.loop import VirtualClock
from simulation.machine.chance import Chance
from simulation.trace import Trace

FARTHEST_MS: Final = 600_000
_GOES_BACK: Final = 0.5


class ClockJumps:
    """Lets our wall clock jump, by up to ten minutes back or forth; every other time it was only a visit there."""

    def __init__(self, clock: VirtualClock, chance: Chance, trace: Trace) -> None:
        """``chance``: for each look."""
        self._clock = clock
        self._chance = chance
        self._trace = trace
        self._usual_ms = clock.skew_ms

    def look(self) -> None:
        """Called once in a while; the clock jumps when the seed says so."""
        if not self._chance.happens():
            return
        rng: random.Random = self._chance.rng
        if self._clock.skew_ms != self._usual_ms and rng.random() < _GOES_BACK:
            self._clock.skew_ms = self._usual_ms
        else:
            self._clock.skew_ms = self._usual_ms + rng.randint(-FARTHEST_MS, FARTHEST_MS)
        self._trace.add("machine", f"our clock jumps, and is {self._clock.skew_ms} ms off now")
