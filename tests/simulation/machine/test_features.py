"""Each fault of the machine can be asked for, happens in a run then, and happens the same way again."""

import asyncio

import pytest

from actors.system import TradingSystem
from simulation.options import Feature, Options, Profile
from simulation.run import run_seed

SEEDS = range(1, 9)
SIGNS = {
    Feature.DISK: "journal_not_writable",
    Feature.LOG: "log cannot be written from",
    Feature.SLOW_HANDLERS: "a callback of a strategy takes",
    Feature.SUSPENDED: "the program is suspended for",
    Feature.CALLBACK_ERRORS: "callback_errors.py",
    Feature.SECOND_PROGRAM: "a second program is started",
    Feature.CLOCK_JUMPS: "our clock jumps",
}


def traced(feature: Feature, seed: int) -> str:
    return run_seed(seed, Options(features=frozenset({feature}), certain=True, storm_s=6.0), trace=True).trace


@pytest.mark.timeout(300)
@pytest.mark.parametrize("feature", SIGNS, ids=lambda feature: str(feature.value))
def test_it_happens_when_it_is_asked_for_and_the_same_seed_shows_the_same(feature: Feature) -> None:
    for seed in SEEDS:
        trace = traced(feature, seed)
        if SIGNS[feature] in trace:
            assert traced(feature, seed) == trace
            return
    pytest.fail(f"none of {len(SEEDS)} seeds had it")


@pytest.mark.timeout(120)
def test_a_friendly_machine_has_none_of_them() -> None:
    trace = run_seed(1, Options(storm_s=6.0), trace=True).trace
    assert not [sign for sign in SIGNS.values() if sign in trace]


@pytest.mark.timeout(120)
def test_a_second_program_may_not_have_the_journals_of_the_first() -> None:
    options = Options(profile=Profile.CALM, features=frozenset({Feature.SECOND_PROGRAM}), certain=True, storm_s=10.0)
    trace = run_seed(1, options, trace=True).trace
    assert "it may not write alpha.sqlite" in trace
    assert "it is stopped, and leaves its orders open" in trace


@pytest.mark.timeout(120)
def test_a_program_that_never_answers_is_a_violation_and_not_a_run_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(TradingSystem, "stop", never)
    outcome = run_seed(1, Options(storm_s=6.0))
    assert "stuck: waits for stop until the end of the world" in outcome.violations
