"""The port that clients connect to: open, or held but refusing everybody as a host does on which nothing listens."""

import asyncio
import contextlib
import socket as sockets

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)


class PortListener:
    """Listens on a port for a runner, and stops and starts again on request; the port stays the same."""

    def __init__(self, runner: web.ServerRunner, host: str, port: int) -> None:
        """``port`` 0: picked by the operating system when it opens first."""
        self._runner = runner
        self._host = host
        self.port = port
        self._site: web.TCPSite | None = None
        self._holder: sockets.socket | None = None
        self._wanted = True
        self._change: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listens. Raises ``OSError`` when the port is taken."""
        site = web.TCPSite(self._runner, self._host, self.port, reuse_address=True)
        await site.start()
        self._site, self.port = site, site.port
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def set(self, *, is_open: bool) -> None:
        """Opens or shuts as soon as the loop gets to it; shutting resets the connections that exist."""
        self._wanted = is_open
        if self._change is None or self._change.done():
            self._change = asyncio.ensure_future(self._follow())

    async def close(self) -> None:
        """Shuts for good and gives the port back; the runner ends its connections."""
        if self._change is not None:
            self._change.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._change
        if self._holder is not None:
            self._holder.close()

    async def _follow(self) -> None:
        while self._wanted is not (self._site is not None):
            try:
                await (self.open() if self._wanted else self._shut())
            except OSError as error:
                log.error("door_stuck", port=self.port, wanted_open=self._wanted, error=str(error))
                return

    async def _shut(self) -> None:
        site, self._site = self._site, None
        if site is not None:
            await site.stop()
        if self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
        # bound but not listening: refuses, and nobody else is given the port meanwhile
        family = sockets.AF_INET6 if ":" in self._host else sockets.AF_INET
        holder = sockets.socket(family, sockets.SOCK_STREAM)
        holder.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            holder.bind((self._host, self.port))
        except OSError:
            holder.close()
            return
        self._holder = holder
