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


@pytest.mark.parametrize("server_ms", [0, -1.0, 10**30, 10**400, float("inf"), float("nan"), 1 << 53])
def test_what_cannot_be_a_time_is_no_sample(server_ms: float) -> None:
    server = ServerClock(ManualClock())
    server.sample(1000.0, 1000.1, server_ms)
    assert not server.is_set
    server.sample(1000.0, 1000.1, 5.0)
    before = server.now_ms()
    server.sample(1000.0, 1000.0, server_ms)
    assert server.now_ms() == before


def test_the_first_sample_is_taken_in_the_first_minute_of_the_machine_too() -> None:
    clock = ManualClock(now_s=1.0)
    server = ServerClock(clock)
    server.sample(0.5, 1.0, clock.now_ms())
    assert server.offset_ms == 250


def test_a_sample_as_good_as_the_one_in_use_takes_its_place() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    server.sample(999.9, 1000.0, clock.now_ms())
    server.sample(999.9, 1000.0, clock.now_ms() + 7)
    assert server.offset_ms == 57


@pytest.mark.parametrize(("beyond_ms", "is_believed"), [(251.5, False), (252.5, True), (-251.5, False), (-252.5, True)])
def test_two_samples_may_both_be_right_within_half_their_round_trips(beyond_ms: float, is_believed: bool) -> None:
    """The first has 0.1 s, the slower second 0.4 s: 250 ms are between them at most, and 2 for reading the clocks."""
    clock = ManualClock()
    server = ServerClock(clock)
    server.sample(999.9, 1000.0, clock.now_ms() - 50)
    assert server.offset_ms == 0
    server.sample(999.6, 1000.0, clock.now_ms() - 200 + beyond_ms)
    assert server.offset_ms == (pytest.approx(beyond_ms, abs=1) if is_believed else 0)


@pytest.mark.parametrize(("age_s", "is_believed"), [(59.9, False), (60.1, True)])
async def test_a_slower_sample_is_taken_when_the_one_in_use_is_a_minute_old(age_s: float, is_believed: bool) -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    server.sample(999.99, 1000.0, clock.now_ms())
    await clock.advance(age_s)
    now_s = clock.monotonic_s()
    server.sample(now_s - 0.5, now_s, clock.now_ms())
    assert server.offset_ms == (250 if is_believed else 5)


def test_samples_in_seconds_are_cut() -> None:
    clock = ManualClock(unix_ms=1_760_000_000_999)
    assert ServerClock(clock).seconds() == 1_760_000_000


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


async def test_an_exchanges_clock_that_was_set_forward_is_known_for_a_while() -> None:
    clock = ManualClock(now_s=1000.0)
    server = ServerClock(clock)
    assert server.set_forward_ms(20_000) == 0
    server.sample(999.98, 1000.0, 5_000_000.0)
    server.sample(999.98, 1000.0, 5_000_300.0)  # uneven ways, perhaps
    assert server.set_forward_ms(20_000) == 0

    await clock.advance(5.0)
    server.sample(1004.98, 1005.0, 5_019_300.0)
    assert server.set_forward_ms(20_000) == pytest.approx(14_000, abs=1)
    await clock.advance(1.0)
    server.sample(1005.98, 1006.0, 5_023_300.0)
    assert server.set_forward_ms(20_000) == pytest.approx(17_000, abs=1)  # twice
    assert server.set_forward_ms(500) == pytest.approx(3_000, abs=1)

    await clock.advance(1.0)
    server.sample(1006.98, 1007.0, 5_007_300.0)
    assert server.set_forward_ms(20_000) == pytest.approx(0, abs=1)  # and back
    await clock.advance(20.1)
    server.sample(1027.08, 1027.1, 5_027_400.0)
    assert server.set_forward_ms(20_000) == 0
