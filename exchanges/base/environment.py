"""The seams: whatever a client or actor would otherwise take from the air is handed in through here.

A test or a simulation on virtual time passes its own clock, randomness, task start and transports.
"""

import asyncio
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from exchanges.base.transport import HttpTransport, SocketTransport

T = TypeVar("T")


class Clock(Protocol):
    """Time, as this process sees it."""

    def now_ms(self) -> int:
        """Unix milliseconds by the local clock; may step. Only for stamps and for the server-clock offset."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never step back; for intervals."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Suspends the calling task for ``delay_s`` seconds."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)


class Spawn(Protocol):
    """Starts a task and keeps a reference to it until it is done."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], name: str, /) -> asyncio.Task[T]: ...


@dataclass(frozen=True, slots=True)
class Environment:
    """All seams in one value, handed from `run.py` down to every client and actor."""

    clock: Clock
    rng: random.Random
    spawn: Spawn
    http: HttpTransport
    sockets: SocketTransport
