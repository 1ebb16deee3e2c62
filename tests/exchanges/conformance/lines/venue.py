"""The made-up venue: what it declares, and four factories."""

from exchanges.base.capabilities import ClientIdRules, RequestScope, VenueCapabilities
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.rate_limiter import RateLimiter
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_account import VenueAccounts
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_clients import PrivateWebsocketClient, PublicWebsocketClient
from messages.symbol import Product
from tests.exchanges.conformance.lines import wire

CAPABILITIES = VenueCapabilities(
    venue="lines",
    products=frozenset({Product.SPOT}),
    open_orders=RequestScope.MARKET,
    histories=RequestScope.MARKET,
    cancel_all=RequestScope.MARKET,
    cancels_by_side=False,
    amends_orders=False,
    shortest_countdown_s=None,
    withdraws=False,
    order_entry_by_socket=False,
    answers_tell_state=True,
    client_order_ids=ClientIdRules(longest=24, pattern="[a-z0-9-]+", allowed="1 to 24 of a-z 0-9 -"),
    found_by_client_id_ms=None,
    order_expiry_ms=None,
    unfilled_kept_ms=None,
)


class LinesVenue:
    name = "lines"
    capabilities = CAPABILITIES

    def __init__(self, endpoints: Endpoints, environment: Environment, settings: VenueSettings) -> None:
        self._at, self._environment, self._settings = endpoints, environment, settings
        self._clock = ServerClock(environment.clock)
        self._accounts = VenueAccounts(environment.clock)

    def create_public_rest(self) -> wire.LinesPublicRest:
        return wire.LinesPublicRest(self._lines(RateLimiter(self._environment.clock), None))

    def create_public_ws_with_handlers(self, handlers: PublicWebsocketHandlers) -> PublicWebsocketClient:
        return PublicWebsocketClient(
            self._environment, lambda: wire.LinesPublicFrames(self._at, self._settings, handlers), handlers
        )

    def create_private_rest(self, credentials: Credentials) -> wire.LinesPrivateRest:
        lines = self._lines(self._accounts.of(credentials).limiter, credentials)
        return wire.LinesPrivateRest(lines, CAPABILITIES, self._settings)

    def create_private_ws_with_handlers(
        self, credentials: Credentials, handlers: PrivateWebsocketHandlers
    ) -> PrivateWebsocketClient:
        return PrivateWebsocketClient(
            self._environment,
            lambda: wire.LinesPrivateFrames(self._at, self._settings, credentials, handlers),
            handlers,
        )

    def server_now_ms(self) -> int:
        return self._clock.now_ms()

    def _lines(self, limiter: RateLimiter, credentials: Credentials | None) -> wire.Lines:
        return wire.Lines(
            self._environment, self._at, limiter, self._clock, settings=self._settings, credentials=credentials
        )
