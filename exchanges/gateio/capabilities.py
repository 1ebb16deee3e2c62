"""What Gate.io spot can do (docs/venues/gateio.md)."""

from typing import Final

from exchanges.base.capabilities import ClientIdRules, RequestScope, VenueCapabilities
from exchanges.base.venue_settings import VenueSettings
from messages.symbol import Product

_CLIENT_ORDER_IDS: Final = ClientIdRules(
    longest=28, pattern="[0-9A-Za-z_.-]+", allowed="1 to 28 characters out of 0-9 A-Z a-z _ - ."
)
"""REST manual, `text` of an order: without the "t-" that we put before it."""
_SHORTEST_COUNTDOWN_S: Final = 5
_UNFILLED_KEPT_MS: Final = 60_000
"""Orders that end without a fill are found for a minute, by id, by text and in lists (Gate's staff, gateapi-go issue
11, gateapi-python issue 61)."""
_FOUND_BY_TEXT_MS: Final = 1_800_000
"""By text an ended order is found for at least half an hour; how much longer differs (docs/venues/gateio.md)."""


def capabilities_of(settings: VenueSettings) -> VenueCapabilities:
    """``settings`` say whether orders expire."""
    return VenueCapabilities(
        venue="gateio",
        products=frozenset({Product.SPOT}),
        open_orders=RequestScope.ACCOUNT,
        histories=RequestScope.ACCOUNT,
        cancel_all=RequestScope.ACCOUNT,
        cancels_by_side=True,
        amends_orders=True,
        shortest_countdown_s=_SHORTEST_COUNTDOWN_S,
        withdraws=True,
        order_entry_by_socket=False,
        answers_tell_state=True,
        client_order_ids=_CLIENT_ORDER_IDS,
        found_by_client_id_ms=_FOUND_BY_TEXT_MS,
        order_expiry_ms=settings.order_expiry_ms,
        unfilled_kept_ms=_UNFILLED_KEPT_MS,
    )
