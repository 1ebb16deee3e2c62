"""The embedded exchange as a child process: its own interpreter, so that it does not slow down who trades on it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog

from config import AccountConfig, EmbeddedConfig
from console.sinks import open_log
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.registry import VENUE_KINDS
from messages.errors import ConnectionFailedError

_log = structlog.get_logger("teller.embedded")
ROOT: Final = Path(__file__).resolve().parents[1]
_MOST_SOCKETS: Final = 300
"""As many as an exchange takes from one address; more accounts than that are for trying out how the program scales."""
_SOCKETS_FOR_EACH: Final = 3
"""An account's own, that of its successor while it is renewed, and a share of the market data."""
_LONGEST_LINE: Final = 16 * 1024 * 1024
"""What it says when it is ready names every account: thousands of them."""
_START_S: Final = 20.0
_STOP_S: Final = 5.0


class _Account(msgspec.Struct, frozen=True):
    name: str
    key: str
    secret: str


class _Face(msgspec.Struct, frozen=True):
    rest: str
    ws: str
    accounts: list[_Account]


class _Control(msgspec.Struct, frozen=True):
    control: str


class _Ready(msgspec.Struct, frozen=True):
    """What the exchange says when it is ready: its faces by the kind of venue, and its control API."""

    faces: Mapping[str, _Face]
    control: str

    @classmethod
    def read(cls, line: bytes) -> "_Ready":
        """Raises `msgspec.DecodeError` for anything else."""
        said = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        faces = {kind: msgspec.json.decode(face, type=_Face) for kind, face in said.items() if kind in VENUE_KINDS}
        return cls(faces, msgspec.json.decode(line, type=_Control).control)


class EmbeddedExchange:
    """A running one.

    Attributes:
        endpoints: of each face, by the kind of venue. control: address of its control API.
    """

    def __init__(self, ready: _Ready, process: asyncio.subprocess.Process) -> None:
        self.endpoints: Final = {kind: Endpoints(face.rest, face.ws) for kind, face in ready.faces.items()}
        self.control: Final = ready.control
        self._credentials: Final = {
            (kind, account.name): Credentials(account.key, account.secret)
            for kind, face in ready.faces.items()
            for account in face.accounts
        }
        self._process: Final = process

    def credentials_of(self, accounts: Iterable[AccountConfig]) -> dict[str, Credentials]:
        """By the account's name: what its venue's face has handed out."""
        return {account.name: self._credentials[account.venue, account.name] for account in accounts}

    async def ended(self) -> int:
        """Waits for its end; returns its exit code."""
        return await self._process.wait()


@asynccontextmanager
async def run_embedded(config: EmbeddedConfig, accounts: Sequence[str]) -> AsyncIterator[EmbeddedExchange]:
    """Runs an exchange with these accounts while the ``async with`` lasts.

    It is told to end by the end of its stdin, which comes by itself when this process is killed, so it is never left
    over. It is in a session of its own: Ctrl-C in the terminal is for us, it must live until our orders are canceled.

    Raises:
        ConfigurationError: its log cannot be written. ConnectionFailedError: it did not start; says why.
    """
    log = open_log(config.log_file, "embedded.log_file")
    try:
        began = os.fstat(log).st_size
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "run.py"),
            "simulate",
            "--exit-when-stdin-closes",
            f"--seed={config.seed}",
            f"--accounts={','.join(accounts)}",
            f"--rest-latency-ms={config.rest_latency_ms}",
            f"--push-latency-ms={config.push_latency_ms}",
            f"--max-sockets={max(_MOST_SOCKETS, _SOCKETS_FOR_EACH * len(accounts))}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
    try:
        exchange = EmbeddedExchange(await _ready(process, Path(config.log_file), began), process)
        _log.info(
            "embedded_exchange_started",
            pid=process.pid,
            endpoints={kind: at.rest for kind, at in exchange.endpoints.items()},
            control=exchange.control,
        )
        yield exchange
    finally:
        await _end(process)


async def _ready(process: asyncio.subprocess.Process, log: Path, began: int) -> _Ready:
    assert process.stdout is not None, "it is a pipe"
    try:
        async with asyncio.timeout(_START_S):
            line = await process.stdout.readline()
    except TimeoutError:
        raise ConnectionFailedError(f"the embedded exchange was not ready within {_START_S:g} s; see {log}") from None
    if not line:
        code = await process.wait()
        said = await asyncio.to_thread(_last_line, log, began)
        raise ConnectionFailedError(f"the embedded exchange ended at once with code {code}: {said or f'see {log}'}")
    try:
        return _Ready.read(line)
    except msgspec.DecodeError:
        raise ConnectionFailedError("the embedded exchange did not say where it is") from None


def _last_line(log: Path, began: int) -> str:
    lines = log.read_bytes()[began:].decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None, "it is a pipe"
    process.stdin.close()
    for last_resort in (process.terminate, process.kill, None):
        try:
            async with asyncio.timeout(_STOP_S):
                code = await process.wait()
        except TimeoutError:
            if last_resort is not None:
                _log.warning("embedded_exchange_lingers", pid=process.pid, next=last_resort.__name__)
                with suppress(ProcessLookupError):
                    last_resort()
        else:
            _log.info("embedded_exchange_ended", pid=process.pid, code=code)
            return
