"""What faults call the requests and channels of the venue that a test is run for."""

from typing import Final

from simulation.venues.wire import Channels, Endpoints
from simulation.venues.wires import VENUE_WIRES
from tests.support.virtual_world import VirtualWorld

_LINES_ENDPOINTS: Final = Endpoints(
    place="place",
    amend=None,
    cancel="cancel",
    cancel_all="cancel_all",
    countdown=None,
    order="order",
    open_orders="open_orders",
    fills="fills",
    balances="balances",
    markets="markets",
    time="time",
    withdraw="",
    withdrawals="",
    cancel_withdrawal="",
)
_LINES_CHANNELS: Final = Channels(orders="order", fills="fill", balances="balances", book_tickers="ticker")


def endpoints(world: VirtualWorld) -> Endpoints:
    wire = VENUE_WIRES.get(world.venue.name)
    return _LINES_ENDPOINTS if wire is None else wire.endpoints


def channels(world: VirtualWorld) -> Channels:
    wire = VENUE_WIRES.get(world.venue.name)
    return _LINES_CHANNELS if wire is None else wire.channels
