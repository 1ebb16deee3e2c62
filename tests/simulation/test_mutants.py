"""The deliberate bugs of `make simulate-mutants` fit the code they are meant for; hunting them takes minutes."""

import ast
import shutil
from pathlib import Path

import pytest

from simulation.mutants.catalogue import MUTANTS
from simulation.mutants.hunt import main
from simulation.mutants.mutant import Change, MisfitError, Mutant, apply

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_deliberate_bug_fits_the_code_and_changes_it(mutant: Mutant, tmp_path: Path) -> None:
    paths = {change.path for change in mutant.changes}
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    apply(mutant, tmp_path)
    for path in paths:
        changed = (tmp_path / path).read_text()
        assert changed != (ROOT / path).read_text()
        ast.parse(changed)


def test_a_bug_that_no_longer_fits_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    with pytest.raises(MisfitError, match="2 times, not once"):
        apply(Mutant("twice", (Change("a.py", "x = 1\n", "x = 2\n"),)), tmp_path)


def test_each_bug_has_a_name_of_its_own() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert sorted(set(names)) == sorted(names)


def test_bugs_are_named_with_the_runs_in_which_they_are_hunted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--only", "profit is doubled", "half the"]) == 0
    assert capsys.readouterr().out == "half the quantity is sent: storm\nprofit is doubled: --profile calm\n"


def test_a_name_that_no_bug_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "nothing at all"])
    assert "--only nothing at all: no bug is called so" in capsys.readouterr().err
