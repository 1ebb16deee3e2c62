"""While a log cannot be written, lines are lost and nobody ends for it."""

import asyncio
import errno
import random

import pytest
import structlog

from actors.runtime.log_stream import LogStream
from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.machine.log import UnwritableTime, failing_log, unwritable_times
from simulation.process import Life
from simulation.trace import Trace, logging_into

FULL = UnwritableTime(1.0, 2.0, errno.ENOSPC)


@pytest.mark.parametrize("has_trace", [True, False])
def test_what_the_program_logs_meanwhile_is_lost_and_it_goes_on(has_trace: bool) -> None:
    """R10: whoever logs goes on."""
    loop = VirtualLoop()
    trace = Trace(loop.time, on=has_trace)

    async def program() -> None:
        log = structlog.get_logger("teller.test")
        for _ in range(8):
            log.info("something")
            log.debug("that nobody would see")
            await asyncio.sleep(0.4)

    async def main() -> None:
        with failing_log((FULL,), loop.time):
            await Life(loop, 1).run(program(), "program")

    with logging_into(trace):
        run_on_virtual_time(loop, main())
    assert len(trace.lines) == (8 if has_trace else 0), "the trace has every line all the same"


def test_a_program_without_a_stream_that_takes_it_is_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(stream: LogStream, text: str) -> None:
        stream._sink.write(text)

    monkeypatch.setattr(LogStream, "write", plain)
    loop = VirtualLoop()
    trace = Trace(loop.time, on=False)

    async def program() -> None:
        with pytest.raises(OSError, match=r"No space left on device: 'teller\.log'"):
            structlog.get_logger("teller.test").error("actor_crashed", actor="alpha")

    async def main() -> None:
        with failing_log((UnwritableTime(0.0, 1.0, errno.ENOSPC),), loop.time):
            await Life(loop, 1).run(program(), "program")

    with logging_into(trace):
        run_on_virtual_time(loop, main())
    assert trace.faults == ["actor_crashed actor=alpha"], "it is kept although it could not be logged"


def test_the_exchange_is_another_machine_whose_log_is_well() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        with failing_log((UnwritableTime(0.0, 1.0, errno.EIO),), loop.time):
            structlog.get_logger("exchange").error("something")

    with logging_into(Trace(loop.time, on=False)):
        run_on_virtual_time(loop, main())


def test_times_are_drawn_within_the_span() -> None:
    numbers: set[int] = set()
    for seed in range(100):
        times = unwritable_times(random.Random(seed), begins_s=2.0, ends_s=40.0)
        assert 1 <= len(times) <= 3
        assert all(2.0 <= each.from_s < each.until_s <= 40.0 for each in times)
        numbers |= {each.number for each in times}
    assert numbers == {errno.ENOSPC, errno.EPIPE, errno.EIO}
