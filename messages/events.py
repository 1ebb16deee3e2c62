"""What an account, a feed or a venue tells. Frozen: whoever gets one may keep it (R1)."""

import enum

import msgspec

from messages.balance import Balance
from messages.enums import SyncState
from messages.order import Fill, Order
from messages.symbol import Symbol


class OrderUpdateEvent(msgspec.Struct, frozen=True):
    """An order: on the way to the account, as the exchange reported it; from the account, as it is now known.

    Attributes:
        session_id: which session of the account brought it; 0 when it comes from the account itself.
    """

    account: str
    order: Order
    session_id: int = 0


class BalanceUpdateEvent(msgspec.Struct, frozen=True):
    """Balances that changed, each as it is now. ``session_id`` as in `OrderUpdateEvent`."""

    account: str
    balances: tuple[Balance, ...]
    session_id: int = 0


class ExecutionReportEvent(msgspec.Struct, frozen=True):
    """One fill; the account tells each once. ``session_id`` as in `OrderUpdateEvent`."""

    account: str
    fill: Fill
    session_id: int = 0


class ConnectionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the four links are up."""

    public_rest: bool = False
    public_ws: bool = False
    private_rest: bool = False
    private_ws: bool = False


class ConnectionStatusEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An account or feed has changed its sync state or a link, or which markets it can speak for.

    Attributes:
        name: account name, or venue name for a public feed.
        since_ms: when it entered this state, unix milliseconds. cause: why, empty when all is well.
        unknown_markets: markets that it cannot speak for although it may be live, each with the cause.
    """

    name: str
    sync_state: SyncState
    links: ConnectionStatus
    since_ms: int
    cause: str = ""
    unknown_markets: dict[Symbol, str] = {}

    def is_live_for(self, symbol: Symbol) -> bool:
        """Whether it is live, and what it says of this market is the truth of now."""
        return self.sync_state is SyncState.LIVE and symbol not in self.unknown_markets


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
