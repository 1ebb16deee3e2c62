"""What MEXC spot can do (docs/venues/mexc.md)."""

from typing import Final

from exchanges.base.capabilities import ClientIdRules, RequestScope, VenueCapabilities
from exchanges.base.venue_settings import VenueSettings
from messages.symbol import Product

_CLIENT_ORDER_IDS: Final = ClientIdRules(
    longest=32, pattern="[0-9A-Za-z_-]+", allowed="1 to 32 characters out of 0-9 A-Z a-z _ -"
)
"""MEXC documents neither length nor characters; this is what all that use it keep to."""
KNOWN_MS: Final = 7 * 86_400_000 - 600_000
"""Ended orders are listed for seven days after they were placed; less, as its clock is not ours. For how long they are
found by id is told nowhere."""


def capabilities_of(settings: VenueSettings) -> VenueCapabilities:
    """``settings`` say how late an order may reach the exchange.

    The one cancel of the whole account that there is names no order in its answer, so it is not used.
    """
    return VenueCapabilities(
        venue="mexc",
        products=frozenset({Product.SPOT}),
        open_orders=RequestScope.ACCOUNT,
        histories=RequestScope.MARKET,
        cancel_all=RequestScope.MARKET,
        cancels_by_side=False,
        amends_orders=False,
        shortest_countdown_s=None,
        withdraws=True,
        order_entry_by_socket=False,
        answers_tell_state=False,
        client_order_ids=_CLIENT_ORDER_IDS,
        found_by_client_id_ms=None,
        order_expiry_ms=settings.order_expiry_ms,
        unfilled_kept_ms=KNOWN_MS,
    )
