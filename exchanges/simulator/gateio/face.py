"""Gate's whole face: REST, and all sockets that are open."""

from exchanges.simulator.delay import Latency
from exchanges.simulator.gateio.feeds import Feeds
from exchanges.simulator.gateio.rest import GateRest
from exchanges.simulator.gateio.socket import GateSocket, Link
from exchanges.simulator.http import HttpRequest, HttpResponse
from exchanges.simulator.services import Services


class GateFace:
    """One exchange as Gate's clients see it."""

    def __init__(self, services: Services, latency: Latency) -> None:
        self.sockets: dict[GateSocket, None] = {}
        self._services = services
        self._latency = latency
        self._rest = GateRest(services)
        self._feeds = Feeds(services)
        services.engine.listeners.append(self._feeds)

    def request(self, request: HttpRequest) -> HttpResponse:
        """Answers a REST request, at once."""
        return self._rest.handle(request)

    def open_socket(self, link: Link) -> GateSocket | None:
        """Begins a session, or returns None when there are too many."""
        if len(self.sockets) >= self._services.config.max_sockets:
            return None
        socket = GateSocket(self._services, self._feeds, self._rest, link, self._latency, on_gone=self._forget)
        self.sockets[socket] = None
        return socket

    def _forget(self, socket: GateSocket) -> None:
        self.sockets.pop(socket, None)
