"""Runs seeds: one with its trace, or many in a few processes."""

import argparse
import gc
import multiprocessing
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pykka

from simulation.bounds import bounded_by
from simulation.crashes import crashable
from simulation.loop import DeadlockError, LivelockError, VirtualLoop, run_on_virtual_time
from simulation.options import Options, Profile, features_named, limits_listed, names_listed
from simulation.trace import Trace, logging_into
from simulation.world import Figures, World

FRIENDLY: Final = Options()
"""A storm in a friendly world: the exchange does what it says."""
_WORKERS: Final = 2
_CHUNK: Final = 5
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
_JOURNALS: Final = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
"""Journals are real files, best on a file system in memory: thousands of runs would wear a disk."""
_COLLECT_EVERY: Final = 20_000
_PROGRESS_EVERY: Final = 100


class Outcome(msgspec.Struct, kw_only=True):
    """One seed's run. ``wall_s``: real seconds that it took; ``trace``: empty unless asked for."""

    seed: int
    violations: list[str]
    figures: Figures
    wall_s: float
    trace: str = ""


def run_seed(seed: int, options: Options = FRIENDLY, *, trace: bool = False) -> Outcome:
    """Runs one seed in this process; the outcome depends on nothing but seed and options."""
    with _nobody_hears():
        outcome = _run(seed, options, trace=trace)
        if outcome.figures.kills:
            gc.collect()
    return outcome


def _run(seed: int, options: Options, *, trace: bool) -> Outcome:
    began_s = time.perf_counter()
    loop = VirtualLoop()
    notes = Trace(loop.time, on=trace)
    worlds: list[World] = []

    async def main(directory: Path) -> None:
        world = World(seed, options, loop, notes, directory)
        worlds.append(world)
        with bounded_by(world.scenario.bounds), world.commands.filing():
            await world.run()

    journals = TemporaryDirectory(prefix="teller-", dir=_JOURNALS)
    with logging_into(notes), crashable(), journals as directory:
        stuck: list[str] = []
        try:
            run_on_virtual_time(loop, main(Path(directory)))
        except (DeadlockError, LivelockError) as error:
            stuck.append(f"{type(error).__name__}: {error}")
        finally:
            for ref in pykka.ActorRegistry.get_all():
                pykka.ActorRegistry.unregister(ref)
        [world] = worlds
        violations = world.violations + stuck
        for violation in violations:
            notes.add("VIOLATION", violation)
        wall_s = time.perf_counter() - began_s
        outcome = Outcome(seed=seed, violations=violations, figures=world.figures, wall_s=wall_s, trace=notes.text())
        world.program.bury()
    return outcome


@contextmanager
def _nobody_hears() -> Iterator[None]:
    """What a kill has left unfinished is thrown away at some time, and what that stirs up interests nobody."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)
        try:
            yield
        finally:
            sys.unraisablehook = before


def run_seeds(seeds: Sequence[int], options: Options = FRIENDLY, *, workers: int = _WORKERS) -> Iterator[Outcome]:
    """Runs many seeds, in several processes; outcomes come in the order of the seeds."""
    run = partial(_run_quietly, options=options)
    if workers <= 1:
        yield from map(run, seeds)
        return
    # Spawned, not forked: whoever runs this may have threads, and a fork would copy the locks that they hold.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_settle_in) as pool:
        yield from pool.map(run, seeds, chunksize=_CHUNK)


def _settle_in() -> None:
    """What is loaded once stays: the collector need not look at it again after each run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY, 10, 10)


