"""`run.py check` and `run.py simulate` as real processes."""

import io
import json
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import run
from console.check import check
from console.exit_codes import MEANINGS, ExitCode
from console.logs import Hider
from console.output import Output
from exchanges.simulator import AccountConfig, SimulatorConfig, start_exchange
from exchanges.simulator.server import wall_clock_ms
from tests.console.programs import ROOT, Exchange, exchange, program, quoter


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One exchange for all tests here: none of them trades."""
    with exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


# -- check -------------------------------------------------------------------------------------------------------------


def test_check_looks_at_everything_and_places_nothing(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    with program("check", "--config", config, folder=tmp_path, secrets=outside.secrets, **outside.environ) as running:
        assert running.end() == 0, run.out
        looked_at = [line[6:26].strip() for line in running.out.splitlines() if line.startswith("ok    ")]
    assert looked_at == [
        "configuration",
        "alpha journal",
        "alpha kill switch",
        "beta journal",
        "beta kill switch",
        "secrets",
        "gateio REST",
        "gateio clock",
        "gateio can",
        "gateio markets",
        "quoter-alpha",
        "quoter-beta",
        "gateio WebSocket",
        "alpha settings",
        "alpha key",
        "alpha may trade",
        "alpha books",
        "alpha WebSocket",
        "beta settings",
        "beta key",
        "beta may trade",
        "beta books",
        "beta WebSocket",
    ]
    assert outside.ask("/accounts/alpha/books")["orders"] == []


def test_check_of_the_demo_starts_the_embedded_exchange(tmp_path: Path) -> None:
    with program("check", folder=tmp_path) as running:
        assert running.end() == 0, run.out
        assert "ok    embedded exchange    runs as a child process" in running.out
        assert "FAIL" not in running.out


def test_check_tells_a_wrong_secret_and_goes_on(outside: Exchange, tmp_path: Path) -> None:
    environ = outside.environ | {"ALPHA_SECRET": "e" * 64}
    config = outside.config(tmp_path)
    with program("check", "--config", config, folder=tmp_path, secrets=["e" * 64], **environ) as running:
        assert running.end() == 4
        assert "FAIL  alpha key            the exchange refused: INVALID_SIGNATURE" in running.out
        assert "ok    beta key" in running.out


def test_check_tells_missing_secrets_each_on_a_line_and_still_looks_at_the_exchange(
    outside: Exchange, tmp_path: Path
) -> None:
    with program("check", "--config", outside.config(tmp_path), folder=tmp_path) as running:
        assert running.end() == 2
        lines = running.out.splitlines()
    assert [line.split(maxsplit=1)[0] for line in [lines[0], *lines[5:7]]] == ["ok", "FAIL", f"{tmp_path}/live.toml:"]
    assert all(any(f"variable {name} is not set" in line for line in lines) for name in outside.environ)
    assert any(line.startswith("ok    gateio REST") for line in lines)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("SOL/USDT", "DOGE/USDT"), "FAIL  quoter-alpha         symbol = 'DOGE/USDT' is not allowed: a market that"),
        (("quantity = 5\n", "quantity = 0.001\n"), "FAIL  quoter-alpha         price x quantity = "),
        (("quantity = 5\n", "quantity = 5.00001\n"), "FAIL  quoter-alpha         quantity = Decimal('5.00001')"),
        (("[[venues]]", "[[venue]]"), "FAIL  configuration        "),
    ],
    ids=["unknown market", "below the minimum", "off the lot", "bad configuration"],
)
def test_check_tells_what_would_be_refused(
    change: tuple[str, str], wanted: str, outside: Exchange, tmp_path: Path
) -> None:
    path = Path(outside.config(tmp_path))
    path.write_text(path.read_text().replace(*change))
    with program("check", "--config", str(path), folder=tmp_path, **outside.environ) as running:
        assert running.end() == 2
        assert wanted in running.out


@asynccontextmanager
async def checked_exchange(
    folder: Path, monkeypatch: pytest.MonkeyPatch, config: SimulatorConfig, *, ahead_ms: int = 0
) -> AsyncIterator[Path]:
    """An exchange in this process with one account, and a configuration that trades there."""
    running = await start_exchange(config, now_ms=lambda: wall_clock_ms() + ahead_ms)
    gateio: Any = running.endpoints["gateio"]
    path = folder / "t.toml"
    path.write_text(
        f'[[venues]]\nname = "gate"\nrest = "{gateio["rest"]}"\nws = "{gateio["ws"]}"\n'
        '[[accounts]]\nname = "alpha"\nvenue = "gate"\nkey_env = "K"\nsecret_env = "S"\n'
        + quoter("alpha", "SOL/USDT", 5)
    )
    monkeypatch.setenv("K", gateio["accounts"][0]["key"])
    monkeypatch.setenv("S", gateio["accounts"][0]["secret"])
    try:
        yield path
    finally:
        await running.close()


async def checked(path: Path) -> tuple[int, str]:
    said = io.StringIO()
    return await check(path, Output(json=False, hider=Hider(), stream=said)), said.getvalue()


async def test_check_tells_a_clock_that_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with checked_exchange(tmp_path, monkeypatch, SimulatorConfig(), ahead_ms=30_000) as path:
        code, said = await checked(path)
    assert code == 2
    assert re.search(r"FAIL  gate clock +this machine is (29|30)\d\d\d ms behind; at most 5000 ms", said)
    assert "ok    alpha key" in said, "signing corrects for it"


async def test_check_tells_a_key_that_may_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = SimulatorConfig(accounts=(AccountConfig(name="alpha", read_only=True),))
    async with checked_exchange(tmp_path, monkeypatch, config) as path:
        code, said = await checked(path)
    assert code == 4
    assert "FAIL  alpha may trade      the exchange refused: READ_ONLY" in said
    assert "ok    alpha books" in said


def test_check_tells_an_exchange_that_is_not_there(outside: Exchange, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nowhere = f"127.0.0.1:{server.getsockname()[1]}"
    path = Path(outside.config(tmp_path))
    path.write_text(path.read_text().replace(outside.rest.split("/")[2], nowhere))
    with program("check", "--config", str(path), folder=tmp_path, **outside.environ) as running:
        assert running.end() == 3
        assert "FAIL  gateio REST" in running.out


# -- simulate ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_simulate_prints_one_json_line_and_ends_on_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    with program("simulate", "--accounts", "one,two,three", folder=tmp_path) as running:
        running.wait_until_said("\n")
        ready = json.loads(running.out)
        assert [account["name"] for account in ready["gateio"]["accounts"]] == ["one", "two", "three"]
        assert ready["gateio"]["rest"].startswith("http://127.0.0.1:")
        assert ready["gateio"]["ws"].endswith("/ws/v4/")
        assert ready["control"].startswith("http://127.0.0.1:")
        running.send(number)
        assert running.end() == 0
        assert len(running.out.splitlines()) == 1
        secrets = [account[what] for account in ready["gateio"]["accounts"] for what in ("key", "secret")]
        assert not any(secret in running.err for secret in secrets)


def test_simulate_ends_with_the_one_who_started_it(tmp_path: Path) -> None:
    with program("simulate", "--exit-when-stdin-closes", folder=tmp_path) as running:
        running.wait_until_said("\n")
        running.close_stdin()
        assert running.end() == 0


def test_simulate_says_which_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with program("simulate", "--port", str(port), folder=tmp_path) as running:
            assert running.end() == 3
            assert "ddress already in use" in running.err
            assert running.out == ""


def test_simulate_refuses_what_makes_no_sense(tmp_path: Path) -> None:
    with program("simulate", "--rest-latency-ms", "-1", folder=tmp_path) as running:
        assert running.end() == 2
        assert "rest_latency_ms: -1.0 is not allowed, must be 0 to 60000 ms" in running.err


# -- the command line --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["strat"], "invalid choice: 'strat'"),
        (["start", "--for", "0"], "argument --for: '0' is not allowed: seconds, above 0"),
        (["start", "--for", "nan"], "argument --for: 'nan' is not allowed: seconds, above 0"),
    ],
)
def test_bad_usage_has_its_code_and_says_what_is_allowed(
    arguments: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run.main(arguments)
    assert caught.value.code == ExitCode.CONFIGURATION
    assert wanted in capsys.readouterr().err


def test_a_missing_file_has_its_code_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["start", "--config", "nothing.toml"]) == ExitCode.CONFIGURATION
    assert capsys.readouterr().err == "run.py start: nothing.toml: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("command", [None, "start", "simulate", "check", "history", "kill-switch"])
def test_help_lists_every_exit_code(command: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run.main(["--help"] if command is None else [command, "--help"])
    assert caught.value.code == 0
    told = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert [[str(code.value), meaning] for code, meaning in MEANINGS.items()] == [
        words for words in told if words and words[0].isdecimal()
    ]
    assert set(MEANINGS) == set(ExitCode)


def test_the_readme_lists_every_exit_code() -> None:
    readme = (ROOT / "README.md").read_text()
    for code, meaning in MEANINGS.items():
        assert f"| {code.value} | {meaning} |" in readme
