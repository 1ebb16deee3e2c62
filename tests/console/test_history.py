"""`run.py history`: what was traded, from the journals, as a table, as JSON and as CSV."""

import csv
import json
import re
import signal
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.journal import History, Missing
from console.history import _as_csv, _as_tables, parse_time
from messages.errors import ConfigurationError
from run import main
from tests.console.programs import exchange, program
from tests.support.eventually import eventually_blocking
from tests.support.orders import order


class Traded:
    """A folder with journals, and what the exchange says of the same orders."""

    def __init__(self, config: str, folder: Path, books: dict[str, Any]) -> None:
        self.config = config
        self.folder = folder
        self.books = books
        self.capsys: pytest.CaptureFixture[str]

    def history(self, *arguments: str) -> str:
        assert main(["history", "--config", self.config, *arguments]) == 0
        return self.capsys.readouterr().out

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        accounts: list[dict[str, Any]] = json.loads(self.history("--json", *arguments))["accounts"]
        return accounts


@pytest.fixture(scope="module")
def _traded(tmp_path_factory: pytest.TempPathFactory) -> Traded:
    folder, other = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("exchange")
    with exchange(other) as outside:
        config = outside.config(folder, extra=f'[journal]\ndirectory = "{folder}/j"\n')
        with program("start", "--config", config, folder=folder, **outside.environ) as run:
            for name in outside.accounts:
                eventually_blocking(lambda name=name: outside.trades(name), within_s=30, what="fills")  # type: ignore[misc]
            with program("history", "--config", config, "--json", folder=folder) as looking:
                assert looking.end() == 0, "also while it trades"
            run.send(signal.SIGTERM)
            assert run.end() == 0, run.err
        return Traded(config, folder, {name: outside.ask(f"/accounts/{name}/books") for name in outside.accounts})


@pytest.fixture
def traded(_traded: Traded, capsys: pytest.CaptureFixture[str]) -> Traded:
    _traded.capsys = capsys
    return _traded


def test_every_order_and_fill_of_the_exchange_is_in_it(traded: Traded) -> None:
    for account in traded.json("--limit", "100000"):
        books = traded.books[account["account"]]
        assert {order["order_id"] for order in account["orders"]} == {order["id"] for order in books["orders"]}
        assert {fill["trade_id"] for fill in account["fills"]} == {trade["id"] for trade in books["trades"]}
        (profit,) = account["profits"]
        sold = sum(Decimal(t["amount"]) for t in books["trades"] if t["side"] == "sell")
        assert Decimal(profit["sold"]) == sold
        assert profit["fills_count"] == len(books["trades"])


def test_filters_narrow_it(traded: Traded) -> None:
    assert [account["account"] for account in traded.json("--account", "beta")] == ["beta"]
    alpha, beta = traded.json("--symbol", "SOL/USDT")
    assert alpha["orders"]
    assert not beta["orders"]
    assert all(len(account["orders"]) == 1 for account in traded.json("--limit", "1"))
    statuses = {o["status"] for account in traded.json("--status", "canceled") for o in account["orders"]}
    assert statuses <= {"canceled"}
    assert all(not account["fills"] for account in traded.json("--to", "2020-01-01"))
    assert all(account["fills"] for account in traded.json("--from", "1h"))


def test_the_table_has_a_line_for_each_and_says_what_was_left_out(traded: Traded) -> None:
    lines = traded.history("--limit", "100000").splitlines()
    orders = sum(len(books["orders"]) for books in traded.books.values())
    fills = sum(len(books["trades"]) for books in traded.books.values())
    assert lines[0] == f"ORDERS ({orders})"
    assert f"FILLS ({fills})" in lines
    assert "REALISED PROFIT (2)" in lines
    assert len(lines) == orders + fills + 2 + 3 * 2 + 2 + 2
    for account, line in zip(("alpha", "beta"), lines[-2:], strict=True):
        assert re.fullmatch(rf"{account}: complete from 20\S+Z to 20\S+Z; what is newer is as it was heard", line)
    assert "alpha: the newest 1 are shown (--limit); profit counts all fills" in traded.history("--limit", "1")


