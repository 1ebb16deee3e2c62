"""Shows that the seeds bite: deliberate bugs, each applied to a copy of the code, each found by a seed.

``python -m simulation.mutants [--seeds 500] [--only NAME ...]``: a line for each bug with the first seed that finds it
and what that seed saw; exit code 0 when every bug was found. A bug is a small change of source text; one that no longer
fits the code it is meant for is an error, not a pass.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

_ROOT: Final = Path(__file__).resolve().parent.parent
_PACKAGES: Final = ("messages", "exchanges", "actors", "simulation")
_BATCH: Final = 20


class Change(msgspec.Struct, frozen=True):
    """One replacement in one file; ``old`` occurs there exactly once."""

    path: str
    old: str
    new: str


class Mutant(msgspec.Struct, frozen=True):
    """A deliberate bug."""

    name: str
    changes: tuple[Change, ...]


MUTANTS: Final = (
    Mutant(
        "filled is allowed to fall",
        (
            Change(
                "actors/account/order_record.py",
                "        if _filled_of(report) > _filled_of(self._reported):\n            self._reported = report\n",
                "        self._reported = report\n        self._fills_quantity = self._fills_quote = ZERO\n",
            ),
        ),
    ),
    Mutant(
        "a finished order reopens",
        (
            Change(
                "actors/account/order_record.py",
                "        self._finish = max(self._finish, _finish_of(report))\n",
                "        self._finish = _finish_of(report)\n",
            ),
        ),
    ),
    Mutant(
        "absence is taken for a cancel",
        (
            Change(
                "actors/account/actor.py",
                "            self._doubts.ask(doubt, partial(settled, before), failed)\n",
                "            gone = state.conclude_unknown(doubt)\n"
                "            if gone is not None:\n"
                "                self._broadcast.order(gone)\n"
                "            settled(before, gone)\n",
            ),
        ),
    ),
    Mutant(
        "a time-out is taken for a refusal",
        (
            Change(
                "actors/account/intents.py",
                "CERTAIN: Final = (VenueRefusedError, WeRefusedError, ConnectionFailedError, ConfigurationError)\n",
                "from messages.errors import TellerError\nCERTAIN: Final = (TellerError,)\n",
            ),
        ),
    ),
    Mutant(
        "an order is submitted again after a time-out",
        (
            Change(
                "actors/account/order_desk.py",
                "            intent.then(lambda: rest.place_order(command, decided_ms=decided_ms)),\n",
                "            intent.then(lambda: _insist(rest, command)),\n",
            ),
            Change(
                "actors/account/order_desk.py",
                "def _reservation(",
                "async def _insist(rest: Any, command: PlaceOrder) -> Order:\n"
                "    from messages.errors import UnknownOutcomeError\n\n"
                "    try:\n"
                "        return await rest.place_order(command)\n"
                "    except UnknownOutcomeError:\n"
                "        return await rest.place_order(command)\n\n\n"
                "def _reservation(",
            ),
        ),
    ),
    Mutant(
        "the journal is written after the wire",
        (
            Change(
                "actors/account/intents.py",
                "        if self._receipt is not None:\n            await self._receipt\n        return await send()\n",
                "        answer = await send()\n"
                "        if self._journal is not None and self._command is not None:\n"
                "            self._receipt = self._journal.record_intent(self._command)\n"
                "            await self._receipt\n"
                "        return answer\n",
            ),
            Change(
                "actors/account/intents.py",
                '    __slots__ = ("_journal", "_receipt")\n',
                '    __slots__ = ("_command", "_journal", "_receipt")\n    _command: Any\n',
            ),
            Change(
                "actors/account/intents.py",
                "        receipt = self._journal.record_intent(command, arrives_by_ms=arrives_by_ms)\n"
                "        return Intent(self._journal, receipt)\n",
                "        intent = Intent(self._journal, None)\n"
                "        intent._command = command\n"
                "        return intent\n",
            ),
            Change(
                "actors/account/intents.py",
                "        self._receipt = receipt\n",
                "        self._receipt = receipt\n        self._command = None\n",
            ),
        ),
    ),
    Mutant(
        "the snapshot is loaded before the subscription",
        (
            Change(
                "actors/account/session.py",
                "        await self._socket.connect()\n",
                "        await self._load()\n        await self._socket.connect()\n        self._loaded_early = True\n",
            ),
            Change(
                "actors/account/session.py",
                "    async def _load(self) -> int:\n",
                "    _loaded_early = False\n\n"
                "    async def _load(self) -> int:\n"
                "        if self._loaded_early:\n"
                "            return 0\n",
            ),
        ),
    ),
    Mutant(
        "a fill counts as often as it is told",
        (
            Change(
                "actors/account/order_store.py",
                "        if trade_id in self._seen_trade_ids:\n            return False\n",
                "",
            ),
            Change(
                "actors/account/order_record.py",
                "        if fill.trade_id in self._trade_ids:\n            return False\n",
                "",
            ),
        ),
    ),
)


class MisfitError(Exception):
    """A change does not fit the code any more."""


def apply(mutant: Mutant, root: Path) -> None:
    """Changes the copy under ``root``; raises `MisfitError` when a change does not fit exactly once."""
    for change in mutant.changes:
        path = root / change.path
        text = path.read_text()
        if text.count(change.old) != 1:
            raise MisfitError(f"{mutant.name!r}: {change.path} has its text {text.count(change.old)} times, not once")
        path.write_text(text.replace(change.old, change.new))


def first_seed(mutant: Mutant | None, seeds: int) -> tuple[int, str] | None:
    """The first of ``seeds`` seeds that finds the bug, with what it saw; None when none does."""
    with tempfile.TemporaryDirectory(prefix="teller-mutant-") as name:
        root = Path(name)
        for package in _PACKAGES:
            shutil.copytree(_ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant is not None:
            apply(mutant, root)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "simulation.mutants", "--hunt", str(seeds)],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"the hunt itself broke:\n{done.stderr}")
    if done.returncode == 0:
        return None
    seed, _, seen = done.stdout.strip().partition(" ")
    return int(seed), seen


def _hunt(seeds: int) -> int:
    """In the copy: runs seeds until one finds a violation; prints it."""
    from simulation.run import run_seeds

    for first in range(1, seeds + 1, _BATCH):
        for outcome in list(run_seeds(range(first, min(first + _BATCH, seeds + 1)))):
            if outcome.violations:
                sys.stdout.write(f"{outcome.seed} {outcome.violations[0]}\n")
                return 1
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when every bug was found, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m simulation.mutants", description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=500, metavar="N", help="at most so many for each bug (default 500)"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these bugs only")
    parser.add_argument("--hunt", type=int, metavar="N", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.hunt is not None:
        return _hunt(options.hunt)
    chosen = [mutant for mutant in MUTANTS if options.only is None or mutant.name in options.only]
    missed = 0
    for mutant in chosen:
        began_s = time.perf_counter()
        found = first_seed(mutant, options.seeds)
        took_s = time.perf_counter() - began_s
        if found is None:
            missed += 1
            sys.stdout.write(f"MISSED  {mutant.name}: not found by {options.seeds} seeds ({took_s:.0f} s)\n")
        else:
            sys.stdout.write(f"found   {mutant.name}: by seed {found[0]} ({took_s:.0f} s): {found[1][:110]}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - missed} of {len(chosen)} deliberate bugs found\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
