"""What a wire face is to the exchange behind it, to the shell around it and to whoever looks on."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar, Protocol, TypeAlias

from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.venue_rules import VenueRules
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, Witness
from exchanges.simulator.faces.naming import Naming

Frame: TypeAlias = str | bytes
"""Text and binary frames of a socket."""


class Link(Protocol):
    """What carries a session's frames: a real socket, or one in memory."""

    def send(self, frame: Frame) -> None:
        """Sends a frame after the others, without waiting."""

    def ping(self) -> None:
        """Sends a protocol ping."""

    def close(self, code: int) -> None:
        """Closes in order, with a close frame."""

    def reset(self) -> None:
        """Breaks the connection off without a word."""


class Subscription(Protocol):
    """One thing that a session is told of; ``account`` is "" for market data."""

    @property
    def channel(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def account(self) -> str: ...


class Session(Protocol):
    """One WebSocket session."""

    id: str

    @property
    def topics(self) -> Collection[Subscription]:
        """What it is subscribed to."""

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from sending anything, even answers to protocol pings."""

    def receive(self, frame: Frame) -> None:
        """Takes a frame; the answer goes out like a push."""

    def heard(self) -> None:
        """Notes that the client has sent a frame of any kind."""

    def cut(self, how: str) -> None:
        """Ends it with a close frame ("close") or without a word ("reset")."""

    def close(self) -> None:
        """Ends it with a close frame."""

    def reset(self) -> None:
        """Ends it without a word."""

    def gone(self) -> None:
        """Its connection has ended."""


class MadeUpRow(Protocol):
    """A row of a list that is in no books."""

    @property
    def pair(self) -> str: ...


class Face(Protocol):
    """One exchange as the clients of one venue see it.

    Attributes:
        naming: what it calls orders and trades. venue_rules: in what the exchange behind it differs from others.
        name: as faults, the control API and the ready line call it. rest_path, socket_path: where it is on its port.
        witnesses: are told of every request. sockets: sessions that are open. channels: all that it has.
        made_up: rows that a fault has made up, by number. client_ids: which ids of clients it takes, in words.
    """

    name: ClassVar[str]
    rest_path: ClassVar[str]
    socket_path: ClassVar[str]
    client_ids: ClassVar[str]
    venue_rules: ClassVar[VenueRules]
    naming: ClassVar[Naming]
    witnesses: list[Witness]

    def __init__(self, services: Services, latency: Latency) -> None: ...

    @property
    def sockets(self) -> Collection[Session]: ...

    @property
    def channels(self) -> Collection[str]: ...

    @property
    def made_up(self) -> Mapping[int, MadeUpRow]: ...

    def request(self, request: HttpRequest, reply: Callable[[HttpResponse], None], abort: Callable[[], None]) -> None:
        """Answers a REST request at once, unless a fault wants it otherwise."""

    def open_socket(self, handshake: HttpRequest, link: Link) -> Session | None:
        """Begins a session, or returns None when there are too many or none are taken."""

    def concerned(self, account: str | None, channel: str | None) -> Sequence[Session]:
        """The sessions with a subscription of this account and channel; all, when neither is given."""

    def takes_client_id(self, text: str) -> bool:
        """Whether it takes this for the client's id of an order."""

    def knows(self, endpoint: str) -> bool:
        """Whether an endpoint is called this, with or without its method."""
