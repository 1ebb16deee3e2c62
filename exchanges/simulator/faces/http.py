"""Requests and responses as plain values: the wire faces work on these, without sockets."""

from collections.abc import Mapping

import msgspec


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came in. ``path`` and ``query`` are still percent-encoded, header names are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    remote: str = "127.0.0.1"


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response, ready to be sent."""

    status: int
    headers: dict[str, str]
    body: bytes


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Returns ``value`` as JSON."""
    return HttpResponse(
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
        body=msgspec.json.encode(value),
    )


class Witness:
    """Is told of every request at the moment at which the exchange carries it out; overrides what it cares for."""

    def begins(self, request: HttpRequest) -> None:
        """What happens in the books from now on, until it ends, is the doing of this request."""

    def ends(self, request: HttpRequest, response: HttpResponse) -> None:
        """The request has had its effect; whether its answer gets anywhere is another matter."""
