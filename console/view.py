"""The live terminal view, as a process of its own: reports come in on stdin, one JSON line each.

Drawing costs milliseconds. In the process that trades they would be milliseconds in which no event is handled; here
they are nobody's. It ends with its stdin, and leaves the terminal as it was.
"""

import signal
import sys
import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import PurePath
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from console.status_report import AccountStatus, BalanceLine, FillLine, OrderLine, StatusReport, StrategyStatus
from messages.snapshot import LatencySummary

_STATE_STYLES: Final = {"live": "bold green", "failed": "bold red", "down": "red"}
_SIDE_STYLES: Final = {"buy": "green", "sell": "red"}
_TITLE: Final = 2
"""Heading and rule of a table."""

_ACCOUNT_COLUMNS: Final = (
    "account",
    "state",
    ">open",
    ">done",
    ">fills",
    ">refused",
    ">ev/s",
    ">inbox",
    ">event p50/p99",
    ">order p50/p99",
)


def render(report: StatusReport, *, height: int) -> RenderableType:
    """The whole screen: at most ``height`` lines; what does not fit is left out, and counted where it matters."""
    rows = max(1, (height - 12) // 3)  # each account has two lines, each strategy one
    shown = report.accounts[:rows]
    strategies = report.strategies[:rows]
    left_out = len(report.accounts) - len(shown)
    top: list[RenderableType] = [
        _head(report),
        Text(),
        _accounts(shown),
        *([Text(f"... and {left_out} more accounts", style="dim")] if left_out else []),
        *(_balances(account) for account in shown),
        Text(),
        _strategies(strategies),
    ]
    used = 2 + _TITLE + 2 * len(shown) + bool(left_out) + 1 + _TITLE + len(strategies)
    room = height - used - 2 * (1 + _TITLE) - 1
    orders = [order for account in report.accounts for order in account.open_orders]
    orders_room = min(len(orders), max(1, room // 2))
    fills_room = max(0, room - orders_room)
    opened = sum(account.open_orders_count for account in report.accounts)
    bottom: list[RenderableType] = [
        Text(),
        _orders(orders, orders_room, opened),
        Text(),
        _fills(report.recent_fills, fills_room),
    ]
    return Group(*top, *(bottom if room > 1 else []), _foot(report))


def _head(report: StatusReport) -> Text:
    until = "" if report.for_s is None else f" of {report.for_s:g}"
    lag = report.loop_lag
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(" Teller ", style="bold reverse")
    text.append(f"  {report.phase} {report.elapsed_s:.0f}{until} s", style="bold")
    text.append(f"  {PurePath(report.source).name}", style="cyan")
    text.append(f"  {report.events_per_s:.0f} events/s")
    text.append(f"  loop lag p99 {lag.p99_ms:.0f} ms, max {lag.max_ms:.0f}", style="yellow" if lag.p99_ms > 50 else "")
    text.append(f"  dead letters {report.dead_letters}", style="yellow" if report.dead_letters else "")
    return text


def _accounts(accounts: Iterable[AccountStatus]) -> Table:
    table = _table(*_ACCOUNT_COLUMNS)
    for a in accounts:
        state = a.sync_state if a.stale_for_s is None else f"{a.sync_state} {a.stale_for_s:.0f} s"
        opened = f"{a.open_orders_count} ({a.unresolved_orders}?)" if a.unresolved_orders else str(a.open_orders_count)
        table.add_row(
            a.account,
            Text(state, style=_STATE_STYLES.get(a.sync_state, "yellow")),
            opened,
            str(a.executed_orders_count),
            str(a.fills_count),
            str(a.rejected_count + a.denied_count),
            f"{a.events_per_s:.1f}",
            str(a.mailbox_depth),
            _latency(a.event_latency),
            _latency(a.command_latency),
        )
    return table


def _balances(account: AccountStatus) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{account.account:<12} ", style="dim")
    if account.kill_switch is not None:
        text.append(f"KILL SWITCH: {account.kill_switch}  ", style="bold red")
    if account.stale_for_s is not None:
        text.append("as of then: " if account.balances else "", style="yellow")
        text.append(f"({account.cause}) " if account.cause else "", style="yellow")
    for line in account.balances:
        text.append_text(_balance(line))
    return text


def _balance(line: BalanceLine) -> Text:
    text = Text(f"{line.currency} ", style="cyan")
    text.append(_short(line.available + line.locked), style="default")
    if line.locked:
        text.append(f" ({_short(line.locked)} locked)", style="dim")
    return text.append("  ")


def _strategies(strategies: Iterable[StrategyStatus]) -> Table:
    table = _table("strategy", "market", ">inventory", ">pnl", ">orders", ">requotes", ">fills", "note")
    for s in strategies:
        base, _, quote = s.symbol.partition("/")
        pnl = Text("-") if s.pnl is None else Text(f"{s.pnl:+,.4f} {quote}", style="green" if s.pnl >= 0 else "red")
        inventory = f"{_short(s.inventory, sign=True)} {base}"
        counts = (str(s.orders_count), str(s.requotes_count), str(s.fills_count))
        table.add_row(s.strategy, s.symbol, inventory, pnl, *counts, Text(s.note, no_wrap=True, overflow="ellipsis"))
    return table


def _orders(orders: list[OrderLine], room: int, count: int) -> Table:
    table = _table(f"open orders {count}", "market", "side", ">price", ">quantity", ">filled", "status")
    for o in orders[:room]:
        price = "market" if o.price is None else f"{o.price:f}"
        side = Text(o.side, style=_SIDE_STYLES.get(o.side, ""))
        table.add_row(o.account, o.symbol, side, price, f"{o.quantity:f}", f"{o.filled:f}", o.status)
    return table


def _fills(fills: Iterable[FillLine], room: int) -> Table:
    table = _table("recent fills", "market", "side", ">price", ">quantity", ">fee", "", "time")
    for f in list(fills)[:room]:
        side = Text(f.side, style=_SIDE_STYLES.get(f.side, ""))
        at = time.strftime("%H:%M:%S", time.localtime(f.time_ms / 1000))
        fee = Text(f.fee, overflow="ellipsis", no_wrap=True)
        table.add_row(f.account, f.symbol, side, f"{f.price:f}", f"{f.quantity:f}", fee, f.liquidity, at)
    return table


def _foot(report: StatusReport) -> Text:
    if report.latest_error:
        return Text(report.latest_error, style="yellow", no_wrap=True, overflow="ellipsis")
    return Text("Ctrl-C: stop quoting, cancel, compare with the exchange's books, end", style="dim", no_wrap=True)


def _table(*headings: str) -> Table:
    """A heading that begins with ``>`` is of a column that is aligned right."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for heading in headings:
        is_number = heading.startswith(">")
        may_shrink = heading == "note"
        table.add_column(heading.removeprefix(">"), justify="right" if is_number else "left", no_wrap=not may_shrink)
    return table


def _latency(latency: LatencySummary) -> str:
    return f"{latency.p50_ms:.1f}/{latency.p99_ms:.1f} ms" if latency.count else "-"


def _short(amount: Decimal, *, sign: bool = False) -> str:
    """As many digits as can be read at a glance; the exact amount is in the closing summary."""
    return f"{amount:{'+' if sign else ''},.{2 if abs(amount) >= 1000 else 4}f}"


def main() -> int:
    """Shows each report of stdin until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that trades; it closes our stdin
    console = Console()
    decode = msgspec.json.Decoder(StatusReport).decode
    with Live(console=console, screen=True, auto_refresh=False) as live:
        for line in sys.stdin.buffer:
            live.update(render(decode(line), height=console.height), refresh=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
