"""What an account, a feed or a venue tells. Frozen: whoever gets one may keep it (R1)."""

import enum

import msgspec

from messages.balance import Balance
from messages.enums import SyncState
from messages.order import Fill, Order


class OrderUpdateEvent(msgspec.Struct, frozen=True):
    """An order as it is now known."""

    account: str
    order: Order


class BalanceUpdateEvent(msgspec.Struct, frozen=True):
    """Balances that changed, each as it is now."""

    account: str
    balances: tuple[Balance, ...]


class ExecutionReportEvent(msgspec.Struct, frozen=True):
    """One fill, told once."""

    account: str
    fill: Fill


class ConnectionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the four links are up."""

    public_rest: bool = False
    public_ws: bool = False
    private_rest: bool = False
    private_ws: bool = False


class ConnectionStatusEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An account or feed has changed its sync state or a link.

    Attributes:
        name: account name, or venue name for a public feed.
        since_ms: when it entered this state, unix milliseconds. cause: why, empty when all is well.
    """

    name: str
    sync_state: SyncState
    links: ConnectionStatus
    since_ms: int
    cause: str = ""


class ErrorKind(enum.Enum):
    """The branches of the error tree, and one for what should never happen."""

    VENUE_REFUSED = "venue_refused"
    WE_REFUSED = "we_refused"
    UNKNOWN_OUTCOME = "unknown_outcome"
    CONNECTION = "connection"
    CONFIGURATION = "configuration"
    INTERNAL = "internal"


class ErrorEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something went wrong that no command's answer tells.

    Attributes:
        name: account or venue. where: what was being done. message: for people; holds no secret (R12).
    """

    name: str
    kind: ErrorKind
    where: str
    message: str
