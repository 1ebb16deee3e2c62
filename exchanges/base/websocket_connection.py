"""One socket from opening to its end: what every venue's WebSocket client shares.

A client makes one for each connection, gives it three things -- how to read a frame, what a heartbeat looks like, whom
to tell -- and then talks to it in requests (see `websocket_clients`):

    session = WebsocketConnection(environment, name="venue.private", settings=..., feed=frames.feed,
                                  heartbeat=..., connection=handlers.connection, error=handlers.error)
    await session.open(url)
    await session.request_all([(1, frame), (2, frame)])      # the decoder calls session.acknowledge / refuse
    session.announce()                                       # connection(True, "")
    ...
    await session.close()

Promises
* Every frame goes to ``feed`` in the order of arrival, on the event loop, with nothing in between.
* A frame that ``feed`` cannot take is one log line (size and reason, never content) and one ``error`` call; the
  next frame is read as if nothing had happened.
* A request ends as acknowledged, refused, or `ConnectionFailedError` (no answer in time, or the socket ended).
* A socket on which nothing arrives for ``silence_s`` seconds is ended, whether or not the peer still answers pings
  of the protocol: heartbeats of the venue's own kind keep a healthy quiet socket alive.
* When an announced session ends other than by `close`, ``connection(False, cause)`` is called exactly once.
* After `close` was called no handler is called.

There is no reconnecting in here. A session that has ended stays ended; the connection supervisor makes a new client,
so that no event of an old connection can be mistaken for one of the new.
"""

import asyncio
import enum
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import structlog

from exchanges.base.environment import Environment
from exchanges.base.transport import NO_HEADERS, Socket, SocketClosedError
from messages.errors import ConnectionFailedError, InvalidValueError, ProtocolError, TellerError

logger = structlog.get_logger(__name__)

_QUOTED_VALUE: Final = re.compile(r"(Invalid (?:enum )?value) .*", re.DOTALL)
"""The one place where msgspec quotes what it read."""
_TURNS_TO_READ: Final = 3
"""Turns of the event loop after which what lies in a socket's buffer has been handed out: one until the loop looks at
its sockets, one to read, one to spare."""


