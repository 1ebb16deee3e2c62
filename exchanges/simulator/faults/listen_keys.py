"""Faults of listen keys, with which private sockets are opened where a venue has them; elsewhere nothing happens."""

from typing import Literal

from exchanges.simulator.faults.faults import Fault


class ListenKeysRevoked(Fault, frozen=True, kw_only=True, tag="listen_keys_revoked"):
    """The listen keys that an account has when it begins are good for nothing any more.

    ``how``: their sockets are closed, or stay open and get no private push any more, as it has been seen. ``account``:
    by default all. New keys may be asked for.
    """

    account: str | None = None
    how: Literal["close", "silent"] = "close"


class ListenKeysExhausted(Fault, frozen=True, kw_only=True, tag="listen_keys_exhausted"):
    """A request for one more listen key is refused, as if the account had all that it may have."""

    account: str | None = None
