"""`run.py start` as a real process: it trades, ends in order, and says whether it agrees with the exchange."""

import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.start import settle_interpreter
from exchanges.simulator import SimulatorConfig
from run import main
from tests.console.programs import ROOT, Exchange, control, exchange, program, quoter
from tests.support.eventually import eventually_blocking

EMBEDDED = '[embedded]\nseed = 11\n[[accounts]]\nname = "alpha"\n[[accounts]]\nname = "beta"\n'
QUOTERS = quoter("alpha", "SOL/USDT", 5) + quoter("beta", "ETH/USDT", 0.25)


def embedded(folder: Path, extra: str = "") -> str:
    path = folder / "embedded.toml"
    path.write_text(EMBEDDED + QUOTERS + extra)
    return str(path)


def embedded_secrets(seed: int = 11) -> list[str]:
    found = [account.with_credentials(seed) for account in SimulatorConfig().accounts]
    return [text for account in found for text in (account.key, account.secret)]


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Exchange]:
    """An exchange that runs by itself, so that it can be looked at after ours has ended."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    with exchange(folder) as running:
        yield running


# -- a good run --------------------------------------------------------------------------------------------------------


def test_a_run_trades_both_accounts_and_agrees_with_the_embedded_exchange(tmp_path: Path) -> None:
    config = embedded(tmp_path)
    secrets = embedded_secrets()
    arguments = ("start", "--config", config, "--json", "--json-logs", "--log-level", "debug")
    with program(*arguments, folder=tmp_path, secrets=secrets) as run:
        address = run.wait_until_logged("embedded_exchange_started")["control"]
        for name in ("alpha", "beta"):
            eventually_blocking(
                lambda name=name: len(control(address, f"/accounts/{name}/books")["trades"]) >= 2,  # type: ignore[misc]
                within_s=30,
                what=f"fills of {name}",
            )
        run.send(signal.SIGINT)
        assert run.end() == 0
        (summary,) = run.records("summary")
    assert summary["verdict"] == "AGREE"
    assert summary["reason"] == "Ctrl-C"
    for end in summary["accounts"]:
        assert end["verdict"] == "AGREE"
        assert end["comparison"]["fills"] >= 2
        assert end["comparison"]["finished_orders"] >= 2
        assert end["comparison"]["open_orders"] == 0
        assert end["stats"]["event_latency"]["count"] > 0
        assert end["stats"]["command_latency"]["count"] > 0
    assert {strategy["strategy"] for strategy in summary["strategies"]} == {"quoter-alpha", "quoter-beta"}


def test_a_thread_that_computes_gives_the_interpreter_back_within_a_millisecond() -> None:
    before_s = sys.getswitchinterval()
    try:
        settle_interpreter()
        assert sys.getswitchinterval() <= 0.001
    finally:
        sys.setswitchinterval(before_s)
        gc.unfreeze()


def test_the_default_is_the_demo_and_it_ends_when_the_time_is_up(tmp_path: Path) -> None:
    with program("start", "--for", "1", folder=tmp_path, secrets=embedded_secrets(seed=7)) as run:
        assert run.end() == 0
        assert "ended: the time was up." in run.out
        assert "alpha on gateio: AGREE with the exchange's books" in run.out
        assert "beta on mexc: AGREE with the exchange's books" in run.out
        assert "RESULT AGREE" in run.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_what_is_open_and_a_fresh_look_by_rest_agrees(
    number: signal.Signals, outside: Exchange, tmp_path: Path
) -> None:
    config = outside.config(tmp_path)
    with program(
        "start", "--config", config, "--json-logs", folder=tmp_path, secrets=outside.secrets, **outside.environ
    ) as run:
        run.wait_until_logged("system_started")
        for name in outside.accounts:
            eventually_blocking(lambda name=name: outside.open_orders(name), within_s=20, what="a quote")  # type: ignore[misc]
        run.send(number)
        assert run.end() == 0, run.err
        assert run.out.count("AGREE with the exchange's books") == 2
    assert [outside.open_orders(name) for name in outside.accounts] == [[], []]


def test_open_orders_stay_where_the_configuration_says_so(outside: Exchange, tmp_path: Path) -> None:
    outside.ask("/traders", on=False)
    outside.ask("/market/SOL_USDT", bid="140", ask="142", amount="10")
    outside.ask("/market/ETH_USDT", bid="3100", ask="3300", amount="10")
    config = outside.config(tmp_path, extra="[shutdown]\ncancel_open_orders = false\n")
    with program("start", "--config", config, "--json-logs", folder=tmp_path, **outside.environ) as run:
        eventually_blocking(
            lambda: all(len(outside.open_orders(name)) == 2 for name in outside.accounts), within_s=20, what="quotes"
        )
        run.send(signal.SIGINT)
        assert run.end() == 0, run.err
        assert "RESULT AGREE" in run.out
    assert [len(outside.open_orders(name)) for name in outside.accounts] == [2, 2]


# -- an end that is not orderly ----------------------------------------------------------------------------------------


def test_a_second_ctrl_c_ends_it_at_once(outside: Exchange, tmp_path: Path) -> None:
    with program(
        "start", "--config", outside.config(tmp_path), "--json-logs", folder=tmp_path, **outside.environ
    ) as run:
        run.wait_until_logged("system_started")
        outside.ask("/latency", rest_ms=60_000)
        run.send(signal.SIGINT)
        run.wait_until_logged("stopping")
        run.send(signal.SIGINT)
        assert run.end() == 130
        assert "ended at once: open orders may be left on the exchange" in run.err


def test_ctrl_c_before_it_is_live_ends_in_order(outside: Exchange, tmp_path: Path) -> None:
    outside.ask("/latency", rest_ms=60_000)
    with program(
        "start", "--config", outside.config(tmp_path), "--json-logs", folder=tmp_path, **outside.environ
    ) as run:
        run.wait_until_logged("randomness")
        run.send(signal.SIGINT)
        assert run.end() == 0
        assert "ended by Ctrl-C before it was live; nothing was traded" in run.out


def test_a_reader_that_goes_away_does_not_end_the_run(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = tmp_path / "run.log"
    with log.open("w") as err:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), "start", "--config", embedded(tmp_path), "--for", "0.5"],
            cwd=tmp_path,
            stdout=writing,
            stderr=err,
        )
    os.close(writing)
    assert process.wait(30) == 0
    assert "output_closed" in log.read_text()


def test_killing_the_program_leaves_no_exchange_behind(tmp_path: Path) -> None:
    with program("start", "--config", embedded(tmp_path), "--json-logs", folder=tmp_path) as run:
        started = run.wait_until_logged("embedded_exchange_started")
        run.send(signal.SIGKILL)
        assert run.end() == -signal.SIGKILL
        eventually_blocking(lambda: not _listens(started["control"]), within_s=10, what="the exchange's end")


def test_an_embedded_exchange_that_dies_ends_the_run_with_the_connection_code(tmp_path: Path) -> None:
    config = embedded(tmp_path, "[shutdown]\npatience_s = 0.5\n")
    with program("start", "--config", config, "--json-logs", folder=tmp_path) as run:
        started = run.wait_until_logged("embedded_exchange_started")
        run.wait_until_logged("system_started")
        os.kill(started["pid"], signal.SIGKILL)
        assert run.end() == 3
        assert "the embedded exchange ended by itself with code -9" in run.out
        assert "RESULT UNKNOWN" in run.out


# -- a start that fails ------------------------------------------------------------------------------------------------


def test_a_wrong_secret_ends_at_once_with_its_code_and_without_trying_again(outside: Exchange, tmp_path: Path) -> None:
    environ = outside.environ | {"BETA_SECRET": "f" * 64}
    with program(
        "start",
        "--config",
        outside.config(tmp_path),
        "--json-logs",
        folder=tmp_path,
        secrets=[*outside.secrets, "f" * 64],
        **environ,
    ) as run:
        assert run.end() == 4
        assert "run.py start: account 'beta': the exchange refused: INVALID_SIGNATURE" in run.err
        failures = [record for record in run.logged("connection_failed") if record["name"] == "beta"]
        assert len(failures) == 1
        assert not run.logged("connection_retry")
        assert run.out == ""


def test_missing_secrets_are_named_before_anything_is_connected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "live.toml"
    path.write_text(
        '[[venues]]\nname = "gateio"\n'
        '[[accounts]]\nname = "alpha"\nvenue = "gateio"\nkey_env = "ALPHA_KEY"\nsecret_env = "ALPHA_SECRET"\n'
        '[[accounts]]\nname = "beta"\nvenue = "gateio"\nkey_env = "BETA_KEY"\nsecret_env = "BETA_SECRET"\n'
    )
    monkeypatch.setenv("ALPHA_KEY", "k" * 32)
    monkeypatch.setenv("ALPHA_SECRET", "s" * 64)
    assert main(["start", "--config", str(path)]) == 2
    told = capsys.readouterr()
    assert told.err == (
        f"run.py start: {path}: account 'beta': environment variable BETA_KEY is not set\n"
        f"{path}: account 'beta': environment variable BETA_SECRET is not set\n"
    )
    assert told.out == ""


def test_an_unknown_key_is_refused_with_file_key_and_what_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = embedded(tmp_path, "[shutdown]\ncancel_orders = true\n")
    assert main(["start", "--config", config]) == 2
    assert capsys.readouterr().err == (
        f"run.py start: {config}: shutdown.cancel_orders is not known: one of cancel_open_orders, patience_s "
        "(did you mean cancel_open_orders?)\n"
    )


def test_a_market_that_is_not_listed_fails_the_start(tmp_path: Path) -> None:
    path = Path(embedded(tmp_path))
    path.write_text(path.read_text().replace("SOL/USDT", "DOGE/USDT"))
    with program("start", "--config", str(path), folder=tmp_path) as run:
        assert run.end() in {2, 4}
        assert "DOGE" in run.err.splitlines()[-1]


def test_a_quantity_that_the_market_does_not_take_fails_the_start(tmp_path: Path) -> None:
    path = Path(embedded(tmp_path))
    path.write_text(path.read_text().replace("quantity = 5\n", "quantity = 5.00001\n"))
    with program("start", "--config", str(path), folder=tmp_path) as run:
        assert run.end() == 2
        assert "quantity = Decimal('5.00001') is not allowed" in run.err.splitlines()[-1]


def test_an_exchange_that_is_not_there_fails_the_start_with_the_connection_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    path = tmp_path / "nowhere.toml"
    path.write_text(
        f'[[venues]]\nname = "gate"\nrest = "http://127.0.0.1:{port}/api/v4"\nws = "ws://127.0.0.1:{port}/ws/v4/"\n'
        '[[accounts]]\nname = "alpha"\nvenue = "gate"\nkey_env = "K"\nsecret_env = "S"\n'
    )
    with program("start", "--config", str(path), folder=tmp_path, K="k" * 32, S="s" * 64) as run:
        assert run.end() == 3
        assert "Connect call failed" in run.err or "refused" in run.err


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (
            "seed = 11",
            'log_file = "missing/x.log"',
            "embedded.log_file = missing/x.log: the log cannot be written: No such",
        ),
        (
            "[embedded]",
            '[logging]\nfile = "missing/y.log"\n[embedded]',
            "logging.file = missing/y.log: the log cannot be",
        ),
    ],
)
def test_a_log_that_cannot_be_written_is_a_matter_of_configuration(
    before: str, after: str, wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(embedded(tmp_path))
    path.write_text(path.read_text().replace(before, after))
    assert main(["start", "--config", str(path)]) == 2
    assert wanted in capsys.readouterr().err


def _listens(address: str) -> bool:
    port = int(address.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
