"""Known faults are hunted by what a seed must see; a fault that nobody can hunt says what stands in its place."""

import re
from collections.abc import Iterator, Sequence

import pytest

from simulation.figures import Figures
from simulation.options import Feature, Options
from simulation.run import Outcome
from simulation.tools.evidence import Found, hunt, line
from simulation.tools.known_faults import KNOWN_FAULTS, KnownFault


def test_each_known_fault_is_hunted_or_says_why_not() -> None:
    keys = [fault.key for fault in KNOWN_FAULTS]
    assert len(set(keys)) == len(keys)
    assert {key[:-1] for key in keys} == {str(number) for number in range(1, 13)}
    for fault in KNOWN_FAULTS:
        assert (fault.options is None) is bool(fault.instead), fault.key
        assert bool(fault.sees) is (fault.options is not None), fault.key
        re.compile(fault.sees)


def test_the_first_seed_that_sees_it_is_named() -> None:
    fault = KnownFault(
        key="7a",
        title="the second side of a trade with oneself is dropped",
        options=Options(features=frozenset({Feature.SELF_TRADES}), certain=True),
        sees=r"fill \d+ of .* is missing",
    )

    def run(seeds: Sequence[int], options: Options) -> Iterator[Outcome]:
        assert options == fault.options
        for seed in seeds:
            seen = ["something else", "alpha: fill 7 of SOL/USDT is missing"] if seed in {13, 14} else []
            yield Outcome(seed=seed, violations=seen, figures=Figures(), wall_s=0.0)

    assert hunt(fault, 20, run) == Found(13, "alpha: fill 7 of SOL/USDT is missing")
    assert hunt(fault, 12, run) is None


@pytest.mark.parametrize(
    ("found", "said"), [(None, "not found"), (Found(3, "alpha: a | b"), "seed 3: alpha: a / b")], ids=["none", "some"]
)
def test_a_row_says_what_was_seen(found: Found | None, said: str) -> None:
    fault = KnownFault(key="1a", title="x", options=Options(), sees="a", then="seed 7")
    assert line(fault, found) == f"| 1a | x | `--profile storm` | seed 7 | {said} |"
    unseen = KnownFault(key="1b", title="y", instead="tests/x.py")
    assert line(unseen, None) == "| 1b | y | - | - | tests/x.py |"
