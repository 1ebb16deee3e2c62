"""Several faces of one exchange: a run's accounts are at different venues, and one set of books has them all.

Outside of a run each face has an exchange of its own (docs/decisions/0024-a-face-has-an-exchange-of-its-own.md); here
oracles need to look in one place only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from exchanges.simulator import HttpRequest, HttpResponse, Session
from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.venue_rules import VenueRules
from exchanges.simulator.faces.face import Face, Link, MadeUpRow
from exchanges.simulator.faces.http import Witness
from exchanges.simulator.faces.naming import Naming
from exchanges.simulator.faces.registry import FACES


class SeveralFaces:
    """`exchanges.simulator.faces.face.Face`: requests and sockets go to the face that their path belongs to."""

    name: ClassVar[str] = "several"
    rest_path: ClassVar[str] = ""
    socket_path: ClassVar[str] = ""
    client_ids: ClassVar[str] = ""
    venue_rules: ClassVar[VenueRules] = VenueRules()
    naming: ClassVar[Naming] = Naming()
    kinds: ClassVar[Sequence[type[Face]]]

    def __init__(self, services: Services, latency: Latency) -> None:
        self._faces = [kind(services, latency) for kind in self.kinds]
        self.witnesses: list[Witness] = self._faces[0].witnesses
        for face in self._faces[1:]:
            face.witnesses.append(_Told(self.witnesses))

    @property
    def sockets(self) -> Collection[Session]:
        return [socket for face in self._faces for socket in face.sockets]

    @property
    def channels(self) -> Collection[str]:
        return [channel for face in self._faces for channel in face.channels]

    @property
    def made_up(self) -> Mapping[int, MadeUpRow]:
        return {number: row for face in self._faces for number, row in face.made_up.items()}

    def request(self, request: HttpRequest, reply: Callable[[HttpResponse], None], abort: Callable[[], None]) -> None:
        self._at(request.path, lambda face: face.rest_path).request(request, reply, abort)

    def open_socket(self, handshake: HttpRequest, link: Link) -> Session | None:
        return self._at(handshake.path, lambda face: face.socket_path).open_socket(handshake, link)

    def concerned(self, account: str | None, channel: str | None) -> Sequence[Session]:
        return [socket for face in self._faces for socket in face.concerned(account, channel)]

    def takes_client_id(self, text: str) -> bool:
        return any(face.takes_client_id(text) for face in self._faces)

    def knows(self, endpoint: str) -> bool:
        return any(face.knows(endpoint) for face in self._faces)

    def _at(self, path: str, prefix: Callable[[Face], str]) -> Face:
        fitting = [face for face in self._faces if path.startswith(prefix(face).rstrip("/"))]
        return max(fitting or self._faces[:1], key=lambda face: len(prefix(face)))


class _Told(Witness):
    """Tells the first face's witnesses what happens at another one."""

    def __init__(self, witnesses: Sequence[Witness]) -> None:
        self._witnesses = witnesses

    def begins(self, request: HttpRequest) -> None:
        for each in self._witnesses:
            each.begins(request)

    def ends(self, request: HttpRequest, response: HttpResponse) -> None:
        for each in self._witnesses:
            each.ends(request, response)


def faces_of(kinds: Collection[str]) -> type[Face]:
    """What an exchange shows to clients of these venues."""
    faces = [FACES[kind] for kind in kinds]
    return faces[0] if len(faces) == 1 else type("SeveralFaces", (SeveralFaces,), {"kinds": faces})
