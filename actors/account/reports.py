"""What an account says of itself at one moment."""

from actors.account.context import AccountContext
from messages.events import ConnectionStatus
from messages.snapshot import AccountSnapshot, TradingStats
from messages.validation import ZERO


def snapshot_of(context: AccountContext, venue: str) -> AccountSnapshot:
    """Balances and open orders, with how far they can be believed (R5)."""
    return AccountSnapshot(
        account=context.name,
        venue=venue,
        sync_state=context.sync_state,
        true_at_ms=context.true_at_ms,
        stale_since_ms=context.stale_since_ms,
        balances=dict(context.state.funds.balances),
        open_orders=tuple(record.order for record in context.state.orders.open_records()),
        unknown_markets=dict(context.unknown_markets),
    )


def stats_of(
    context: AccountContext, links: ConnectionStatus, *, has_credentials: bool, mailbox_depth: int
) -> TradingStats:
    """Counters and latencies."""
    state, figures = context.state, context.figures
    return TradingStats(
        account=context.name,
        sync_state=context.sync_state,
        total_balances={c: b.total for c, b in state.funds.balances.items() if b.total != ZERO},
        open_orders_count=state.orders.open_count,
        executed_orders_count=state.orders.executed_count,
        symbols_with_executed_orders=state.orders.symbols_with_executed,
        unresolved_orders=state.unresolved_count,
        fills_count=state.fills_count,
        has_credentials=has_credentials,
        connection_status=links,
        cache_hits=figures.cache_hits,
        cache_misses=figures.cache_misses,
        mailbox_depth=mailbox_depth,
        events_count=figures.events,
        commands_count=figures.commands,
        rejected_count=figures.rejected,
        denied_count=figures.denied,
        reconnects_count=figures.reconnects,
        kill_switch=context.kill_switch,
        event_latency=figures.event_latency.summary(),
        command_latency=figures.command_latency.summary(),
    )
