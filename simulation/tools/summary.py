"""What many seeds came to: violations by their kind, figures in total."""

from collections.abc import Iterator

import msgspec

from simulation.figures import Figures
from simulation.options import Options, Profile
from simulation.run import Outcome
from simulation.tools.signature import signatures


class Kind(msgspec.Struct):
    """One kind of violation: the first seed that showed it, with its options and its words, and how many did."""

    signature: str
    seed: int
    options: Options
    violation: str
    seeds: int = 0

    @property
    def command(self) -> str:
        """The command line that replays the first."""
        return " ".join(filter(None, (f"python -m simulation --seed {self.seed}", self.options.arguments())))


class OfProfile(msgspec.Struct):
    """``wall_s``: real seconds of one process that its seeds took together."""

    seeds: int = 0
    violated: int = 0
    wall_s: float = 0.0


class Summary:
    """Outcomes, added up.

    Attributes:
        seeds: how many were added. violated: how many of them ended with a violation. kinds: by signature.
        profiles: how each profile did.
    """

    def __init__(self) -> None:
        self.seeds = 0
        self.violated = 0
        self.profiles: dict[Profile, OfProfile] = {}
        self.kinds: dict[str, Kind] = {}
        self._total = Figures()

    def add(self, options: Options, outcome: Outcome) -> tuple[Kind, ...]:
        """Adds one; returns the kinds of violations that no seed before has shown."""
        self.seeds += 1
        self.violated += bool(outcome.violations)
        profile = self.profiles.setdefault(options.profile, OfProfile())
        profile.seeds += 1
        profile.violated += bool(outcome.violations)
        profile.wall_s += outcome.wall_s
        total, figures = self._total, outcome.figures
        total.virtual_s += figures.virtual_s
        total.orders += figures.orders
        total.fills += figures.fills
        total.faults += figures.faults
        total.kills += figures.kills
        total.settled_s = max(total.settled_s, figures.settled_s)
        new = []
        for signature, violation in signatures(outcome.violations).items():
            kind = self.kinds.get(signature)
            if kind is None:
                kind = self.kinds[signature] = Kind(signature, outcome.seed, options, violation)
                new.append(kind)
            kind.seeds += 1
        return tuple(new)

    def lines(self, minutes: float) -> Iterator[str]:
        """Lines of text; ``minutes``: of real time that all of it took."""
        for kind in sorted(self.kinds.values(), key=lambda each: -each.seeds):
            yield f"{kind.seeds:6} seeds  {kind.signature}"
            yield f"{'':14}first: {kind.command}"
        for profile, its in self.profiles.items():
            yield f"{profile.value}: {its.seeds} seeds, {its.violated} violated, {its.wall_s / its.seeds:.2f} s a seed"
        total = self._total
        yield (
            f"{self.seeds} seeds, {self.violated} violated in {len(self.kinds)} ways; "
            f"{self.seeds / minutes:.0f} seeds a minute, {total.virtual_s / 3600 / minutes:.1f} simulated hours a "
            f"minute; {total.orders} orders, {total.fills} fills, {total.faults} faults, {total.kills} kills; "
            f"right again at most {total.settled_s:.0f} s after the storm"
        )
