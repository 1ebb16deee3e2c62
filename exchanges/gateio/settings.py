"""Where Gate.io is, and how its clients behave."""

from dataclasses import dataclass
from typing import Final

from exchanges.base.endpoints import Endpoints
from exchanges.base.venue_settings import VenueSettings

LIVE: Final = Endpoints("https://api.gateio.ws/api/v4", "wss://api.gateio.ws/ws/v4/")
"""The real exchange (REST manual, hosts)."""
TESTNET: Final = Endpoints("https://api-testnet.gateapi.io/api/v4", "wss://ws-testnet.gate.com/v4/ws/spot")
"""Gate's test network (REST manual, hosts)."""


@dataclass(frozen=True, slots=True)
class GateioSettings(VenueSettings):
    """Orders expire by `X-Gate-Exptime`; queries lag "a few seconds" (gateapi-nodejs issue 2)."""

    order_expiry_ms: int | None = 5000
