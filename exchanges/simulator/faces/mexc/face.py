"""MEXC's whole face: REST, listen keys and all sockets that are open; all with the faults that stand."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import ClassVar
from urllib.parse import parse_qs

from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.venue_rules import VenueRules
from exchanges.simulator.faces.face import Link
from exchanges.simulator.faces.http import HttpRequest, HttpResponse
from exchanges.simulator.faces.mexc import channels
from exchanges.simulator.faces.mexc.feeds import Feeds
from exchanges.simulator.faces.mexc.form import FORM
from exchanges.simulator.faces.mexc.ids import order_id, order_number, trade_id
from exchanges.simulator.faces.mexc.listen_keys import ListenKey, ListenKeys
from exchanges.simulator.faces.mexc.named_pairs import pairs_named
from exchanges.simulator.faces.mexc.odd_lists import MadeUp, OddLists
from exchanges.simulator.faces.mexc.parameters import CLIENT_ID, CLIENT_ID_LENGTH
from exchanges.simulator.faces.mexc.rest import MexcRest
from exchanges.simulator.faces.mexc.signatures import KEY_HEADER
from exchanges.simulator.faces.mexc.socket import MexcSocket
from exchanges.simulator.faces.mexc.symbols import Symbols
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
from exchanges.simulator.faults.listen_keys import ListenKeysRevoked

SERVICE_RESTART = 1012
INVALID_LISTEN_KEY = "Invalid listen key"


class MexcFace(Listener):
    """`exchanges.simulator.faces.face.Face`: one exchange as MEXC's clients see it."""

    name: ClassVar[str] = "mexc"
    rest_path: ClassVar[str] = ""
    socket_path: ClassVar[str] = "/ws"
    client_ids: ClassVar[str] = f"1 to {CLIENT_ID_LENGTH} of 0-9 a-z A-Z _ -"
    venue_rules: ClassVar[VenueRules] = VenueRules(key_prefix="mx0", unfit_orders_end=True, texts_repeat=True)
    naming: ClassVar[Naming] = Naming(order_id=order_id, order_number=order_number, trade_id=trade_id)
    channels: ClassVar = channels.PRIVATE | channels.PUBLIC

    def __init__(self, services: Services, latency: Latency) -> None:
        self._sockets: dict[MexcSocket, None] = {}
        self._services = services
        self._faults = services.faults
        self._latency = latency
        self._symbols = Symbols(services.engine)
        self._keys = ListenKeys(services)
        self.odd_lists = OddLists(services, self._symbols)
        self.rest = MexcRest(services, self._symbols, self._keys, self.odd_lists)
        self._feeds = Feeds(services, latency, self.odd_lists)
        self.witnesses = self.rest.witnesses
        self._keys.watchers.append(self._key_ended)
        # sockets leave a delisted pair before its symbol and its streams are forgotten
        services.engine.listeners += (self._feeds, self, self._symbols)
        self._faults.watchers.append(self._fault_changed)

    @property
    def sockets(self) -> Collection[MexcSocket]:
        """Sessions that are open."""
        return self._sockets.keys()

    @property
    def made_up(self) -> Mapping[int, MadeUp]:
        """Rows that a fault has made up, by number."""
        return self.odd_lists.made_up

    def takes_client_id(self, text: str) -> bool:
        """Whether it takes this for the client's id of an order."""
        return len(text) <= CLIENT_ID_LENGTH and CLIENT_ID.fullmatch(text) is not None

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

    def open_socket(self, handshake: HttpRequest, link: Link) -> MexcSocket | None:
        """Begins a session, or returns None when there are too many or none are taken.

        A session with a bad listen key, or one that has all its sockets, is told so in plain text and closed.
        """
        is_closed = any(self._faults.of_kind(kind) for kind in (Maintenance, RefuseConnections))
        if is_closed or len(self._sockets) >= self._services.config.max_sockets:
            return None
        given = parse_qs(handshake.query).get("listenKey", [""])[0]
        key = self._keys.find(given) if given else None
        socket = MexcSocket(
            self._services,
            self._feeds,
            self._symbols,
            link,
            self._latency,
            key=key,
            on_gone=self._forget,
        )
        if given and (key is None or self._is_full(key)):
            socket.refuse(INVALID_LISTEN_KEY)
        else:
            self._sockets[socket] = None
        return socket

    def concerned(self, account: str | None, channel: str | None) -> list[MexcSocket]:
        """Returns the sessions with a subscription of this account and channel; all, when neither is given."""
        return [socket for socket in self._sockets if socket.concerns(account, channel)]

    def on_delisted(self, pair: str) -> None:
        """Ends all subscriptions to the pair, without a word."""
        for socket in self._sockets:
            socket.leave(pair)
        self._feeds.drop(pair)

    def _is_full(self, key: ListenKey) -> bool:
        on_key = sum(socket.key is key for socket in self._sockets)
        return on_key >= self._services.config.socket_rules.sockets_per_key

    def _fault_of(self, request: HttpRequest) -> RestFault | Maintenance | RefuseConnections | None:
        closed = self._faults.strike(RefuseConnections, _always) or self._faults.strike(Maintenance, _always)
        if closed is not None:
            return closed
        key = request.headers.get(KEY_HEADER, "")
        account, access = self._services.keys.owner(key), "private" if key else "public"
        endpoint = self.rest.name_of(request)
        pairs = partial(pairs_named, request, self._symbols)
        return self._faults.strike(RestFault, lambda fault: fault.concerns(account, endpoint, access, pairs))

    def _key_ended(self, key: ListenKey) -> None:
        """Ends the sessions of a listen key that is no more."""
        for socket in list(self._sockets):
            if socket.key is key:
                socket.close()

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
            self._revoke(fault.account, "close")
        elif isinstance(fault, ListenKeysRevoked):
            self._revoke(fault.account, fault.how)
        elif isinstance(fault, Maintenance):
            for socket in list(self._sockets):
                socket.close(SERVICE_RESTART)
        elif isinstance(fault, RefuseConnections):
            for socket in list(self._sockets):
                socket.reset()

    def _revoke(self, account: str | None, how: str) -> None:
        """Takes the listen keys of an account, or of all, away, and their sessions with them."""
        gone = self._keys.forget(account)
        for socket in list(self._sockets):
            if socket.key not in gone:
                continue
            if how == "close":
                socket.close()
            else:
                socket.deafen()

    def _forget(self, socket: MexcSocket) -> None:
        self._sockets.pop(socket, None)


def _always(_: object) -> bool:
    return True
