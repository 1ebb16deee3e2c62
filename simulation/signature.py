"""What kind of failure a violation is: its text without whatever differs from seed to seed."""

import re
from collections.abc import Iterable
from typing import Final

from simulation.scenario import NAMES

_LONGEST: Final = 200
_VALUE: Final = re.compile(r"\b(Fill|Order|Balance|Symbol)\(.*")
"""A value quoted whole; what follows it says nothing more of the kind."""
_MARKET: Final = re.compile(r"[^\s/'\"]+/[A-Z]{2,}\b")
_ACCOUNT: Final = re.compile(rf"\b(?:{'|'.join(NAMES)})\b")
_RULE: Final = re.compile(r"\(R\d+(?:, ?R\d+)*\)")
_VARIES: Final = re.compile(r"[^\s:;,()'\"]*\d[^\s:;,()'\"]*")
_CURRENCY: Final = re.compile(r"ACCOUNT: \S+ (?=is # \+ #)")


def signature(violation: str) -> str:
    """The kind: without accounts, markets, ids and numbers, but with the rule; one line of at most 200 characters."""
    text = _VALUE.sub(r"\1(...)", " ".join(violation.split()))
    text = _ACCOUNT.sub("ACCOUNT", _MARKET.sub("MARKET", text))
    rules = _RULE.findall(text)
    pieces = [_VARIES.sub("#", piece) for piece in _RULE.split(text)]
    text = "".join(piece + rule for piece, rule in zip(pieces, [*rules, ""], strict=True))
    return _CURRENCY.sub("ACCOUNT: CURRENCY ", text)[:_LONGEST]


def signatures(violations: Iterable[str]) -> dict[str, str]:
    """Each kind among these violations, in order, with the first violation of it."""
    kinds: dict[str, str] = {}
    for violation in violations:
        kinds.setdefault(signature(violation), violation)
    return kinds
