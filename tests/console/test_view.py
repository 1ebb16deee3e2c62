"""The live view: readable in 100 columns and 30 lines whatever happens, and gone without a trace at the end."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from console.status_report import AccountStatus, BalanceLine, FillLine, OrderLine, StatusReport, StrategyStatus
from console.view import render
from messages.snapshot import LatencySummary
from tests.console.programs import ROOT

WIDTH, HEIGHT = 100, 30
LATENCY = LatencySummary(count=10, p50_ms=3.25, p99_ms=12345.6, max_ms=20000)


def account(name: str, *, orders: int = 2, state: str = "live", stale_for_s: float | None = None) -> AccountStatus:
    order = OrderLine(
        account=name,
        symbol="SOL/USDT",
        side="buy",
        price=Decimal("141.05"),
        quantity=Decimal(5),
        filled=Decimal("2.5"),
        status="partially_filled",
    )
    return AccountStatus(
        account=name,
        venue="gateio",
        sync_state=state,
        stale_for_s=stale_for_s,
        cause="the socket was closed by the exchange with code 1006" if stale_for_s is not None else "",
        balances=tuple(BalanceLine(c, Decimal("123456.789"), Decimal(1)) for c in ("SOL", "USDT", "BTC", "ETH", "X")),
        open_orders=(order,) * orders,
        open_orders_count=orders,
        unresolved_orders=1,
        executed_orders_count=1000,
        fills_count=123_456,
        events_per_s=999.9,
        event_latency=LATENCY,
        command_latency=LATENCY,
    )


def report(accounts: int, *, orders: int = 2, fills: int = 20, error: str = "") -> StatusReport:
    names = [f"account-{number}" for number in range(accounts)]
    fill = FillLine(
        account="account-0",
        symbol="PEPE/USDT",
        side="sell",
        price=Decimal("0.0000118512"),
        quantity=Decimal(50_000_000),
        fee="0.118512 USDT",
        liquidity="maker",
        time_ms=1_790_000_000_000,
    )
    strategy = StrategyStatus(
        strategy="quoter",
        account="account-0",
        symbol="SOL/USDT",
        inventory=Decimal("-12345.678"),
        pnl=Decimal("-1234.5678"),
        fills_count=99_999,
        orders_count=99_999,
        requotes_count=99_999,
        note="fees not in pnl: 0.1 GT",
    )
    return StatusReport(
        source="config/demo.toml",
        phase="running",
        elapsed_s=86_400,
        for_s=None,
        accounts=tuple(account(name, orders=orders) for name in names),
        strategies=(strategy,) * accounts,
        recent_fills=(fill,) * fills,
        events_per_s=1234,
        loop_lag=LATENCY,
        dead_letters=3,
        latest_error=error,
    )


def drawn(shown: StatusReport) -> list[str]:
    console = Console(width=WIDTH, height=HEIGHT, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(render(shown, height=HEIGHT), end="")
    return capture.get().rstrip("\n").split("\n")


@pytest.mark.parametrize("accounts", [0, 1, 2, 5, 8, 20])
@pytest.mark.parametrize(("orders", "fills"), [(0, 0), (2, 20), (50, 20)])
def test_it_fits_the_screen(accounts: int, orders: int, fills: int) -> None:
    lines = drawn(report(accounts, orders=orders, fills=fills, error="alpha: private_ws: " + "x" * 300))
    assert len(lines) <= HEIGHT
    assert all(len(line) <= WIDTH for line in lines)


def test_two_accounts_are_shown_whole() -> None:
    text = "\n".join(drawn(report(2)))
    for wanted in (
        "running 86400 s",
        "account-1  live   2 (1?)  1000",
        "3.2/12345.6 ms",
        "SOL 123,457.79 (1.0000 locked)",
        "-12,345.68 SOL",
        "-1,234.5678 USDT",
        "open orders 4",
        "partially_filled",
        "0.0000118512",
        "Ctrl-C",
    ):
        assert wanted in text
    table = text[text.index("account") : text.index("SOL 123")]
    assert "…" not in table, "no heading or figure is cut off"


def test_what_is_left_out_is_counted() -> None:
    assert any("... and 14 more accounts" in line for line in drawn(report(20)))


def test_a_stale_account_says_for_how_long_and_why_r5() -> None:
    stale = StatusReport(
        source="x.toml",
        phase="running",
        elapsed_s=1,
        for_s=None,
        accounts=(account("alpha", state="degraded", stale_for_s=12.3),),
    )
    text = "\n".join(drawn(stale))
    assert "degraded 12 s" in text
    assert "as of then: (the socket was closed by the exchange with code 1006)" in text


def test_an_engaged_kill_switch_is_shown_with_its_reason() -> None:
    killed = msgspec.structs.replace(account("alpha"), kill_switch="the desk has had enough")
    text = "\n".join(drawn(msgspec.structs.replace(report(0), accounts=(killed,))))
    assert "KILL SWITCH: the desk has had enough" in text


def test_in_a_terminal_it_takes_the_screen_and_gives_it_back(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), "start", "--for", "1.5"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    text = b"".join(_until_closed(controller)).decode(errors="replace")
    assert process.wait(30) == 0
    taken, given_back = text.index("\x1b[?1049h"), text.index("\x1b[?1049l")
    assert "starting" in text[taken:given_back]
    assert "running" in text[taken:given_back]
    assert "quoter-alpha" in text[taken:given_back]
    assert "\x1b[?25h" in text[given_back - 40 :], "the cursor is shown again"
    assert "RESULT AGREE" in text[given_back:]
    assert "connection_live" not in text, "the log does not disturb the view"
    assert "connection_live" in (tmp_path / "teller.log").read_text()


def _until_closed(controller: int) -> Iterator[bytes]:
    with suppress(OSError):  # Linux tells the end of a terminal as an error
        while chunk := os.read(controller, 65536):
            yield chunk
    os.close(controller)
