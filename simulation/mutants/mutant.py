"""A deliberate bug: what it changes in the code, and in which runs it is to be found."""

from pathlib import Path
from typing import Final

import msgspec

from simulation.options import Feature, Options, Profile

STORM: Final = Options()
CALM: Final = Options(profile=Profile.CALM)
NIGHT_OFF: Final = Options(profile=Profile.NIGHT_OFF)
ORDERLY_STOP: Final = Options(profile=Profile.ORDERLY_STOP)
CROWDED: Final = Options(profile=Profile.CROWDED)
LONG_FAULT: Final = Options(profile=Profile.LONG_FAULT)
LATE_BALANCES: Final = Options(profile=Profile.CALM, features=frozenset({Feature.LATE_BALANCES}), certain=True)
SELF_TRADES: Final = Options(features=frozenset({Feature.SELF_TRADES}), certain=True)
REFUSED: Final = Options(features=frozenset({Feature.REFUSALS}), certain=True)
BESIDE_OTHERS: Final = Options(profile=Profile.CALM, features=frozenset({Feature.OTHER_PROGRAMS}), certain=True)


class Change(msgspec.Struct, frozen=True):
    """One replacement in one file; ``old`` occurs there exactly once."""

    path: str
    old: str
    new: str


class Mutant(msgspec.Struct, frozen=True):
    """A deliberate bug.

    Attributes:
        options: of the runs in which it is hunted. The code as it is must hold in them, or they show nothing.
    """

    name: str
    changes: tuple[Change, ...]
    options: Options = STORM


def bug(name: str, path: str, old: str, new: str, options: Options = STORM) -> Mutant:
    """One of a single change."""
    return Mutant(name, (Change(path, old, new),), options)


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