def _run_quietly(seed: int, *, options: Options) -> Outcome:
    try:
        return run_seed(seed, options)
    except Exception as error:
        return Outcome(
            seed=seed,
            violations=[f"the run itself broke: {type(error).__name__}: {error}"],
            figures=Figures(),
            wall_s=0.0,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0 when every seed held, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description="Deterministic simulation of Teller.")
    parser.add_argument("--seeds", type=int, default=100, metavar="N", help="how many seeds to run (default 100)")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="K", help="the first seed (default 1)")
    parser.add_argument("--seed", type=int, metavar="S", help="run this one only")
    parser.add_argument("--trace", action="store_true", help="with --seed: print all that happened")
    parser.add_argument(
        "--profile",
        type=Profile,
        choices=list(Profile),
        default=Profile.STORM,
        metavar="NAME",
        help=f"how the run goes: {', '.join(each.value for each in Profile)} (default storm)",
    )
    parser.add_argument(
        "--features",
        type=features_named,
        default=frozenset(),
        metavar="NAMES",
        help="hostile features that a seed may draw: all, none, or names with commas between (default none)",
    )
    parser.add_argument("--certain", action="store_true", help="every one of --features is there, instead of drawn")
    parser.add_argument(
        "--without", type=names_listed, default=frozenset(), metavar="NAMES", help="faults, actions and so on left out"
    )
    parser.add_argument(
        "--limits", type=limits_listed, default={}, metavar="NAME=N,...", help="at most so many of a fault"
    )
    parser.add_argument("--storm", type=float, metavar="SECONDS", help="length of the storm (default: by the seed)")
    parser.add_argument("--workers", type=int, default=_WORKERS, help=f"processes (default {_WORKERS})")
    given = parser.parse_args(arguments)
    options = Options(
        profile=given.profile,
        features=given.features,
        certain=given.certain,
        without=given.without,
        limits=given.limits,
        storm_s=given.storm,
    )
    if given.seed is not None:
        return _run_one(given.seed, options, trace=given.trace)
    if given.seeds < 1 or given.workers < 1:
        parser.error("--seeds and --workers must be 1 or more")
    return _run_many(range(given.first, given.first + given.seeds), given.workers, options)


def _run_one(seed: int, options: Options, *, trace: bool) -> int:
    outcome = run_seed(seed, options, trace=trace)
    if trace:
        print(outcome.trace, end="")
    _print_violations(outcome)
    figures = outcome.figures
    print(
        f"seed {seed}: {'VIOLATED' if outcome.violations else 'ok'}; {figures.virtual_s:.1f} virtual s in "
        f"{outcome.wall_s:.2f} s, {figures.orders} orders, {figures.fills} fills, {figures.faults} faults, "
        f"{figures.kills} kills, right again {figures.settled_s:.0f} s after the storm"
    )
    return 1 if outcome.violations else 0


def _run_many(seeds: Sequence[int], workers: int, options: Options) -> int:
    began_s = time.perf_counter()
    failed: list[int] = []
    total = Figures()
    slowest_s = 0.0
    arguments = " ".join(filter(None, (options.arguments(), "--trace")))
    for done, outcome in enumerate(run_seeds(seeds, options, workers=workers), start=1):
        figures = outcome.figures
        total.virtual_s += figures.virtual_s
        total.orders += figures.orders
        total.fills += figures.fills
        total.faults += figures.faults
        total.kills += figures.kills
        slowest_s = max(slowest_s, figures.settled_s)
        if outcome.violations:
            failed.append(outcome.seed)
            print(f"seed {outcome.seed} VIOLATED; replay: python -m simulation --seed {outcome.seed} {arguments}")
            _print_violations(outcome)
        if done % _PROGRESS_EVERY == 0:
            print(f"{done} of {len(seeds)} seeds, {len(failed)} violated", file=sys.stderr, flush=True)
    minutes = (time.perf_counter() - began_s) / 60
    print(
        f"{len(seeds)} seeds, {len(failed)} violated; {len(seeds) / minutes:.0f} seeds a minute, "
        f"{total.virtual_s / 3600 / minutes:.1f} simulated hours a minute; {total.orders} orders, {total.fills} fills, "
        f"{total.faults} faults, {total.kills} kills; right again at most {slowest_s:.0f} s after the storm"
    )
    return 1 if failed else 0


def _print_violations(outcome: Outcome) -> None:
    for violation in outcome.violations[:30]:
        print(f"    {violation}")
    if len(outcome.violations) > 30:
        print(f"    and {len(outcome.violations) - 30} more")
