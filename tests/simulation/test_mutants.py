"""The deliberate bugs of `make simulate-mutants` fit the code they are meant for; hunting them takes minutes."""

import ast
import shutil
from pathlib import Path

import pytest

from simulation.mutants import MUTANTS, Change, MisfitError, Mutant, apply

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
