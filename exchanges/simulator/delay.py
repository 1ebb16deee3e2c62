"""How long things take on their way, without changing their order."""

from collections import deque
from collections.abc import Callable

import msgspec

from exchanges.simulator.seams import Schedule


class Latency(msgspec.Struct):
    """How long an answer and a push take. May be changed at any time."""

    rest_ms: float = 0.0
    push_ms: float = 0.0


class DelayLine:
    """Passes on texts after the push latency that is set when they come in; first in, first out, always."""

    def __init__(self, latency: Latency, schedule: Schedule, deliver: Callable[[str], None]) -> None:
        self._latency = latency
        self._schedule = schedule
        self._deliver = deliver
        self._waiting: deque[str] = deque()

    def send(self, text: str) -> None:
        """Takes a text in."""
        if not self._latency.push_ms and not self._waiting:
            self._deliver(text)
            return
        self._waiting.append(text)
        # each timer releases whatever is first, so equal or shortened delays cannot turn the order round
        self._schedule(self._latency.push_ms / 1000, self._release_one)

    def _release_one(self) -> None:
        if self._waiting:
            self._deliver(self._waiting.popleft())

    def drop(self) -> None:
        """Forgets what is still on its way."""
        self._waiting.clear()
