"""How long things take on their way, without changing their order."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from exchanges.simulator.core.scheduling import Schedule

T = TypeVar("T")


class Latency(msgspec.Struct):
    """How long an answer and a push take, and how much longer a push of balances. May be changed at any time."""

    rest_ms: float = 0.0
    push_ms: float = 0.0
    balance_push_ms: float = 0.0


class DelayLine(Generic[T]):
    """Passes things on after the delay that is set when they come in; first in, first out, always."""

    def __init__(self, delay_ms: Callable[[], float], schedule: Schedule, deliver: Callable[[T], None]) -> None:
        self._delay_ms = delay_ms
        self._schedule = schedule
        self._deliver = deliver
        self._waiting: deque[T] = deque()

    def send(self, thing: T) -> None:
        """Takes something in."""
        delay_ms = self._delay_ms()
        if not delay_ms and not self._waiting:
            self._deliver(thing)
            return
        self._waiting.append(thing)
        # each timer releases whatever is first, so equal or shortened delays cannot turn the order round
        self._schedule(delay_ms / 1000, self._release_one)

    def _release_one(self) -> None:
        if self._waiting:
            self._deliver(self._waiting.popleft())

    def drop(self) -> None:
        """Forgets what is still on its way."""
        self._waiting.clear()
