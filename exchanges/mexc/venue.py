"""MEXC spot: four factories, what it declares, and nothing else of orchestration."""

from functools import partial

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
from exchanges.mexc.capabilities import capabilities_of
from exchanges.mexc.listen_key import ListenKeys
from exchanges.mexc.private_rest import MexcPrivateRest
from exchanges.mexc.private_ws import MexcPrivateFrames
from exchanges.mexc.public_rest import MexcPublicRest
from exchanges.mexc.public_ws import MOST_MARKETS, MexcPublicFrames
from exchanges.mexc.rest import MexcRest
from exchanges.mexc.settings import MexcSettings, of_mexc

__all__ = ["MexcSettings", "MexcVenue"]


class MexcVenue:
    """`exchanges.base.clients.Venue` of MEXC spot.

    All clients of one venue share its clock offset, its table of markets and the weight of queries that the exchange
    counts by address; clients with the same API key share limits and listen key.
    """

    name = "mexc"

    def __init__(self, endpoints: Endpoints, environment: Environment, settings: VenueSettings | None = None) -> None:
        self._endpoints = endpoints
        self._environment = environment
        self._settings = of_mexc(settings)
        self._server_clock = ServerClock(environment.clock)
        self._limiter = RateLimiter(environment.clock)
        self._accounts = VenueAccounts(environment.clock, self._limiter)
        self._listen_keys: dict[Credentials, ListenKeys] = {}
        self._public = MexcPublicRest(self._rest(self._limiter, None))
        self.capabilities: VenueCapabilities = capabilities_of(self._settings)

    def create_public_rest(self) -> PublicRest:
        return self._public

    def create_public_ws_with_handlers(self, handlers: PublicWebsocketHandlers) -> PublicWebsocket:
        frames = partial(MexcPublicFrames, self._endpoints.ws, handlers, self._public.markets, self._settings)
        return PublicWebsocketClient(self._environment, frames, handlers, most_markets=MOST_MARKETS)

    def create_private_rest(self, credentials: Credentials) -> PrivateRest:
        return MexcPrivateRest(self._rest_of(credentials), self._public.markets)

    def create_private_ws_with_handlers(
        self, credentials: Credentials, handlers: PrivateWebsocketHandlers
    ) -> PrivateWebsocket:
        keys = self._listen_keys.get(credentials)
        if keys is None:
            keys = self._listen_keys[credentials] = ListenKeys(self._environment, self._rest_of(credentials))

        markets, settings = self._public.markets, self._settings
        frames = partial(MexcPrivateFrames, self._endpoints.ws, handlers, keys, markets, settings)
        return PrivateWebsocketClient(self._environment, frames, handlers)

    def server_now_ms(self) -> int:
        """The exchange's clock as best we know it, unix milliseconds."""
        return self._server_clock.now_ms()

    def _rest_of(self, credentials: Credentials) -> MexcRest:
        return self._rest(self._accounts.of(credentials).limiter, credentials)

    def _rest(self, limiter: RateLimiter, credentials: Credentials | None) -> MexcRest:
        at = self._endpoints.rest
        clock, settings = self._server_clock, self._settings
        return MexcRest(self._environment, at, limiter, clock, settings, credentials=credentials)
