"""Gate's rate limits for spot (REST manual, rate limits), as scopes of the limiter.

Each account has its own; public queries are counted by address.
"""

from functools import lru_cache
from typing import Final

from exchanges.base.rate_limiter import Scope
from exchanges.base.server_clock import ServerClock
from exchanges.base.transport import HttpResponse

CANCELS: Final = Scope("spot cancels", 200, 1.0)
WITHDRAWALS: Final = Scope("withdrawals", 1, 3.0)
ACCOUNT_DETAIL: Final = Scope("account detail", 150, 10.0)
_IN_SECONDS_BELOW: Final = 100_000_000_000
"""As seconds that is in the year 5138, as milliseconds it was in 1973."""


@lru_cache(maxsize=4096)
def orders_of(pair: str) -> Scope:
    """Placing and amending share 10 a second for each market."""
    return Scope(f"spot orders {pair}", 10, 1.0)


@lru_cache(maxsize=256)
def endpoint(name: str) -> Scope:
    """Other spot, wallet and public queries: 200 in 10 seconds for each endpoint."""
    return Scope(name, 200, 10.0)


def read_headers(response: HttpResponse, server_clock: ServerClock) -> tuple[int | None, int | None, float | None]:
    """Limit, remaining and seconds until reset from the ``X-Gate-RateLimit-*`` headers; None where there is none that
    makes sense. Each for itself: "remaining" is left out where nothing remains (docs/venues/gateio.md, rate limits).

    The unit of the reset time is not documented for REST: both seconds and milliseconds are understood. One that has
    passed is none.
    """
    headers = response.headers
    reset = _integer(headers.get("x-gate-ratelimit-reset-timestamp"))
    reset_in_s: float | None = None
    if reset is not None:
        reset_ms = reset * 1000 if reset < _IN_SECONDS_BELOW else reset
        reset_in_s = (reset_ms - server_clock.now_ms()) / 1000
    return (
        _integer(headers.get("x-gate-ratelimit-limit")) or None,
        _integer(headers.get("x-gate-ratelimit-requests-remain")),
        reset_in_s if reset_in_s is not None and reset_in_s > 0 else None,
    )


def _integer(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return int(text)
