"""What each venue can, as a table: ``python -m exchanges.capability_table > docs/venues/capabilities.md``."""

from collections.abc import Callable, Mapping
from typing import Final

from exchanges.base.capabilities import VenueCapabilities
from exchanges.registry import VENUE_KINDS

_HEAD: Final = """# What each venue can

Made by `python -m exchanges.capability_table` from what the venues declare. Where a venue cannot, the command is
refused here, by the venue's name, before anything is sent; the conformance suite shows that instead of the command's
life.
"""
_ROWS: Final[Mapping[str, Callable[[VenueCapabilities], object]]] = {
    "products": lambda can: ", ".join(sorted(product.value for product in can.products)),
    "one list of open orders covers": lambda can: f"one {can.open_orders.value}",
    "one list of fills or finished orders covers": lambda can: f"one {can.histories.value}",
    "one cancel of all covers": lambda can: f"one {can.cancel_all.value}",
    "cancel of all for one side": lambda can: _yes(can.cancels_by_side),
    "amending orders": lambda can: _yes(can.amends_orders),
    "dead man's switch": lambda can: (
        "no" if can.shortest_countdown_s is None else f"{can.shortest_countdown_s} s or more"
    ),
    "withdrawals": lambda can: _yes(can.withdraws),
    "orders by socket": lambda can: _yes(can.order_entry_by_socket),
    "answers tell how an order stands": lambda can: _yes(can.answers_tell_state),
    "late orders are refused by the venue": lambda can: (
        "never" if can.order_expiry_ms is None else f"after {can.order_expiry_ms} ms"
    ),
    "client order ids": lambda can: can.client_order_ids.allowed,
    "ended orders are found by client id": lambda can: (
        "always" if can.found_by_client_id_ms is None else f"for {can.found_by_client_id_ms // 60_000} minutes"
    ),
    "orders that ended without a fill are found": lambda can: (
        "always" if can.unfilled_kept_ms is None else f"for {can.unfilled_kept_ms // 1000} s"
    ),
}


def capability_table(declared: Mapping[str, VenueCapabilities]) -> str:
    """The whole page, a column for each venue."""
    lines = [_HEAD, "| | " + " | ".join(declared) + " |", "|---" * (len(declared) + 1) + "|"]
    for what, say in _ROWS.items():
        lines.append(f"| {what} | " + " | ".join(str(say(can)) for can in declared.values()) + " |")
    return "\n".join(lines) + "\n"


def registered() -> dict[str, VenueCapabilities]:
    """What every kind of venue declares, with the settings that suit it."""
    return {name: kind.capabilities(kind.settings()) for name, kind in VENUE_KINDS.items()}


def _yes(there: bool) -> str:
    return "yes" if there else "no"


if __name__ == "__main__":
    print(capability_table(registered()), end="")  # noqa: T201 the page goes to a file
