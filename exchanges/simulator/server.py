"""The exchange on the network: a thin shell of aiohttp around ``Exchange``, which does all the work.

REST and WebSocket of a face share one port, the control API has its own. Nothing here waits on behalf of the exchange:
answers that are delayed resolve a future, frames go into a buffer that one writer for each connection empties.
"""

import asyncio
import ipaddress
import random
import secrets
import socket as sockets
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import WSMsgType, web

from exchanges.simulator.core.config import SimulatorConfig
from exchanges.simulator.core.scheduling import Schedule
from exchanges.simulator.exchange import Exchange
from exchanges.simulator.faces.face import Frame, Session
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, json_response
from exchanges.simulator.faces.registry import FACES
from exchanges.simulator.faults.faults import ActiveFault, RefuseConnections
from exchanges.simulator.listener import PortListener

MAX_BUFFERED_FRAMES = 20_000
log = structlog.get_logger(__name__)


def is_loopback(host: str) -> bool:
    """Returns whether only this machine can reach what listens on ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def wall_clock_ms() -> int:
    """Returns the time of the machine in ms since 1970."""
    return time.time_ns() // 1_000_000


class FaceServer:
    """One exchange on its port: REST and sockets of its face."""

    def __init__(self, exchange: Exchange, host: str, port: int) -> None:
        self.exchange = exchange
        self._unanswered: dict[asyncio.Future[HttpResponse | None], None] = {}
        self._port = _Port(self._serve, host, port)

    def endpoints(self, authority: str) -> dict[str, object]:
        """Where to find it and whose keys it takes."""
        face, at = self.exchange.face, f"{authority}:{self._port.number}"
        return {
            "rest": f"http://{at}{face.rest_path}",
            "ws": f"ws://{at}{face.socket_path}",
            "accounts": [
                {"name": account.name, "key": account.key, "secret": account.secret}
                for account in self.exchange.keys.accounts.values()
            ],
        }

    @property
    def unanswered_count(self) -> int:
        """Requests that wait for an answer now."""
        return len(self._unanswered)

    async def listen(self) -> None:
        """Binds its port. Raises ``OSError`` when it is taken."""
        await self._port.open()
        self.exchange.faults.watchers.append(self._fault_changed)

    async def close(self) -> None:
        """Ends all sessions and frees the port."""
        self.exchange.stop()
        for answered in list(self._unanswered):
            answered.cancel()
        await self._port.close()

    def _fault_changed(self, active: ActiveFault, _begins: bool) -> None:
        if isinstance(active.fault, RefuseConnections):
            self._port.set(is_open=not self.exchange.faults.of_kind(RefuseConnections))

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        plain = await _plain(request, path, query)
        if path.rstrip("/") == self.exchange.face.socket_path.rstrip("/"):
            return await self._serve_socket(request, plain)
        answered: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
        self._unanswered[answered] = None
        try:
            self.exchange.request(
                plain, lambda response: _resolve(answered, response), lambda: _resolve(answered, None)
            )
            response = await answered
        finally:
            del self._unanswered[answered]
        if response is None:
            _abort(request)
            return web.Response(status=500)
        return _web(response)

    async def _serve_socket(self, request: web.BaseRequest, handshake: HttpRequest) -> web.StreamResponse:
        response = web.WebSocketResponse(autoping=False, autoclose=True, compress=False, timeout=1.0)
        if not response.can_prepare(request).ok:
            return web.Response(status=400, text="a WebSocket handshake is expected here")
        await response.prepare(request)
        connection = Connection(request, response)
        session = self.exchange.open_socket(handshake, connection)
        if session is None:
            await response.close(code=1013, message=b"too many connections")
            return response
        connection.session = session
        writer = asyncio.ensure_future(connection.write())
        try:
            await connection.read()
        except ConnectionError as error:
            log.debug("client_gone", error=str(error))
        finally:
            session.gone()
            connection.finish()
            await writer
        return response


class RunningExchange:
    """Exchanges that are listening, one for each face. ``exchange`` is the inside of the first one, ``exchanges`` of
    all by the name of their face, for tests that look or reach into it."""

    def __init__(self, exchanges: Mapping[str, Exchange], config: SimulatorConfig) -> None:
        self.exchanges = exchanges
        self.exchange = next(iter(exchanges.values()))
        ports = [config.rest_port, *[0] * (len(exchanges) - 1)]
        self._host = config.host
        self.faces = {
            name: FaceServer(exchange, config.host, port)
            for (name, exchange), port in zip(exchanges.items(), ports, strict=True)
        }
        self._control = _Port(self._serve_control, config.host, config.control_port)
        self._control_token = "" if is_loopback(config.host) else secrets.token_urlsafe(24)

    @property
    def endpoints(self) -> dict[str, object]:
        """Where to find each face and whose keys it takes, as ``run.py simulate`` prints it."""
        authority = f"[{self._host}]" if ":" in self._host else self._host
        return {
            **{name: face.endpoints(authority) for name, face in self.faces.items()},
            "control": f"http://{authority}:{self._control.number}",
            **({"control_token": self._control_token} if self._control_token else {}),
        }

    async def listen(self) -> None:
        """Binds all ports. Raises ``OSError`` when one is taken."""
        for face in self.faces.values():
            await face.listen()
        await self._control.open()

    async def close(self) -> None:
        """Ends all sessions and frees the ports."""
        for face in self.faces.values():
            await face.close()
        await self._control.close()

    async def _serve_control(self, request: web.BaseRequest) -> web.StreamResponse:
        """A path that begins with the name of a face is meant for that one, others for the first."""
        path, _, query = request.raw_path.partition("?")
        given = request.headers.get("Authorization", "")
        if self._control_token and not secrets.compare_digest(given.encode(), f"Bearer {self._control_token}".encode()):
            return _web(json_response(401, {"error": "the control API wants the token that simulate has printed"}))
        first, _, rest = path.lstrip("/").partition("/")
        exchange = self.exchanges.get(first)
        if exchange is None:
            exchange, rest = self.exchange, path
        return _web(exchange.control(await _plain(request, f"/{rest.lstrip('/')}", query)))


class _Port:
    """A port with what answers on it."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], host: str, port: int
    ) -> None:
        # a handler whose client is gone ends: it may wait for an answer that a fault keeps back
        server = web.Server(handler, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        self._listener = PortListener(self._runner, host, port)

    @property
    def number(self) -> int:
        return self._listener.port

    async def open(self) -> None:
        """Raises ``OSError`` when the port is taken."""
        await self._runner.setup()
        await self._listener.open()

    def set(self, *, is_open: bool) -> None:
        """See ``PortListener.set``."""
        self._listener.set(is_open=is_open)

    async def close(self) -> None:
        await self._listener.close()
        await self._runner.cleanup()


class Connection:
    """One real WebSocket connection: what the session's frames go through."""

    def __init__(self, request: web.BaseRequest, response: web.WebSocketResponse) -> None:
        self.session: Session | None = None
        self._request = request
        self._response = response
        self._frames: deque[Frame | None] = deque()  # None is a ping
        self._woken = asyncio.Event()
        self._close_code = 0
        self._finished = False

    def send(self, frame: Frame) -> None:
        """Buffers a frame; a client that reads too slowly for the buffer is cut."""
        if len(self._frames) >= MAX_BUFFERED_FRAMES:
            self._cut_slow_client()
            return
        self._frames.append(frame)
        self._woken.set()

    def ping(self) -> None:
        """Buffers a ping."""
        self._frames.append(None)
        self._woken.set()

    def close(self, code: int) -> None:
        """Closes once what is buffered has been sent."""
        self._close_code = code
        self._woken.set()

    def reset(self) -> None:
        """Sends a TCP reset."""
        self.finish()
        _abort(self._request)

    def _cut_slow_client(self) -> None:
        """Cuts the connection once the exchange is done with what it is telling just now."""
        if self.session is not None and not self._finished:
            log.warning("slow_client_cut", buffered_frames=len(self._frames))
            self._finished = True
            asyncio.get_running_loop().call_soon(self.session.reset)

    def finish(self) -> None:
        """Lets the writer end."""
        self._finished = True
        self._woken.set()

    async def read(self) -> None:
        """Hands frames to the session until the client is gone."""
        session = self.session
        if session is None:
            return
        async for message in self._response:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                session.receive(message.data)
            else:
                session.heard()
                if message.type is WSMsgType.PING and not session.is_silent:
                    await self._response.pong(message.data)

    async def write(self) -> None:
        """Sends what is buffered, in order, until the connection ends."""
        try:
            while not self._finished:
                while self._frames and not self._finished:
                    frame = self._frames.popleft()
                    if frame is None:
                        await self._response.ping()
                    elif isinstance(frame, str):
                        await self._response.send_str(frame)
                    else:
                        await self._response.send_bytes(frame)
                if self._close_code:
                    await self._response.close(code=self._close_code)
                    return
                self._woken.clear()
                if not self._frames and not self._finished:
                    await self._woken.wait()
        except (ConnectionError, RuntimeError) as error:
            log.debug("client_gone", error=str(error))


async def start_exchange(
    config: SimulatorConfig,
    *,
    now_ms: Callable[[], int] = wall_clock_ms,
    rng: random.Random | None = None,
    schedule: Schedule | None = None,
) -> RunningExchange:
    """Starts an exchange in this event loop and returns it, listening; ``await .close()`` ends it.

    By default it lives on the machine's clock and the loop's timers, and its seed decides the rest. Raises ``OSError``
    when a port is taken.
    """
    exchanges: dict[str, Exchange] = {}
    for face in config.faces or FACES:
        exchanges[face] = Exchange(
            config,
            now_ms=now_ms,
            schedule=schedule or asyncio.get_running_loop().call_later,
            # each has books and traders of its own, and prices that move together
            rng=(rng or random.Random(config.seed)) if not exchanges else random.Random(f"{config.seed} {face}"),
            face=face,
            has_neighbours=len(config.faces or FACES) > 1,
        )
    running = RunningExchange(exchanges, config)
    try:
        await running.listen()
    except OSError:
        await running.close()
        raise
    for exchange in exchanges.values():
        exchange.start()
    return running


def _abort(request: web.BaseRequest) -> None:
    """Sends a TCP reset."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _resolve(answered: "asyncio.Future[HttpResponse | None]", response: HttpResponse | None) -> None:
    if not answered.done():
        answered.set_result(response)


async def _plain(request: web.BaseRequest, path: str, query: str) -> HttpRequest:
    return HttpRequest(
        method=request.method,
        path=path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read() if request.can_read_body else b"",
        remote=request.remote or "",
    )


def _web(response: HttpResponse) -> web.Response:
    return web.Response(status=response.status, headers=response.headers, body=response.body)
