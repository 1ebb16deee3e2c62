"""What the venues of tests can do: everything, but for what a test takes from them."""

from typing import Any

import msgspec

from exchanges.base.capabilities import ClientIdRules, RequestScope, VenueCapabilities
from messages.symbol import Product

EVERYTHING = VenueCapabilities(
    venue="venue",
    products=frozenset({Product.SPOT}),
    open_orders=RequestScope.ACCOUNT,
    histories=RequestScope.ACCOUNT,
    cancel_all=RequestScope.ACCOUNT,
    cancels_by_side=True,
    amends_orders=True,
    shortest_countdown_s=5,
    withdraws=True,
    order_entry_by_socket=False,
    answers_tell_state=True,
    client_order_ids=ClientIdRules(longest=28, pattern=".+", allowed="1 to 28 characters"),
    found_by_client_id_ms=None,
    order_expiry_ms=None,
    unfilled_kept_ms=None,
)


def capabilities(**changes: Any) -> VenueCapabilities:
    """Everything, with these changes."""
    return msgspec.structs.replace(EVERYTHING, **changes)
