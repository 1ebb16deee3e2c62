"""How a venue's clients behave."""

from dataclasses import dataclass, field

from exchanges.base.websocket_connection import SessionSettings
from messages.errors import InvalidValueError


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """What every venue has; a venue's own class gives the values that suit it.

    Attributes:
        request_timeout_s: for a whole REST request. max_wait_s: the longest wait for a turn under the rate limits.
        order_expiry_ms: the exchange refuses an order or amendment that reaches it later than this; None: never.
            It may wait half of that for its turn at most. socket: times of the sockets.
        query_lag_ms: answers to queries may be so much older than what has happened.
    """

    request_timeout_s: float = 10.0
    max_wait_s: float = 5.0
    order_expiry_ms: int | None = None
    query_lag_ms: int = 10_000
    socket: SessionSettings = field(default_factory=SessionSettings)

    def __post_init__(self) -> None:
        if not self.request_timeout_s > 0:
            raise InvalidValueError("request_timeout_s", self.request_timeout_s, "seconds, above zero")
        if not self.max_wait_s >= 0:
            raise InvalidValueError("max_wait_s", self.max_wait_s, "seconds, zero or more")
        if not self.query_lag_ms >= 0:
            raise InvalidValueError("query_lag_ms", self.query_lag_ms, "milliseconds, zero or more")
        if self.order_expiry_ms is not None and not self.order_expiry_ms > 0:
            raise InvalidValueError("order_expiry_ms", self.order_expiry_ms, "None, or milliseconds above zero")
