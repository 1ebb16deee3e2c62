"""Where MEXC is, and how its clients behave."""

from dataclasses import dataclass, field, fields
from typing import Final

from exchanges.base.endpoints import Endpoints
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import SessionSettings
from exchanges.mexc.signing import LONGEST_WINDOW_MS
from messages.errors import InvalidValueError

LIVE: Final = Endpoints("https://api.mexc.com", "wss://wbs-api.mexc.com/ws")
"""The real exchange; there is no test network (docs/venues/mexc.md, addresses)."""


def _socket() -> SessionSettings:
    """A connection lives for 24 hours at most, and is closed when nothing came for a minute."""
    return SessionSettings(life_s=23 * 3600.0)


@dataclass(frozen=True, slots=True)
class MexcSettings(VenueSettings):
    """Orders expire by their receive window. Queries may wait for a whole window of the pool that all of them share:
    lists are by market, and an account with many would else find some of them refused.

    Attributes:
        receive_window_ms: of all requests that do not expire by a decision; counted from when they leave.
    """

    max_wait_s: float = 12.0
    order_expiry_ms: int | None = 5000
    receive_window_ms: int = 10_000
    socket: SessionSettings = field(default_factory=_socket)

    def __post_init__(self) -> None:
        VenueSettings.__post_init__(self)
        for name in ("order_expiry_ms", "receive_window_ms"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= LONGEST_WINDOW_MS:
                raise InvalidValueError(name, value, f"1 to {LONGEST_WINDOW_MS} milliseconds: MEXC takes no longer one")


def of_mexc(settings: VenueSettings | None) -> MexcSettings:
    """The same with what MEXC has besides; None: all as suits it."""
    if settings is None or isinstance(settings, MexcSettings):
        return settings or MexcSettings()
    return MexcSettings(**{each.name: getattr(settings, each.name) for each in fields(settings)})
