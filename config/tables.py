"""Reads TOML tables into Structs and collects everything that is wrong, instead of stopping at the first mistake.

Values of keys that nobody asked for are never shown: they may be secrets in the wrong place (R12).
"""

import difflib
import enum
import json
import math
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from messages.errors import ConfigurationError, InvalidValueError, one_of
from messages.symbol import Symbol
from messages.validation import require_decimal

S = TypeVar("S", bound=msgspec.Struct)
_SHOWN_AT_MOST: Final = 60
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


class Problems:
    """What is wrong with one file."""

    def __init__(self, source: str) -> None:
        self.source: Final = source
        self._texts: list[str] = []

    def refuse(self, path: str, value: object, allowed: str) -> None:
        """``value`` at ``path`` is not allowed."""
        self.add(path, f"= {shown(path, value)} is not allowed: {allowed}")

    def add(self, path: str, text: str) -> None:
        """Anything else that is wrong at ``path``."""
        self._texts.append(f"{self.source}: {path} {text}")

    def raise_if_any(self) -> None:
        """Raises `ConfigurationError` with every problem, one a line."""
        if self._texts:
            raise ConfigurationError("\n".join(self._texts))


class Table:
    """One table of a file; remembers which of its keys somebody has asked for."""

    def __init__(self, raw: Mapping[str, Any], path: str, problems: Problems) -> None:
        self.path: Final = path
        self._raw = raw
        self._problems = problems
        self._known: dict[str, None] = {}

    def at(self, key: str) -> str:
        """The path of ``key`` for error texts, for example ``accounts[1].venue``."""
        key = key if _BARE_KEY.fullmatch(key) else _quoted(key)
        return f"{self.path}.{key}" if self.path else key

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def peek(self, key: str) -> object:
        """The value of ``key`` as it stands in the file, unchecked; None where there is none."""
        return self._raw.get(key)

    def read(self, kind: type[S], *, defaults: Mapping[str, Any] | None = None, **given: Any) -> S | None:
        """Fills ``kind`` from the keys that are called like its fields.

        Args:
            defaults: for keys that the table may leave out. given: fields that are no keys of the table.

        Returns:
            None when something was wrong with one of them; the problems have been noted.
        """
        values: dict[str, Any] = {**(defaults or {}), **given}
        is_good = True
        for field in msgspec.structs.fields(kind):
            if field.name in given:
                continue
            self._known[field.name] = None
            if field.name in self._raw:
                try:
                    values[field.name] = self._value(field.name, field.type)
                except _RefusedError as refused:
                    is_good = False
                    if refused.allowed is not None:
                        self._problems.refuse(self.at(field.name), self._raw[field.name], refused.allowed)
            elif field.required and field.name not in values:
                is_good = False
                self._problems.add(self.at(field.name), f"is missing: {_expected(field.type)}")
        if not is_good:
            return None
        try:
            return kind(**values)
        except InvalidValueError as error:
            self._problems.refuse(self.at(error.field), error.value, error.allowed)
            return None

    def table(self, key: str) -> "Table | None":
        """A table inside this one; None where the file has none."""
        self._known[key] = None
        if key not in self._raw:
            return None
        raw = self._raw[key]
        if not isinstance(raw, dict):
            self._problems.refuse(self.at(key), raw, f"a table: [{self.at(key)}]")
            raw = {}
        return Table(raw, self.at(key), self._problems)

    def tables(self, key: str) -> Iterator["Table"]:
        """The tables of a list of tables, in order."""
        self._known[key] = None
        raw = self._raw.get(key, [])
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self._problems.refuse(self.at(key), raw, f"a list of tables: [[{self.at(key)}]] before each")
            return
        for index, item in enumerate(raw):
            yield Table(item, f"{self.at(key)}[{index}]", self._problems)

    def refuse_unknown_keys(self) -> None:
        """To be called last: whatever nobody asked for is a mistake."""
        for key in self._raw:
            if key not in self._known:
                self._problems.add(self.at(key), f"is not known: {allowed_among(key, self._known)}")

    def _value(self, key: str, kind: Any) -> Any:
        raw = self._raw[key]
        inner = _without_none(kind)
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and inner is not Symbol:
            table = self.table(key)
            assert table is not None, "the key is there"
            value = table.read(inner)
            table.refuse_unknown_keys()
            if value is None:
                raise _RefusedError(None)
            return value
        return _scalar(raw, inner)


class _RefusedError(Exception):
    """``allowed``: what would be right; None when the problem has been noted already."""

    def __init__(self, allowed: str | None) -> None:
        super().__init__(allowed)
        self.allowed = allowed


def shown(path: str, value: object) -> str:
    """A value as TOML writes it, for an error text; hidden where the key suggests a secret."""
    if any(word in path.rpartition(".")[2].lower() for word in ("key", "secret", "pass", "token")):
        return "(not shown)"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = _quoted(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN_AT_MOST else text[: _SHOWN_AT_MOST - 3] + "..."


def _quoted(text: str) -> str:
    """On one line, whatever is in it."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def allowed_among(word: str, known: Iterable[str]) -> str:
    """What is allowed, and the one that was probably meant."""
    choices = list(known)
    if not choices:
        return "there is none to name"
    nearest = difflib.get_close_matches(word, choices, n=1)
    return one_of(choices) + (f" (did you mean {nearest[0]}?)" if nearest else "")


def _scalar(raw: Any, kind: Any) -> Any:
    if get_origin(kind) is Literal:
        if raw not in get_args(kind):
            raise _RefusedError(allowed_among(str(raw), get_args(kind)))
        return raw
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(_scalar(raw, _words_of(kind)))
    try:
        return _SCALARS[kind](raw)
    except InvalidValueError as error:
        raise _RefusedError(error.allowed) from None


def _words_of(kind: type[enum.Enum]) -> Any:
    """A choice as the file writes it: the values of an enum."""
    return Literal[tuple(member.value for member in kind)]


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise _RefusedError(_EXPECTED[str])
    return raw


def _switch(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise _RefusedError(_EXPECTED[bool])
    return raw


def _whole(raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise _RefusedError(_EXPECTED[int])
    return raw


def _exact(raw: Any) -> Decimal:
    if not isinstance(raw, int | Decimal) or isinstance(raw, bool):
        raise _RefusedError(_EXPECTED[Decimal])
    return require_decimal("value", Decimal(raw))


def _measure(raw: Any) -> float:
    value = float(_exact(raw))
    if not math.isfinite(value):
        raise _RefusedError(_EXPECTED[float])
    return value


def _symbol(raw: Any) -> Symbol:
    if not isinstance(raw, str):
        raise _RefusedError(_EXPECTED[Symbol])
    return Symbol.parse(raw)


_SCALARS: Final[dict[Any, Any]] = {
    str: _text,
    bool: _switch,
    int: _whole,
    float: _measure,
    Decimal: _exact,
    Symbol: _symbol,
}
_EXPECTED: Final[dict[Any, str]] = {
    str: "text in quotes that is not empty",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number, such as 0.25",
    Symbol: 'a symbol in quotes, such as "SOL/USDT"',
}


def _expected(kind: Any) -> str:
    inner = _without_none(kind)
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        inner = _words_of(inner)
    return one_of(get_args(inner)) if get_origin(inner) is Literal else _EXPECTED.get(inner, "a table")


def _without_none(kind: Any) -> Any:
    """``X`` for ``X | None``; TOML has no null, a key that may be None is simply left out."""
    if get_origin(kind) in {Union, types.UnionType}:
        return next(part for part in get_args(kind) if part is not types.NoneType)
    return kind
