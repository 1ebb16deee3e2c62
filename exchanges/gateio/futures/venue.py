"""Gate.io's USDT perpetuals: four factories, what they declare, and nothing else of orchestration."""

from exchanges.base.capabilities import VenueCapabilities
from exchanges.base.clients import PrivateWebsocket, PublicWebsocket
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.base.futures_clients import FuturesPrivateRest, FuturesPublicRest
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.rate_limiter import RateLimiter
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_account import VenueAccounts
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_clients import PrivateWebsocketClient, PublicWebsocketClient
from exchanges.gateio.futures.capabilities import NAME, capabilities_of
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.labels import FUTURES_LABELS
from exchanges.gateio.futures.private_rest import GateioFuturesPrivateRest
from exchanges.gateio.futures.private_ws import GateioFuturesPrivateFrames
from exchanges.gateio.futures.public_rest import ContractQueries, GateioFuturesPublicRest
from exchanges.gateio.futures.public_ws import GateioFuturesPublicFrames
from exchanges.gateio.futures.settings import HEADERS
from exchanges.gateio.rest import GateioRest
from exchanges.gateio.settings import GateioSettings


class GateioFuturesVenue:
    """`exchanges.base.futures_clients.FuturesVenue` of Gate.io's USDT perpetuals.

    All clients of one venue share its clock offset and its table of contract sizes. Public queries share one limiter,
    as the exchange counts them by address; private clients with the same API key share one, as the exchange counts by
    account.
    """

    name = NAME

    def __init__(self, endpoints: Endpoints, environment: Environment, settings: VenueSettings | None = None) -> None:
        self._endpoints = endpoints
        self._environment = environment
        self._settings = settings or GateioSettings()
        self._server_clock = ServerClock(environment.clock)
        self._public_limiter = RateLimiter(environment.clock)
        self._accounts = VenueAccounts(environment.clock)
        self._user_ids: dict[Credentials, str] = {}
        self._contracts = Contracts(ContractQueries(self._rest(self._public_limiter, None)).learn, environment.clock)
        self.capabilities: VenueCapabilities = capabilities_of(self._settings)

    def create_public_rest(self) -> FuturesPublicRest:
        return GateioFuturesPublicRest(self._rest(self._public_limiter, None), self._contracts)

    def create_public_ws_with_handlers(self, handlers: PublicWebsocketHandlers) -> PublicWebsocket:
        def frames() -> GateioFuturesPublicFrames:
            return GateioFuturesPublicFrames(
                url=self._endpoints.ws,
                handlers=handlers,
                contracts=self._contracts,
                server_clock=self._server_clock,
                settings=self._settings,
            )

        return PublicWebsocketClient(self._environment, frames, handlers)

    def create_private_rest(self, credentials: Credentials) -> FuturesPrivateRest:
        return self._private_rest(credentials)

    def create_private_ws_with_handlers(
        self, credentials: Credentials, handlers: PrivateWebsocketHandlers
    ) -> PrivateWebsocket:
        rest = self._private_rest(credentials)

        async def user_id() -> str:
            """It never changes: asked for once for all sockets of the account."""
            known = self._user_ids.get(credentials)
            if known is None:
                known = self._user_ids[credentials] = await rest.user_id()
            return known

        def frames() -> GateioFuturesPrivateFrames:
            return GateioFuturesPrivateFrames(
                url=self._endpoints.ws,
                credentials=credentials,
                handlers=handlers,
                contracts=self._contracts,
                user_id=user_id,
                server_clock=self._server_clock,
                settings=self._settings,
            )

        return PrivateWebsocketClient(self._environment, frames, handlers)

    def server_now_ms(self) -> int:
        """The exchange's clock as best we know it, unix milliseconds."""
        return self._server_clock.now_ms()

    def _private_rest(self, credentials: Credentials) -> GateioFuturesPrivateRest:
        return GateioFuturesPrivateRest(
            self._rest(self._accounts.of(credentials).limiter, credentials), self._contracts
        )

    def _rest(self, limiter: RateLimiter, credentials: Credentials | None) -> GateioRest:
        return GateioRest(
            self._environment,
            base_url=self._endpoints.rest,
            limiter=limiter,
            server_clock=self._server_clock,
            settings=self._settings,
            credentials=credentials,
            name=NAME,
            labels=FUTURES_LABELS,
            headers=HEADERS,
        )
