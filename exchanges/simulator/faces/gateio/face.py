"""Gate's whole face: REST, and all sockets that are open; both with the faults that stand."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import ClassVar

from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.venue_rules import VenueRules
from exchanges.simulator.faces.face import Link
from exchanges.simulator.faces.gateio import channels
from exchanges.simulator.faces.gateio.channels import SPOT, ChannelSet
from exchanges.simulator.faces.gateio.feeds import Feeds
from exchanges.simulator.faces.gateio.form import FORM
from exchanges.simulator.faces.gateio.named_pairs import pairs_named
from exchanges.simulator.faces.gateio.odd_lists import MadeUp, OddLists
from exchanges.simulator.faces.gateio.parameters import TEXT
from exchanges.simulator.faces.gateio.rest import PREFIX, SIZE_HEADER, GateRest, spot_endpoints
from exchanges.simulator.faces.gateio.socket import GateSocket
from exchanges.simulator.faces.http import HttpRequest, HttpResponse
from exchanges.simulator.faces.naming import Naming
from exchanges.simulator.faults.faults import (
    ActiveFault,
    KeyRevoked,
    Maintenance,
    RefuseConnections,
    RestFault,
    SocketCut,
)
from exchanges.simulator.faults.injection import answer_with, front_page

SERVICE_RESTART = 1012
PREFIX_OF_CLIENTS = "t-"


def own_text(text: str) -> str | None:
    """Returns the client's part of a text, None for those that the exchange has written itself."""
    return text.removeprefix(PREFIX_OF_CLIENTS) if text.startswith(PREFIX_OF_CLIENTS) else None


class GateFace(Listener):
    """`exchanges.simulator.faces.face.Face`: one exchange as Gate's clients see it."""

    name: ClassVar[str] = "gateio"
    rest_path: ClassVar[str] = PREFIX
    socket_path: ClassVar[str] = "/ws/v4/"
    client_ids: ClassVar[str] = "t- and then at most 28 of 0-9 a-z A-Z _ - ."
    venue_rules: ClassVar[VenueRules] = VenueRules()
    naming: ClassVar[Naming] = Naming(client_id=own_text)
    channels: ClassVar[Collection[str]] = channels.PRIVATE | channels.PUBLIC
    channel_set: ClassVar[ChannelSet] = SPOT

    def __init__(self, services: Services, latency: Latency) -> None:
        self._sockets: dict[GateSocket, None] = {}
        self._services = services
        self._faults = services.faults
        self._latency = latency
        self.odd_lists, self.rest, self._feeds = self._parts(services, latency)
        self.witnesses = self.rest.witnesses
        services.engine.listeners += (self._feeds, self)
        services.margin.watchers.append(self._feeds.on_order)
        self._faults.watchers.append(self._fault_changed)

    def _parts(self, services: Services, latency: Latency) -> tuple[OddLists, GateRest, Feeds]:
        """Makes what is one product's: its lists, its endpoints and its feeds."""
        odd_lists = OddLists(services)
        rest = GateRest(services, odd_lists, spot_endpoints(services))
        return odd_lists, rest, Feeds(services, latency, odd_lists)

    @property
    def sockets(self) -> Collection[GateSocket]:
        """Sessions that are open."""
        return self._sockets.keys()

    @property
    def made_up(self) -> Mapping[int, MadeUp]:
        """Rows that a fault has made up, by number."""
        return self.odd_lists.made_up

    def takes_client_id(self, text: str) -> bool:
        """Whether it takes this for the client's id of an order."""
        return TEXT.fullmatch(text) is not None

    def knows(self, endpoint: str) -> bool:
        """Whether an endpoint is called this, with or without its method."""
        return self.rest.knows(endpoint)

    def request(self, request: HttpRequest, reply: Callable[[HttpResponse], None], abort: Callable[[], None]) -> None:
        """Answers a REST request at once, unless a fault wants it otherwise."""
        fault = self._fault_of(request) if self._faults.active else None
        if isinstance(fault, RestFault):
            answer_with(
                fault,
                request,
                perform=self.rest.handle,
                reply=reply,
                abort=abort,
                schedule=self._services.schedule,
                now_ms=self._services.now_ms,
                form=FORM,
            )
        elif isinstance(fault, Maintenance):
            reply(front_page(503))
        elif fault is not None:
            abort()  # for whoever has no port to shut
        else:
            reply(self.rest.handle(request))

    def open_socket(self, handshake: HttpRequest, link: Link) -> GateSocket | None:
        """Begins a session, or returns None when there are too many or none are taken. Gate's is the same for all: who
        asks is told by each subscription."""
        is_closed = any(self._faults.of_kind(kind) for kind in (Maintenance, RefuseConnections))
        if is_closed or len(self._sockets) >= self._services.config.max_sockets:
            return None
        socket = GateSocket(
            self._services,
            self._feeds,
            self.rest,
            link,
            self._latency,
            channels=self.channel_set,
            decimal_sizes=handshake.headers.get(SIZE_HEADER) == "1",
            on_gone=self._forget,
        )
        self._sockets[socket] = None
        return socket

    def concerned(self, account: str | None, channel: str | None) -> list[GateSocket]:
        """Returns the sessions with a subscription of this account and channel; all, when neither is given."""
        return [socket for socket in self._sockets if socket.concerns(account, channel)]

    def on_delisted(self, pair: str) -> None:
        """Ends all subscriptions to the pair, without a word."""
        for socket in self._sockets:
            socket.leave(pair)
        self._feeds.drop(pair)

    def _fault_of(self, request: HttpRequest) -> RestFault | Maintenance | RefuseConnections | None:
        closed = self._faults.strike(RefuseConnections, _always) or self._faults.strike(Maintenance, _always)
        if closed is not None:
            return closed
        key = request.headers.get("key", "")
        account, access = self._services.keys.owner(key), "private" if key else "public"
        endpoint = self.rest.name_of(request)
        pairs = partial(pairs_named, request)
        return self._faults.strike(RestFault, lambda fault: fault.concerns(account, endpoint, access, pairs))

    def _fault_changed(self, active: ActiveFault, begins: bool) -> None:
        """Does at once what a fault that begins or ends does to the sessions that are open."""
        fault = active.fault
        if isinstance(fault, KeyRevoked):
            self._services.keys.revoked = {other.account for other in self._faults.of_kind(KeyRevoked)}
        for socket in list(self._sockets):
            socket.note(active, begins)
        if not begins:
            return
        if isinstance(fault, SocketCut):
            for socket in self.concerned(fault.account, fault.channel):
                socket.cut(fault.how)
        elif isinstance(fault, KeyRevoked):
            for socket in self.concerned(fault.account, None):
                socket.close()
        elif isinstance(fault, Maintenance):
            for socket in list(self._sockets):
                socket.close(SERVICE_RESTART)
        elif isinstance(fault, RefuseConnections):
            for socket in list(self._sockets):
                socket.reset()

    def _forget(self, socket: GateSocket) -> None:
        self._sockets.pop(socket, None)


def _always(_: object) -> bool:
    return True
