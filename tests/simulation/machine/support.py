"""A strategy on a virtual loop, with nothing around it; and chances that are sure."""

import random
from collections.abc import Callable

from actors.runtime import DeadLetters, LoopHost, Ref
from actors.strategy.base import Strategy
from actors.strategy.hosts import Begin, PlainStrategyActor, Surroundings, start_strategy
from simulation.loop import VirtualLoop
from simulation.machine.chance import Chance


def always(loop: VirtualLoop, *, begins_s: float = 0.0, ends_s: float = 1e9, seed: int = 1) -> Chance:
    return Chance(random.Random(seed), loop.time, rate=1.0, begins_s=begins_s, ends_s=ends_s)


def never(loop: VirtualLoop) -> Chance:
    return Chance(random.Random(1), loop.time, rate=0.0, begins_s=0.0, ends_s=1e9)


async def begun(strategy: Strategy) -> Ref[PlainStrategyActor]:
    """Starts it without accounts or markets, and has it begin.

    Raises:
        ActorCrashedError: it failed at that.
    """
    dead_letters = DeadLetters()
    host = LoopHost.current(dead_letters=dead_letters)
    ref: Ref[PlainStrategyActor] = start_strategy(strategy, Surroundings({}, {}, dead_letters), host)
    await ref.ask(Begin())
    return ref


class Timed(Strategy):
    """Notes when its callbacks run."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        super().__init__("timed", ())
        self.began_s: list[float] = []
        self._now = now_s

    def on_timer(self, name: str) -> None:
        self.began_s.append(self._now())

    def on_start(self) -> None:
        self.set_timer(1.0, "tick")