class HandlerFailedError(TellerError):
    """A handler raised while it was told of an event; the cause is chained. The socket goes on."""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Times of a socket, all in seconds.

    Attributes:
        connect_timeout_s: until the socket must be open. acknowledge_timeout_s: until requests must be answered.
        heartbeat_s: between two heartbeats that we send. silence_s: longest time without any frame from the exchange;
            must leave room for at least two heartbeats and their answers.
        life_s: after so long a connection is replaced by a new one, because the exchange is about to end it; None: it
            may live for as long as it will.
    """

    connect_timeout_s: float = 10.0
    acknowledge_timeout_s: float = 10.0
    heartbeat_s: float = 10.0
    silence_s: float = 30.0
    life_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("connect_timeout_s", "acknowledge_timeout_s", "heartbeat_s", "silence_s"):
            if not getattr(self, name) > 0:
                raise InvalidValueError(name, getattr(self, name), "seconds, above zero")
        if self.life_s is not None and not self.life_s > 0:
            raise InvalidValueError("life_s", self.life_s, "None, or seconds above zero")
        if self.silence_s < 2 * self.heartbeat_s:
            raise InvalidValueError("silence_s", self.silence_s, f"at least two heartbeats ({2 * self.heartbeat_s} s)")


class Answers(Protocol):
    """Who waits for acknowledgements: a `WebsocketConnection`, or a test."""

    def acknowledge(self, request_id: int, result: object = None) -> bool: ...

    def refuse(self, request_id: int, error: TellerError) -> bool: ...


class _State(enum.Enum):
    NEW = "new"
    OPEN = "open"
    ENDED = "ended"
    CLOSED = "closed"


class WebsocketConnection:
    """One connection; see the module's description for its promises."""

    def __init__(
        self,
        environment: Environment,
        *,
        name: str,
        settings: SessionSettings,
        feed: Callable[[bytes], None],
        heartbeat: Callable[[], bytes],
        connection: Callable[[bool, str], None],
        error: Callable[[TellerError], None],
    ) -> None:
        """Makes a session; nothing happens before `open`.

        Args:
            name: for logs and task names.
            feed: takes each frame; calls the handlers, and `acknowledge` or `refuse` for answers to requests.
            heartbeat: makes the frame that the exchange answers, so that a healthy link is never silent.
            connection: told True once `announce` is called, and False with the cause when it ends unexpectedly.
            error: told of frames that could not be taken.
        """
        self._environment = environment
        self._name = name
        self._settings = settings
        self._feed = feed
        self._heartbeat = heartbeat
        self._on_connection = connection
        self._on_error = error
        self._state = _State.NEW
        self._announced = False
        self._cause = ""
        self._socket: Socket | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._goodbye: asyncio.Task[None] | None = None
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._received_s = 0.0
        self._monotonic_s = environment.clock.monotonic_s

    @property
    def is_open(self) -> bool:
        """Whether frames flow."""
        return self._state is _State.OPEN

    async def open(self, url: str, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """Connects and starts reading. What follows a "?" in ``url`` may be a secret, and is not logged.

        Args:
            headers: of the handshake, besides its own.

        Raises:
            ConnectionFailedError: no socket, or the session was used before.
        """
        if not self._is_new():
            raise ConnectionFailedError(f"{self._name}: a session is opened once")
        timeout_s = self._settings.connect_timeout_s
        socket = await self._environment.sockets.connect(url, timeout_s=timeout_s, headers=headers)
        if not self._is_new():
            await asyncio.wait([self._say_goodbye(socket)])
            raise ConnectionFailedError(f"{self._name}: closed while it was being opened")
        self._socket = socket
        self._state = _State.OPEN
        self._received_s = self._environment.clock.monotonic_s()
        for part, coroutine in (
            ("read", self._read(socket)),
            ("heartbeat", self._beat(socket)),
            ("watch", self._watch()),
        ):
            self._tasks.append(self._environment.spawn(coroutine, f"{self._name}.{part}"))
        logger.debug("socket_opened", session=self._name, url=url.partition("?")[0])

    def announce(self) -> None:
        """Says ``connection(True, "")``: subscribed and streaming.

        Raises:
            ConnectionFailedError: it has ended meanwhile; then nothing is said.
        """
        self._require_open()
        self._announced = True
        self._tell_connection(True, "")

    async def request_all(self, requests: Iterable[tuple[int, bytes]]) -> list[Any]:
        """Sends frames at once and waits for all their acknowledgements together.

        Args:
            requests: pairs of an id, unused before on this session, and the frame that carries it.

        Returns:
            What the exchange acknowledged each with, in the order of the requests.

        Raises:
            TellerError: what `refuse` was given, for the first that was refused.
            ConnectionFailedError: the socket ended, or an answer is missing after ``acknowledge_timeout_s``.
        """
        socket = self._require_open()
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[Any]] = []
        numbered = list(requests)
        if not numbered:
            return []
        try:
            for request_id, frame in numbered:
                answer = self._pending[request_id] = loop.create_future()
                waiting.append(answer)
                await socket.send(frame)
            timeout_s = self._settings.acknowledge_timeout_s
            done, late = await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_EXCEPTION)
            for answer in waiting:
                if answer in done:
                    answer.result()
            if late:
                raise ConnectionFailedError(
                    f"{self._name}: {len(late)} of {len(waiting)} requests unanswered after {timeout_s:g} s"
                )
            return [answer.result() for answer in waiting]
        finally:
            for (request_id, _), answer in zip(numbered, waiting, strict=False):
                self._pending.pop(request_id, None)
                answer.cancel()
                if not answer.cancelled():
                    answer.exception()  # seen: one refusal is enough to raise, the others were its company

    def acknowledge(self, request_id: int, result: object = None) -> bool:
        """For ``feed``: the exchange granted a request. False when nobody waits for that id."""
        answer = self._pending.pop(request_id, None)
        if answer is None or answer.done():
            return False
        answer.set_result(result)
        return True

    def refuse(self, request_id: int, error: TellerError) -> bool:
        """For ``feed``: the exchange refused a request. False when nobody waits for that id."""
        answer = self._pending.pop(request_id, None)
        if answer is None or answer.done():
            return False
        answer.set_exception(error)
        return True

    async def close(self) -> None:
        """Ends the session on purpose. Quiet: no handler is called from here on. May be called twice."""
        was_open = self._state is _State.OPEN
        self._state = _State.CLOSED
        self._fail_pending("closed")
        own = asyncio.current_task()
        running = [task for task in self._tasks if not task.done() and task is not own]
        for task in running:
            task.cancel()
        if was_open and self._socket is not None:
            self._say_goodbye(self._socket)
        if running:
            await asyncio.wait(running)
        if self._goodbye is not None:
            await asyncio.wait([self._goodbye])

    def _say_goodbye(self, socket: Socket) -> "asyncio.Task[None]":
        """A task of its own, begun before anything is waited for: whoever closes may be canceled at any moment, and
        the socket must be closed all the same."""
        self._goodbye = self._environment.spawn(socket.close(), f"{self._name}.goodbye")
        return self._goodbye

    def _is_new(self) -> bool:
        return self._state is _State.NEW

    def _require_open(self) -> Socket:
        if self._state is not _State.OPEN or self._socket is None:
            raise ConnectionFailedError(f"{self._name}: {self._cause or 'not connected'}")
        return self._socket

    async def _read(self, socket: Socket) -> None:
        try:
            await socket.stream(self._take)
        except TellerError as error:
            self._end(str(error))
        except Exception as error:
            logger.exception("socket_reader_failed", session=self._name)
            self._end(f"reading failed: {type(error).__name__}")

    def _take(self, frame: bytes) -> None:
        if self._state is not _State.OPEN:
            return
        self._received_s = self._monotonic_s()
        try:
            self._feed(frame)
        except Exception as error:
            report_refused_frame(self._name, frame, error, self._on_error)

    async def _beat(self, socket: Socket) -> None:
        try:
            while True:
                await self._environment.clock.sleep(self._settings.heartbeat_s)
                await socket.send(self._heartbeat())
        except SocketClosedError:
            return  # the reader finds the same end, after the last frames that came before it

    async def _watch(self) -> None:
        silence_s, clock = self._settings.silence_s, self._environment.clock
        while True:
            while (left_s := self._received_s + silence_s - clock.monotonic_s()) > 0:
                await clock.sleep(left_s)
            heard_s = self._received_s
            # Who slept too long, the machine or the process (SIGSTOP), first reads what has arrived meanwhile.
            for _ in range(_TURNS_TO_READ):
                await asyncio.sleep(0)  # noqa: TID251 a turn of the loop, no time
            if self._received_s == heard_s:
                self._end(f"nothing received for {silence_s:g} s")
                return

    def _end(self, cause: str) -> None:
        """The one way in which a session ends by itself."""
        if self._state is not _State.OPEN:
            return
        self._state = _State.ENDED
        self._cause = cause
        self._fail_pending(cause)
        own = asyncio.current_task()
        for task in self._tasks:
            if task is not own:
                task.cancel()
        if self._socket is not None:
            self._say_goodbye(self._socket)
        logger.info("socket_ended", session=self._name, cause=cause)
        if self._announced:
            self._tell_connection(False, cause)

    def _tell_connection(self, up: bool, cause: str) -> None:
        try:
            self._on_connection(up, cause)
        except Exception:
            logger.exception("connection_handler_failed", session=self._name, up=up)

    def _fail_pending(self, cause: str) -> None:
        pending, self._pending = self._pending, {}
        for answer in pending.values():
            if not answer.done():
                answer.set_exception(ConnectionFailedError(f"{self._name}: {cause}"))


