"""Lists of Gate's, whose rows name their market in one form."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from exchanges.base import rows
from exchanges.base.clients import UnreadableRow
from exchanges.gateio.symbols import to_symbol

W = TypeVar("W", bound=msgspec.Struct)
M = TypeVar("M")


class RowReader(rows.RowReader[W, M]):
    """See `exchanges.base.rows.RowReader`."""

    def __init__(
        self,
        kind: type[W],
        convert: Callable[[W], M | None],
        *,
        market: str = "currency_pair",
        is_left_out: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> None:
        super().__init__(kind, convert, to_symbol=to_symbol, market=market, is_left_out=is_left_out)


def unreadable_row(market: object, item_id: object, problem: Exception | str) -> UnreadableRow:
    """See `exchanges.base.rows.unreadable_row`."""
    return rows.unreadable_row(to_symbol, market, item_id, problem)
