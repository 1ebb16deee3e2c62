"""One supervisor for each connection: opens it, brings its owner live, notices that it broke, and mends it."""

import asyncio
import random
from typing import Any, Final

import msgspec
import structlog

from actors.connection.backoff import Backoff, BackoffSettings
from actors.connection.machine import Signal, next_state
from actors.connection.messages import Connect, Hopeless, LinkLost, PublicLinkChanged, Resync, Trouble
from actors.connection.session import Session, SessionFactory, TellSync
from actors.runtime import LoopActor, Reply, handles
from messages.enums import SyncState
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidValueError,
    StoppedError,
    TellerError,
    VenueRefusedError,
    WeRefusedError,
)
from messages.events import ConnectionStatus

_log: Final = structlog.get_logger("teller.connection")


class SupervisorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    attempt_timeout_s: one attempt, from opening to live, may take so long.
    check_every_s: pause between looks at the links while live: a REST link that stopped answering, or a socket that
        has gone deaf, is noticed within this and one request's time-out.
    """

    attempt_timeout_s: float = 30.0
    check_every_s: float = 15.0
    backoff: BackoffSettings = BackoffSettings()

    def __post_init__(self) -> None:
        for name in ("attempt_timeout_s", "check_every_s"):
            if getattr(self, name) <= 0:
                raise InvalidValueError(name, getattr(self, name), "above 0 seconds")


class _Opened(msgspec.Struct, frozen=True):
    attempt: int


class _Loaded(msgspec.Struct, frozen=True):
    attempt: int


class _AttemptFailed(msgspec.Struct, frozen=True):
    attempt: int
    error: Exception


class _RetryDue(msgspec.Struct, frozen=True):
    attempt: int


class _CheckDue(msgspec.Struct, frozen=True):
    attempt: int


class _Checked(msgspec.Struct, frozen=True):
    connection: int
    error: Exception | None


class _Resynced(msgspec.Struct, frozen=True):
    reply: Reply[Any]
    error: Exception | None


_ATTEMPTING: Final = {SyncState.CONNECTING, SyncState.SYNCING, SyncState.RECOVERING}


class ConnectionSupervisor(LoopActor):
    """Drives the table of `actors.connection.machine` for one owner, through sessions that the factory makes.

    Sessions are numbered; whatever an old one still says is ignored by that number. A session whose socket is sound is
    kept when only REST fails or only the venue's market data is gone; one whose socket broke is closed and replaced.
    """

    def __init__(
        self,
        *,
        name: str,
        sessions: SessionFactory,
        tell_sync: TellSync,
        settings: SupervisorSettings,
        rng: random.Random,
        needs_public_feed: bool = False,
    ) -> None:
        """``needs_public_feed``: the owner is live only while the venue's market data is, too (`PublicLinkChanged`)."""
        super().__init__()
        self.name = f"{name}:connection"
        self._owner = name
        self._sessions = sessions
        self._tell_sync = tell_sync
        self._settings = settings
        self._backoff = Backoff(settings.backoff, rng)
        self._state = SyncState.DOWN
        self._connection = 0
        self._session: Session | None = None
        self._attempt = 0
        self._attempt_task: asyncio.Task[Any] | None = None
        self._is_loaded = False
        self._waiting: list[Reply[Any]] = []
        self._has_been_live = False
        self._live_since_s = 0.0
        self._began_s = 0.0
        self._reconnects = 0
        self._is_checking = False
        self._closing: dict[asyncio.Task[Any], None] = {}
        self._needs_public_feed = needs_public_feed
        self._public_feed_is_up = False

    # -- commands -------------------------------------------------------------------------------------------------

    @handles(Connect)
    def _connect(self, message: Connect) -> None:
        if self._state is SyncState.LIVE:
            return
        self._waiting.append(self.defer())
        if self._state in {SyncState.DOWN, SyncState.FAILED}:
            self._has_been_live = message.persistent
            self._move(Signal.CONNECT)
            self._begin_attempt()

    @handles(Resync)
    def _resync(self, _: Resync) -> None:
        session = self._session
        if session is None or not self._is_loaded:
            raise ConnectionFailedError(f"{self._owner!r} is {self._state.value}: there is no connection to load from")
        reply = self.defer()
        self.pipe(
            session.load(),
            lambda _: _Resynced(reply, None),
            lambda error: _Resynced(reply, error),
            name=f"{self.name}:resync",
        )

    @handles(_Resynced)
    def _resynced(self, message: _Resynced) -> None:
        if message.error is None:
            message.reply.set(None)
        else:
            message.reply.set_error(message.error)

    @handles(PublicLinkChanged)
    def _public_link_changed(self, message: PublicLinkChanged) -> None:
        if message.is_up is self._public_feed_is_up:
            return
        self._public_feed_is_up = message.is_up
        if not message.is_up and self._needs_public_feed and self._state is SyncState.LIVE:
            self._move(Signal.LOST, "the venue's market data is gone")
        elif message.is_up and self._is_loaded and self._state is SyncState.DEGRADED:
            self._move(Signal.WHOLE)
        elif message.is_up and self._is_loaded and self._state is SyncState.SYNCING:
            self._go_live()
        else:
            self._report("")

    # -- attempts -------------------------------------------------------------------------------------------------

    def _begin_attempt(self) -> None:
        """Opens a new session and loads, or only loads where the session's socket is sound."""
        self._attempt += 1
        attempt = self._attempt
        self._is_loaded = False
        self._began_s = self.now()
        session = self._session
        is_open = session is not None and session.is_open()
        if session is None or not is_open:
            self._drop_session()
            connection = self._connection = self._sessions.next_number()
            session = self._session = self._sessions(connection, lambda cause: self._lost(connection, cause))
        self._attempt_task = self.pipe(
            self._bring_live(session, attempt, is_open=is_open),
            lambda _: _Loaded(attempt),
            lambda error: _AttemptFailed(attempt, error),
            name=f"{self.name}:attempt",
        )

    async def _bring_live(self, session: Session, attempt: int, *, is_open: bool) -> None:
        try:
            async with asyncio.timeout(self._settings.attempt_timeout_s):
                if not is_open:
                    await session.open()
                self.actor_ref.tell(_Opened(attempt))
                await session.load()
        except TimeoutError:
            limit_s = self._settings.attempt_timeout_s
            raise ConnectionFailedError(f"{self._owner!r} was not live within {limit_s} s") from None

    def _lost(self, connection: int, cause: str) -> None:
        self.actor_ref.tell(LinkLost(connection, cause))

    @handles(_Opened)
    def _opened(self, message: _Opened) -> None:
        if message.attempt == self._attempt and self._state in {SyncState.CONNECTING, SyncState.RECOVERING}:
            self._move(Signal.OPENED)

    @handles(_Loaded)
    def _loaded(self, message: _Loaded) -> None:
        if message.attempt != self._attempt or self._state is not SyncState.SYNCING:
            return
        self._is_loaded = True
        if self._public_feed_is_up or not self._needs_public_feed:
            self._go_live()
        else:
            self._report("waiting for the venue's market data")
        self.later(self._settings.check_every_s, _CheckDue(self._attempt))

    def _go_live(self) -> None:
        self._reconnects += self._has_been_live
        self._has_been_live = True
        self._live_since_s = self.now()
        self._move(Signal.LOADED)
        _log.info(
            "connection_live",
            name=self._owner,
            connection=self._connection,
            elapsed_ms=round((self.now() - self._began_s) * 1000, 3),
        )
        self._answer(None)

    @handles(_AttemptFailed)
    def _attempt_failed(self, message: _AttemptFailed) -> None:
        if message.attempt == self._attempt and self._state in _ATTEMPTING:
            self._end_attempt(message.error)

    @handles(LinkLost)
    def _link_lost(self, message: LinkLost) -> None:
        if message.connection == self._connection and self._session is not None:
            self._broke(ConnectionFailedError(message.cause))

    def _broke(self, error: Exception) -> None:
        """The session is not whole any more, in whichever state that finds us."""
        if self._state is SyncState.LIVE:
            self._lose(str(error))
        elif self._state in _ATTEMPTING:
            self._end_attempt(error)
        elif self._is_loaded:  # degraded only for want of market data, until now
            self._is_loaded = False
            self._drop_broken_session()
            self._report(str(error))
            self._retry_later()

    @handles(Hopeless)
    def _hopeless(self, message: Hopeless) -> None:
        if message.connection == self._connection and self._state is SyncState.LIVE:
            self._fail(message.error)

    def _end_attempt(self, error: Exception) -> None:
        self._is_loaded = False
        self._stop_attempt()
        if isinstance(error, ConfigurationError) or (isinstance(error, VenueRefusedError) and error.is_hopeless):
            self._fail(error)
            return
        if not isinstance(error, TellerError):
            _log.error("connection_attempt_crashed", name=self._owner, exc_info=error)
        _log.warning("connection_attempt_failed", name=self._owner, connection=self._connection, error=str(error))
        self._move(Signal.ATTEMPT_FAILED, str(error))
        if self._state is SyncState.DEGRADED:
            self._retry_later()
        else:
            self._drop_session()
            self._answer(error)

    def _lose(self, cause: str) -> None:
        _log.warning("connection_lost", name=self._owner, connection=self._connection, cause=cause)
        self._backoff.was_live_for(self.now() - self._live_since_s)
        self._is_loaded = False
        self._drop_broken_session()
        self._move(Signal.LOST, cause)
        self._retry_later()

    def _fail(self, error: Exception) -> None:
        _log.error("connection_failed", name=self._owner, error=str(error))
        self._is_loaded = False
        self._stop_attempt()
        self._drop_session()
        self._move(Signal.HOPELESS, str(error))
        self._answer(error)

    def _retry_later(self) -> None:
        delay_s = self._backoff.next_delay_s()
        _log.info("connection_retry", name=self._owner, delay_s=round(delay_s, 3))
        self.later(delay_s, _RetryDue(self._attempt))

    @handles(_RetryDue)
    def _retry_due(self, message: _RetryDue) -> None:
        if message.attempt == self._attempt and self._state is SyncState.DEGRADED and not self._is_loaded:
            self._move(Signal.RETRY)
            self._begin_attempt()

    # -- looking after the links ----------------------------------------------------------------------------------

    @handles(Trouble)
    def _trouble(self, message: Trouble) -> None:
        if message.connection == self._connection:
            self.validate_connection_state()

    @handles(_CheckDue)
    def _check_due(self, message: _CheckDue) -> None:
        if message.attempt == self._attempt and self._is_loaded:
            self.validate_connection_state()
            self.later(self._settings.check_every_s, message)

    def validate_connection_state(self) -> None:
        """Looks whether both REST links answer and whether the socket has told everything (R5).

        A socket reports its own end through its handler, or by its silence watchdog; this finds what neither shows:
        REST that stopped answering, and a socket that answers pings but no longer carries events.
        """
        session = self._session
        if self._is_checking or not self._is_loaded or session is None:
            return
        self._is_checking = True
        connection = self._connection
        self.pipe(
            session.check(),
            lambda _: _Checked(connection, None),
            lambda error: _Checked(connection, error),
            name=f"{self.name}:check",
        )

    @handles(_Checked)
    def _checked(self, message: _Checked) -> None:
        self._is_checking = False
        error = message.error
        if error is None or message.connection != self._connection or not self._is_loaded:
            return
        if isinstance(error, VenueRefusedError) and error.is_hopeless:
            self._fail(error)
        elif not isinstance(error, VenueRefusedError | WeRefusedError):
            self._broke(error)

    # -- helpers --------------------------------------------------------------------------------------------------

    def _move(self, signal: Signal, cause: str = "") -> None:
        before = self._state
        self._state = next_state(before, signal, has_been_live=self._has_been_live)
        _log.debug("connection_state", name=self._owner, before=before.value, after=self._state.value)
        self._report(cause)

    def _report(self, cause: str) -> None:
        links = self._session.links() if self._session is not None else ConnectionStatus()
        if self._public_feed_is_up:
            links = msgspec.structs.replace(links, public_ws=True)
        self._tell_sync(self._state, links, cause, self._reconnects)

    def _answer(self, error: Exception | None) -> None:
        waiting, self._waiting = self._waiting, []
        for reply in waiting:
            if error is None:
                reply.set(None)
            else:
                reply.set_error(error)

    def _stop_attempt(self) -> None:
        self._attempt += 1
        if self._attempt_task is not None:
            self._attempt_task.cancel()
            self._attempt_task = None

    def _drop_broken_session(self) -> None:
        if self._session is not None and not self._session.is_open():
            self._drop_session()

    def _drop_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            # Not a task of the actor's own: its end must not cut a closing short and leave the socket open.
            task = self._host.spawn(session.close(), f"{self.name}:close")
            self._closing[task] = None
            task.add_done_callback(lambda done: self._closing.pop(done, None))

    def on_stop(self) -> Any:
        """Closes the session; the owner is told that it is DOWN."""
        return self._shut_down()

    def on_failure(self, *_: object) -> Any:
        """The same after a crash: nothing of the session goes on without its supervisor."""
        return self._shut_down()

    async def _shut_down(self) -> None:
        self._state = next_state(self._state, Signal.STOP, has_been_live=self._has_been_live)
        self._tell_sync(self._state, ConnectionStatus(), "stopped", self._reconnects)
        self._answer(StoppedError(f"the connection of {self._owner!r} was stopped"))
        self._drop_session()
        if self._closing:
            await asyncio.wait(list(self._closing))