def report_refused_frame(name: str, frame: bytes, problem: Exception, error: Callable[[TellerError], None]) -> None:
    """One bad frame: one log line and one ``error`` call, neither with anything of its content.

    Never raises: an ``error`` handler that fails is logged, too.

    Args:
        name: of the session. problem: what reading it, or a handler told of it, raised.
    """
    reason = reason_of(problem)
    logger.warning("frame_refused", session=name, size=len(frame), reason=reason)
    report: TellerError
    if isinstance(problem, HandlerFailedError):
        report = problem
    else:
        report = ProtocolError(f"{name}: a frame of {len(frame)} bytes could not be taken: {reason}")
        report.__cause__ = problem
    tell_error(name, report, error)


def tell_error(name: str, report: TellerError, error: Callable[[TellerError], None]) -> None:
    """Calls an ``error`` handler; one that fails is logged, there is nobody else to tell."""
    try:
        error(report)
    except Exception:
        logger.exception("error_handler_failed", session=name)


def reason_of(problem: Exception) -> str:
    """Why a frame was refused, in words that quote nothing of it."""
    if isinstance(problem, InvalidValueError):
        return f"{problem.field} must be {problem.allowed}"
    if isinstance(problem, msgspec.MsgspecError):
        return _QUOTED_VALUE.sub(r"\1", str(problem))
    if isinstance(problem, TellerError):
        return str(problem)
    return type(problem).__name__
