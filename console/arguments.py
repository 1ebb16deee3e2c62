"""The command line's words."""

import argparse
import math
from pathlib import Path
from typing import Final

from console.exit_codes import MEANINGS
from console.logs import LEVELS
from exchanges.simulator import add_arguments
from messages.enums import OrderStatus, Side

DEMO: Final = Path(__file__).resolve().parents[1] / "config" / "demo.toml"


def build_parser() -> argparse.ArgumentParser:
    """All commands, with the exit codes in each help."""
    codes = "exit codes:\n" + "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Teller: trading accounts as actors. What an account says is what the exchange would say.",
        epilog=codes,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, in_short: str, description: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=in_short,
            description=description,
            epilog=codes,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    start = command("start", "trade", "Runs accounts and strategies, by default on an embedded exchange.")
    _add_config(start)
    start.add_argument("--for", dest="for_s", type=_seconds, metavar="SECONDS", help="end after so many seconds live")
    start.add_argument("--plain", action="store_true", help="status lines instead of the live view in a terminal")
    start.add_argument("--json", action="store_true", help="status and summary on stdout as JSON lines")
    _add_logs(start)

    simulate = command(
        "simulate",
        "run the embedded exchange alone",
        "Prints one JSON line with addresses and keys when it is ready, then runs until Ctrl-C or SIGTERM.",
    )
    add_arguments(simulate)

    check = command(
        "check",
        "look at everything, trade nothing",
        "Configuration, secrets, addresses, clock, markets, keys: a line each, ok or FAIL with the reason.",
    )
    _add_config(check)
    _add_logs(check)

    history = command(
        "history",
        "orders, fills and realised profit from the journals",
        "Reads the journals of the accounts, also while they trade. Newest first; times are UTC.",
    )
    _add_config(history)
    _add_accounts(history)
    history.add_argument("--symbol", metavar="S", help="one market, such as SOL/USDT")
    history.add_argument("--from", dest="from_time", metavar="T", help="2026-11-22, 2026-11-22T10:30, or an age: 90m")
    history.add_argument("--to", dest="to_time", metavar="T", help="the same; itself not included")
    statuses = [status.value for status in OrderStatus]
    history.add_argument("--status", nargs="+", choices=statuses, metavar="STATUS", help=", ".join(statuses))
    history.add_argument("--limit", type=int, default=100, metavar="N", help="orders and fills of each account")
    forms = history.add_mutually_exclusive_group()
    forms.add_argument("--json", dest="form", action="store_const", const="json", help="one JSON object")
    forms.add_argument("--csv", dest="form", action="store_const", const="csv", help="one CSV file, a record a line")
    history.set_defaults(form="table")

    kill_switch = command(
        "kill-switch",
        "cancel everything and take no orders until released",
        "Works whether the program runs or not, and survives restarts. See docs/operating.md.",
    )
    kill_switch.add_argument("action", choices=["engage", "release", "status"])
    _add_config(kill_switch)
    _add_accounts(kill_switch)
    _add_within(kill_switch)
    kill_switch.add_argument("--reason", default="by hand", metavar="TEXT", help="is told with every refused order")

    cancel_all = command(
        "cancel-all",
        "cancel what is open now, whether the program runs or not",
        "Cancels over REST until a complete list of open orders shows none; says what was canceled and what is left. "
        "A program that runs may place new orders: kill-switch engage keeps it from that.",
    )
    _add_config(cancel_all)
    _add_accounts(cancel_all)
    cancel_all.add_argument("--symbol", metavar="S", help="one market, such as SOL/USDT")
    cancel_all.add_argument("--side", choices=[side.value for side in Side], help="one side")
    _add_within(cancel_all)

    withdrawals = command(
        "withdrawals",
        "money that was sent away, as the exchange tells",
        "Lists them, newest first. Sending money away is a command of a strategy, and only where the account's "
        "settings allow it.",
    )
    _add_config(withdrawals)
    _add_accounts(withdrawals)
    withdrawals.add_argument("--currency", metavar="C", help="one currency, such as USDT")
    withdrawals.add_argument("--limit", type=int, default=100, metavar="N", help="of each account (default: 100)")
    return parser


def _add_within(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--within",
        dest="within_s",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long it is tried until nothing is open (default: 60)",
    )


def _add_accounts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--account", dest="accounts", action="append", default=[], metavar="NAME", help="may be repeated; default: all"
    )


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEMO, metavar="FILE", help="TOML file (default: config/demo.toml)"
    )


def _add_logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--log-level", choices=LEVELS, help="the least that is logged; overrides the file")
    parser.add_argument("--json-logs", action="store_true", help="logs as JSON lines; overrides the file")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: seconds, above 0")
    return seconds
