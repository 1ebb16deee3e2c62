"""What an endpoint is, what it is called with and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from exchanges.simulator.core.config import AccountConfig
from exchanges.simulator.faces.gateio.errors import GateError
from exchanges.simulator.faces.gateio.limits import LimitKind
from exchanges.simulator.faces.gateio.parameters import Query

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True):
    """One accepted request. ``item`` is the part of the path that stands for any, where the endpoint has one.

    ``decimal_sizes``: the client wants sizes of contracts as text that may have decimals.
    """

    account: AccountConfig | None
    query: Query
    body: object
    item: str
    origin: str = "apiv4"
    decimal_sizes: bool = False

    @property
    def owner(self) -> str:
        """The name of the account that asks. Raises ``GateError`` on a public call."""
        if self.account is None:
            raise GateError("INVALID_CREDENTIALS", "This endpoint is private")
        return self.account.name


class Answer(msgspec.Struct, frozen=True):
    """What the endpoint answers, before it is written as JSON."""

    value: object
    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


def newest_page(
    items: Sequence[T], *, limit: int, offset: int, first: int = 0, end: int | None = None
) -> tuple[list[T], dict[str, str]]:
    """Returns one page of ``items[first:end]``, which are oldest first, as newest first; and the headers for it.

    Takes no longer for many items than for few.
    """
    last = len(items) if end is None else end
    headers = {
        "X-Pagination-Limit": str(limit),
        "X-Pagination-Offset": str(offset),
        "X-Pagination-Total": str(max(0, last - first)),
    }
    page = items[max(first, last - offset - limit) : max(first, last - offset)]
    return list(reversed(page)), headers


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A method and a path; ``{}`` in the path stands for any one item.

    ``pairs`` returns the pairs that a request concerns, for limits that count by pair. ``order_entry``: refused once
    ``X-Gate-Exptime`` has passed. ``each_counts``: each item of a batch counts as a request.
    """

    method: str
    path: str
    handle: Callable[[Call], Answer]
    limit: LimitKind
    params: frozenset[str] = frozenset()
    private: bool = True
    order_entry: bool = False
    pairs: Callable[[Call], set[str]] | None = None
    each_counts: bool = False


def public(path: str, handle: Callable[[Call], Answer], params: str = "") -> Endpoint:
    """Returns a public GET endpoint; ``params`` names its query parameters."""
    return Endpoint(
        method="GET",
        path=path,
        handle=handle,
        limit=LimitKind.PUBLIC,
        params=frozenset(params.split()),
        private=False,
    )


def private(
    method: str, path: str, handle: Callable[[Call], Answer], params: str = "", limit: LimitKind = LimitKind.PRIVATE
) -> Endpoint:
    """Returns an endpoint that needs a signature; ``params`` names its query parameters."""
    return Endpoint(method=method, path=path, handle=handle, limit=limit, params=frozenset(params.split()))
