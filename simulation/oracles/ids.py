"""Ids of orders and trades as the books number them: venues write their numbers with something before or behind."""

import re
from typing import Final

_ORDER: Final = re.compile(r"(?:C02__)?(\d+)")
_TRADE: Final = re.compile(r"6(\d+)X1")


def number_of_order(order_id: str | None) -> int | None:
    """The number that an order has in the books; None where it is not called by one, as by a client's id."""
    found = _ORDER.fullmatch(order_id or "")
    return None if found is None else int(found[1])


def order_key(order_id: str) -> str:
    """An order's id as the books write it: told of by any venue, it is the same."""
    number = number_of_order(order_id)
    return order_id if number is None else str(number)


def trade_key(trade_id: str) -> str:
    """The same of a trade."""
    found = _TRADE.fullmatch(trade_id)
    return trade_id if found is None else str(int(found[1]))
