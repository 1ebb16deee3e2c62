"""Runs `run.py` as a real process, keeps all that it says, and sees to it that no secret is in it (R12)."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from exchanges.registry import FIRST_KIND, VENUE_KINDS
from tests.support.eventually import eventually_blocking

ROOT = Path(__file__).parents[2]
WITHIN_S = 60.0


class Program:
    """One run of ``run.py``."""

    def __init__(self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: dict[str, list[str]] = {"out": [], "err": []}
        self._readers = [
            threading.Thread(target=self._read, args=(name, pipe), daemon=True)
            for name, pipe in (("out", self._process.stdout), ("err", self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, pipe: TextIO) -> None:
        lines = self._lines[name]
        with pipe:
            for line in pipe:
                lines.append(line)  # one by one, as they come: others look meanwhile

    @property
    def out(self) -> str:
        return "".join(self._lines["out"])

    @property
    def err(self) -> str:
        return "".join(self._lines["err"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def records(self, event: str) -> list[dict[str, Any]]:
        """JSON lines of one kind on stdout."""
        found = [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]
        return [record for record in found if record.get("event") == event]

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Log events of one kind; for runs with ``--json-logs``."""
        found = [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]
        return [record for record in found if record.get("event") == event]

    def wait_until_logged(self, event: str) -> dict[str, Any]:
        eventually_blocking(
            lambda: self.logged(event) or self._process.poll() is not None, within_s=WITHIN_S, what=f"{event} logged"
        )
        assert self.logged(event), self.err
        return self.logged(event)[0]

    def wait_until_said(self, text: str) -> None:
        eventually_blocking(
            lambda: text in self.out or self._process.poll() is not None, within_s=WITHIN_S, what=f"{text!r} said"
        )
        assert text in self.out, self.err

    def expect_alive_for(self, seconds: float) -> None:
        """Lets it run for so long; fails if it ends by itself."""
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"ended by itself with code {self._process.wait(seconds)}: {self.err}")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def close_stdin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def end(self) -> int:
        """Waits for it to end by itself; returns the exit code."""
        code = self._process.wait(WITHIN_S)
        for reader in self._readers:
            reader.join(WITHIN_S)
        return code

    def kill(self) -> None:
        self._process.kill()
        self.end()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()


@contextmanager
def program(*arguments: str, folder: Path, secrets: Sequence[str] = (), **environ: str) -> Iterator[Program]:
    """A process that is gone when the ``with`` is left, and that has not told any of ``secrets``."""
    running = Program(arguments, folder, environ)
    try:
        yield running
    finally:
        running.kill()
    for secret in secrets:
        assert secret not in running.out, "a secret on stdout (R12)"
        assert secret not in running.err, "a secret on stderr (R12)"
        for path in folder.iterdir():
            if path.suffix == ".log":
                assert secret not in path.read_text(), f"a secret in {path.name} (R12)"


class Exchange:
    """A separate embedded exchange, as ``run.py simulate`` tells of it.

    Attributes:
        rest, ws: of the first venue's face. kinds: at which kind of venue each account is that is used here.
        accounts: their keys and secrets.
    """

    def __init__(self, running: Program, *, each_kind: bool) -> None:
        """``each_kind``: one account at every kind of venue is used; else all that the first one has."""
        running.wait_until_said("\n")
        self.faces: dict[str, Any] = json.loads(running.out.splitlines()[0])
        self.program = running
        self.rest: str = self.faces[FIRST_KIND]["rest"]
        self.ws: str = self.faces[FIRST_KIND]["ws"]
        self.control: str = self.faces["control"]
        names = [account["name"] for account in self.faces[FIRST_KIND]["accounts"]]
        self.kinds = dict(zip(names, VENUE_KINDS, strict=True)) if each_kind else dict.fromkeys(names, FIRST_KIND)
        self.accounts: dict[str, tuple[str, str]] = {
            account["name"]: (account["key"], account["secret"])
            for name, kind in self.kinds.items()
            for account in self.faces[kind]["accounts"]
            if account["name"] == name
        }

    @property
    def secrets(self) -> list[str]:
        return [text for pair in self.accounts.values() for text in pair]

    @property
    def environ(self) -> dict[str, str]:
        """``ALPHA_KEY``, ``ALPHA_SECRET`` and so on."""
        return {
            f"{name.upper()}_{what}": text
            for name, pair in self.accounts.items()
            for what, text in zip(("KEY", "SECRET"), pair, strict=True)
        }

    def ask(self, path: str, **body: Any) -> Any:
        """GET, or POST where there is a body."""
        return control(self.control, path, **body)

    def end_faults(self) -> None:
        for kind in set(self.kinds.values()):
            control(self.control, f"/{kind}/faults", method="DELETE")

    def books(self, account: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(f"/{self.kinds[account]}/accounts/{account}/books")
        return found

    def open_orders(self, account: str) -> list[dict[str, Any]]:
        return [order for order in self.books(account)["orders"] if order["status"] == "open"]

    def trades(self, account: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.books(account)["trades"]
        return found

    def config(self, folder: Path, *, extra: str = "", strategies: bool = True) -> str:
        """Writes a file for `run.py` that trades here as on a real exchange; returns its name."""
        text = ""
        for kind in dict.fromkeys(self.kinds.values()):
            face = self.faces[kind]
            text += f'[[venues]]\nname = "{kind}"\nkind = "{kind}"\nrest = "{face["rest"]}"\nws = "{face["ws"]}"\n'
        for index, name in enumerate(self.accounts):
            text += f'[[accounts]]\nname = "{name}"\nvenue = "{self.kinds[name]}"\n'
            text += f'key_env = "{name.upper()}_KEY"\nsecret_env = "{name.upper()}_SECRET"\n'
            if strategies:
                market, quantity = [("SOL/USDT", 5), ("ETH/USDT", 0.25)][index % 2]
                text += quoter(name, market, quantity)
        path = folder / "live.toml"
        path.write_text(text + extra)
        return str(path)


def quoter(account: str, market: str, quantity: float) -> str:
    return (
        f'[[strategies]]\nkind = "quoter"\nname = "quoter-{account}"\naccount = "{account}"\nsymbol = "{market}"\n'
        f"quantity = {quantity}\nhalf_spread_bps = 3\nrequote_bps = 2\nmax_inventory = {quantity * 10}\n"
    )


def control(address: str, path: str, *, method: str | None = None, **body: Any) -> Any:
    """One request to a control API: GET, or POST where there is a body, unless ``method`` says otherwise."""
    request = urllib.request.Request(  # noqa: S310  # always http on loopback
        address + path,
        data=json.dumps(body).encode() if body else None,
        method=method or ("POST" if body else "GET"),
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # as above
        return json.loads(answer.read())


@contextmanager
def exchange(folder: Path, *arguments: str, each_kind: bool = False) -> Iterator[Exchange]:
    """An exchange in a process of its own. ``each_kind``: as in `Exchange`, of as many accounts as there are kinds."""
    named = ("--accounts", str(len(VENUE_KINDS))) if each_kind else ()
    with program("simulate", *arguments, *named, folder=folder) as running:
        yield Exchange(running, each_kind=each_kind)
