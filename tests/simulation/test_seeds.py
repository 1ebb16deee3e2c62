"""Dozens of seeds, friendly and hostile: in the end what every account says equals the exchange's books."""

import os
import subprocess
import sys

import pytest

from simulation.options import Feature, Options, Profile
from simulation.run import run_seed, run_seeds
from simulation.world import World

SEEDS = range(1, 37)
STORM_S = 12.0
HOSTILE_SEEDS = range(1, 9)
HOSTILE = frozenset(
    {
        Feature.LAG,
        Feature.UNKNOWN_ORDERS,
        Feature.FORGETTING,
        Feature.REFUSALS,
        Feature.SELF_TRADES,
        Feature.SAME_MILLISECOND,
        Feature.MARGIN_ORDERS,
        Feature.HABITS,
        Feature.LOG,
        Feature.CALLBACK_COMMANDS,
        Feature.KILL_SWITCH_KEPT,
        Feature.WITHDRAWALS,
        Feature.ABSURD_VALUES,
        Feature.STRANGE_QUERIES,
        Feature.USER_CONNECTS,
    }
)
"""Those under which whole ranges of seeds hold; the others are hunted by `make simulate-seeds FEATURES=all`."""


@pytest.mark.timeout(300)
def test_after_the_storm_every_account_equals_the_books() -> None:
    outcomes = list(run_seeds(SEEDS, Options(storm_s=STORM_S)))

    broken = {outcome.seed: outcome.violations for outcome in outcomes if outcome.violations}
    assert not broken, f"replay with: python -m simulation --storm {STORM_S:g} --trace --seed SEED"
    assert sum(outcome.figures.fills for outcome in outcomes) > 100, "too little happened to prove anything"
    assert sum(outcome.figures.faults for outcome in outcomes) > 100


@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)
def test_a_hostile_exchange_changes_none_of_it(profile: Profile) -> None:
    options = Options(profile=profile, features=HOSTILE, storm_s=STORM_S)
    broken = {outcome.seed: outcome.violations for outcome in run_seeds(HOSTILE_SEEDS, options) if outcome.violations}
    assert not broken, f"replay with: python -m simulation {options.arguments()} --trace --seed SEED"


@pytest.mark.timeout(300)
def test_a_seed_replays_byte_for_byte_here_and_in_another_process_with_other_hashes() -> None:
    first, second = (run_seed(2, Options(storm_s=5.0), trace=True) for _ in range(2))
    assert first.trace == second.trace
    assert first.trace.count("\n") > 200

    for hash_seed in ("1", "4711"):
        elsewhere = subprocess.run(
            [sys.executable, "-m", "simulation", "--seed", "2", "--storm", "5", "--trace"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout.decode()
        assert elsewhere.startswith(first.trace)


def test_another_seed_is_another_run() -> None:
    assert run_seed(3, Options(storm_s=5.0), trace=True).trace != run_seed(4, Options(storm_s=5.0), trace=True).trace


def test_a_run_that_breaks_is_violated_and_keeps_its_figures_and_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("nothing there")

    monkeypatch.setattr(World, "_settle", broken)
    outcome = run_seed(2, Options(storm_s=3.0), trace=True)
    assert outcome.violations == ["the run itself broke: KeyError: 'nothing there'"]
    assert outcome.figures.orders > 0
    assert "in broken" in outcome.trace
