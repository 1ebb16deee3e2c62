"""Ids as MEXC writes them: opaque text, made of the exchange's numbers (docs/venues/mexc.md, orders and trades)."""

import re

DIGITS = 18
_ORDER = re.compile(rf"C02__(\d{{{DIGITS}}})")
_NUMBERED = re.compile(r"[0-9a-f]{32}")


def order_id(number: int) -> str:
    """Returns an order's id."""
    return f"C02__{number:0{DIGITS}d}"


def order_number(text: str) -> int | None:
    """Returns the number behind an order's id, None when it is no such id."""
    found = _ORDER.fullmatch(text)
    return None if found is None else int(found[1])


def trade_id(number: int) -> str:
    """Returns a trade's id as accounts see it."""
    return f"6{number:0{DIGITS - 1}d}X1"


def public_trade_id(number: int) -> str:
    """Returns a trade's id as the public sees it: the same digits, another ending."""
    return f"6{number:0{DIGITS - 1}d}X0_0"


def transfer_id(number: int) -> str:
    """Returns the id of a withdrawal."""
    return f"{number:032x}"


def transfer_number(text: str) -> int | None:
    """Returns the number behind a withdrawal's id, None when it is no such id."""
    return int(text, 16) if _NUMBERED.fullmatch(text) else None
