"""A real program whose output nobody reads, nobody can read, or no disk takes: it trades on, and ends in order.

At each end the exchange has no open order of it, and exit code 0 says that its books are those of the exchange.
"""

import os
import pty
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.programs import ROOT, Exchange, exchange, quoter
from tests.support.eventually import eventually_blocking

_END_S = 30.0
CTRL_S, CTRL_Q = b"\x13", b"\x11"
NAMES = [f"account-{number}" for number in range(8)]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One exchange for all; each program trades on an account of its own."""
    with exchange(tmp_path_factory.mktemp("exchange"), "--accounts", ",".join(NAMES)) as running:
        yield running


class Trader:
    """A program that quotes on one account."""

    def __init__(
        self, outside: Exchange, account: str, folder: Path, *options: str, extra: str = "", **streams: Any
    ) -> None:
        self._outside = outside
        self.account = account
        key, secret = outside.accounts[account]
        config = folder / "live.toml"
        config.write_text(
            f'[[venues]]\nname = "gate"\nrest = "{outside.rest}"\nws = "{outside.ws}"\n'
            f'[[accounts]]\nname = "{account}"\nvenue = "gate"\nkey_env = "K"\nsecret_env = "S"\n'
            + quoter(account, "SOL/USDT", 5).replace("requote_bps = 2", "requote_bps = 0.5\nrequote_every_s = 0.1")
            + extra
        )
        streams = {"stdin": subprocess.DEVNULL} | streams
        command = [sys.executable, str(ROOT / "run.py"), "start", "--config", str(config), "--plain", *options]
        self.process = subprocess.Popen(
            command, cwd=folder, env={"PATH": os.environ["PATH"], "K": key, "S": secret}, **streams
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def orders_count(self) -> int:
        return len(self._outside.ask(f"/accounts/{self.account}/books")["orders"])

    def wait_until_it_trades(self) -> None:
        """Waits for new orders."""
        before = self.orders_count
        eventually_blocking(
            lambda: self.orders_count > before + 2 or self.process.poll() is not None, within_s=20, what="new orders"
        )
        assert self.process.poll() is None, "ended by itself"

    def expect_orderly_end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(_END_S) == 0
        assert self._outside.open_orders(self.account) == []


Start = Callable[..., Trader]


@pytest.fixture
def start(outside: Exchange, tmp_path: Path) -> Iterator[Start]:
    """Starts a program on an account on which nobody has traded; it is gone when the test is over."""
    started: list[Trader] = []

    def begin(*options: str, **more: Any) -> Trader:
        account = next(name for name in outside.accounts if not outside.ask(f"/accounts/{name}/books")["orders"])
        started.append(Trader(outside, account, tmp_path, *options, **more))
        return started[-1]

    yield begin
    for trader in started:
        trader.kill()


class Pipe:
    """What a program says into, with a reader that can stop and go on."""

    def __init__(self) -> None:
        self.end, self.into = os.pipe()
        self._may_read = threading.Event()
        self._data = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while self._may_read.wait() and (data := os.read(self.end, 1 << 16)):
            self._data += data

    def read(self) -> None:
        self._may_read.set()

    def block(self) -> None:
        """Stops reading, and fills the pipe to its brim."""
        self._may_read.clear()
        self._filler = threading.Thread(target=self._fill, daemon=True)
        self._filler.start()
        poll = select.poll()
        poll.register(self.into, select.POLLOUT)
        eventually_blocking(lambda: not poll.poll(0), what="a full pipe")

    def _fill(self) -> None:
        while not self._may_read.is_set():
            os.write(self.into, b"." * 4095 + b"\n")  # whole pages: no short line finds room in the last one

    def text(self) -> str:
        """All that was said; for after the program's end."""
        self.read()
        self._filler.join(10)
        os.close(self.into)
        self._reader.join(10)
        os.close(self.end)
        return self._data.decode()


