"""An account's state and figures at one moment, frozen (R1)."""

from decimal import Decimal

import msgspec

from messages.balance import Balance
from messages.enums import SyncState
from messages.events import ConnectionStatus
from messages.order import Order
from messages.symbol import Symbol


class AccountSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the account knows, and how far that can be believed (R5).

    Attributes:
        sync_state: only LIVE is the truth of now.
        true_at_ms: when the state was last proven to be true, by the exchange's clock, unix milliseconds: the latest
            load or check while live that agreed with it; events alone do not prove that nothing is missing. 0 when it
            never was.
        stale_since_ms: None while live.
        unknown_markets: markets whose orders and fills may be missing or wrong even while live, each with the cause.
    """

    account: str
    venue: str
    sync_state: SyncState
    true_at_ms: int
    stale_since_ms: int | None
    balances: dict[str, Balance]
    open_orders: tuple[Order, ...]
    unknown_markets: dict[Symbol, str] = {}

    @property
    def is_live(self) -> bool:
        return self.sync_state is SyncState.LIVE


class LatencySummary(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds over the latest observations; all zero while there are none."""

    count: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0


class TradingStats(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one account.

    Attributes:
        total_balances: currencies with a non-zero total, and that total.
        event_latency: from the exchange's time stamp to the state changed, by the corrected clock.
        command_latency: from an order command taken from the mailbox to its answer.
        kill_switch: why it is engaged; None while it is not.
        mailbox_depth: messages waiting now; unresolved_orders: orders whose fate is being looked up (R3).
    """

    account: str
    sync_state: SyncState
    total_balances: dict[str, Decimal]
    open_orders_count: int
    executed_orders_count: int
    symbols_with_executed_orders: int
    unresolved_orders: int
    fills_count: int
    has_credentials: bool
    connection_status: ConnectionStatus
    cache_hits: int
    cache_misses: int
    mailbox_depth: int
    events_count: int
    commands_count: int
    rejected_count: int
    denied_count: int
    reconnects_count: int
    kill_switch: str | None
    event_latency: LatencySummary
    command_latency: LatencySummary
