"""Where a venue is."""

import msgspec

from messages.errors import InvalidValueError


class Endpoints(msgspec.Struct, frozen=True):
    """The two addresses of a venue.

    Attributes:
        rest: without a slash at the end, with the version where one venue's clients need no other, for example
            ``https://api.example.com/api/v4``.
        ws: of its sockets, for example ``wss://api.example.com/ws/``.
    """

    rest: str
    ws: str

    def __post_init__(self) -> None:
        if not self.rest.startswith(("http://", "https://")) or self.rest.endswith("/"):
            raise InvalidValueError("endpoints.rest", self.rest, "an http(s) URL without a slash at the end")
        if not self.ws.startswith(("ws://", "wss://")):
            raise InvalidValueError("endpoints.ws", self.ws, "a ws(s) URL")
