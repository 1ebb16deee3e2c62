"""Probes count what they are put at, change nothing else, and do not outlive their use."""

import ast
import asyncio
import traceback
from pathlib import Path

import pytest

from simulation.options import Options
from simulation.run import run_seed
from simulation.tools.probe import Probe
from simulation.tools.probes import PROBES
from simulation.tools.reach import ProbeMisfitError, Reach, reaching, with_probes
from tests.simulation.tools import reach_sample
from tests.simulation.tools.reach_sample import Drawer, Till

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = "tests/simulation/tools/reach_sample.py"


def probe(function: str, line: str, when: str = "") -> Probe:
    return Probe(f"{function} {when}".strip(), SAMPLE, function, line, when)


def test_every_probe_of_the_table_fits_the_product() -> None:
    for each in PROBES:
        text = (ROOT / each.path).read_text()
        assert ast.dump(with_probes(text, [each])) != ast.dump(ast.parse(text)), each.name


def test_probes_of_the_table_have_names_of_their_own() -> None:
    assert len({each.name for each in PROBES}) == len(PROBES) >= 60


def test_a_passed_statement_is_counted_each_time_and_its_work_is_done() -> None:
    with reaching((probe("Till.pay", "self.total += each and 1"),)) as hits:
        assert Till().pay(4) == 3
    assert hits == {"Till.pay": 4}


def test_a_condition_is_judged_in_the_function_itself() -> None:
    probes = (
        probe("Till.pay", "self.total += each and 1", "each > 2"),
        probe("Till.pay", "self.total += each and 1", "self.total > 100"),
    )
    with reaching(probes) as hits:
        Till().pay(5)
    assert hits == {"Till.pay each > 2": 2}


def test_functions_in_functions_and_behind_decorators_are_reached() -> None:
    probes = (
        probe("Till.later.<locals>.act", "return self.pay(amount)"),
        probe("Till.is_empty", "return self.total == 0"),
        probe("Till.wait", "return self.total"),
        probe("Drawer.pay", "return super().pay(amount)"),
        probe("cached", "return number + 1"),
    )
    reach_sample.cached.cache_clear()
    with reaching(probes) as hits:
        till = Drawer()
        assert till.later(3)() == 2
        assert not till.is_empty
        assert asyncio.run(till.wait()) == 2
        assert reach_sample.cached(6) == 7
    assert set(hits.values()) == {1}
    assert len(hits) == len(probes)


def test_afterwards_nothing_of_it_is_left() -> None:
    before, names = Till.pay.__code__, set(vars(reach_sample))
    with reaching((probe("Till.pay", "return self.total"),)) as hits:
        assert Till.pay.__code__ is not before
    Till().pay(1)
    assert Till.pay.__code__ is before
    assert set(vars(reach_sample)) == names
    assert not hits


def test_tracebacks_point_to_the_lines_of_the_file() -> None:
    with reaching((probe("Till.pay", "return self.total"),)), pytest.raises(TypeError) as raised:
        Till().pay("no number")  # type: ignore[arg-type]
    last = traceback.extract_tb(raised.value.__traceback__)[-1]
    assert last.line == "if amount < 0:"


@pytest.mark.parametrize(
    ("function", "line", "why"),
    [
        ("twice", "number += 1", "has 2 statements"),
        ("twice", "number += 2", "has 0 statements"),
        ("Till.later", "return self.pay(amount)", "has 0 statements"),
        ("thrice", "return number", "no function thrice"),
    ],
)
def test_a_probe_that_no_longer_fits_is_an_error(function: str, line: str, why: str) -> None:
    with pytest.raises(ProbeMisfitError, match=why), reaching((probe(function, line),)):
        pass


def test_the_report_says_how_often_and_what_was_never_reached() -> None:
    often, never = probe("twice", "return number"), probe("cached", "return number + 1")
    reach = Reach((often, never))
    reach.add(7, {"twice": 3})
    reach.add(8, {"twice": 1})
    reach.add(9, {})
    assert reach.missed == ("cached",)
    lines = list(reach.report())
    assert lines[1].split() == ["2", "4", "7", "twice"]
    assert lines[-2:] == ["1 of 2 probes were reached by 3 seeds", "never reached: cached"]


def test_a_seed_runs_the_same_with_and_without_probes() -> None:
    plain = run_seed(2, Options(storm_s=4.0), trace=True).trace
    with reaching() as hits:
        assert run_seed(2, Options(storm_s=4.0), trace=True).trace == plain
    assert hits["amend: done"] > 0
