"""Our wall clock jumps by up to ten minutes, sometimes for a visit only; virtual time does not care."""

from simulation.loop import VirtualClock, VirtualLoop
from simulation.machine.clock import FARTHEST_MS, ClockJumps
from simulation.trace import Trace
from tests.simulation.machine.support import always, never


def test_it_jumps_both_ways_comes_back_and_stays_within_ten_minutes() -> None:
    loop = VirtualLoop()
    clock = VirtualClock(loop, started_ms=1_000_000_000, skew_ms=2_300)
    trace = Trace(loop.time, on=True)
    jumps = ClockJumps(clock, always(loop), trace)
    skews: list[int] = []
    for _ in range(200):
        jumps.look()
        skews.append(clock.skew_ms - 2_300)
    assert -FARTHEST_MS <= min(skews) < -500_000
    assert 500_000 < max(skews) <= FARTHEST_MS
    assert 20 < skews.count(0) < 100, "now and then it is right again"
    assert clock.monotonic_s() == 0.0
    assert trace.lines[0].endswith(f"our clock jumps, and is {skews[0] + 2_300} ms off now")
    loop.close()


def test_without_bad_luck_it_stays_as_it_is() -> None:
    loop = VirtualLoop()
    clock = VirtualClock(loop, started_ms=1_000_000_000)
    ClockJumps(clock, never(loop), Trace(loop.time, on=False)).look()
    assert clock.now_ms() == 1_000_000_000
    loop.close()
