"""The exchange as a program of its own."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exchanges.simulator.command import main

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exchanges.simulator",
        *arguments,
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(await process.stdout.readline())
    return line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_tells_where_it_is_in_one_line_and_ends_with_zero_on_a_signal(number: signal.Signals) -> None:
    async with program("--seed", "5", "--accounts", "3") as process:
        endpoints = await ready(process)
        gate = endpoints["gateio"]
        assert list(endpoints) == ["gateio", "mexc", "gateio_futures", "control"]
        assert [account["name"] for account in gate["accounts"]] == ["alpha", "beta", "gamma"]
        assert all(account["key"] and account["secret"] for account in gate["accounts"])
        assert gate["rest"].endswith("/api/v4")
        assert gate["ws"].endswith("/ws/v4/")
        async with aiohttp.ClientSession() as session, session.get(f"{gate['rest']}/spot/tickers") as response:
            assert len(await response.json()) == 4
        async with aiohttp.ClientSession() as session, session.get(f"{endpoints['control']}/health") as response:
            assert (await response.json())["traders_on"] is True
        process.send_signal(number)
        rest_of_output, errors = await process.communicate()
        assert (process.returncode, rest_of_output) == (0, b"")
        assert not any(account["secret"].encode() in errors for account in gate["accounts"])


async def test_it_ends_with_the_process_that_started_it_if_asked() -> None:
    async with program("--exit-when-stdin-closes", "--no-traders") as process:
        await ready(process)
        assert process.stdin is not None
        process.stdin.write(b"still here\n")
        await process.stdin.drain()
        process.stdin.close()
        assert await process.wait() == 0


async def test_a_port_in_use_is_said_clearly() -> None:
    async with program() as first:
        port = (await ready(first))["control"].split(":")[2]
        async with program("--port", port) as second:
            output, errors = await second.communicate()
            assert (second.returncode, output) == (3, b"")
            assert b"cannot listen on 127.0.0.1" in errors
            assert port.encode() in errors
            assert b"Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--accounts", "Alpha"], "account name: 'Alpha'"),
        (["--accounts", "alpha,alpha"], "accounts: 'alpha'"),
        (["--accounts", "0"], "accounts: 0"),
        (["--port", "70000"], "rest_port: 70000"),
        (["--rest-latency-ms", "-5"], "rest_latency_ms: -5.0"),
    ],
)
def test_bad_options_are_said_clearly(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
