"""How one account is to behave; values only, handed down from the configuration."""

import msgspec

from exchanges.base.capabilities import VenueCapabilities
from messages.errors import InvalidValueError


class AccountSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    executed_limit: finished orders kept for each symbol.
    allow_withdrawals: withdrawals and their canceling are refused unless this is set.
    settle_delay_s: how long an odd order is left alone before the exchange is asked about it.
    lookup_first_s, lookup_max_s: pauses between look-ups of an order of unknown fate; they double in between.
    unresolved_patience_ms: how long after sending, where the venue has no expiry, "no such order" is not yet believed.
    resolve_grace_ms: the same on top of the venue's expiry.
    cancel_patience_s: a cancel of all that is not done by then is answered as unresolved; it goes on all the same. More
        than lists may lag: where the exchange refuses the cancel of all, only a later list shows that it is done.
    cancel_again_first_s, cancel_again_max_s: pauses between its tries; they double in between, and are jittered.
    dead_mans_switch_s: the exchange cancels every open order of the account when it has not heard from us for so long;
        None leaves that off. Venues have a shortest time.
    """

    executed_limit: int = 1000
    allow_withdrawals: bool = False
    settle_delay_s: float = 1.0
    lookup_first_s: float = 0.1
    lookup_max_s: float = 5.0
    unresolved_patience_ms: int = 30_000
    resolve_grace_ms: int = 1_000
    cancel_patience_s: float = 20.0
    cancel_again_first_s: float = 0.2
    cancel_again_max_s: float = 2.0
    dead_mans_switch_s: int | None = None

    def __post_init__(self) -> None:
        if self.executed_limit < 1:
            raise InvalidValueError("executed_limit", self.executed_limit, "1 or more")
        seconds = ("settle_delay_s", "lookup_first_s", "lookup_max_s", "cancel_again_first_s", "cancel_again_max_s")
        for name in (*seconds, "cancel_patience_s"):
            if not 0 < getattr(self, name) <= 3600:
                raise InvalidValueError(name, getattr(self, name), "above 0 and at most 3600 seconds")
        if self.dead_mans_switch_s is not None and self.dead_mans_switch_s < 1:
            raise InvalidValueError("dead_mans_switch_s", self.dead_mans_switch_s, "None, or 1 second or more")
        for name in ("unresolved_patience_ms", "resolve_grace_ms"):
            if getattr(self, name) < 0:
                raise InvalidValueError(name, getattr(self, name), "0 or more")

    def require_supported(self, capabilities: VenueCapabilities) -> None:
        """Raises `UnsupportedError` or `InvalidValueError` for what the account's venue does not have."""
        if self.dead_mans_switch_s is not None:
            capabilities.require_countdown("dead_mans_switch_s", self.dead_mans_switch_s)
        if self.allow_withdrawals:
            capabilities.require_withdrawals()
