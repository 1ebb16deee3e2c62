"""Gate.io spot: four factories, what it declares, and nothing else of orchestration."""

from exchanges.base.capabilities import VenueCapabilities
from exchanges.base.clients import PrivateRest, PrivateWebsocket, PublicRest, PublicWebsocket
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.rate_limiter import RateLimiter
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_account import VenueAccounts
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_clients import PrivateWebsocketClient, PublicWebsocketClient
from exchanges.gateio.capabilities import capabilities_of
from exchanges.gateio.rest import GateioRest
from exchanges.gateio.settings import GateioSettings
from exchanges.gateio.spot.private_rest import GateioPrivateRest
from exchanges.gateio.spot.private_ws import GateioPrivateFrames
from exchanges.gateio.spot.public_rest import GateioPublicRest
from exchanges.gateio.spot.public_ws import GateioPublicFrames

__all__ = ["GateioSettings", "GateioVenue"]


class GateioVenue:
    """`exchanges.base.clients.Venue` of Gate.io spot.

    All clients of one venue share its clock offset. Public queries share one limiter, as the exchange counts them by
    address; private clients with the same API key share one, as the exchange counts by account.
    """

    name = "gateio"

    def __init__(self, endpoints: Endpoints, environment: Environment, settings: VenueSettings | None = None) -> None:
        self._endpoints = endpoints
        self._environment = environment
        self._settings = settings or GateioSettings()
        self._server_clock = ServerClock(environment.clock)
        self._public_limiter = RateLimiter(environment.clock)
        self._accounts = VenueAccounts(environment.clock)
        self.capabilities: VenueCapabilities = capabilities_of(self._settings)

    def create_public_rest(self) -> PublicRest:
        return GateioPublicRest(self._rest(self._public_limiter, None))

    def create_public_ws_with_handlers(self, handlers: PublicWebsocketHandlers) -> PublicWebsocket:
        def frames() -> GateioPublicFrames:
            return GateioPublicFrames(
                url=self._endpoints.ws, handlers=handlers, server_clock=self._server_clock, settings=self._settings
            )

        return PublicWebsocketClient(self._environment, frames, handlers)

    def create_private_rest(self, credentials: Credentials) -> PrivateRest:
        return GateioPrivateRest(self._rest(self._accounts.of(credentials).limiter, credentials))

    def create_private_ws_with_handlers(
        self, credentials: Credentials, handlers: PrivateWebsocketHandlers
    ) -> PrivateWebsocket:
        def frames() -> GateioPrivateFrames:
            return GateioPrivateFrames(
                url=self._endpoints.ws,
                credentials=credentials,
                handlers=handlers,
                server_clock=self._server_clock,
                settings=self._settings,
            )

        return PrivateWebsocketClient(self._environment, frames, handlers)

    def server_now_ms(self) -> int:
        """The exchange's clock as best we know it, unix milliseconds."""
        return self._server_clock.now_ms()

    def _rest(self, limiter: RateLimiter, credentials: Credentials | None) -> GateioRest:
        return GateioRest(
            self._environment,
            base_url=self._endpoints.rest,
            limiter=limiter,
            server_clock=self._server_clock,
            settings=self._settings,
            credentials=credentials,
        )
