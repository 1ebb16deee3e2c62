"""The live terminal view, as a process of its own: pictures come in on stdin, one JSON line each.

Drawing costs milliseconds. In the process that trades they would be milliseconds in which no event is handled; here
they are nobody's. It ends with its stdin, and leaves the terminal as it was.
"""

import signal
import sys
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from console.pictures import AccountPicture, BalanceLine, FillLine, OrderLine, Picture, StrategyPicture
from messages.snapshot import LatencySummary

_STATE_STYLES: Final = {"live": "bold green", "failed": "bold red", "down": "red"}
_SIDE_STYLES: Final = {"buy": "green", "sell": "red"}
_HEAD_LINES: Final = 2
_TABLE_LINES: Final = 2
"""Heading and rule of each table."""
_ACCOUNTS_SHOWN: Final = 8


def render(picture: Picture, *, height: int) -> RenderableType:
    """The whole screen; what does not fit in ``height`` lines is left out and counted."""
    shown = picture.accounts[:_ACCOUNTS_SHOWN]
    strategies = picture.strategies[:_ACCOUNTS_SHOWN]
    used = _HEAD_LINES + (_TABLE_LINES + len(shown)) + 1 + len(shown) + 1 + (_TABLE_LINES + len(strategies)) + 1 + 1
    rest = max(2, height - used - 2 * _TABLE_LINES - 1)
    orders = [order for account in picture.accounts for order in account.open_orders]
    orders_room = min(len(orders), max(1, rest // 2)) or 1
    left_out = len(picture.accounts) - len(shown)
    return Group(
        _head(picture),
        _accounts(shown),
        *([Text(f" ... and {left_out} more accounts", style="dim")] if left_out else []),
        *(_balances(account) for account in shown),
        Text(),
        _strategies(strategies),
        _orders(orders, orders_room, sum(account.open_orders_count for account in picture.accounts)),
        _fills(picture.recent_fills, max(1, rest - orders_room)),
        _foot(picture),
    )


def _head(picture: Picture) -> Text:
    until = "" if picture.for_s is None else f" of {picture.for_s:g}"
    lag = picture.loop_lag
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(" Teller ", style="bold reverse")
    text.append(f" {picture.phase} {picture.elapsed_s:.0f}{until} s", style="bold")
    text.append(f"   {picture.source}", style="cyan")
    text.append(f"   {picture.events_per_s:.0f} events/s")
    text.append(f"   loop lag p99 {lag.p99_ms:.1f} max {lag.max_ms:.0f} ms", style="yellow" if lag.p99_ms > 20 else "")
    text.append(f"   dead letters {picture.dead_letters}", style="yellow" if picture.dead_letters else "")
    text.append("\n")
    return text


def _accounts(accounts: Iterable[AccountPicture]) -> Table:
    table = _table("account", "state", ">open", ">done", ">fills", ">rejected", ">events/s", ">event p50/p99 ms")
    for heading in ("order p50/p99 ms", "mailbox"):
        table.add_column(heading, justify="right", no_wrap=True)
    for a in accounts:
        state = a.sync_state if a.stale_for_s is None else f"{a.sync_state}, stale {a.stale_for_s:.0f} s"
        opened = f"{a.open_orders_count} ({a.unresolved_orders}?)" if a.unresolved_orders else str(a.open_orders_count)
        table.add_row(
            a.account,
            Text(state, style=_STATE_STYLES.get(a.sync_state, "yellow")),
            opened,
            str(a.executed_orders_count),
            str(a.fills_count),
            str(a.rejected_count + a.denied_count),
            f"{a.events_per_s:.1f}",
            _latency(a.event_latency),
            _latency(a.command_latency),
            str(a.mailbox_depth),
        )
    return table


def _balances(account: AccountPicture) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {account.account:<10} ", style="dim")
    if account.cause and account.stale_for_s is not None:
        return text.append(account.cause, style="yellow")
    for line in account.balances:
        text.append_text(_balance(line))
    return text


def _balance(line: BalanceLine) -> Text:
    text = Text(f"{line.currency} ", style="cyan")
    text.append(_short(line.available + line.locked), style="default")
    if line.locked:
        text.append(f" ({_short(line.locked)} locked)", style="dim")
    return text.append("   ")


def _strategies(strategies: Iterable[StrategyPicture]) -> Table:
    table = _table("strategy", "market", ">inventory", ">pnl", ">orders", ">requotes", ">fills", "note")
    for s in strategies:
        base, _, quote = s.symbol.partition("/")
        pnl = Text("-") if s.pnl is None else Text(f"{s.pnl:+,.4f} {quote}", style="green" if s.pnl >= 0 else "red")
        inventory = f"{_short(s.inventory, sign=True)} {base}"
        counts = (str(s.orders_count), str(s.requotes_count), str(s.fills_count))
        table.add_row(s.strategy, s.symbol, inventory, pnl, *counts, s.note)
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


def _foot(picture: Picture) -> Text:
    if picture.latest_error:
        return Text(f" {picture.latest_error}", style="yellow", no_wrap=True, overflow="ellipsis")
    return Text(" Ctrl-C: stop quoting, cancel, compare with the exchange's books, end", style="dim", no_wrap=True)


def _table(*headings: str) -> Table:
    """A heading that begins with ``>`` is of a column that is aligned right."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=True, header_style="dim", expand=False)
    for heading in headings:
        is_number = heading.startswith(">")
        table.add_column(heading.removeprefix(">"), justify="right" if is_number else "left", no_wrap=True)
    return table


def _latency(latency: LatencySummary) -> str:
    return f"{latency.p50_ms:.1f} / {latency.p99_ms:.1f}" if latency.count else "-"


def _short(amount: Decimal, *, sign: bool = False) -> str:
    """As many digits as can be read at a glance; the exact amount is in the closing summary."""
    return f"{amount:{'+' if sign else ''},.{2 if abs(amount) >= 1000 else 4}f}"


def main() -> int:
    """Shows each picture of stdin until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that trades; it closes our stdin
    console = Console()
    decode = msgspec.json.Decoder(Picture).decode
    with Live(console=console, screen=True, auto_refresh=False) as live:
        for line in sys.stdin.buffer:
            live.update(render(decode(line), height=console.height), refresh=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
