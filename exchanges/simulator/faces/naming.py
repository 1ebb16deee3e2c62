"""What a venue calls orders and trades; the exchange behind its face has numbers for both."""

from collections.abc import Callable
from dataclasses import dataclass


def plain_number(text: str) -> int | None:
    """Returns the number that is written out, None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() else None


def whole_text(text: str) -> str | None:
    """Returns the text itself, None when there is none."""
    return text or None


@dataclass(frozen=True, slots=True)
class Naming:
    """By default numbers are written out, and any text is a client's id.

    Attributes:
        order_id, trade_id: of a number, as accounts are told it. order_number: of an order's id, None when it is none.
        client_id: what the client calls the order with this text; None when no client does.
    """

    order_id: Callable[[int], str] = str
    order_number: Callable[[str], int | None] = plain_number
    trade_id: Callable[[int], str] = str
    client_id: Callable[[str], str | None] = whole_text
