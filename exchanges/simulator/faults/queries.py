"""Faults of queries that are answered, but not with how things stand."""

from typing import Literal

from exchanges.simulator.core.orders import Order
from exchanges.simulator.faults.faults import Fault, check, check_ms

MAX_LAG_MS = 10_000
QueryKind = Literal["order_by_id", "order_by_text", "open_orders", "finished_orders", "balances", "my_trades"]
PositionQuery = Literal["positions"]
"""Only an exchange of contracts is asked this."""


class QueryLag(Fault, frozen=True, kw_only=True, tag="query_lag"):
    """Queries of one kind, of one account, are answered as the books stood ``lag_ms`` ago; by default all.

    ``spares``: a kind that is answered as of now while all others lag. Staff of venues say that an order just placed
    may not be found for some seconds; past 10 s it is an error. What a command does, and the times in the headers, are
    of now.
    """

    account: str | None = None
    query: QueryKind | PositionQuery | None = None
    spares: QueryKind | PositionQuery | None = None
    lag_ms: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check("spares", self.spares, None in (self.query, self.spares), "null where query names one kind")
        check("lag_ms", self.lag_ms, 0 <= self.lag_ms <= MAX_LAG_MS, f"from 0 to {MAX_LAG_MS} ms")

    def concerns(self, account: str, query: QueryKind | PositionQuery) -> bool:
        """Whether a query is among those."""
        return self.account in (None, account) and self.query in (None, query) and self.spares != query


class OrderUnknown(Fault, frozen=True, kw_only=True, tag="order_unknown"):
    """Looking up an order that is there is answered with ORDER_NOT_FOUND, as by a replica that has lost it.

    ``by``: the id or the text that it is looked up by, None: either. Lists, fills and commands still have it.
    ``younger_than_ms``: only for so long after it was created.
    """

    account: str | None = None
    pair: str | None = None
    by: Literal["id", "text"] | None = None
    for_order: Literal["open", "finished", "any"] = "any"
    younger_than_ms: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.younger_than_ms is not None:
            check_ms("younger_than_ms", self.younger_than_ms)

    def concerns(self, order: Order, query: QueryKind, now_ms: int) -> bool:
        """Whether an order that is found is to be denied."""
        return (
            self.account in (None, order.account)
            and self.pair in (None, order.pair)
            and (self.by is None or query == f"order_by_{self.by}")
            and self.for_order in ("any", "open" if order.is_open else "finished")
            and (self.younger_than_ms is None or now_ms - order.created_ms < self.younger_than_ms)
        )
