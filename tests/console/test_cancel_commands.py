"""R13, R14: orders are canceled from outside, whether a program runs or not; the output claims what was seen."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.journal import HistoryFilter, read_history
from messages.enums import OrderStatus
from tests.console.programs import Exchange, Program, exchange, program
from tests.support.eventually import eventually_blocking
from tests.support.orders import SOL


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Exchange]:
    """An exchange on which nothing moves, so that orders rest."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    with exchange(folder) as running:
        running.ask("/traders", on=False)
        running.ask("/market/SOL_USDT", bid="140", ask="142", amount="10")
        running.ask("/market/ETH_USDT", bid="3100", ask="3300", amount="10")
        yield running


def command(*arguments: str, folder: Path, **environ: str) -> tuple[int, str]:
    """One command to its end: its exit code and all that it said."""
    with program(*arguments, folder=folder, **environ) as run:
        code = run.end()
    return code, run.out + run.err


def place(outside: Exchange, account: str = "alpha", *, side: str = "buy", pair: str = "SOL_USDT", price: str) -> None:
    outside.ask(f"/accounts/{account}/orders", currency_pair=pair, side=side, price=price, amount="1")


@contextmanager
def trading(config: str, folder: Path, outside: Exchange) -> Iterator[Program]:
    with program("start", "--config", config, "--json-logs", "--json", folder=folder, **outside.environ) as run:
        eventually_blocking(
            lambda: len(outside.open_orders("alpha")) == 2 and len(outside.open_orders("beta")) == 2,
            within_s=20,
            what="quotes",
        )
        yield run


def test_after_kill_nine_an_engaged_kill_switch_cancels_what_was_left_and_files_it(
    outside: Exchange, tmp_path: Path
) -> None:
    config = outside.config(tmp_path)
    with trading(config, tmp_path, outside) as run:
        run.send(signal.SIGKILL)
        run.end()
    assert len(outside.open_orders("alpha")) == 2
    code, said = command("kill-switch", "engage", "--config", config, folder=tmp_path, **outside.environ)
    assert code == 0, said
    for name in ("alpha", "beta"):
        assert (
            f"{name}: ENGAGED, no orders are taken: by hand (no program runs with its journal); "
            "2 orders canceled, none is open" in said
        )
        assert outside.open_orders(name) == []
    canceled = frozenset({OrderStatus.CANCELED})
    history = read_history(tmp_path / "journal" / "alpha.sqlite", HistoryFilter(symbol=SOL, statuses=canceled))
    assert len(history.orders) == 2


def test_it_is_tried_until_the_exchange_takes_it(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    place(outside, price="120")
    for endpoint in ("DELETE /spot/orders", "GET /spot/open_orders"):
        outside.ask("/faults", kind="rest_error", endpoint=endpoint, effect="none", status=502, times=3)
    code, said = command("kill-switch", "engage", "--config", config, folder=tmp_path, **outside.environ)
    assert code == 0, said
    assert "alpha: ENGAGED, no orders are taken: by hand (no program runs with its journal); " in said
    assert outside.open_orders("alpha") == []


def test_what_could_not_be_canceled_is_named_and_the_exit_code_says_so(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    place(outside, price="120")
    (order,) = outside.open_orders("alpha")
    for endpoint in ("DELETE /spot/orders", "DELETE /spot/orders/{}"):
        outside.ask("/faults", kind="rest_error", endpoint=endpoint, effect="none", status=502, account="alpha")
    code, said = command(
        *("kill-switch", "engage", "--config", config, "--within", "2"), folder=tmp_path, **outside.environ
    )
    assert code == 6, said
    assert f"NOT ALL CANCELED: 0 orders canceled, 1 open (SOL/USDT {order['id']}): " in said
    assert "502" in said
    assert "beta: ENGAGED, no orders are taken: by hand (no program runs with its journal); 0 orders canceled" in said
    outside.end_faults()
    code, said = command("kill-switch", "status", "--config", config, folder=tmp_path)
    assert (code, said.count("ENGAGED")) == (0, 2)


def test_r10_secrets_that_one_account_lacks_keep_no_other_from_being_canceled(
    outside: Exchange, tmp_path: Path
) -> None:
    config = outside.config(tmp_path)
    place(outside, price="120")
    environ = {name: text for name, text in outside.environ.items() if not name.startswith("BETA")}
    code, said = command("kill-switch", "engage", "--config", config, folder=tmp_path, **environ)
    assert code == 6, said
    assert outside.open_orders("alpha") == []
    assert "NOT ALL CANCELED: 0 orders canceled, what is open is not known: " in said
    assert "BETA_KEY" in said


def test_a_program_that_obeys_is_told_of_with_what_the_exchange_shows(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    with trading(config, tmp_path, outside) as run:
        code, said = command("kill-switch", "engage", "--config", config, folder=tmp_path, **outside.environ)
        assert code == 0, said
        assert f"alpha: ENGAGED, no orders are taken: by hand (process {run.pid} trades it); " in said
        assert said.count("none is open") == 2
        assert outside.open_orders("alpha") == outside.open_orders("beta") == []
        code, said = command("kill-switch", "engage", "--config", config, folder=tmp_path)
        assert code == 0, said
        assert "it cancels, and what is open was not looked at: " in said


def test_a_program_in_another_folder_with_the_same_key_is_not_reached_and_that_is_said(
    outside: Exchange, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    elsewhere = outside.config(tmp_path / "copy")
    config = outside.config(tmp_path)
    with trading(config, tmp_path, outside) as run:
        code, said = command("kill-switch", "engage", "--config", elsewhere, folder=tmp_path, **outside.environ)
        assert code == 6, said
        assert "NOT REACHED: " in said
        assert f"is in use by process {run.pid}" in said


def test_all_or_a_part_of_what_is_open_is_canceled_without_a_program(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    place(outside, price="120")
    place(outside, price="160", side="sell")
    place(outside, price="2500", pair="ETH_USDT")
    place(outside, "beta", price="120")
    arguments = ("cancel-all", "--config", config, "--account", "alpha")
    code, said = command(*arguments, "--symbol", "SOL/USDT", "--side", "sell", folder=tmp_path, **outside.environ)
    assert (code, said) == (0, "alpha: 1 orders canceled, none is open\n")
    assert {(order["currency_pair"], order["side"]) for order in outside.open_orders("alpha")} == {
        ("SOL_USDT", "buy"),
        ("ETH_USDT", "buy"),
    }
    code, said = command(*arguments, folder=tmp_path, **outside.environ)
    assert (code, said) == (0, "alpha: 2 orders canceled, none is open\n")
    assert outside.open_orders("alpha") == []
    assert len(outside.open_orders("beta")) == 1


def test_cancels_beside_a_running_program_say_that_it_goes_on(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    with trading(config, tmp_path, outside) as run:
        before = {order["id"] for order in outside.open_orders("alpha")}
        code, said = command("cancel-all", "--config", config, folder=tmp_path, **outside.environ)
        assert code == 0, said
        assert f"process {run.pid} trades it and may place new ones" in said
        assert before.isdisjoint(order["id"] for order in outside.open_orders("alpha"))
        run.send(signal.SIGTERM)
        assert run.end() == 0, run.err


def test_the_embedded_exchange_cannot_be_reached_from_outside(tmp_path: Path) -> None:
    code, said = command("cancel-all", folder=tmp_path)
    assert code == 2
    assert "the embedded exchange lives and ends with the program that trades on it" in said
