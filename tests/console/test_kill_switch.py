"""`run.py kill-switch`: from outside, whether the program runs or not; it holds until a person releases it."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import pytest

from actors.account.journal_recovery import KILL_SWITCH
from actors.journal import read_state
from console.kill_switch import KillSwitchFile, KillSwitchWatch, Word
from exchanges.base.environment import SystemClock
from messages.commands import PlaceOrder
from messages.enums import Side
from messages.errors import KillSwitchError
from run import main
from tests.console.programs import Exchange, Program, exchange, program
from tests.support.eventually import eventually, eventually_blocking
from tests.support.orders import SOL
from tests.support.world import World, until_async


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Exchange]:
    """An exchange on which nothing moves, so that quotes rest."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    with exchange(folder) as running:
        running.ask("/traders", on=False)
        running.ask("/market/SOL_USDT", bid="140", ask="142", amount="10")
        running.ask("/market/ETH_USDT", bid="3100", ask="3300", amount="10")
        yield running


def start(config: str, folder: Path, outside: Exchange) -> AbstractContextManager[Program]:
    return program("start", "--config", config, "--json-logs", "--json", folder=folder, **outside.environ)


def kill_switch(*arguments: str, config: str, folder: Path) -> Program:
    with program("kill-switch", *arguments, "--config", config, folder=folder) as run:
        run.end()
    return run


def quotes(outside: Exchange, account: str) -> int:
    return len(outside.open_orders(account))


