"""Names are the field's: those that were replaced do not come back (words of our own: docs/glossary.md)."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("actors", "config", "console", "exchanges", "messages", "simulation")
REPLACED = {
    "account_ends": "fail_in_flight",
    "auditors": "record_readers",
    "Broadcast": "EventPublisher",
    "DoubtDesk": "OrderReconciler",
    "Doubt": "OrderKey",
    "disturbance": "fault_injection",
    "Door": "PortListener",
    "elsewhere": "unsupported_products",
    "hear_balances": "apply_balances",
    "hear_fill": "apply_fill",
    "hear_order": "apply_order",
    "LateNews": "MissedUpdates",
    "LookupDesk": "OrderQueries",
    "oddities": "inconsistent orders, odd fields",
    "OrderDesk": "OrderCommands",
    "pictures": "status_report",
    "SnapshotDesk": "SnapshotJoiner",
    "Standing": "ActiveFault",
    "SubscribeBook": "SubscribeBookTicker",
    "Tape": "PairHistory",
    "Treasury": "Transfers",
    "Trouble": "RequestFailed",
    "watch_book": "watch_book_ticker",
    "WebsocketSession": "WebsocketConnection",
    "WeRefusedError": "LocalRefusalError",
    "WithdrawalDesk": "Withdrawals",
}
_OURS = re.compile(r"(?<![`\"'\w._])(?:C|c)ancell(?:ed|ing)(?![`\"'\w(])")
"""The other spelling, in prose: Gate's words stand in quotes, asyncio's are names."""


def tokens(folder: str) -> Iterator[tuple[str, tokenize.TokenInfo]]:
    """Those of every source of a folder, with where they stand."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            yield f"{path.relative_to(ROOT)}:{token.start[0]}", token


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_replaced_name_is_used(folder: str) -> None:
    used = {
        f"{place}: {token.string} is {REPLACED[token.string]}"
        for place, token in tokens(folder)
        if token.type == tokenize.NAME and token.string in REPLACED
    }
    assert not used


@pytest.mark.parametrize("folder", FOLDERS)
def test_canceled_has_one_spelling_in_prose(folder: str) -> None:
    other = {
        f"{place}: {match[0]}"
        for place, token in tokens(folder)
        if token.type == tokenize.COMMENT or token.string.startswith('"""')
        for match in _OURS.finditer(token.string)
    }
    assert not other
