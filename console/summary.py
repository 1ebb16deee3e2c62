"""The closing summary: what was traded, and whether every account agrees with the exchange's books."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from console.closing import AccountEnd, Verdict
from console.exit_codes import ExitCode
from console.journals import JournalEnd
from console.status_report import StrategyStatus
from messages.snapshot import LatencySummary

_DIFFERENCES_SHOWN: Final = 20


class Crashes(msgspec.Struct, frozen=True, kw_only=True):
    """Actors that crashed together; given up: too often, so they were not started again."""

    name: str
    restarts: int
    is_given_up: bool


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is said at the end.

    Attributes:
        elapsed_s: from live to the end. reason: why it ended.
        crashes: of accounts, connections and strategies. journals: empty where they are switched off.
        hangs: reports of handlers that did not come back in time. dead_letters: messages that nobody took.
    """

    source: str
    elapsed_s: float
    reason: str
    verdict: Verdict
    exit_code: int
    accounts: tuple[AccountEnd, ...]
    strategies: tuple[StrategyStatus, ...]
    crashes: tuple[Crashes, ...]
    journals: tuple[JournalEnd, ...] = ()
    loop_lag: LatencySummary
    hangs: int = 0
    dead_letters: int


def verdict_of(accounts: Sequence[AccountEnd]) -> Verdict:
    """The worst of all accounts."""
    verdicts = {account.verdict for account in accounts}
    return "DISAGREE" if "DISAGREE" in verdicts else "UNKNOWN" if "UNKNOWN" in verdicts else "AGREE"


def exit_code_of(accounts: Sequence[AccountEnd], *, given_up: bool, journal_failed: bool = False) -> ExitCode:
    """The worst of all: wrong books, orders left open, what could not be found out, what crashed too often."""
    codes = {ExitCode(account.exit_code) for account in accounts}
    if journal_failed:
        codes.add(ExitCode.CONFIGURATION)
    for code in (
        ExitCode.BOOKS_DISAGREE,
        ExitCode.ORDERS_LEFT_OPEN,
        ExitCode.VENUE_REFUSED,
        ExitCode.CONNECTION,
        ExitCode.CONFIGURATION,
        ExitCode.UNEXPECTED,
    ):
        if code in codes:
            return code
    return ExitCode.UNEXPECTED if given_up else ExitCode.OK


def as_text(summary: Summary) -> str:
    """For people."""
    return "\n".join(_lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    yield ""
    yield f"Ran {summary.elapsed_s:.1f} s with {summary.source}; ended: {summary.reason}."
    for account in summary.accounts:
        yield ""
        yield from _account(account)
        yield from (_journal(j) for j in summary.journals if j.account == account.account)
        yield from (_strategy(s) for s in summary.strategies if s.account == account.account)
    yield ""
    for crash in summary.crashes:
        fate = "given up, the log says why" if crash.is_given_up else "up again"
        yield f"CRASHED {crash.name}: restarted {crash.restarts} times, {fate}"
    lag = summary.loop_lag
    late = f"p99 {lag.p99_ms:.1f} ms, at most {lag.max_ms:.1f} ms"
    if summary.hangs:
        yield f"HUNG {summary.hangs} times a handler did not come back in time: handler_hangs in the log shows where"
    yield f"Event loop late by {late}; dead letters {summary.dead_letters}."
    yield f"RESULT {_RESULTS[summary.verdict]} (exit code {summary.exit_code})"


_RESULTS: Final[dict[Verdict, str]] = {
    "AGREE": "AGREE: every account is what the exchange's books say",
    "DISAGREE": "DISAGREE: see the differences above",
    "UNKNOWN": "UNKNOWN: not every account could be compared",
}


def _account(end: AccountEnd) -> Iterator[str]:
    head = f"{end.account} on {end.venue}: {end.verdict}"
    comparison = end.comparison
    if comparison is None:
        yield f"{head}, not compared: {end.why}"
    else:
        yield f"{head} with the exchange's books"
        yield (
            f"  compared  {comparison.balances} balances, {comparison.open_orders} open orders, "
            f"{comparison.finished_orders} finished orders, {comparison.fills} fills"
        )
        for difference in comparison.differences[:_DIFFERENCES_SHOWN]:
            yield f"  DIFFERENCE {difference}"
        if len(comparison.differences) > _DIFFERENCES_SHOWN:
            yield f"  ... and {len(comparison.differences) - _DIFFERENCES_SHOWN} more"
    if end.left_open:
        yield f"  ORDERS {'MAY BE' if comparison is None else 'LEFT'} OPEN: {end.left_open}"
    if end.canceled:
        yield f"  canceled {end.canceled} orders at the end"
    if end.balances:
        yield "  balances  " + "   ".join(
            f"{balance.currency} {_plain(balance.total)}" for balance in sorted(end.balances, key=lambda b: b.currency)
        )
    stats = end.stats
    if stats is not None:
        yield f"  events    {stats.events_count}, {_latency('late by', stats.event_latency)}"
        yield f"  commands  {stats.commands_count}, {_latency('answered in', stats.command_latency)}"
        yield f"  refused   {stats.rejected_count} commands by the exchange, {stats.denied_count} by us"
        if stats.kill_switch is not None:
            yield f"  KILL SWITCH engaged: {stats.kill_switch}"
        if stats.reconnects_count:
            yield f"  reconnected {stats.reconnects_count} times"


def _journal(end: JournalEnd) -> str:
    if end.failure:
        return f"  JOURNAL NOT WHOLE: {end.failure}"
    return f"  journal   {end.figures.records} records in {end.figures.commits} commits"


def _strategy(strategy: StrategyStatus) -> str:
    base, _, quote = strategy.symbol.partition("/")
    pnl = "unknown" if strategy.pnl is None else f"{strategy.pnl:+.4f} {quote}"
    note = f" ({strategy.note})" if strategy.note else ""
    return (
        f"  {strategy.strategy}  {strategy.orders_count} orders ({strategy.requotes_count} requotes), "
        f"{strategy.fills_count} fills, inventory {_plain(strategy.inventory)} {base}, pnl {pnl}{note}"
    )


def _latency(words: str, latency: LatencySummary) -> str:
    if not latency.count:
        return "none timed"
    return f"{words} p50 {latency.p50_ms:.1f} ms, p99 {latency.p99_ms:.1f} ms, max {latency.max_ms:.1f} ms"


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
