"""Figures of an account, all zero unless a test says otherwise."""

from typing import Any

import msgspec

from messages.enums import SyncState
from messages.events import ConnectionStatus
from messages.snapshot import LatencySummary, TradingStats

_NOTHING_YET = TradingStats(
    account="alpha",
    sync_state=SyncState.LIVE,
    total_balances={},
    open_orders_count=0,
    executed_orders_count=0,
    symbols_with_executed_orders=0,
    unresolved_orders=0,
    fills_count=0,
    has_credentials=True,
    connection_status=ConnectionStatus(),
    cache_hits=0,
    cache_misses=0,
    mailbox_depth=0,
    events_count=0,
    commands_count=0,
    rejected_count=0,
    denied_count=0,
    reconnects_count=0,
    kill_switch=None,
    event_latency=LatencySummary(),
    command_latency=LatencySummary(),
)


def trading_stats(**changes: Any) -> TradingStats:
    """The figures of a live account, ``alpha``, that has done nothing yet, with these fields otherwise."""
    return msgspec.structs.replace(_NOTHING_YET, **changes)
