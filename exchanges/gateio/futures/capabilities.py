"""What Gate.io's USDT perpetuals can do (docs/venues/gateio.md, perpetuals)."""

from typing import Final

from exchanges.base.capabilities import ClientIdRules, MarginCapabilities, RequestScope, VenueCapabilities
from exchanges.base.venue_settings import VenueSettings
from messages.position import MarginMode, PositionMode
from messages.symbol import Product

NAME: Final = "gateio_futures"
_CLIENT_ORDER_IDS: Final = ClientIdRules(
    longest=28, pattern="[0-9A-Za-z_.-]+", allowed="1 to 28 characters out of 0-9 A-Z a-z _ - ."
)
"""REST manual, `text` of an order: without the "t-" that we put before it."""
_SHORTEST_COUNTDOWN_S: Final = 5
_UNFILLED_KEPT_MS: Final = 60_000
"""An order that ended without a fill is found by text for a minute, and by id for ten (REST manual, get an order)."""


def capabilities_of(settings: VenueSettings) -> VenueCapabilities:
    """``settings`` say whether orders expire."""
    return VenueCapabilities(
        venue=NAME,
        products=frozenset({Product.PERPETUAL}),
        open_orders=RequestScope.ACCOUNT,
        histories=RequestScope.ACCOUNT,
        cancel_all=RequestScope.MARKET,
        cancels_by_side=True,
        amends_orders=True,
        shortest_countdown_s=_SHORTEST_COUNTDOWN_S,
        withdraws=False,
        order_entry_by_socket=False,
        answers_tell_state=True,
        client_order_ids=_CLIENT_ORDER_IDS,
        found_by_client_id_ms=_UNFILLED_KEPT_MS,
        order_expiry_ms=settings.order_expiry_ms,
        unfilled_kept_ms=_UNFILLED_KEPT_MS,
        margin=MarginCapabilities(
            position_modes=frozenset(PositionMode),
            margin_modes=frozenset(MarginMode),
            closes_positions=True,
            lists_conditional_orders=True,
        ),
    )
