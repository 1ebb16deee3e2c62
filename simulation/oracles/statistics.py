"""What an account says of itself in figures, against the books, what its subscribers were told and what was asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from actors.runtime.errors import UnavailableError
from exchanges.simulator import Exchange
from messages.commands import (
    AmendOrder,
    CancelAll,
    CancelOrder,
    CancelWithdrawal,
    GetOrder,
    GetWithdrawal,
    GetWithdrawals,
    PlaceOrder,
    Withdraw,
)
from messages.errors import BusyError, StoppedError, VenueRefusedError
from messages.order import Order
from messages.snapshot import AccountSnapshot, LatencySummary, TradingStats
from messages.symbol import Symbol
from simulation.oracles.check import is_made_up
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.markets import symbol_of
from simulation.oracles.watcher import Start, Told

_COUNTED: Final = (
    PlaceOrder,
    CancelOrder,
    CancelAll,
    AmendOrder,
    GetOrder,
    Withdraw,
    CancelWithdrawal,
    GetWithdrawal,
    GetWithdrawals,
)
"""Commands that count; the others are questions answered at once, and the kill switch."""


def statistics_differences(
    exchange: Exchange,
    stats: TradingStats,
    snapshot: AccountSnapshot,
    executed: Mapping[Symbol, Sequence[Order]],
    *,
    told: Told,
    log: CommandLog,
    life: int,
) -> Iterator[str]:
    """Figures of an account that are not what they must be, when nothing new happens any more.

    ``snapshot``, ``executed``: answered together with ``stats``. ``told``, ``log``: of this run. ``life``: number of
    the program's.
    """
    reached = [each for each in log.of(stats.account, *_COUNTED) if each.life in {life, None} and _reached(each)]
    for wrong in (
        *_state(exchange, stats, snapshot, executed),
        *_links(stats),
        *_told(stats, told.starts),
        *_asked(stats, reached, told),
        *_latencies(stats),
    ):
        yield f"{stats.account}: statistics: {wrong} (R14)"


def _state(
    exchange: Exchange, stats: TradingStats, snapshot: AccountSnapshot, executed: Mapping[Symbol, Sequence[Order]]
) -> Iterator[str]:
    """What the account is and has now."""
    booked = exchange.engine.ledger.balances(stats.account)
    totals = {currency: balance.total for currency, balance in booked.items() if balance.total}
    open_orders = exchange.engine.accounts[stats.account].open_orders
    made_up = sum(order.order_id is not None and is_made_up(order.order_id) for order in snapshot.open_orders)
    there_open = sum(symbol_of(order.pair) is not None for order in open_orders.values()) + made_up
    kept = [len(orders) for orders in executed.values() if orders]
    for what, here, there in (
        ("total_balances", stats.total_balances, totals),
        ("sync_state", stats.sync_state, snapshot.sync_state),
        ("open_orders_count", stats.open_orders_count, there_open),
        ("executed_orders_count", stats.executed_orders_count, sum(kept)),
        ("symbols_with_executed_orders", stats.symbols_with_executed_orders, len(kept)),
        ("unresolved_orders", stats.unresolved_orders, 0),
        ("has_credentials", stats.has_credentials, True),
    ):
        if here != there:
            yield f"{what} is {here}, must be {there}"


def _links(stats: TradingStats) -> Iterator[str]:
    """Whoever is live has all of them."""
    links = stats.connection_status
    if not (links.public_ws and links.private_ws):
        yield f"a socket is down: {links}"
    if not (links.public_rest and links.private_rest):
        yield f"REST is down: {links}"


def _told(stats: TradingStats, starts: Sequence[Start]) -> Iterator[str]:
    """What it counted and its subscribers heard: fills since its own start, reconnects since its connection's."""
    fills = _sums_from_each([start.fills for start in starts])
    if stats.fills_count not in fills:
        yield f"fills_count is {stats.fills_count}, told were {' or '.join(map(str, fills))}"
    reconnects = max(starts[-1].synced - starts[-1].is_first, 0)
    if stats.reconnects_count != reconnects:
        yield f"reconnects_count is {stats.reconnects_count}, told were {reconnects}"


def _sums_from_each(counts: Sequence[int]) -> list[int]:
    """Of all counts from each one on: which crash took the account with it, and which its connection only, is not
    told."""
    return [sum(counts[first:]) for first in range(len(counts))]


def _asked(stats: TradingStats, reached: Sequence[FiledCommand], told: Told) -> Iterator[str]:
    """What it was asked: exact where it has not crashed in this life of the program, else no more than that."""
    placed = [each for each in reached if isinstance(each.command, PlaceOrder)]
    rejected = sum(isinstance(each.error, VenueRefusedError) for each in placed)
    denied = sum(each.was_not_sent for each in placed)
    looked_up = sum(isinstance(each.command, GetOrder) for each in reached)
    figures = (
        ("commands_count", stats.commands_count, len(reached)),
        ("rejected_count", stats.rejected_count, rejected),
        ("denied_count", stats.denied_count, denied),
        ("cache_hits and cache_misses", stats.cache_hits + stats.cache_misses, looked_up),
    )
    is_whole = all(start.is_first for start in told.starts)
    for what, here, there in figures:
        if here > there or (is_whole and here < there):
            yield f"{what} is {here}, asked and answered so were {there}"
    for what, count in (("cache_hits", stats.cache_hits), ("cache_misses", stats.cache_misses)):
        if count < 0:
            yield f"{what} is {count}"


def _reached(filed: FiledCommand) -> bool:
    """Whether the account itself has taken it."""
    return not isinstance(filed.error, BusyError | StoppedError | UnavailableError)


def _latencies(stats: TradingStats) -> Iterator[str]:
    for what, summary, most in (
        ("event_latency", stats.event_latency, stats.events_count),
        ("command_latency", stats.command_latency, stats.commands_count),
    ):
        if not 0 <= summary.count <= most:
            yield f"{what} has {summary.count} observations of {most}"
        if not _is_ordered(summary):
            yield f"{what} is {summary.p50_ms}, {summary.p99_ms}, {summary.max_ms} ms"


def _is_ordered(summary: LatencySummary) -> bool:
    return summary.p50_ms <= summary.p99_ms <= summary.max_ms
