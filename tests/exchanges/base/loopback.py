"""Servers on loopback that behave well or badly on purpose, and the environment that clients are made with."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.environment import Clock, Environment, SystemClock
from exchanges.base.websockets_transport import WebsocketsTransport

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Tasks:
    """Starts tasks and remembers them, so that a test can see that none is left over."""

    def __init__(self) -> None:
        self.started: list[asyncio.Task[Any]] = []

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str, /) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self.started.append(task)
        return task

    @property
    def running(self) -> list[str]:
        return [task.get_name() for task in self.started if not task.done()]


@contextlib.asynccontextmanager
async def environment(clock: Clock | None = None, tasks: Tasks | None = None) -> AsyncIterator[Environment]:
    """Real transports; closes them at the end."""
    http = AiohttpTransport()
    try:
        yield Environment(
            clock=clock or SystemClock(),
            rng=random.Random(7),
            spawn=(tasks or Tasks()).spawn,
            http=http,
            sockets=WebsocketsTransport(),
        )
    finally:
        await http.close()


@contextlib.asynccontextmanager
async def tcp_server(conversation: Conversation) -> AsyncIterator[str]:
    """A TCP server on a free port; yields ``127.0.0.1:PORT``."""
    writers: list[asyncio.StreamWriter] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await conversation(reader, writer)
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """One HTTP request: its request line, headers (lower case) and body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return head[0], headers, body


def http_answer(body: bytes = b"{}", *, status: str = "200 OK", headers: str = "") -> bytes:
    """The bytes of one HTTP answer; ``headers`` are whole lines with their line ends."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n{headers}\r\n"
    return head.encode("latin-1") + body


def reset(writer: asyncio.StreamWriter) -> None:
    """Breaks the connection with a TCP reset."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def websocket_server(conversation: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """A WebSocket server on a free port; yields its URL."""
    async with serve(conversation, "127.0.0.1", 0, ping_interval=None, close_timeout=0.2) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/v4/"


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
