"""The part of a trace that a person has to read to understand one violation."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

_MOST_LINES: Final = 60
_WIDTH: Final = 170
_ID: Final = re.compile(r"[\w-]*\d[\w-]*")
_SHORTEST_ID: Final = 5
_REPETITIONS: Final = 2
_WORLD: Final = frozenset({"scenario", "weather", "exchange", "world", "VIOLATION"})
"""Whose lines are about everybody."""
_LOUD: Final = frozenset({"warning", "error", "critical"})
_ORDER: Final = re.compile(r"order (\S+) (\S+) ")
"""How the watcher tells of an order: by our id, then by the exchange's."""
_REQUEST: Final = re.compile(r"#\d+ ")


class _Line(msgspec.Struct, frozen=True):
    time_s: str
    who: str
    what: str


def digest(trace: str, violation: str, accounts: Iterable[str], *, most: int = _MOST_LINES) -> list[str]:
    """At most ``most`` lines of ``trace`` that concern the order or else the account that ``violation`` is about, what
    happened around them, and what the run was made of. Of lines that differ in numbers only, the first two and the last
    are there."""
    lines = [_parsed(line) for line in trace.splitlines()]
    account = next((name for name in accounts if re.search(rf"\b{re.escape(name)}\b", violation)), None)
    ids = _with_aliases(lines, {each for each in _ID.findall(violation) if len(each) >= _SHORTEST_ID})
    said = _pattern(ids) if ids and any(_pattern(ids).search(line.what) for line in lines) else None
    kept = _without_repetitions(lines, list(_kept(lines, said, account, violation)))
    return [_shown(line, said) if isinstance(line, _Line) else line for line in _capped(lines, kept, most)]


def _kept(lines: Sequence[_Line], said: re.Pattern[str] | None, account: str | None, violation: str) -> Iterator[int]:
    asked: set[str] = set()
    for index, line in enumerate(lines):
        if line.who == "VIOLATION":
            concerns = line.what == violation
        elif line.who in _WORLD:
            concerns = True
        elif said is None:
            concerns = account is not None and (
                line.who == account or (line.who in _LOUD | {"rest"} and account in line.what)
            )
        else:
            request = _REQUEST.match(line.what) if line.who == "rest" else None
            concerns = said.search(line.what) is not None or (line.who == account and line.what.startswith("is "))
            if request is not None and concerns:
                asked.add(request.group())
            elif request is not None and request.group() in asked:
                concerns = True
        if concerns:
            yield index


def _capped(lines: Sequence[_Line], kept: Sequence[int], most: int) -> Iterator[_Line | str]:
    """The beginning and, at greater length, the end."""
    if len(kept) <= most:
        yield from (lines[index] for index in kept)
        return
    head = most // 3
    tail = most - head - 1
    yield from (lines[index] for index in kept[:head])
    yield f"{'':12}  ... {len(kept) - head - tail} such lines left out ..."
    yield from (lines[index] for index in kept[-tail:])


def _without_repetitions(lines: Sequence[_Line], kept: Sequence[int]) -> list[int]:
    shapes = [(lines[index].who, _ID.sub("#", lines[index].what)) for index in kept]
    last = dict(zip(shapes, kept, strict=True))
    seen: Counter[tuple[str, str]] = Counter()
    rare = []
    for index, shape in zip(kept, shapes, strict=True):
        seen[shape] += 1
        if seen[shape] <= _REPETITIONS or index == last[shape]:
            rare.append(index)
    return rare


def _with_aliases(lines: Iterable[_Line], ids: set[str]) -> set[str]:
    """Whoever knows one id of an order knows the other, too."""
    aliases = set(ids)
    for line in lines:
        told = _ORDER.match(line.what)
        if told is not None and not aliases.isdisjoint(told.groups()):
            aliases |= {each for each in told.groups() if each != "None"}
    return aliases


def _pattern(ids: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:t-)?(?:{'|'.join(map(re.escape, sorted(ids)))})(?![\w-])")


def _parsed(line: str) -> _Line:
    who, _, what = line[14:].partition(" ")
    return _Line(line[:12], who, what.lstrip())


def _shown(line: _Line, said: re.Pattern[str] | None) -> str:
    """One line that fits a screen: of a long one its beginning, and the part that names the order."""
    room, what = _WIDTH - 28, line.what
    if len(what) > room:
        found = said.search(what) if said is not None else None
        if found is None or found.end() < room - 40:
            what = f"{what[: room - 3]}..."
        else:
            begin = max(found.start() - 20, 40)
            what = f"{what[:34]} ... {what[begin : begin + room - 42]}..."
    return f"{line.time_s}  {line.who:<12} {what}"
