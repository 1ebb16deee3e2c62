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
)
from messages.events import ConnectionStatus

_log: Final = structlog.get_logger("teller.connection")


class SupervisorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    attempt_timeout_s: one attempt, from opening to live, may take so long.
    check_every_s: pause between looks at the REST link while live.
    """

    attempt_timeout_s: float = 30.0
    check_every_s: float = 15.0
    backoff: BackoffSettings = BackoffSettings()

    def __post_init__(self) -> None:
        for name in ("attempt_timeout_s", "check_every_s"):
            if getattr(self, name) <= 0:
                raise InvalidValueError(name, getattr(self, name), "above 0 seconds")


class _Opened(msgspec.Struct, frozen=True):
    connection: int


class _Loaded(msgspec.Struct, frozen=True):
    connection: int


class _AttemptFailed(msgspec.Struct, frozen=True):
    connection: int
    error: Exception


class _RetryDue(msgspec.Struct, frozen=True):
    connection: int


class _CheckDue(msgspec.Struct, frozen=True):
    connection: int


class _Checked(msgspec.Struct, frozen=True):
    connection: int
    error: Exception | None


class _Resynced(msgspec.Struct, frozen=True):
    reply: Reply[Any]
    error: Exception | None


_ATTEMPTING: Final = {SyncState.CONNECTING, SyncState.SYNCING, SyncState.RECOVERING}


class ConnectionSupervisor(LoopActor):
    """Drives the table of `actors.connection.machine` for one owner, through sessions that the factory makes.

    Each attempt is a new session with a new number; whatever an old one still says is ignored by that number.
    """

    def __init__(
        self,
        *,
        name: str,
        sessions: SessionFactory,
        tell_sync: TellSync,
        settings: SupervisorSettings,
        rng: random.Random,
    ) -> None:
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
        self._attempt: asyncio.Task[Any] | None = None
        self._waiting: list[Reply[Any]] = []
        self._has_been_live = False
        self._live_since_s = 0.0
        self._began_s = 0.0
        self._reconnects = 0
        self._checking = False
        self._public_feed_is_up = False

    # -- commands -------------------------------------------------------------------------------------------------

    @handles(Connect)
    def _connect(self, _: Connect) -> None:
        if self._state is SyncState.LIVE:
            return
        self._waiting.append(self.defer())
        if self._state in {SyncState.DOWN, SyncState.FAILED}:
            self._has_been_live = False
            self._move(Signal.CONNECT)
            self._begin_attempt()

    @handles(Resync)
    def _resync(self, _: Resync) -> None:
        session = self._session
        if self._state is not SyncState.LIVE or session is None:
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
        if message.is_up is not self._public_feed_is_up:
            self._public_feed_is_up = message.is_up
            self._report("")

    # -- attempts -------------------------------------------------------------------------------------------------

    def _begin_attempt(self) -> None:
        self._connection += 1
        connection = self._connection
        self._began_s = self.now()
        self._session = session = self._sessions(connection, lambda cause: self._lost(connection, cause))
        self._attempt = self.pipe(
            self._bring_live(session, connection),
            lambda _: _Loaded(connection),
            lambda error: _AttemptFailed(connection, error),
            name=f"{self.name}:attempt",
        )

    async def _bring_live(self, session: Session, connection: int) -> None:
        try:
            async with asyncio.timeout(self._settings.attempt_timeout_s):
                await session.open()
                self.actor_ref.tell(_Opened(connection))
                await session.load()
        except TimeoutError:
            limit_s = self._settings.attempt_timeout_s
            raise ConnectionFailedError(f"{self._owner!r} was not live within {limit_s} s") from None

    def _lost(self, connection: int, cause: str) -> None:
        self.actor_ref.tell(LinkLost(connection, cause))

    @handles(_Opened)
    def _opened(self, message: _Opened) -> None:
        if message.connection == self._connection and self._state in {SyncState.CONNECTING, SyncState.RECOVERING}:
            self._move(Signal.OPENED)

    @handles(_Loaded)
    def _loaded(self, message: _Loaded) -> None:
        if message.connection != self._connection or self._state is not SyncState.SYNCING:
            return
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
        self.later(self._settings.check_every_s, _CheckDue(self._connection))

    @handles(_AttemptFailed)
    def _attempt_failed(self, message: _AttemptFailed) -> None:
        if message.connection == self._connection and self._state in _ATTEMPTING:
            self._end_attempt(message.error)

    @handles(LinkLost)
    def _link_lost(self, message: LinkLost) -> None:
        if message.connection != self._connection:
            return
        if self._state is SyncState.LIVE:
            self._lose(message.cause)
        elif self._state in _ATTEMPTING:
            self._end_attempt(ConnectionFailedError(message.cause))

    @handles(Hopeless)
    def _hopeless(self, message: Hopeless) -> None:
        if message.connection == self._connection and self._state is SyncState.LIVE:
            self._fail(message.error)

    def _end_attempt(self, error: Exception) -> None:
        self._close_session()
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
            self._answer(error)

    def _lose(self, cause: str) -> None:
        _log.warning("connection_lost", name=self._owner, connection=self._connection, cause=cause)
        self._backoff.was_live_for(self.now() - self._live_since_s)
        self._close_session()
        self._move(Signal.LOST, cause)
        self._retry_later()

    def _fail(self, error: Exception) -> None:
        _log.error("connection_failed", name=self._owner, error=str(error))
        self._close_session()
        self._move(Signal.HOPELESS, str(error))
        self._answer(error)

    def _retry_later(self) -> None:
        delay_s = self._backoff.next_delay_s()
        _log.info("connection_retry", name=self._owner, delay_s=round(delay_s, 3))
        self.later(delay_s, _RetryDue(self._connection))

    @handles(_RetryDue)
    def _retry_due(self, message: _RetryDue) -> None:
        if message.connection == self._connection and self._state is SyncState.DEGRADED:
            self._move(Signal.RETRY)
            self._begin_attempt()

    # -- looking after the links ----------------------------------------------------------------------------------

    @handles(Trouble)
    def _trouble(self, message: Trouble) -> None:
        if message.connection == self._connection:
            self.validate_connection_state()

    @handles(_CheckDue)
    def _check_due(self, message: _CheckDue) -> None:
        if message.connection == self._connection and self._state is SyncState.LIVE:
            self.validate_connection_state()
            self.later(self._settings.check_every_s, message)

    def validate_connection_state(self) -> None:
        """Looks whether the exchange still answers; a socket reports its own end through its handler."""
        session = self._session
        if self._checking or self._state is not SyncState.LIVE or session is None:
            return
        self._checking = True
        connection = self._connection
        self.pipe(
            session.probe(),
            lambda _: _Checked(connection, None),
            lambda error: _Checked(connection, error),
            name=f"{self.name}:probe",
        )

    @handles(_Checked)
    def _checked(self, message: _Checked) -> None:
        self._checking = False
        error = message.error
        if error is None or message.connection != self._connection or self._state is not SyncState.LIVE:
            return
        if isinstance(error, VenueRefusedError) and error.is_hopeless:
            self._fail(error)
        elif not isinstance(error, VenueRefusedError):
            self._lose(f"REST does not answer: {error}")

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

    def _close_session(self) -> None:
        session, self._session = self._session, None
        if self._attempt is not None:
            self._attempt.cancel()
            self._attempt = None
        if session is not None:
            self.spawn(session.close(), f"{self.name}:close")

    def on_stop(self) -> Any:
        """Closes the session; the owner is told that it is DOWN."""
        return self._shut_down()

    async def _shut_down(self) -> None:
        session, self._session = self._session, None
        self._state = next_state(self._state, Signal.STOP, has_been_live=self._has_been_live)
        self._tell_sync(self._state, ConnectionStatus(), "stopped", self._reconnects)
        self._answer(StoppedError(f"the connection of {self._owner!r} was stopped"))
        if session is not None:
            await session.close()