def test_engaged_while_it_runs_it_cancels_and_holds_across_kill_nine_until_it_is_released(
    outside: Exchange, tmp_path: Path
) -> None:
    config, elsewhere = outside.config(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    with start(config, tmp_path, outside) as run:
        eventually_blocking(lambda: quotes(outside, "alpha") == 2, within_s=20, what="quotes")
        told = kill_switch("engage", "--account", "alpha", "--reason", "enough", config=config, folder=elsewhere)
        assert f"alpha: ENGAGED, no orders are taken: enough (process {run.pid} trades it)" in told.out
        eventually_blocking(lambda: quotes(outside, "alpha") == 0, within_s=10, what="alpha's orders to be cancelled")
        assert quotes(outside, "beta") == 2
        run.send(signal.SIGKILL)
        run.end()
    orders = len(outside.ask("/accounts/alpha/books")["orders"])

    with start(config, elsewhere, outside) as run:
        eventually_blocking(lambda: run.logged("quote_not_sent"), within_s=20, what="a quote to be refused")
        status = kill_switch("status", config=config, folder=tmp_path)
        assert "alpha: ENGAGED, no orders are taken: enough" in status.out
        assert "beta: released, orders are taken" in status.out
        eventually_blocking(lambda: run.records("status"), within_s=20, what="a status line")
        (alpha, beta) = run.records("status")[0]["accounts"]
        assert (alpha["kill_switch"], beta["kill_switch"]) == ("enough", None)
        assert len(outside.ask("/accounts/alpha/books")["orders"]) == orders
        told = kill_switch("release", config=config, folder=tmp_path)
        assert "alpha: released, orders are taken" in told.out
        assert "NOT OBEYED" not in told.out
        outside.ask("/market/SOL_USDT", bid="141", ask="143", amount="10")  # a quoter waits for the market to move
        eventually_blocking(lambda: quotes(outside, "alpha") > 0, within_s=10, what="a quote")
        run.send(signal.SIGTERM)
        assert run.end() == 0, run.err
    assert list((tmp_path / "journal").glob("*.kill-switch")) == []


def test_engaged_while_nothing_runs_it_holds_before_anything_trades(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    told = kill_switch("engage", config=config, folder=tmp_path)
    assert "alpha: ENGAGED, no orders are taken: by hand (no program runs with its journal)" in told.out
    with start(config, tmp_path, outside) as run:
        eventually_blocking(lambda: len(run.logged("quote_not_sent")) > 2, within_s=20, what="quotes to be refused")
        run.send(signal.SIGTERM)
        assert run.end() == 0, run.err
        (summary,) = run.records("summary")
    assert [account["stats"]["kill_switch"] for account in summary["accounts"]] == ["by hand", "by hand"]
    assert [outside.ask(f"/accounts/{name}/books")["orders"] for name in outside.accounts] == [[], []]
    with program("check", "--config", config, folder=tmp_path, **outside.environ) as looking:
        assert looking.end() == 0, looking.out
        assert "ENGAGED, no orders are taken: by hand" in looking.out


def test_released_while_nothing_runs_the_next_start_trades(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    kill_switch("engage", config=config, folder=tmp_path)
    with start(config, tmp_path, outside) as run:
        run.wait_until_logged("system_started")
        run.send(signal.SIGTERM)
        assert run.end() == 0, run.err
    journal = tmp_path / "journal" / "alpha.sqlite"
    assert read_state(journal, KILL_SWITCH) == "by hand", "the journal remembers it, too"
    told = kill_switch("release", config=config, folder=tmp_path)
    assert "alpha: released, orders are taken (no program runs with its journal)" in told.out
    with start(config, tmp_path, outside) as run:
        eventually_blocking(lambda: quotes(outside, "alpha") == 2, within_s=20, what="quotes")
    assert read_state(journal, KILL_SWITCH) is None


# -- the file ----------------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_says_engaged(tmp_path: Path) -> None:
    file = KillSwitchFile(tmp_path, "alpha")
    assert file.rule(None) is None
    assert file.rule("from inside") == "from inside"
    file.path.write_text("{")
    assert file.rule(None) == "alpha.kill-switch cannot be read (DecodeError)"


def test_a_release_that_was_obeyed_does_not_take_a_newer_word_away(tmp_path: Path) -> None:
    file = KillSwitchFile(tmp_path, "alpha")
    release = Word(engaged=False, at_ms=1)
    file.write(release)
    assert file.rule("from inside") is None
    file.write(Word(engaged=True, reason="again", at_ms=2))
    file.obeyed(release)
    assert file.rule(None) == "again"
    file.write(release)
    file.obeyed(release)
    assert file.read() is None


async def test_what_was_engaged_from_outside_nobody_inside_can_release(world: World, tmp_path: Path) -> None:
    account = (await world.start()).account("alpha")
    file = KillSwitchFile(tmp_path, "alpha")
    task = asyncio.create_task(KillSwitchWatch(file, account, None, SystemClock()).run())
    file.write(Word(engaged=True, reason="a person"))

    async def is_engaged() -> bool:
        return bool((await account.get_trading_stats()).kill_switch == "a person")

    try:
        await until_async(is_engaged, what="the switch to be engaged")
        await account.release_kill_switch()
        await until_async(is_engaged, what="the switch to be engaged again")
        with pytest.raises(KillSwitchError, match="a person"):
            await account.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(139)))
        file.write(Word(engaged=False))
        await eventually(lambda: file.read() is None, what="the release to be obeyed")
        assert (await account.get_trading_stats()).kill_switch is None
    finally:
        task.cancel()


# -- the command line --------------------------------------------------------------------------------------------------


def test_what_cannot_be_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kill-switch", "status"]) == 2
    assert "the journals of the embedded exchange are gone when a run ends" in capsys.readouterr().err
    path = tmp_path / "e.toml"
    path.write_text(f'[embedded]\n[[accounts]]\nname = "alpha"\n[journal]\ndirectory = "{tmp_path}/j"\n')
    assert main(["kill-switch", "engage", "--config", str(path), "--account", "alfa"]) == 2
    assert "--account alfa is not allowed: one of alpha (did you mean alpha?)" in capsys.readouterr().err
    assert main(["kill-switch", "engage", "--config", str(path), "--reason", " "]) == 2
    assert "reason" in capsys.readouterr().err
    assert not (tmp_path / "j").exists()
