"""Shows that the seeds bite: deliberate bugs, each applied to a copy of the code, each found by a seed.

``python -m simulation.mutants [--seeds 500] [--only NAME ...]``: a line for each bug with the first seed that finds it
and what that seed saw, the progress on stderr, and a total; exit code 0 when every bug was found, 1 when one was
missed, 2 when the command line is wrong. A bug is a small change of source text; one that no longer fits the code it is
meant for is an error, not a pass. Names are given whole or by a part of them.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from simulation.mutants.catalogue import MUTANTS
from simulation.mutants.mutant import STORM, Mutant, apply
from simulation.options import Options
from simulation.run import run_seed, run_seeds

_ROOT: Final = Path(__file__).resolve().parents[2]
_PACKAGES: Final = ("messages", "exchanges", "actors", "simulation")
_SEEN: Final = 110
_WORDS: Final = 60


class Found(msgspec.Struct, frozen=True):
    """The first seed that found a bug, and the first violation that it saw."""

    seed: int
    seen: str


def first_seed(mutant: Mutant | None, seeds: int) -> Found | None:
    """The first of ``seeds`` seeds that finds the bug; None when none does. ``mutant``: None for the code as it is.

    A seed in which the code as it is does not hold, either, finds nothing.
    """
    options = STORM if mutant is None else mutant.options
    with tempfile.TemporaryDirectory(prefix="teller-mutant-") as name:
        root = Path(name)
        for package in _PACKAGES:
            shutil.copytree(_ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant is not None:
            apply(mutant, root)
        first = 1
        while (found := _hunt_in(root, first, seeds, options)) is not None:
            if mutant is None or not run_seed(found.seed, options).violations:
                return found
            first = found.seed + 1
    return None


def _hunt_in(root: Path, first: int, last: int, options: Options) -> Found | None:
    """In a process of its own, which imports the copy under ``root``."""
    encoded = msgspec.json.encode(options).decode()
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "simulation.mutants", "--hunt", str(first), str(last), "--options", encoded],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if done.returncode or done.stderr:
        raise RuntimeError(f"the hunt itself broke:\n{done.stderr.decode()}")
    return msgspec.json.decode(done.stdout, type=Found | None)


def _hunt(seeds: Sequence[int], options: Options) -> int:
    """In the copy: runs seeds until one finds a violation; writes it, or null."""
    found = None
    with closing(run_seeds(seeds, options, chunk=1)) as outcomes:
        for outcome in outcomes:
            if outcome.violations:
                found = Found(outcome.seed, outcome.violations[0])
                break
    sys.stdout.write(msgspec.json.encode(found).decode())
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when every bug was found, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m simulation.mutants", description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=500, metavar="N", help="at most so many for each bug (default 500)"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="bugs with such a text in their names only")
    parser.add_argument("--list", action="store_true", help="name the bugs with the runs in which they are hunted")
    parser.add_argument("--hunt", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--options", default="{}", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.hunt is not None:
        first, last = given.hunt
        return _hunt(range(first, last + 1), msgspec.json.decode(given.options, type=Options))
    chosen = [each for each in MUTANTS if given.only is None or any(part in each.name for part in given.only)]
    if not chosen:
        parser.error(f"--only {' '.join(given.only)}: no bug is called so; --list names them all")
    if given.list:
        sys.stdout.writelines(f"{each.name}: {_hunted_in(each)}\n" for each in chosen)
        return 0
    missed = sum(not _try(mutant, number, len(chosen), given.seeds) for number, mutant in enumerate(chosen, start=1))
    sys.stdout.write(f"{len(chosen) - missed} of {len(chosen)} deliberate bugs found\n")
    return 1 if missed else 0


def _try(mutant: Mutant, number: int, total: int, seeds: int) -> bool:
    """Hunts one and tells of it; whether it was found."""
    where = _hunted_in(mutant)
    sys.stderr.write(f"{number} of {total}: {mutant.name} ({where})\n")
    began_s = time.perf_counter()
    found = first_seed(mutant, seeds)
    took = f"{where}, {time.perf_counter() - began_s:.0f} s"
    if found is None:
        sys.stdout.write(f"MISSED  {mutant.name}: not found by {seeds} seeds ({took})\n")
    else:
        sys.stdout.write(f"found   {mutant.name}: by seed {found.seed} ({took}): {found.seen[:_SEEN]}\n")
    sys.stdout.flush()
    return found is not None


def _hunted_in(mutant: Mutant) -> str:
    """The runs in which it is hunted, in a few words."""
    words = mutant.options.arguments() or "storm"
    return words if len(words) <= _WORDS else f"{words[:_WORDS]}..."
