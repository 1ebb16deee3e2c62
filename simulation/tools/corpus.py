"""Failing seeds, filed with their options and what was seen, to be run again: as evidence until their cause is mended,
as a promise from then on."""

import enum
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from simulation.options import Options
from simulation.run import Outcome, run_seed
from simulation.tools.signature import signatures

CORPUS: Final = Path(__file__).resolve().with_suffix(".jsonl")
_MOST_OF_ONE_RUN: Final = 3


class State(enum.Enum):
    """What an entry is: evidence of a fault that is known and not mended, or a run that has to hold."""

    FAILS_AS_KNOWN = "fails as known"
    MUST_HOLD = "must hold"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One filed run.

    Attributes:
        signature: the kind of violation that it is filed for. saw: the violation in full, as it was when it was filed.
    """

    seed: int
    options: Options
    signature: str
    saw: str
    state: State = State.FAILS_AS_KNOWN

    @property
    def command(self) -> str:
        """The command line that runs it."""
        return " ".join(filter(None, (f"python -m simulation --seed {self.seed}", self.options.arguments())))


class Verdict(enum.Enum):
    """What came of an entry that was run again."""

    FAILS_AS_KNOWN = "fails as known"
    HOLDS = "holds"
    HOLDS_NOW = "was evidence and holds now"
    FAILS_OTHERWISE = "fails, but not as filed"
    BROKEN = "has to hold and is violated"

    @property
    def is_as_filed(self) -> bool:
        """Whether the corpus says just that."""
        return self in {Verdict.FAILS_AS_KNOWN, Verdict.HOLDS}


class Replay(msgspec.Struct, frozen=True):
    """One entry, run again: the verdict, and the violations that it ended with by their kinds."""

    entry: Entry
    verdict: Verdict
    found: dict[str, str]


class CorpusError(Exception):
    """A line of the corpus cannot be read."""


_decode: Final = msgspec.json.Decoder(Entry).decode


def read(path: Path = CORPUS) -> tuple[Entry, ...]:
    """All entries, in the order of their filing; none where there is no file.

    Raises:
        CorpusError: a line is no entry, for example because a feature in it exists no more.
    """
    if not path.exists():
        return ()
    entries = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            entries.append(_decode(line))
        except msgspec.MsgspecError as error:
            raise CorpusError(f"{path}, line {number}: {error}") from error
    return tuple(entries)


def write(entries: Iterable[Entry], path: Path = CORPUS) -> None:
    """Replaces the whole file."""
    path.write_bytes(b"".join(_encoded(entry) + b"\n" for entry in entries))


def file_failures(outcomes: Iterable[tuple[Options, Outcome]], path: Path = CORPUS) -> tuple[Entry, ...]:
    """Files a run for each kind of violation that the corpus does not have yet; returns what was added.

    At most three kinds of one run: what goes wrong first often drags much behind it.
    """
    known = read(path)
    have = {entry.signature for entry in known}
    new: list[Entry] = []
    for options, outcome in outcomes:
        found = signatures(outcome.violations)
        for kind in [kind for kind in found if kind not in have][:_MOST_OF_ONE_RUN]:
            have.add(kind)
            new.append(Entry(seed=outcome.seed, options=options, signature=kind, saw=found[kind]))
    if new:
        write((*known, *new), path)
    return tuple(new)


def replay(entries: Iterable[Entry], run: Callable[[int, Options], Outcome] = run_seed) -> Iterator[Replay]:
    """Runs each entry again."""
    for entry in entries:
        found = signatures(run(entry.seed, entry.options).violations)
        yield Replay(entry, _verdict(entry, found), found)


def accepted(replays: Iterable[Replay]) -> tuple[Entry, ...]:
    """The entries as their replays say: evidence that holds now has to hold from here on, evidence that fails otherwise
    is evidence of that. Nothing that has to hold becomes evidence again."""
    return tuple(_accepted(each) for each in replays)


def _accepted(replay: Replay) -> Entry:
    entry = replay.entry
    if replay.verdict is Verdict.HOLDS_NOW:
        return msgspec.structs.replace(entry, state=State.MUST_HOLD)
    if replay.verdict is Verdict.FAILS_OTHERWISE:
        kind, saw = next(iter(replay.found.items()))
        return msgspec.structs.replace(entry, signature=kind, saw=saw)
    return entry


def _encoded(entry: Entry) -> bytes:
    """The same bytes for the same entry, always: sets have no order of their own."""
    plain = msgspec.to_builtins(entry)
    for name in ("features", "without"):
        plain["options"][name] = sorted(plain["options"][name])
    return msgspec.json.encode(plain)


def _verdict(entry: Entry, found: dict[str, str]) -> Verdict:
    if entry.state is State.MUST_HOLD:
        return Verdict.BROKEN if found else Verdict.HOLDS
    if entry.signature in found:
        return Verdict.FAILS_AS_KNOWN
    return Verdict.FAILS_OTHERWISE if found else Verdict.HOLDS_NOW
