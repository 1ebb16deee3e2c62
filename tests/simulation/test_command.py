"""The command line of the simulation: what it refuses, what it prints, how it exits."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.arguments import build_parser
from simulation.command import Exit, main
from simulation.figures import Figures
from simulation.options import Feature, Options, Profile
from simulation.run import Outcome
from simulation.tools.progress import Progress
from simulation.tools.summary import Summary

SHORT = ("--storm", "2", "--workers", "1")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--profile", "tempest"), "profile 'tempest' is not allowed: one of all, calm, crowded"),
        (("--features", "lag,sorcery"), "feature 'sorcery' is not allowed: one of absurd_values"),
        (("--without", "action:dance"), "name 'action:dance' is not allowed: one of account:alpha"),
        (("--limits", "outage=1"), "fault 'outage' is not allowed: one of call_dropped"),
        (("--limits", "rest_429"), "'rest_429' is not allowed: name=count"),
        (("--storm", "-3"), "'-3' is not allowed: seconds, above 0"),
        (("--seeds", "0"), "--seeds and --workers must be 1 or more"),
        (("--trace",), "need --seed"),
        (("--shrink",), "need --seed"),
        (("--seed", "1", "--profile", "all"), "name one profile"),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is(
    arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == Exit.USAGE
    assert complaint in capsys.readouterr().err


def test_options_are_taken_as_options_write_them() -> None:
    options = Options(
        profile=Profile.CROWDED,
        features=frozenset({Feature.LAG, Feature.FEES}),
        certain=True,
        without=frozenset({"action:amend", "account:gamma", "exchange:LateFill", "outage"}),
        limits={"kill": 2},
        storm_s=7.5,
    )
    given = build_parser().parse_args(options.arguments().split())
    assert (given.profile, given.features, given.certain) == (options.profile, options.features, True)
    assert (given.without, given.limits, given.storm) == (options.without, options.limits, 7.5)


def test_the_help_explains_exit_codes_and_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(("--help",))
    text = capsys.readouterr().out
    assert "exit codes:" in text
    assert "action:place_resting" in text
    assert "exchange:LateFill" in text


def test_seeds_that_hold_exit_zero_and_reach_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("--seeds", "2", "--reach", *SHORT)) == Exit.HELD
    text = capsys.readouterr().out
    assert "probes were reached by 2 seeds" in text
    assert "2 seeds, 0 violated in 0 ways" in text


def test_nothing_to_shrink_exits_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("--seed", "1", "--shrink", *SHORT)) == Exit.VIOLATED
    assert "it ends without a violation" in capsys.readouterr().out


def test_violations_are_summed_up_by_kind_with_the_first_seed_of_each() -> None:
    summary = Summary()
    for seed, violations in ((4, ["alpha: order 1 is lost", "beta: order 2 is lost"]), (5, ["beta: order 9 is lost"])):
        new = summary.add(Options(), Outcome(seed=seed, violations=violations, figures=Figures(orders=10), wall_s=1.0))
        assert [kind.violation for kind in new] == (["alpha: order 1 is lost"] if seed == 4 else [])
    summary.add(Options(), Outcome(seed=6, violations=[], figures=Figures(orders=10), wall_s=1.0))
    lines = list(summary.lines(minutes=0.5))
    assert lines[0].split() == ["2", "seeds", "ACCOUNT:", "order", "#", "is", "lost"]
    assert lines[1].strip() == "first: python -m simulation --seed 4"
    assert lines[2] == "storm: 3 seeds, 2 violated, 1.00 s a seed"
    assert lines[3].startswith("3 seeds, 2 violated in 1 ways; 6 seeds a minute, ")
    assert "30 orders" in lines[3]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def counted(out: io.StringIO, total: int, done: int) -> str:
    now_s = 0.0
    progress = Progress(total, out, now_s=lambda: now_s)
    for number in range(done):
        now_s += 1.0
        progress.count(violated=number == 0)
    progress.clear()
    return out.getvalue()


def test_in_a_terminal_a_bar_is_drawn_anew_and_cleared_in_the_end() -> None:
    text = counted(Terminal(), total=4, done=2)
    bars = text.split("\r")
    assert bars[1].startswith("[#######.......................] 1 of 4 seeds, 1 violated, 60 a minute, 0:03 left")
    assert bars[2].startswith("[###############...............] 2 of 4 seeds, 1 violated, 60 a minute, 0:02 left")
    assert bars[-1] == "\x1b[K"
    assert "\n" not in text


def test_elsewhere_each_hundredth_seed_is_a_line() -> None:
    lines = counted(io.StringIO(), total=250, done=250).splitlines()
    assert [line.split(",")[0] for line in lines] == ["100 of 250 seeds", "200 of 250 seeds"]


_PARENT = """
import multiprocessing, time
from concurrent.futures import ProcessPoolExecutor
from simulation.run import _settle_in

if __name__ == "__main__":
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_settle_in) as pool:
        print(pool.submit(int, 7).result(), flush=True)
        pool.submit(time.sleep, 3_600).result()
"""


@pytest.mark.timeout(120)
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen((sys.executable, script), stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"7\n"
        parent.kill()
        parent.communicate(timeout=60)  # ends when nobody holds its output any more, the worker included
