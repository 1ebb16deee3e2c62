"""Transports that note when requests are under way, and can be told to let only one at a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NoReturn

from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.transport import NO_HEADERS, HttpResponse, HttpTransport, Socket
from exchanges.base.websockets_transport import WebsocketsTransport


class Watch:
    """Attributes: requests: how many there were. one_by_one: let the next begin when the one before has its answer."""

    def __init__(self, *, one_by_one: bool) -> None:
        self.requests = 0
        self._turn = asyncio.Lock() if one_by_one else None
        self._under_way = 0
        self._since_s = 0.0
        self._busy_s = 0.0

    @property
    def busy_s(self) -> float:
        """Seconds during which at least one request was under way."""
        return self._busy_s

    async def begin(self) -> None:
        """A request is about to leave."""
        if self._turn is not None:
            await self._turn.acquire()
        self.requests += 1
        if not self._under_way:
            self._since_s = time.perf_counter()
        self._under_way += 1

    def end(self) -> None:
        """Its answer is here."""
        self._under_way -= 1
        if not self._under_way:
            self._busy_s += time.perf_counter() - self._since_s
        if self._turn is not None:
            self._turn.release()

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Around one request."""
        await self.begin()
        try:
            yield
        finally:
            self.end()


class WatchedHttp:
    """`HttpTransport` over the real one."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._real: HttpTransport = AiohttpTransport()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        async with self._watch.request():
            return await self._real.request(method, url, headers=headers, body=body, timeout_s=timeout_s)

    async def close(self) -> None:
        await self._real.close()


class WatchedSockets:
    """`SocketTransport` over the real one; a handshake is a request, and so is each subscription."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._real = WebsocketsTransport()

    async def connect(self, url: str, *, timeout_s: float, headers: Mapping[str, str] = NO_HEADERS) -> Socket:
        async with self._watch.request():
            return _WatchedSocket(await self._real.connect(url, timeout_s=timeout_s, headers=headers), self._watch)


class _WatchedSocket:
    def __init__(self, real: Socket, watch: Watch) -> None:
        self._real = real
        self._watch = watch

    async def send(self, message: bytes | str) -> None:
        if _is_subscription(message):
            await self._watch.begin()
        await self._real.send(message)

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        def watch(message: bytes) -> None:
            if _is_subscription(message):
                self._watch.end()
            listener(message)

        await self._real.stream(watch)

    async def close(self) -> None:
        await self._real.close()


def _is_subscription(message: bytes | str) -> bool:
    """Requests and answers name the event alike."""
    text = message if isinstance(message, str) else message.decode()
    return '"event":"subscribe"' in text.replace(" ", "")
