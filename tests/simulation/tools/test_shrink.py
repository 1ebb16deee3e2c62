"""A failing run is made smaller, and what is left is what the failure needs."""

import pytest

from simulation.figures import Figures
from simulation.options import ALL_FEATURES, Options
from simulation.run import Outcome
from simulation.scenario import draw
from simulation.strategies.actions import ACTIONS
from simulation.tools.shrink import NothingToShrinkError, shrink, story

SEED = 3
FAULTS = {"rest_429": 40, "rest_reset_after": 7, "kill": 2, "outage": 1, "exchange:LateFill": 1}


class Runs:
    """Stands for runs that fail when all of ``needs`` is in them, and ``rest_429`` happens 4 times or more."""

    def __init__(self, *needs: str) -> None:
        self.needs = needs
        self.count = 0

    def __call__(self, seed: int, options: Options) -> Outcome:
        self.count += 1
        scenario = draw(seed, options)
        happened = {
            name: min(count, options.limits.get(name, count))
            for name, count in FAULTS.items()
            if name not in options.without
        }
        there = {
            *happened,
            *(f"feature:{each.value}" for each in scenario.features),
            *(f"account:{name}" for name in scenario.names),
            *(f"action:{name}" for name in ACTIONS if f"action:{name}" not in options.without),
        }
        fails = there.issuperset(self.needs) and happened.get("rest_429", 0) >= 4 and scenario.storm_s >= 6.0
        violations = ["alpha: order 912000000147 is lost (R3)", "alpha: 3 sockets left"] if fails else []
        return Outcome(seed=seed, violations=violations, figures=Figures(happened=happened), wall_s=0.0)


def test_what_the_failure_does_not_need_is_left_out() -> None:
    hostile = Options(features=ALL_FEATURES)
    feature = min(f"feature:{each.value}" for each in draw(SEED, hostile).features)
    runs = Runs(feature, "kill", "action:amend")

    shrunk = shrink(SEED, hostile, run=runs)

    assert shrunk.kind == "ACCOUNT: order # is lost (R3)"
    assert shrunk.violation == "alpha: order 912000000147 is lost (R3)"
    assert shrunk.left == (feature, "rest_429 5 times", "kill 1 times", "action:amend")
    assert shrunk.is_smallest
    assert shrunk.runs == runs.count < 120
    assert 6.0 <= draw(SEED, shrunk.options).storm_s < 9.0
    assert runs(SEED, shrunk.options).violations, "what is left fails by itself"


def test_a_kind_can_be_asked_for() -> None:
    shrunk = shrink(SEED, Options(), kind="ACCOUNT: # sockets left", run=Runs())
    assert shrunk.violation == "alpha: 3 sockets left"


def test_it_ends_when_its_runs_are_used_up_and_says_so() -> None:
    runs = Runs("kill")
    shrunk = shrink(SEED, Options(features=ALL_FEATURES), run=runs, most_runs=9)
    assert runs.count == shrunk.runs == 9
    assert not shrunk.is_smallest
    assert any("--shrink-runs" in line for line in story(shrunk, []))


def test_the_story_says_what_is_left_and_how_to_replay_it() -> None:
    shrunk = shrink(SEED, Options(), run=Runs("kill"))
    lines = list(story(shrunk, ["the digest"]))
    assert lines[0] == "violation: alpha: order 912000000147 is lost (R3)"
    assert "the digest" in lines
    assert lines[-1].startswith(f"replay: python -m simulation --seed {SEED} --without ")
    assert "--limits kill=1,rest_429=5" in lines[-1]


@pytest.mark.parametrize(
    ("runs", "kind", "why"),
    [
        (Runs("no such thing"), None, "without a violation"),
        (Runs(), "ACCOUNT: # is odd", "it ends with: ACCOUNT: order"),
    ],
)
def test_a_run_that_does_not_fail_like_that_is_refused(runs: Runs, kind: str | None, why: str) -> None:
    with pytest.raises(NothingToShrinkError, match=why):
        shrink(SEED, Options(), kind=kind, run=runs)
