"""Every kind of venue there is. A new one is added here, and nowhere else is a venue named."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from exchanges.base.capabilities import VenueCapabilities
from exchanges.base.clients import Venue
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.base.venue_settings import VenueSettings
from exchanges.gateio import settings as gateio
from exchanges.gateio.capabilities import capabilities_of
from exchanges.gateio.venue import GateioVenue
from exchanges.mexc import settings as mexc
from exchanges.mexc.capabilities import capabilities_of as mexc_capabilities_of
from exchanges.mexc.venue import MexcVenue
from messages.errors import InvalidValueError, one_of


class VenueKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of venue.

    Attributes:
        name: in configurations (``kind``), and of its face in the embedded exchange.
        live, testnet: where the real exchange and its test network are. settings: makes those that suit it.
        create: from endpoints, seams and settings to the venue. capabilities: what it can with such settings.
    """

    name: str
    live: Endpoints
    testnet: Endpoints | None
    settings: Callable[..., VenueSettings]
    create: Callable[[Endpoints, Environment, VenueSettings], Venue]
    capabilities: Callable[[VenueSettings], VenueCapabilities]


VENUE_KINDS: Final[Mapping[str, VenueKind]] = {
    kind.name: kind
    for kind in (
        VenueKind(
            name=GateioVenue.name,
            live=gateio.LIVE,
            testnet=gateio.TESTNET,
            settings=gateio.GateioSettings,
            create=GateioVenue,
            capabilities=capabilities_of,
        ),
        VenueKind(
            name=MexcVenue.name,
            live=mexc.LIVE,
            testnet=None,
            settings=mexc.MexcSettings,
            create=MexcVenue,
            capabilities=mexc_capabilities_of,
        ),
    )
}
FIRST_KIND: Final = next(iter(VENUE_KINDS))
"""What is taken where none is named."""


def create_venue(
    kind: str, endpoints: Endpoints, environment: Environment, settings: VenueSettings | None = None
) -> Venue:
    """Makes a venue. ``settings``: those that suit the kind, where None is given.

    Raises:
        InvalidValueError: there is no such kind.
    """
    found = VENUE_KINDS.get(kind)
    if found is None:
        raise InvalidValueError("kind", kind, one_of(VENUE_KINDS))
    return found.create(endpoints, environment, found.settings() if settings is None else settings)
