"""A fault happens at its rate within its span, and never outside of it."""

import random

import pytest

from simulation.machine.chance import Chance, some_rate, some_seconds


def test_it_happens_at_its_rate_within_its_span_only() -> None:
    now_s = 0.0
    chance = Chance(random.Random(1), lambda: now_s, rate=0.25, begins_s=10.0, ends_s=20.0)
    assert not any(chance.happens() for _ in range(1_000))
    now_s = 10.0
    assert 200 < sum(chance.happens() for _ in range(1_000)) < 300
    assert 200 < chance.count < 300
    now_s = 20.0
    assert not any(chance.happens() for _ in range(1_000))


def test_the_same_seed_decides_the_same() -> None:
    runs = [
        [Chance(rng, lambda: 1.0, rate=0.5, begins_s=0.0, ends_s=2.0).happens() for _ in range(50)]
        for rng in (random.Random(7), random.Random(7))
    ]
    assert runs[0] == runs[1]


def test_a_rate_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rate = 1\.5 is not allowed: 0 to 1"):
        Chance(random.Random(1), lambda: 0.0, rate=1.5, begins_s=0.0, ends_s=1.0)


def test_rates_and_durations_stay_in_their_range_and_reach_both_ends() -> None:
    rng = random.Random(1)
    rates = [some_rate(rng, 0.3) for _ in range(2_000)]
    assert 0.03 <= min(rates) < 0.031
    assert 0.27 < max(rates) <= 0.3
    seconds = [some_seconds(rng, 0.05, 3.0) for _ in range(2_000)]
    assert 0.05 <= min(seconds) < 0.06
    assert 2.5 < max(seconds) <= 3.0
