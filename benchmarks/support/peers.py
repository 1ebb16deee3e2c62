"""The other end of the wire: child processes that serve, and end when we do."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

_READY_WITHIN_S: Final = 30.0
_ANSWER_WITHIN_S: Final = 60.0


class Peer:
    """A child process that talks JSON, one object a line: first what it is ready with, then answers to our lines."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self.ready = ready
        self._process = process

    async def ask(self, question: Mapping[str, object]) -> dict[str, Any]:
        """Sends a line and waits for the next one."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        await self._process.stdin.drain()
        return await _line(self._process, _ANSWER_WITHIN_S)


@asynccontextmanager
async def peer(module: str, **options: object) -> AsyncIterator[Peer]:
    """Runs ``python -m module``, ``options`` as one JSON argument; it ends when its stdin does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        json.dumps(options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    try:
        yield Peer(process, await _line(process, _READY_WITHIN_S))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _line(process: asyncio.subprocess.Process, within_s: float) -> dict[str, Any]:
    assert process.stdout is not None
    async with asyncio.timeout(within_s):
        line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a server process ended before it answered")
    answer: dict[str, Any] = json.loads(line)
    return answer


def answer(line: dict[str, object]) -> None:
    """For the child: one line to the parent."""
    print(json.dumps(line), flush=True)
