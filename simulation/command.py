"""The command line of the simulation: `python -m simulation`."""

import argparse
import enum
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

import msgspec

from simulation.arguments import build_parser
from simulation.options import Options, Profile
from simulation.run import Outcome, run_seed, run_seeds
from simulation.scenario import draw
from simulation.tools import corpus
from simulation.tools.digest import digest
from simulation.tools.probes import PROBES
from simulation.tools.progress import Progress
from simulation.tools.reach import Reach, reaching
from simulation.tools.shrink import NothingToShrinkError, shrink, story
from simulation.tools.summary import Summary

_MOST_VIOLATIONS: Final = 30


class Exit(enum.IntEnum):
    """Exit codes.

    HELD: every seed held; the corpus is as it was filed; a failure was made smaller. VIOLATED: a seed did not hold; an
    entry of the corpus is not as it was filed; there was nothing to shrink. USAGE: the command line is wrong.
    """

    HELD = 0
    VIOLATED = 1
    USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the command line asks for; returns the exit code, see `Exit`."""
    parser = build_parser()
    given = parser.parse_args(arguments)
    if given.seeds < 1 or given.workers < 1:
        parser.error("--seeds and --workers must be 1 or more")
    if given.profile is None and given.seed is not None:
        parser.error("--profile all is not allowed with --seed: name one profile")
    if (given.trace or given.shrink) and given.seed is None:
        parser.error("--trace and --shrink need --seed, which says of which run")
    if given.replay_corpus:
        return _replay_corpus(accept=given.accept)
    options = Options(
        venues=given.venues,
        profile=given.profile or Profile.STORM,
        features=given.features,
        certain=given.certain,
        without=given.without,
        limits=given.limits,
        storm_s=given.storm,
    )
    if given.shrink:
        return _shrink(given.seed, options, kind=given.kind, most_runs=given.shrink_runs)
    if given.seed is not None:
        return _run_one(given.seed, options, given)
    profiles = list(Profile) if given.profile is None else [given.profile]
    return _run_many([msgspec.structs.replace(options, profile=profile) for profile in profiles], given)


def _run_one(seed: int, options: Options, given: argparse.Namespace) -> Exit:
    with reaching() if given.reach else nullcontext() as hits:
        outcome = run_seed(seed, options, trace=given.trace)
    if given.trace:
        print(outcome.trace, end="")
    for violation in outcome.violations[:_MOST_VIOLATIONS]:
        print(f"    {violation}")
    if len(outcome.violations) > _MOST_VIOLATIONS:
        print(f"    and {len(outcome.violations) - _MOST_VIOLATIONS} more")
    figures = outcome.figures
    print(
        f"seed {seed}: {'VIOLATED' if outcome.violations else 'ok'}; {figures.virtual_s:.1f} virtual s in "
        f"{outcome.wall_s:.2f} s, {figures.orders} orders, {figures.fills} fills, {figures.faults} faults, "
        f"{figures.kills} kills, right again {figures.settled_s:.0f} s after the storm"
    )
    if hits is not None:
        _print_reach([(seed, hits)])
    if given.file_failures:
        _file([(options, outcome)])
    return Exit.VIOLATED if outcome.violations else Exit.HELD


def _run_many(ways: Sequence[Options], given: argparse.Namespace) -> Exit:
    """Each way that was asked for with all the seeds."""
    began_s = time.monotonic()
    seeds = range(given.first, given.first + given.seeds)
    summary, progress = Summary(), Progress(len(ways) * len(seeds), sys.stderr)
    failures: list[tuple[Options, Outcome]] = []
    reached: list[tuple[int, dict[str, int]]] = []
    for options in ways:
        for outcome in run_seeds(seeds, options, workers=given.workers, reach=given.reach):
            new = summary.add(options, outcome)
            if new:
                failures.append((options, outcome))
                progress.clear()
                print(new[0].command, *(kind.violation for kind in new), sep="\n    ", flush=True)
            reached.append((outcome.seed, outcome.reached))
            progress.count(violated=bool(outcome.violations))
    progress.clear()
    if given.reach:
        _print_reach(reached)
    if given.file_failures:
        _file(failures)
    for line in summary.lines((time.monotonic() - began_s) / 60):
        print(line)
    return Exit.VIOLATED if summary.violated else Exit.HELD


def _print_reach(reached: Sequence[tuple[int, dict[str, int]]]) -> None:
    reach = Reach(PROBES)
    for seed, hits in reached:
        reach.add(seed, hits)
    for line in reach.report():
        print(line)


def _file(failures: Sequence[tuple[Options, Outcome]]) -> None:
    filed = corpus.file_failures(failures)
    for entry in filed:
        print(f"filed: {entry.command}: {entry.signature}")
    print(f"{len(filed)} new kinds of violations were filed in {corpus.CORPUS}")


def _shrink(seed: int, options: Options, *, kind: str | None, most_runs: int) -> Exit:
    def tell(what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    try:
        shrunk = shrink(seed, options, kind=kind, most_runs=most_runs, progress=tell)
    except NothingToShrinkError as error:
        print(error)
        return Exit.VIOLATED
    trace = run_seed(seed, shrunk.options, trace=True).trace
    for line in story(shrunk, digest(trace, shrunk.violation, draw(seed, shrunk.options).names)):
        print(line)
    return Exit.HELD


def _replay_corpus(*, accept: bool) -> Exit:
    replays = []
    for each in corpus.replay(corpus.read()):
        replays.append(each)
        print(f"{each.verdict.value}: {each.entry.command}: {each.entry.signature}", flush=True)
        if not each.verdict.is_as_filed:
            for violation in each.found.values():
                print(f"    {violation}")
    odd = sum(not each.verdict.is_as_filed for each in replays)
    print(f"{len(replays)} entries, {odd} not as they were filed")
    if accept:
        corpus.write(corpus.accepted(replays))
        print(f"filed as it was seen now, but for what has to hold and is violated: {corpus.CORPUS}")
    return Exit.VIOLATED if odd else Exit.HELD
