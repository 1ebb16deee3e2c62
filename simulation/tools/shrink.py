"""Makes a failing run smaller: whatever can be left out while a violation of the same kind stays is left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from simulation.options import Options
from simulation.run import Outcome, run_seed
from simulation.scenario import draw
from simulation.tools.names import limitable_names, names_in
from simulation.tools.signature import signatures

MOST_RUNS: Final = 200
_SHORTEST_STORM_S: Final = 2.0
_HALVINGS: Final = 5
_COUNTS: Final = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)

Run = Callable[[int, Options], Outcome]


class NothingToShrinkError(Exception):
    """The run does not end with a violation of the kind in question."""


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a failing run.

    Attributes:
        kind: signature of the violation that stayed. violation: its text in the smallest run.
        options: of the smallest run. runs: how many it took to find it. is_smallest: False when the runs that were
            allowed did not suffice to try everything.
        left: names of what is still in the run, with how often it happened where that is counted.
    """

    seed: int
    kind: str
    violation: str
    options: Options
    runs: int
    is_smallest: bool
    left: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command line that replays it."""
        return " ".join(filter(None, (f"python -m simulation --seed {self.seed}", self.options.arguments(), "--trace")))


def shrink(
    seed: int,
    options: Options,
    *,
    kind: str | None = None,
    most_runs: int = MOST_RUNS,
    run: Run = run_seed,
    progress: Callable[[str], None] = lambda _: None,
) -> Shrunk:
    """The smallest run of ``seed`` that could be found within ``most_runs`` runs.

    Args:
        kind: the signature that must stay; None: that of the run's first violation.
        run: runs a seed. progress: told in words what has just been left out.

    Raises:
        NothingToShrinkError: the run as it is does not end like that.
    """
    first = run(seed, options)
    found = signatures(first.violations)
    if kind is None:
        kind = next(iter(found), None)
    if kind is None or kind not in found:
        seen = "; it ends with: " + "; ".join(found) if found else "; it ends without a violation"
        raise NothingToShrinkError(f"seed {seed} does not end with {kind or 'a violation'}{seen}")
    hunt = _Hunt(seed, kind, options, first, most_runs=most_runs, run=run, progress=progress)
    hunt.shorten_the_storm()
    hunt.leave_out()
    hunt.limit()
    hunt.shorten_the_storm()
    hunt.name_features()
    return Shrunk(
        seed=seed,
        kind=kind,
        violation=signatures(hunt.outcome.violations)[kind],
        options=hunt.options,
        runs=hunt.runs,
        is_smallest=hunt.runs < most_runs,
        left=tuple(_counted(name, hunt.outcome) for name in hunt.names()),
    )


class _Hunt:
    """The smallest run so far, and the attempts at a smaller one."""

    def __init__(
        self,
        seed: int,
        kind: str,
        options: Options,
        outcome: Outcome,
        *,
        most_runs: int,
        run: Run,
        progress: Callable[[str], None],
    ) -> None:
        self.options = options
        self.outcome = outcome
        self.runs = 1
        self._seed = seed
        self._kind = kind
        self._most_runs = most_runs
        self._run = run
        self._progress = progress

    def shorten_the_storm(self) -> None:
        """Halves what cannot be done without: to a half first, then between the shortest that failed and one that did
        not."""
        fails_s = draw(self._seed, self.options).storm_s
        holds_s = 0.0
        for _ in range(_HALVINGS):
            middle_s = round((fails_s + holds_s) / 2, 1)
            if middle_s < _SHORTEST_STORM_S or fails_s - middle_s < 1.0:
                return
            if self._try(msgspec.structs.replace(self.options, storm_s=middle_s), f"a storm of {middle_s:g} s"):
                fails_s = middle_s
            else:
                holds_s = middle_s

    def leave_out(self) -> None:
        """All at once, then halves, quarters and so on down to one by one, until not one more can go."""
        tried: frozenset[str] | None = None
        while tried != self.options.without and self._may_go_on:
            tried = self.options.without
            size = len(self.names())
            while size and self._may_go_on:
                for some in _chunks(self.names(), size):
                    less = msgspec.structs.replace(self.options, without=self.options.without | set(some))
                    self._try(less, f"without {', '.join(some)}")
                size //= 2

    def limit(self) -> None:
        """Each fault that is left happens as seldom as possible."""
        for name, count in list(self.outcome.figures.happened.items()):
            if name not in limitable_names():
                continue
            for most in _COUNTS:
                if most >= min(count, self.outcome.figures.happened.get(name, 0)):
                    break
                fewer = msgspec.structs.replace(self.options, limits={**self.options.limits, name: most})
                if self._try(fewer, f"{name} at most {most} times"):
                    break

    def name_features(self) -> None:
        """Names the features that are left, instead of all that are not."""
        features = draw(self._seed, self.options).features
        others = frozenset(name for name in self.options.without if not name.startswith("feature:"))
        if features:
            named = msgspec.structs.replace(self.options, features=features, certain=True, without=others)
            self._try(named, f"with {', '.join(sorted(each.value for each in features))} named")

    @property
    def _may_go_on(self) -> bool:
        return self.runs < self._most_runs

    def names(self) -> tuple[str, ...]:
        """What the smallest run so far still has."""
        return names_in(draw(self._seed, self.options), self.options, self.outcome.figures)

    def _try(self, options: Options, what: str) -> bool:
        """Whether the violation stays with these options; then they are the smallest so far."""
        if not self._may_go_on:
            return False
        self.runs += 1
        outcome = self._run(self._seed, options)
        if self._kind not in signatures(outcome.violations):
            return False
        self.options, self.outcome = options, outcome
        self._progress(f"run {self.runs}: still there {what}")
        return True


def _chunks(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (names[index : index + size] for index in range(0, len(names), size))


def _counted(name: str, outcome: Outcome) -> str:
    count = outcome.figures.happened.get(name)
    return name if count is None else f"{name} {count} times"


def story(shrunk: Shrunk, lines: Iterable[str]) -> Iterator[str]:
    """What a person reads of it: the violation, what is left of the run, the trace's digest, the command."""
    yield f"violation: {shrunk.violation}"
    yield f"kind:      {shrunk.kind}"
    storm_s = draw(shrunk.seed, shrunk.options).storm_s
    yield f"left after {shrunk.runs} runs: a storm of {storm_s:g} s, {', '.join(shrunk.left)}"
    if not shrunk.is_smallest:
        yield "more runs may make it smaller still: --shrink-runs"
    yield ""
    yield from lines
    yield ""
    yield f"replay: {shrunk.command}"
