"""The table of known faults against the code as it is: which seed of which profile finds each, then and now.

``python -m simulation.tools.evidence [--seeds 60] [--only KEY ...]``: a line for each fault, and how many seeds find.
What a seed sees may be another fault with the same words, so the exit code is 0 when every hunt was run.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import msgspec

from simulation.options import Options
from simulation.run import Outcome, run_seeds
from simulation.tools.known_faults import BEFORE, KNOWN_FAULTS, KnownFault

_SEEDS: Final = 60
_BATCH: Final = 10
_LONGEST: Final = 150
Run: TypeAlias = Callable[[Sequence[int], Options], Iterable[Outcome]]
"""Runs seeds with options."""


class Found(msgspec.Struct, frozen=True):
    """The first seed that shows a fault, and what it saw."""

    seed: int
    seen: str


def hunt(fault: KnownFault, seeds: int, run: Run = run_seeds) -> Found | None:
    """Runs seeds from 1 on until one sees the fault; None when none of so many does, or none can."""
    if fault.options is None:
        return None
    pattern = re.compile(fault.sees)
    for first in range(1, seeds + 1, _BATCH):
        batch = range(first, min(first + _BATCH, seeds + 1))
        for outcome in list(run(batch, fault.options)):
            seen = next(filter(pattern.search, outcome.violations), None)
            if seen is not None:
                return Found(outcome.seed, seen)
    return None


def line(fault: KnownFault, found: Found | None) -> str:
    """A row of the table."""
    if fault.options is None:
        return f"| {fault.key} | {fault.title} | - | {fault.then or '-'} | {fault.instead} |"
    hunted = fault.options.arguments() or "--profile storm"
    begin = f"| {fault.key} | {fault.title} | `{hunted}` | {fault.then}"
    if found is None:
        return f"{begin} | not found |"
    seen = found.seen if len(found.seen) <= _LONGEST else found.seen[:_LONGEST] + "..."
    return f"{begin} | seed {found.seed}: {seen.replace('|', '/')} |"


def table(faults: Iterable[KnownFault], seeds: int) -> None:
    """Hunts one after the other and prints each row as soon as it is known."""
    chosen, count = list(faults), 0
    sys.stdout.write(f"| | fault | hunted with | at {BEFORE} | now |\n|---|---|---|---|---|\n")
    for number, fault in enumerate(chosen, start=1):
        began_s = time.perf_counter()
        found = hunt(fault, seeds)
        count += found is not None
        sys.stdout.write(f"{line(fault, found)}\n")
        sys.stdout.flush()
        took_s = time.perf_counter() - began_s
        sys.stderr.write(f"{number} of {len(chosen)}: {fault.key}, {took_s:.0f} s, {count} found\n")
    sys.stdout.write(f"\n{count} of {len(chosen)} found by seeds\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m simulation.tools.evidence", description=__doc__)
    parser.add_argument("--seeds", type=int, default=_SEEDS, metavar="N", help=f"at most so many (default {_SEEDS})")
    parser.add_argument("--only", nargs="+", metavar="KEY", help="these faults only, by their keys or kinds")
    options = parser.parse_args(arguments)
    only = options.only
    table(
        (fault for fault in KNOWN_FAULTS if only is None or fault.key in only or fault.key[:-1] in only), options.seeds
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
