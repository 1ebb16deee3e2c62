"""A process that stands still: stopped by a signal, starved by its host, asleep under a closed lid."""

from collections.abc import Callable
from typing import Final

from simulation.loop import VirtualLoop
from simulation.machine.chance import Chance, some_seconds
from simulation.process import Life, Outside
from simulation.trace import Trace

SHORTEST_S: Final = 0.5
LONGEST_S: Final = 900.0


class Suspensions:
    """Suspends the program now and then, for half a second up to a quarter of an hour, and lets it go on."""

    def __init__(
        self, loop: VirtualLoop, outside: Outside, chance: Chance, trace: Trace, *, resumed: Callable[[], None]
    ) -> None:
        """``chance``: for each look. ``resumed``: called whenever a life goes on."""
        self._loop = loop
        self._outside = outside
        self._chance = chance
        self._trace = trace
        self._resumed = resumed
        self._life: Life | None = None
        self._until_s = 0.0

    @property
    def is_suspended(self) -> bool:
        """Whether a life stands still now."""
        return self._life is not None and self._life.is_suspended

    def look(self, life: Life) -> None:
        """Called by the world once in a while; suspends ``life`` when the seed says so."""
        if life.is_over or life.is_suspended or not self._chance.happens():
            return
        for_s = some_seconds(self._chance.rng, SHORTEST_S, LONGEST_S)
        self._trace.add("machine", f"the program is suspended for {for_s:.1f} s")
        self._loop.suspend(life)
        self._life = life
        self._until_s = self._loop.time() + for_s
        self._outside.later(for_s, self._resume, life)

    def seconds_left(self) -> float:
        """How long the one that stands still will do so yet."""
        return max(0.0, self._until_s - self._loop.time()) if self.is_suspended else 0.0

    def _resume(self, life: Life) -> None:
        if not life.is_suspended:
            return
        self._trace.add("machine", "the program goes on")
        self._loop.resume(life)
        self._life = None
        self._resumed()
