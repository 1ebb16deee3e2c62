"""Reach: which of the branches that matter N seeds have been in, so that silence of the seeds is not taken for proof.

A probe (`simulation.tools.probes`) names a statement of the product. While `reaching` lasts, functions with probes run
code compiled from their own source with one call more before that statement; the product's files stay as they are, and
without it nothing costs anything. A probe that fits its function not exactly once is an error: product and table have
drifted apart.
"""

import ast
import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias

from simulation.tools.probe import Probe
from simulation.tools.probes import PROBES

_ROOT: Final = Path(__file__).resolve().parents[2]
_HOOK: Final = "_simulation_was_here"
"""The name under which the counting function is put into a module while its probes are on."""
_LOCALS: Final = ".<locals>"
Swap: TypeAlias = tuple[FunctionType, CodeType, CodeType]
"""One live function, the code that it has, and the same code with its probes."""
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class ProbeMisfitError(Exception):
    """A probe does not fit the code any more."""


@contextmanager
def reaching(probes: tuple[Probe, ...] = PROBES) -> Iterator[Counter[str]]:
    """While it lasts, passing a probe is counted under its name in what this yields.

    Not to be nested, and not to be entered or left while product code runs.

    Raises:
        ProbeMisfitError: a probe does not fit.
    """
    hits: Counter[str] = Counter()

    def count(name: str) -> None:
        hits[name] += 1

    swaps = _swaps_of(probes)
    for function, _, probed in swaps:
        function.__globals__[_HOOK] = count
        function.__code__ = probed
    try:
        yield hits
    finally:
        for function, plain, _ in swaps:
            function.__code__ = plain
            function.__globals__.pop(_HOOK, None)


@lru_cache(maxsize=8)
def _swaps_of(probes: tuple[Probe, ...]) -> tuple[Swap, ...]:
    by_path: dict[str, list[Probe]] = {}
    for probe in probes:
        by_path.setdefault(probe.path, []).append(probe)
    return tuple(swap for path, some in by_path.items() for swap in _swaps_in(path, some))


def _swaps_in(path: str, probes: Sequence[Probe]) -> Iterator[Swap]:
    file = _ROOT / path
    text = file.read_text()
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    whole = compile(with_probes(text, probes), module.__file__ or str(file), "exec", dont_inherit=True)
    codes = {code.co_qualname: code for code in _codes_in(whole)}
    for name in dict.fromkeys(probe.function.partition(_LOCALS)[0] for probe in probes):
        function = _live_function(vars(module), name)
        yield function, function.__code__, codes[name]


def with_probes(text: str, probes: Iterable[Probe]) -> ast.Module:
    """The syntax tree of a module's ``text`` with a counting call at each probe; line numbers stay.

    Raises:
        ProbeMisfitError: a function is not there, or the line is not exactly one of its own statements.
    """
    tree = ast.parse(text)
    lines = text.splitlines()
    scopes = dict(_functions_in(tree, ""))
    found = [(_place_of(probe, scopes, lines), probe) for probe in probes]
    for (body, statement), probe in reversed(found):  # so that probes of one statement stand in the table's order
        call: ast.stmt = ast.parse(f"{_HOOK}({probe.name!r})").body[0]
        if probe.when:
            call = ast.If(ast.parse(probe.when, mode="eval").body, [call], [])
        for node in ast.walk(call):
            ast.copy_location(node, statement)
        body.insert(next(index for index, each in enumerate(body) if each is statement), call)
    return ast.fix_missing_locations(tree)


def _place_of(probe: Probe, scopes: Mapping[str, ast.AST], lines: Sequence[str]) -> tuple[list[ast.stmt], ast.stmt]:
    function = scopes.get(probe.function)
    if function is None:
        raise ProbeMisfitError(f"{probe.name!r}: {probe.path} has no function {probe.function}")
    places = [
        (body, statement)
        for body in _own_bodies(function)
        for statement in body
        if lines[statement.lineno - 1].strip() == probe.line
    ]
    if len(places) != 1:
        raise ProbeMisfitError(
            f"{probe.name!r}: {probe.function} in {probe.path} has {len(places)} statements {probe.line!r}, not one"
        )
    return places[0]


def _functions_in(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    """Functions below ``node`` by qualified name; of several under one name (overloads) the last counts, as it does for
    Python."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Scope):
            name = prefix + child.name
            inner = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}{_LOCALS}."
            if not isinstance(child, ast.ClassDef):
                yield name, child
            yield from _functions_in(child, inner)
        else:
            yield from _functions_in(child, prefix)


def _own_bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements of a function, without those of functions in it."""
    for _, value in ast.iter_fields(node):
        items = value if isinstance(value, list) else [value]
        if items and all(isinstance(item, ast.stmt) for item in items) and isinstance(value, list):
            yield value
        for item in items:
            if isinstance(item, ast.AST) and not isinstance(item, _Scope):
                yield from _own_bodies(item)


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)


def _live_function(names: Mapping[str, Any], qualified: str) -> FunctionType:
    """The function object that callers end up in, out of whatever decorators have put around it."""
    first, _, rest = qualified.partition(".")
    found = names[first]
    if rest:
        return _live_function(vars(found), rest)
    while not isinstance(found, FunctionType):
        inner: Callable[..., Any] | None = (
            found.fget if isinstance(found, property) else getattr(found, "__wrapped__", None)
        )
        if inner is None:
            raise ProbeMisfitError(f"{qualified} is a {type(found).__name__}, not a function")
        found = inner
    return found


# -- report -----------------------------------------------------------------------------------------------------------


class Reach:
    """How often which probe was passed, over many seeds.

    Attributes:
        seeds: how many were counted. in_seeds: by probe, in how many of them it was passed. hits: and how often.
        first: by probe, the first seed that passed it.
    """

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = tuple(probes)
        self.seeds = 0
        self.in_seeds: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        self.first: dict[str, int] = {}

    def add(self, seed: int, hits: Mapping[str, int]) -> None:
        """Counts one seed."""
        self.seeds += 1
        self.hits.update(hits)
        for name in hits:
            self.in_seeds[name] += 1
            self.first.setdefault(name, seed)

    @property
    def missed(self) -> tuple[str, ...]:
        """Probes that no seed has passed."""
        return tuple(probe.name for probe in self._probes if not self.in_seeds[probe.name])

    def report(self) -> Iterator[str]:
        """Lines of text: the probes in the table's order, then once more those that no seed has reached."""
        yield f"{'seeds':>7} {'passed':>9} {'first':>7}  probe"
        for probe in self._probes:
            count = self.in_seeds[probe.name]
            first = str(self.first[probe.name]) if count else "never"
            yield f"{count:7} {self.hits[probe.name]:9} {first:>7}  {probe.name}"
        reached = len(self._probes) - len(self.missed)
        yield f"{reached} of {len(self._probes)} probes were reached by {self.seeds} seeds"
        for name in self.missed:
            yield f"never reached: {name}"
