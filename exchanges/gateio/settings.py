"""Where Gate.io is, and how its clients behave."""

from dataclasses import dataclass, field
from typing import ClassVar

from exchanges.base.websocket_connection import SessionSettings
from messages.errors import InvalidValueError


@dataclass(frozen=True, slots=True)
class GateioEndpoints:
    """The two addresses of the venue.

    Attributes:
        rest: with the version, without a slash at the end, for example ``https://api.gateio.ws/api/v4``.
        ws: of the spot socket, for example ``wss://api.gateio.ws/ws/v4/``.
    """

    rest: str
    ws: str

    LIVE: ClassVar["GateioEndpoints"]
    """The real exchange (REST manual, hosts)."""
    TESTNET: ClassVar["GateioEndpoints"]
    """Gate's test network (REST manual, hosts)."""

    def __post_init__(self) -> None:
        if not self.rest.startswith(("http://", "https://")) or self.rest.endswith("/"):
            raise InvalidValueError("endpoints.rest", self.rest, "an http(s) URL without a slash at the end")
        if not self.ws.startswith(("ws://", "wss://")):
            raise InvalidValueError("endpoints.ws", self.ws, "a ws(s) URL")


GateioEndpoints.LIVE = GateioEndpoints("https://api.gateio.ws/api/v4", "wss://api.gateio.ws/ws/v4/")
GateioEndpoints.TESTNET = GateioEndpoints(
    "https://api-testnet.gateapi.io/api/v4", "wss://ws-testnet.gate.com/v4/ws/spot"
)


@dataclass(frozen=True, slots=True)
class GateioSettings:
    """Attributes:
    request_timeout_s: for a whole REST request. max_wait_s: the longest wait for a turn under the rate limits.
    order_expiry_ms: the exchange refuses an order or amendment that reaches it later than this (`X-Gate-Exptime`);
        None switches that off. It may wait half of that for its turn at most. socket: times of the sockets.
    query_lag_ms: answers to queries may be so much older than what has happened ("a few seconds": gateapi-nodejs
        issue 2).
    """

    request_timeout_s: float = 10.0
    max_wait_s: float = 5.0
    order_expiry_ms: int | None = 5000
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
