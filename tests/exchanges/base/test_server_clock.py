"""The exchange's clock is followed from samples, and a wrong local clock does not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.base.server_clock import ServerClock
from tests.exchanges.base.manual_clock import ManualClock


def test_without_a_sample_the_local_clock_is_believed() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    assert not server.is_set
    assert server.now_ms() == clock.now_ms()
    assert server.offset_ms == 0


def test_a_sample_sets_the_offset_to_the_middle_of_the_round_trip() -> None:
    clock = ManualClock(now_s=1000.0)
    server = ServerClock(clock)
    server.sample(999.9, 1000.0, clock.now_ms() + 5_000 - 50)
    assert server.is_set
    assert server.offset_ms == 5_000
    assert server.seconds() == (clock.now_ms() + 5_000) // 1000
    assert server.uncertainty_ms == pytest.approx(50)


def test_the_sample_with_the_smallest_round_trip_wins() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    now_ms = clock.now_ms()
    server.sample(999.99, 1000.0, now_ms + 300)
    best = server.offset_ms
    server.sample(999.0, 1000.0, now_ms - 100)
    assert server.offset_ms == best


async def test_after_a_minute_a_fresh_sample_is_taken_even_if_it_is_slower() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    server.sample(999.99, 1000.0, clock.now_ms())
    await clock.advance(61)
    server.sample(clock.monotonic_s() - 0.5, clock.monotonic_s(), clock.now_ms() - 50)
    assert server.offset_ms == 200


def test_a_sample_that_proves_the_old_one_wrong_wins_at_once() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    server.sample(999.999, 1000.0, clock.now_ms())
    server.sample(999.5, 1000.0, clock.now_ms() + 60_000)
    assert server.offset_ms == 60_250


def test_a_step_of_the_local_wall_clock_does_not_move_the_exchanges() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    server.sample(1000.0, 1000.0, clock.now_ms())
    before = server.now_ms()
    clock.unix_ms += 3_600_000
    assert server.now_ms() == before
    assert server.offset_ms == -3_600_000


def test_a_sample_that_runs_backwards_is_ignored() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    server.sample(1000.0, 999.0, 1.0)
    assert not server.is_set


@given(
    true_offset_ms=st.integers(-10_000_000, 10_000_000),
    trips=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=1, max_size=20),
)
def test_the_error_is_never_larger_than_half_the_best_round_trip(
    true_offset_ms: int, trips: list[tuple[float, float]]
) -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    for there_s, back_s in trips:
        read_s = 1000.0 + there_s
        true_ms = clock.now_ms() + there_s * 1000 + true_offset_ms
        server.sample(1000.0, read_s + back_s, true_ms)
    best_ms = min(there_s + back_s for there_s, back_s in trips) * 1000
    assert abs(server.offset_ms - true_offset_ms) <= best_ms / 2 + 1.5
