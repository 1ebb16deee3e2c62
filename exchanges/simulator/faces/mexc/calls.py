"""What an endpoint is, and what it is called with."""

from collections.abc import Callable

import msgspec

from exchanges.simulator.core.config import AccountConfig
from exchanges.simulator.faces.mexc.errors import KEY_MISSING, MexcError
from exchanges.simulator.faces.mexc.parameters import Parameters

Json = dict[str, object]


class Call(msgspec.Struct, frozen=True):
    """One accepted request."""

    account: AccountConfig | None
    parameters: Parameters

    @property
    def owner(self) -> str:
        """The name of the account that asks. Raises ``MexcError`` on a public call."""
        if self.account is None:
            raise MexcError(KEY_MISSING, "api key required")
        return self.account.name


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A method and a path, and what a call costs of the address's weight and of the account's order calls.

    ``handle`` returns the answer's JSON value. ``writes``: not for keys that may only read.
    """

    method: str
    path: str
    handle: Callable[[Call], object]
    weight: int = 0
    order_calls: int = 0
    private: bool = True
    writes: bool = False


def public(path: str, handle: Callable[[Call], object], weight: int = 1) -> Endpoint:
    """Returns a GET endpoint for anybody."""
    return Endpoint(method="GET", path=path, handle=handle, weight=weight, private=False)


def query(path: str, handle: Callable[[Call], object], weight: int) -> Endpoint:
    """Returns a GET endpoint that needs a signature."""
    return Endpoint(method="GET", path=path, handle=handle, weight=weight)


def order_call(method: str, path: str, handle: Callable[[Call], object], weight: int = 0) -> Endpoint:
    """Returns an endpoint that places or cancels."""
    return Endpoint(method=method, path=path, handle=handle, weight=weight, order_calls=1, writes=True)


def change(method: str, path: str, handle: Callable[[Call], object], weight: int = 1) -> Endpoint:
    """Returns an endpoint that changes something else."""
    return Endpoint(method=method, path=path, handle=handle, weight=weight, writes=True)