def test_readers_that_do_not_read_stop_neither_trading_nor_the_end(start: Start) -> None:
    """A pipe that nobody empties, and a terminal on which somebody has pressed Ctrl-S."""
    pipe, (terminal, stderr) = Pipe(), pty.openpty()
    pipe.block()
    os.write(terminal, CTRL_S)
    trader = start("--log-level", "debug", stdout=pipe.into, stderr=stderr)
    trader.wait_until_it_trades()
    pipe.read()
    os.write(terminal, CTRL_Q)
    assert os.read(terminal, 4096), "what was said is written when somebody reads again"
    pipe.block()
    os.write(terminal, CTRL_S)
    trader.expect_orderly_end()
    pipe.text()
    for descriptor in (terminal, stderr):
        os.close(descriptor)


def test_who_reads_again_at_the_end_is_told_how_it_ended(start: Start) -> None:
    pipe = Pipe()
    pipe.block()
    trader = start(stdout=pipe.into, stderr=pipe.into)
    trader.wait_until_it_trades()
    pipe.read()
    trader.expect_orderly_end()
    text = pipe.text()
    assert "system_started" in text
    assert "run_ended  reason=SIGTERM verdict=AGREE exit_code=0" in text
    assert "RESULT AGREE" in text


@pytest.mark.parametrize("when", ["trading", "ending"])
def test_a_reader_that_is_gone_stops_neither_trading_nor_the_end(when: str, outside: Exchange, start: Start) -> None:
    end, into = os.pipe()
    trader = start("--log-level", "debug", stdout=into, stderr=into)
    os.close(into)
    if when == "ending":
        trader.wait_until_it_trades()
    os.close(end)
    outside.ask("/sockets/cut", how="reset", account=trader.account)
    if when == "trading":
        trader.wait_until_it_trades()
    trader.expect_orderly_end()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux: a limit is set from outside")
def test_a_disk_that_is_full_and_freed_again_stops_neither_trading_nor_the_end(
    outside: Exchange, start: Start, tmp_path: Path
) -> None:
    """A limit on the size of files stands for the disk: the journal, which would refuse new orders, is switched off."""
    log, out = tmp_path / "run.log", tmp_path / "out.txt"
    with out.open("w") as stdout:
        extra = f'[journal]\nenabled = false\n[logging]\nfile = "{log}"\n'
        trader = start(extra=extra, stdout=stdout, stderr=stdout)
    trader.wait_until_it_trades()
    pid = trader.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)

    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, most))
    outside.ask("/sockets/cut", how="reset")
    trader.wait_until_it_trades()
    full = log.read_text()
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
    outside.ask("/sockets/cut", how="reset")
    eventually_blocking(lambda: "log_was_not_writable" in log.read_text(), within_s=20, what="the loss to be told")
    freed = log.read_text()
    told = freed.removeprefix(full).splitlines()[0]
    assert "error   log_was_not_writable  lines=" in told
    trader.wait_until_it_trades()

    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, most))
    trader.expect_orderly_end()
    assert "RESULT" not in out.read_text()


def test_stdout_and_stderr_may_be_closed_from_the_beginning(start: Start) -> None:
    """Nothing else gets their numbers: what is said would be written into a journal."""
    trader = start(stdin=None, preexec_fn=lambda: [os.close(n) for n in (0, 1, 2)])
    trader.wait_until_it_trades()
    if Path("/proc/self/fd").exists():
        standard = [os.readlink(f"/proc/{trader.process.pid}/fd/{number}") for number in (0, 1, 2)]
        assert standard == [os.devnull] * 3
    trader.expect_orderly_end()


def test_a_second_sigterm_ends_it_at_once_though_nobody_reads(outside: Exchange, start: Start, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    pipe = Pipe()
    pipe.block()
    extra = f'[logging]\nfile = "{log}"\n'
    trader = start(extra=extra, stdout=pipe.into, stderr=pipe.into)
    trader.wait_until_it_trades()
    outside.ask("/latency", rest_ms=60_000)
    try:
        trader.process.send_signal(signal.SIGTERM)
        eventually_blocking(lambda: "stopping" in log.read_text(), within_s=20, what="the end to begin")
        trader.process.send_signal(signal.SIGTERM)
        assert trader.process.wait(_END_S) == 130
    finally:
        outside.ask("/latency", rest_ms=0)
        pipe.text()