def test_csv_has_all_records_under_one_heading(traded: Traded) -> None:
    rows = list(csv.DictReader(traded.history("--csv", "--limit", "100000").splitlines()))
    counts = {kind: sum(row["record"] == kind for row in rows) for kind in ("order", "fill", "profit")}
    books = traded.books.values()
    assert counts == {
        "order": sum(len(b["orders"]) for b in books),
        "fill": sum(len(b["trades"]) for b in books),
        "profit": 2,
    }
    assert all(row["time"] for row in rows if row["record"] != "profit")


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--account", "gamma"], "--account gamma is not allowed: one of alpha, beta"),
        (["--from", "yesterday"], "time 'yesterday' is not allowed: 2026-11-22, 2026-11-22T10:30 (UTC), or an age"),
        (["--symbol", "SOLUSDT"], "BASE/QUOTE"),
        (["--limit", "0"], "limit = 0 is not allowed: 1 or more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(arguments: list[str], wanted: str, traded: Traded) -> None:
    assert main(["history", "--config", traded.config, *arguments]) == 2
    told = traded.capsys.readouterr()
    assert wanted in told.err
    assert told.out == ""


def test_where_nothing_was_traded_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "live.toml"
    path.write_text(
        '[[venues]]\nname = "gate"\n[[accounts]]\nname = "alpha"\nvenue = "gate"\nkey_env = "K"\nsecret_env = "S"\n'
        f'[journal]\ndirectory = "{tmp_path}"\n'
    )
    assert main(["history", "--config", str(path)]) == 2
    assert "alpha.sqlite does not exist: nothing has been traded yet" in capsys.readouterr().err


def test_times_are_utc_moments_or_ages() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert parse_time("2026-11-22T11:00", now) == parse_time("1h", now) == parse_time("2026-11-22T13:00+02:00", now)
    assert parse_time("2026-11-22", now) == parse_time("12h", now)
    for text in ("", "5", "5w", "99999999999999d"):
        with pytest.raises(ConfigurationError):
            parse_time(text, now)


def test_r14_what_is_missing_is_named_and_nothing_is_called_complete_that_was_not_read_whole() -> None:
    missing = (
        Missing(what="fills", symbol="SOL/USDT", count=1200, through_ms=5, was_refused=False),
        Missing(what="orders", symbol="BTC/USDT", count=1, through_ms=0, was_refused=True),
    )
    known = History(
        account="alpha",
        complete_from_ms=0,
        complete_through_ms=1000,
        missing=missing,
        orders=(),
        fills=(),
        profits=(),
    )
    assert list(_as_tables([known], 10))[-3:] == [
        "alpha: complete from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:01.000Z, but for what is named below;"
        " what is newer is as it was heard",
        "alpha: missing: 1200 fills of SOL/USDT were dropped for room",
        "alpha: missing: 1 orders of BTC/USDT could not be written (the log names each)",
    ]
    never = msgspec.structs.replace(known, complete_through_ms=None, missing=())
    assert list(_as_tables([never], 10))[-1] == (
        "alpha: not known to be complete: fills were never read whole from the exchange"
    )


def test_r10_a_time_that_no_calendar_has_and_an_amount_of_a_million_digits_are_shown_as_they_are() -> None:
    odd = msgspec.structs.replace(order(at=2**62), quantity=Decimal("1e999999"), fees=())
    many = order(quantity="100000000000000000.1234567890123", at=1)
    known = History(
        account="alpha",
        complete_from_ms=2**62,
        complete_through_ms=2**62,
        missing=(),
        orders=(odd, many),
        fills=(),
        profits=(),
    )
    lines = list(_as_tables([known], 10))
    assert lines[2].startswith("4611686018427387904 ms    alpha")
    assert "1E+999999" in lines[2]
    assert "100000000000000000.123456789012" in lines[3].split()
    assert "1E+999999" in _as_csv([known])
