"""MEXC's rate limits (docs/venues/mexc.md, rate limits) as scopes of the limiter, each a little below the real one.

All weighted queries of an address share one pool. The other pool, 500 in 10 s for each account, is never the narrower:
whatever counts there counts in the first with the same weight.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from exchanges.base.rate_limiter import Charge, Scope

ORDERS: Final = Scope("orders and cancels", 11, 1.0)
"""Of 12 a second for each account, placing and canceling together."""
REQUESTS: Final = Scope("requests", 18, 1.0)
"""Of 20 a second."""
POOL: Final = Scope("weight of queries", 280, 10.0, is_shared=True)
"""Of 300 in 10 s for each address: all accounts, and public queries."""
ACCOUNT: Final = Scope("account queries", 2, 1.0)


class Cost(msgspec.Struct, frozen=True):
    """Where one request counts, first in the limit that it is refused by as a rule."""

    scope: Scope
    further: Sequence[Charge]
    weight: int = 1


ORDER: Final = Cost(ORDERS, (Charge(REQUESTS),))


def query(weight: int) -> Cost:
    """A request that counts by weight."""
    return Cost(POOL, (Charge(REQUESTS),), weight)


def account_query(weight: int) -> Cost:
    """One that is allowed twice a second besides."""
    return Cost(POOL, (Charge(REQUESTS), Charge(ACCOUNT)), weight)
