"""Every venue's wire; a new one is added here."""

from collections.abc import Mapping
from typing import Final

from exchanges.registry import FIRST_KIND
from simulation.venues.gateio.wire import GateioWire
from simulation.venues.wire import VenueWire

VENUE_WIRES: Final[Mapping[str, VenueWire]] = {"gateio": GateioWire()}
WIRE: Final = VENUE_WIRES[FIRST_KIND]
"""Of the venue that runs trade on."""
