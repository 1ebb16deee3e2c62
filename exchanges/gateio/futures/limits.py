"""Gate's rate limits for perpetuals (REST manual, rate limits), as scopes of the limiter; others: `gateio.limits`."""

from typing import Final

from exchanges.base.rate_limiter import Scope
from exchanges.gateio import limits

ORDERS: Final = Scope("futures orders", 100, 1.0)
"""Placing and amending, over all markets of an account."""
CANCELS: Final = Scope("futures cancels", 200, 1.0)


def endpoint(name: str) -> Scope:
    """Other queries and requests: 200 in 10 seconds for each endpoint."""
    return limits.endpoint(f"futures {name}")
