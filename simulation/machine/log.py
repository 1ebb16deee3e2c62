"""A log that cannot be written for a while: its disk is full, or who read the pipe is gone."""

import errno
import logging
import os
import random
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import structlog

from actors.runtime.log_stream import LogStream
from simulation.machine.chance import some_seconds
from simulation.process import LIFE

_SHORTEST_S: Final = 0.2
_LONGEST_S: Final = 20.0


class UnwritableTime(msgspec.Struct, frozen=True):
    """When, and with which error number of the operating system."""

    from_s: float
    until_s: float
    number: int


def unwritable_times(rng: random.Random, *, begins_s: float, ends_s: float) -> tuple[UnwritableTime, ...]:
    """One to three of them within that span."""
    times = []
    for _ in range(rng.randint(1, 3)):
        from_s = rng.uniform(begins_s, ends_s)
        until_s = min(from_s + some_seconds(rng, _SHORTEST_S, _LONGEST_S), ends_s)
        times.append(UnwritableTime(from_s, until_s, rng.choice((errno.ENOSPC, errno.EPIPE, errno.EIO))))
    return tuple(times)


@contextmanager
def failing_log(times: tuple[UnwritableTime, ...], now_s: Callable[[], float]) -> Iterator[None]:
    """While it lasts, whatever the program logs at ``times`` meets an `OSError` of the file under its log stream.

    The level is INFO, as it is in use, whether there is a trace or not: what is not logged cannot fail.
    """
    before = structlog.get_config()
    *others, last = before["processors"]

    stream = LogStream(_File(times, now_s), lambda lines: f"{lines} lines were lost")

    def write(logger: object, level: str, event: MutableMapping[str, Any]) -> Any:
        try:
            return last(logger, level, event)
        finally:
            if LIFE.get() is not None:
                stream.write(level)

    structlog.configure(
        **{
            **before,
            "processors": [*others, write],
            "wrapper_class": structlog.make_filtering_bound_logger(logging.INFO),
        }
    )
    try:
        yield
    finally:
        structlog.configure(**before)


class _File:
    """A log file that cannot be written at some times."""

    def __init__(self, times: tuple[UnwritableTime, ...], now_s: Callable[[], float]) -> None:
        self._times = times
        self._now_s = now_s

    def write(self, _: str, /) -> None:
        """Takes a line, or not."""
        now_s = self._now_s()
        for time in self._times:
            if time.from_s <= now_s < time.until_s:
                raise OSError(time.number, os.strerror(time.number), "teller.log")

    def flush(self) -> None:
        """Nothing waits."""
