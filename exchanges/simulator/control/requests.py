"""What all handlers of the control API share: their form, the reading of bodies, and how they say no."""

from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from exchanges.simulator.faces.http import HttpRequest

T = TypeVar("T")
Json = dict[str, object]
Handler = Callable[[str, HttpRequest], object]
"""Takes the item in the path ("" when there is none) and the request; returns the answer's JSON value."""


class ControlError(Exception):
    """A control request that cannot be done: the status and the message of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Empty(msgspec.Struct, forbid_unknown_fields=True):
    """No body, or an empty object."""


def body_of(request: HttpRequest, kind: type[T]) -> T:
    """Returns the request's body as ``kind``; no body is an empty object. Raises ``ControlError``."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise ControlError(400, f"body: {error}") from error


def known_account(accounts: Collection[str], name: str) -> str:
    """Returns the name of an account that there is. Raises ``ControlError``."""
    if name not in accounts:
        raise ControlError(404, f"there is no account {name!r}, only {', '.join(accounts)}")
    return name
