"""A TCP proxy that misbehaves on request: real sockets, real resets, between our clients and the exchange."""

import asyncio
import contextlib
import enum
from urllib.parse import urlsplit, urlunsplit


class Mode(enum.Enum):
    """What happens to the bytes."""

    PASS = "pass"
    LOSE_ANSWERS = "lose_answers"
    """What the server says is thrown away and the connection reset: the request has had its effect."""
    LOSE_REQUESTS = "lose_requests"
    """What the client says is thrown away and the connection reset."""
    STALL = "stall"
    """Nothing gets through and nothing ends."""
    STALL_ANSWERS = "stall_answers"
    """Requests have their effect; the answers do not come and nothing ends."""
    REFUSE = "refuse"
    """New connections are closed as soon as they are made; `Proxy.cut` ends those that exist."""


class Proxy:
    """Listens on a free loopback port and forwards to the host and port of ``target``, a URL."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self.mode = Mode.PASS
        self.requests = 0

    async def start(self) -> str:
        """Returns the URL to use instead of the target."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return urlunsplit(self._target._replace(netloc=f"127.0.0.1:{port}"))

    async def set_mode(self, mode: Mode) -> None:
        """Also wakes what a stall holds back."""
        async with self._changed:
            self.mode = mode
            self._changed.notify_all()

    def cut(self) -> None:
        """Resets every open connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def inject(self, text: bytes) -> None:
        """Sends a WebSocket text frame to every client, as if the server had."""
        assert len(text) < 126, "a short frame"
        for writer in self._clients:
            writer.write(bytes([0x81, len(text)]) + text)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.REFUSE:
            writer.transport.abort()
            return
        upstream_reader, upstream_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        pair = (writer, upstream_writer)
        self._writers.update(pair)
        self._clients.add(writer)
        for source, sink, is_answer in ((reader, upstream_writer, False), (upstream_reader, writer, True)):
            task = asyncio.create_task(self._pump(source, sink, pair, is_answer=is_answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _flows(self, *, is_answer: bool) -> None:
        stalls = {Mode.STALL, Mode.STALL_ANSWERS} if is_answer else {Mode.STALL}
        async with self._changed:
            await self._changed.wait_for(lambda: self.mode not in stalls)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        *,
        is_answer: bool,
    ) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            while data := await source.read(65536):
                self.requests += not is_answer
                await self._flows(is_answer=is_answer)
                lost = Mode.LOSE_ANSWERS if is_answer else Mode.LOSE_REQUESTS
                if self.mode is lost:
                    break
                sink.write(data)
                await sink.drain()
        for writer in pair:
            writer.transport.abort()
            self._writers.discard(writer)
            self._clients.discard(writer)
