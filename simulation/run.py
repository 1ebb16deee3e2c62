"""Runs seeds: one with its trace, or many in a few processes."""

import asyncio
import gc
import multiprocessing
import multiprocessing.connection
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pykka

from simulation.bounds import bounded_by
from simulation.environment.crashes import crashable
from simulation.figures import Figures
from simulation.loop import DeadlockError, LivelockError, VirtualLoop, run_on_virtual_time
from simulation.options import Options
from simulation.tools.reach import reaching
from simulation.trace import Trace, logging_into
from simulation.world import World

FRIENDLY: Final = Options()
"""A storm in a friendly world: the exchange does what it says."""
WORKERS: Final = 2
_CHUNK: Final = 5
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
_JOURNALS: Final = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
"""Journals are real files, best on a file system in memory: thousands of runs would wear a disk."""
_EVERY_LEVEL: Final = 5
"""In every fifth seed log events of all levels are read for secrets; it costs a little."""
_COLLECT_EVERY: Final = 20_000


class Outcome(msgspec.Struct, kw_only=True):
    """One seed's run.

    Attributes:
        wall_s: real seconds that it took. trace: empty unless asked for. reached: how often each probe was passed (see
            `simulation.tools.reach`); empty unless asked for.
    """

    seed: int
    violations: list[str]
    figures: Figures
    wall_s: float
    trace: str = ""
    reached: dict[str, int] = msgspec.field(default_factory=dict)


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
    notes = Trace(loop.time, on=trace, all_levels=seed % _EVERY_LEVEL == 0)
    notes.spent_s = loop.spent_s
    worlds: list[World] = []

    async def main(directory: Path) -> None:
        world = World(seed, options, loop, notes, directory)
        worlds.append(world)
        with bounded_by(world.scenario.bounds), world.commands.filing(), world.machine.faults():
            try:
                async with asyncio.timeout_at(world.latest_s) as limit:
                    world.prolong = limit.reschedule
                    await world.run()
            except TimeoutError:
                if not limit.expired():
                    raise
                world.give_up()

    journals = TemporaryDirectory(prefix="teller-", dir=_JOURNALS)
    with logging_into(notes), crashable(), journals as directory:
        stuck: list[str] = []
        try:
            run_on_virtual_time(loop, main(Path(directory)))
        except (DeadlockError, LivelockError) as error:
            stuck.append(f"{type(error).__name__}: {error}")
        except Exception as error:
            if not worlds:
                raise
            stuck.append(f"the run itself broke: {type(error).__name__}: {error}")
            notes.add("broken", traceback.format_exc())
        finally:
            for ref in pykka.ActorRegistry.get_all():
                pykka.ActorRegistry.unregister(ref)
        [world] = worlds
        if stuck:
            world.count()
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


def run_seeds(
    seeds: Sequence[int],
    options: Options = FRIENDLY,
    *,
    workers: int = WORKERS,
    reach: bool = False,
    chunk: int = _CHUNK,
) -> Generator[Outcome, None, None]:
    """Runs many seeds, in several processes; outcomes come in the order of the seeds.

    ``reach``: with probes. ``chunk``: so many seeds a process takes at once; few where one may end it all."""
    run = partial(_run_reaching if reach else _run_quietly, options=options)
    if workers <= 1:
        yield from map(run, seeds)
        return
    # Spawned, not forked: whoever runs this may have threads, and a fork would copy the locks that they hold.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_settle_in) as pool:
        yield from pool.map(run, seeds, chunksize=chunk)


def _settle_in() -> None:
    """What is loaded once stays: the collector need not look at it again after each run. Nobody is left to hand a run
    to when the parent has been killed: then this process ends, too."""
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY, 10, 10)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


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


def _run_reaching(seed: int, *, options: Options) -> Outcome:
    with reaching() as hits:
        outcome = _run_quietly(seed, options=options)
    outcome.reached = dict(hits)
    return outcome
