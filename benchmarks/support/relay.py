"""A child process that is a longer way to a server: whatever passes takes ``one_way_ms`` in each direction.

Argument: ``{"host": ..., "port": ..., "one_way_ms": ...}``. A request and its answer are later by twice that, also the
handshake of a socket; bytes keep their order.
"""

import asyncio
import json
import sys
from collections import deque
from typing import cast

from benchmarks.support.peers import answer


class Pipe(asyncio.Protocol):
    """One end of a connection; hands what it gets to the other end, later."""

    def __init__(self, delay_s: float) -> None:
        self.other: Pipe | None = None
        self._delay_s = delay_s
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._waiting.append(data)
        asyncio.get_running_loop().call_later(self._delay_s, self._pass_on)

    def connection_lost(self, _: Exception | None) -> None:
        asyncio.get_running_loop().call_later(self._delay_s, self._hang_up)

    def _pass_on(self) -> None:
        # each timer passes on what came first, so that timers that fire out of order change nothing
        data = self._waiting.popleft()
        if self.other is not None and self.other._transport is not None:
            self.other._transport.write(data)

    def _hang_up(self) -> None:
        if self.other is not None and self.other._transport is not None:
            self.other._transport.close()


async def _serve(host: str, port: int, delay_s: float) -> None:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    class Client(Pipe):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            cast("asyncio.Transport", transport).pause_reading()
            task = loop.create_task(self._reach_server())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        async def _reach_server(self) -> None:
            _, server = await loop.create_connection(lambda: Pipe(delay_s), host, port)
            self.other, server.other = server, self
            assert self._transport is not None
            self._transport.resume_reading()

    listening = await loop.create_server(lambda: Client(delay_s), "127.0.0.1", 0)
    answer({"port": listening.sockets[0].getsockname()[1]})
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    asyncio.run(_serve(options["host"], options["port"], options["one_way_ms"] / 1000))
