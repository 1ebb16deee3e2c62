"""What the live view and the status lines show of one moment: plain values, ready to be sent to another process."""

from decimal import Decimal

import msgspec

from messages.snapshot import LatencySummary


class BalanceLine(msgspec.Struct, frozen=True):
    """One currency of an account."""

    currency: str
    available: Decimal
    locked: Decimal


class OrderLine(msgspec.Struct, frozen=True):
    """One open order; ``price`` is None for market orders."""

    account: str
    symbol: str
    side: str
    price: Decimal | None
    quantity: Decimal
    filled: Decimal
    status: str


class FillLine(msgspec.Struct, frozen=True):
    """One fill; ``time_ms`` by the exchange's clock."""

    account: str
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: str
    liquidity: str
    time_ms: int


class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One account.

    Attributes:
        stale_for_s: None while live. cause: why it is not live.
        kill_switch: why no orders are taken; None while they are.
        balances: those with something on them, traded currencies first.
    """

    account: str
    venue: str
    sync_state: str
    stale_for_s: float | None = None
    cause: str = ""
    kill_switch: str | None = None
    balances: tuple[BalanceLine, ...] = ()
    open_orders: tuple[OrderLine, ...] = ()
    open_orders_count: int = 0
    unresolved_orders: int = 0
    executed_orders_count: int = 0
    fills_count: int = 0
    rejected_count: int = 0
    denied_count: int = 0
    reconnects_count: int = 0
    mailbox_depth: int = 0
    events_per_s: float = 0.0
    event_latency: LatencySummary = LatencySummary()
    command_latency: LatencySummary = LatencySummary()


class StrategyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy. ``pnl`` is in the quote currency, None before it is known; ``note`` a few words of its own."""

    strategy: str
    account: str
    symbol: str
    inventory: Decimal
    pnl: Decimal | None
    fills_count: int
    orders_count: int
    requotes_count: int
    note: str = ""


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole program.

    Attributes:
        phase: what it is doing, in a word. for_s: how long it is to run, None for ever.
    """

    source: str
    phase: str
    elapsed_s: float
    for_s: float | None
    accounts: tuple[AccountStatus, ...] = ()
    strategies: tuple[StrategyStatus, ...] = ()
    recent_fills: tuple[FillLine, ...] = ()
    events_per_s: float = 0.0
    loop_lag: LatencySummary = LatencySummary()
    dead_letters: int = 0
    latest_error: str = ""
