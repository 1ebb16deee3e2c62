"""What kind of failure a violation is: its text without whatever differs from seed to seed."""

import re
from collections.abc import Iterable
from typing import Final

from simulation.scenario import NAMES

_LONGEST: Final = 200
_VALUE: Final = re.compile(r"\b[A-Z]\w*\((?=\w+=)")
"""Where a Struct is quoted whole."""
_RULE: Final = re.compile(r"\(R\d+(?:, ?R\d+)*\)")
_SAME: Final = (
    (re.compile(r"[^\s/'\"]+/[A-Z]{2,}\b|\b[^\s_'\"]+_(?:USDTT?|BTC|ETH)\b"), "MARKET"),
    (re.compile(rf"\b(?:{'|'.join(NAMES)})\b"), "ACCOUNT"),
    (re.compile(r"\b(?:buy|sell)\b"), "SIDE"),
    (re.compile(r"\b(?:gtc|ioc|fok|poc)\b", re.IGNORECASE), "TERMS"),
    (re.compile(r"[^\s:;,()'\"]*\d[^\s:;,()'\"]*"), "#"),
    (re.compile(r": \S+ (?=is # \+ #)"), ": CURRENCY "),
)


def signature(violation: str) -> str:
    """The kind: without accounts, markets, ids and numbers, but with the rule; one line of at most 200 characters."""
    text = _without_values(" ".join(violation.split()))
    rules = [*_RULE.findall(text), ""]
    pieces = []
    for piece, rule in zip(_RULE.split(text), rules, strict=True):
        kind = piece
        for pattern, word in _SAME:
            kind = pattern.sub(word, kind)
        pieces.append(kind + rule)
    return _cut("".join(pieces))


def signatures(violations: Iterable[str]) -> dict[str, str]:
    """Each kind among these violations, in order, with the first violation of it."""
    kinds: dict[str, str] = {}
    for violation in violations:
        kinds.setdefault(signature(violation), violation)
    return kinds


def _without_values(text: str) -> str:
    """``Name(...)`` in place of each value, whatever is in it."""
    while (found := _VALUE.search(text)) is not None:
        end, depth = found.end(), 1
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = f"{text[: found.end()]}...){text[end:]}"
    return text


def _cut(text: str) -> str:
    """The rule at its end stays with it."""
    if len(text) <= _LONGEST:
        return text
    rules = _RULE.findall(text)
    end = f"... {rules[-1]}" if rules and text.endswith(rules[-1]) else "..."
    return text[: _LONGEST - len(end)] + end
