"""One supervisor for each connection: opens it, brings its owner live, notices that it broke, and mends it."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from actors.connection.backoff import Backoff
from actors.connection.bounds import while_answered, within
from actors.connection.machine import Signal, next_state
from actors.connection.messages import (
    Connect,
    FactsDoubted,
    LinkLost,
    PublicLinkChanged,
    RequestFailed,
    Resync,
    VenueAnswered,
)
from actors.connection.neighbours import WITHIN_S, Neighbours
from actors.connection.session import Session, SessionFactory, TellSync
from actors.connection.settings import SupervisorSettings
from actors.runtime import Continue, LoopActor, Reply, handles
from messages.enums import SyncState
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    ListChangedError,
    LocalRefusalError,
    RateLimitedError,
    RefusalReason,
    StoppedError,
    TellerError,
    VenueRefusedError,
)
from messages.events import ConnectionStatus

_log: Final = structlog.get_logger("teller.connection")


_LEAST_WAIT_S: Final = 1.0
"""For a limit, where less was asked for."""
_ATTEMPTING: Final = {SyncState.CONNECTING, SyncState.SYNCING, SyncState.RECOVERING}


class ConnectionSupervisor(LoopActor):
    """Drives the table of `actors.connection.machine` for one owner, through sessions that the factory makes.

    Sessions are numbered; whatever an old one still says is ignored by that number. A session whose socket is sound is
    kept when only REST fails, checks are refused or only the venue's market data is gone; one whose socket broke is
    closed and replaced. A refusal ends in FAILED only when it is of the key itself, and twice in a row.
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
        neighbours: Neighbours | None = None,
    ) -> None:
        """``needs_public_feed``: the owner is live only while the venue's market data is, too (`PublicLinkChanged`).
        ``neighbours``: the other connections of the venue; None: there are none."""
        super().__init__()
        self.name = f"{name}:connection"
        self._owner = name
        self._sessions = sessions
        self._tell_sync = tell_sync
        self._settings = settings
        self._backoff = Backoff(settings.backoff, rng)
        self._rng = rng
        self._neighbours = neighbours or Neighbours()
        self._state = SyncState.DOWN
        self._session_id = 0
        self._session: Session | None = None
        self._attempt = 0
        self._attempt_task: asyncio.Task[Any] | None = None
        self._is_loaded = False
        self._waiting: list[Reply[Any]] = []
        self._has_been_live = False
        self._live_since_s = 0.0
        self._began_s = 0.0
        self._down_since_s = 0.0
        self._failed_attempts = 0
        self._retry_at_s = 0.0
        self._was_hurried = False
        self._was_called = False
        self._key_was_refused = False
        self._reconnects = 0
        self._is_checking = False
        self._checked_s = 0.0
        self._unchecked_cause = ""
        self._reported_links = ConnectionStatus()
        self._closing: dict[asyncio.Task[Any], None] = {}
        self._needs_public_feed = needs_public_feed
        self._public_feed_is_up = False

    def on_start(self) -> None:
        """From now on it hears of the venue's other connections."""
        self._neighbours.join(self, self._hear_venue)

    def _hear_venue(self) -> None:
        """Called by a neighbour in its own turn, which is not to fail when this one has just ended."""
        self.actor_ref.tell(VenueAnswered())

    # -- commands -------------------------------------------------------------------------------------------------

    @handles(Connect)
    def _connect(self, message: Connect) -> None:
        self._has_been_live = self._has_been_live or message.persistent  # whoever asks first, it is never forgotten
        if self._state is SyncState.LIVE:
            return
        self._waiting.append(self.defer())
        if self._state in {SyncState.DOWN, SyncState.FAILED}:
            self._key_was_refused = False
            self._down_since_s = self.now()
            self._move(Signal.CONNECT)
            self._begin_attempt()

    @handles(Resync)
    def _resync(self, _: Resync) -> None:
        session = self._session
        if session is None or not self._is_loaded:
            raise ConnectionFailedError(f"{self._owner!r} is {self._state.value}: there is no connection to load from")
        reply, session_id, asked_s = self.defer(), self._session_id, self.now()
        self.io(
            "resync",
            self._within_limit(session, session.load, "the load"),
            lambda _: self._resynced(session_id, asked_s, reply),
            partial(self._not_resynced, session_id, reply),
        )

    def _resynced(self, session_id: int, asked_s: float, reply: Reply[Any]) -> None:
        """A load that succeeds is as good as a check."""
        if session_id == self._session_id and self._is_loaded:
            self._was_checked(asked_s)
        reply.set(None)

    def _not_resynced(self, session_id: int, reply: Reply[Any], error: Exception) -> None:
        """One that fails is worth a look at the links."""
        if session_id == self._session_id and self._is_loaded:
            self.validate_connection_state()
        reply.set_error(error)

    @handles(PublicLinkChanged)
    def _public_link_changed(self, message: PublicLinkChanged) -> None:
        if message.is_up is self._public_feed_is_up:
            return
        self._public_feed_is_up = message.is_up
        if not message.is_up and self._needs_public_feed and self._state is SyncState.LIVE:
            self._move(Signal.LOST, "the venue's market data is gone")
        elif message.is_up and self._is_loaded and self._state is SyncState.DEGRADED:
            self._move(Signal.WHOLE)
            self._answer(None)
        elif message.is_up and self._is_loaded and self._state is SyncState.SYNCING:
            self._go_live()
        else:
            self._report("")

    # -- attempts -------------------------------------------------------------------------------------------------

    def _begin_attempt(self) -> None:
        """Opens a new session and loads, or only loads where the session's socket is sound."""
        self._attempt += 1
        attempt = self._attempt
        self._is_loaded = self._was_called = False
        self._began_s = self.now()
        session = self._session
        is_open = session is not None and session.is_open()
        if session is None or not is_open:
            self._drop_session()
            session_id = self._session_id = self._sessions.next_number()
            session = self._session = self._sessions(session_id, lambda cause: self._lost(session_id, cause))
        self._attempt_task = self.io(
            "attempt",
            while_answered(
                self._settings.attempt_timeout_s,
                self._host.spawn,
                partial(self._bring_live, session, attempt, is_open=is_open),
                session.answers_count,
                f"the attempt of {self._owner!r}",
            ),
            lambda _: self._loaded(attempt),
            partial(self._attempt_failed, attempt),
        )

    async def _bring_live(self, session: Session, attempt: int, *, is_open: bool) -> None:
        if not is_open:
            await session.open()
        self.actor_ref.tell(Continue("opened", partial(self._opened, attempt, is_new=not is_open)))
        await session.load()

    def _within_limit(
        self, session: Session, work: Callable[[], Coroutine[Any, Any, None]], what: str
    ) -> Coroutine[Any, Any, None]:
        limit_s = self._settings.attempt_timeout_s
        return within(limit_s, work, session.answers_count, f"{what} of {self._owner!r}")

    def _lost(self, session_id: int, cause: str) -> None:
        self.actor_ref.tell(LinkLost(session_id, cause))  # who has ended meanwhile need not know

    def _opened(self, attempt: int, *, is_new: bool) -> None:
        if attempt == self._attempt and self._state in {SyncState.CONNECTING, SyncState.RECOVERING}:
            self._move(Signal.OPENED)
            if is_new:
                self._tell_neighbours()

    def _loaded(self, attempt: int) -> None:
        if attempt != self._attempt or self._state is not SyncState.SYNCING:
            return
        self._is_loaded = True
        self._tell_neighbours()
        self._failed_attempts = 0
        self._was_checked(self._began_s)
        if self._public_feed_is_up or not self._needs_public_feed:
            self._go_live()
        else:
            self._report("waiting for the venue's market data")
        self._check_later(attempt)

    def _tell_neighbours(self) -> None:
        """Only after attempts that failed: whoever merely comes back says nothing of the venue."""
        if self._failed_attempts:
            self._neighbours.answered(self)

    def _go_live(self) -> None:
        self._reconnects += self._has_been_live
        self._has_been_live = True
        self._live_since_s = self.now()
        self._move(Signal.LOADED)
        _log.info(
            "connection_live",
            name=self._owner,
            session_id=self._session_id,
            elapsed_ms=round((self.now() - self._began_s) * 1000, 3),
        )
        self._answer(None)

    def _attempt_failed(self, attempt: int, error: Exception) -> None:
        if attempt == self._attempt and self._state in _ATTEMPTING:
            self._end_attempt(error)

    @handles(LinkLost)
    def _link_lost(self, message: LinkLost) -> None:
        if message.session_id == self._session_id and self._session is not None:
            self._broke(ConnectionFailedError(message.cause))

    def _broke(self, error: Exception) -> None:
        """The session is not whole any more, in whichever state that finds us."""
        if self._state is SyncState.LIVE:
            self._lose(str(error))
        elif self._state in _ATTEMPTING:
            self._end_attempt(error)
        elif self._is_loaded:  # degraded only for want of market data, until now
            self._is_loaded = False
            self._down_since_s = self.now()
            self._drop_broken_session()
            self._report(str(error))
            self._retry_later()

    def _end_attempt(self, error: Exception) -> None:
        self._is_loaded = False
        self._failed_attempts += 1
        self._stop_attempt()
        if isinstance(error, ConfigurationError) or (_refuses_key(error) and self._key_was_refused):
            self._fail(error)
            return
        if _refuses_key(error):
            self._confirm_refusal(error)
            self._drop_broken_session()
            self._attempt_later(self._settings.confirm_refusal_s)
            return
        wait_s = _asked_to_wait_s(error)
        if wait_s is not None and self._may_start_later(wait_s):
            _log.warning("start_waits", name=self._owner, delay_s=round(wait_s, 3), error=str(error))
            self._drop_broken_session()
            self._attempt_later(wait_s)
            return
        if not isinstance(error, TellerError):
            _log.error("connection_attempt_crashed", name=self._owner, exc_info=error)
        _log.warning("connection_attempt_failed", name=self._owner, session_id=self._session_id, error=str(error))
        self._move(Signal.ATTEMPT_FAILED, str(error))
        if self._state is SyncState.DEGRADED:
            self._retry_later()
        else:
            self._drop_session()
            self._answer(error)

    def _confirm_refusal(self, error: Exception) -> None:
        """One odd refusal is no proof: whoever is in front of the exchange refuses, too."""
        self._key_was_refused = True
        _log.warning("key_refused_once", name=self._owner, session_id=self._session_id, error=str(error))

    def _may_start_later(self, wait_s: float) -> bool:
        """A start waits for a limit that an earlier life, or a neighbour, has used up; not for longer than for an
        attempt that is slow. Who was live once has pauses of its own."""
        return not self._has_been_live and self.now() + wait_s - self._down_since_s < self._settings.attempt_timeout_s

    def _attempt_later(self, delay_s: float) -> None:
        """Another one in the same state: the one before was broken off or has to be confirmed."""
        attempt = self._attempt

        def due() -> None:
            if attempt == self._attempt and self._state in _ATTEMPTING:
                self._begin_attempt()

        self.call_later(delay_s, "attempt due", due)

    def _lose(self, cause: str) -> None:
        _log.warning("connection_lost", name=self._owner, session_id=self._session_id, cause=cause)
        self._down_since_s = self.now()
        self._backoff.was_live_for(self._down_since_s - self._live_since_s)
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
        now_s = self.now()
        delay_s = self._backoff.next_delay_s(now_s - self._down_since_s)
        if self._was_called:  # while the attempt was under way that has just failed
            delay_s = min(delay_s, self._rng.uniform(0, WITHIN_S))
        _log.info("connection_retry", name=self._owner, delay_s=round(delay_s, 3))
        self._retry_after(delay_s)

    @handles(VenueAnswered)
    def _venue_answered(self, _: VenueAnswered) -> None:
        """Another connection got through: a longer pause is cut short, an attempt that hangs is begun anew, once."""
        delay_s = self._rng.uniform(0, WITHIN_S)
        self._was_called = True
        if self._state is SyncState.DEGRADED and not self._is_loaded and self._retry_at_s > self.now() + WITHIN_S:
            self._attempt += 1
            self._retry_after(delay_s)
        elif self._hangs():
            self._was_hurried = True
            self._stop_attempt()
            self._drop_broken_session()
            self._attempt_later(delay_s)

    def _hangs(self) -> bool:
        """An attempt after others that failed which has not come to its end for a while."""
        is_attempting = self._state in _ATTEMPTING and self._attempt_task is not None and not self._is_loaded
        return (
            is_attempting
            and bool(self._failed_attempts)
            and not self._was_hurried
            and self.now() - self._began_s > WITHIN_S
        )

    def _retry_after(self, delay_s: float) -> None:
        attempt, self._retry_at_s = self._attempt, self.now() + delay_s

        def due() -> None:
            if attempt == self._attempt and self._state is SyncState.DEGRADED and not self._is_loaded:
                self._move(Signal.RETRY)
                self._was_hurried = False
                self._begin_attempt()

        self.call_later(delay_s, "retry due", due)

    # -- looking after the links ----------------------------------------------------------------------------------

    @handles(RequestFailed)
    def _request_failed(self, message: RequestFailed) -> None:
        if message.session_id == self._session_id:
            self.validate_connection_state()

    @handles(FactsDoubted)
    def _facts_doubted(self, message: FactsDoubted) -> None:
        session = self._session
        if message.session_id == self._session_id and session is not None and session.doubt_facts():
            self.validate_connection_state()

    def _check_again(self, attempt: int) -> None:
        if attempt == self._attempt:
            self.validate_connection_state()

    def _check_later(self, attempt: int) -> None:
        self.call_later(self._settings.check_every_s, "check due", partial(self._check_due, attempt))

    def _check_due(self, attempt: int) -> None:
        if attempt == self._attempt and self._is_loaded:
            self.validate_connection_state()
            self._check_later(attempt)

    def validate_connection_state(self) -> None:
        """Looks whether both REST links answer and whether the socket has told everything (R5).

        A socket reports its own end through its handler, or by its silence watchdog; this finds what neither shows:
        REST that stopped answering, and a socket that answers pings but no longer carries events.
        """
        session = self._session
        if self._is_checking or not self._is_loaded or session is None:
            return
        self._is_checking = True
        session_id, asked_s = self._session_id, self.now()
        self.io(
            "check",
            self._within_limit(session, session.check, "the check"),
            lambda _: self._checked(session_id, asked_s, None),
            partial(self._checked, session_id, asked_s),
        )

    def _checked(self, session_id: int, asked_s: float, error: Exception | None) -> None:
        self._is_checking = False
        if session_id != self._session_id or not self._is_loaded:
            return
        if error is None:
            self._was_checked(asked_s)
        elif not isinstance(error, VenueRefusedError | LocalRefusalError | ListChangedError):
            self._broke(error)
        elif not _refuses_key(error):
            self._was_not_checked(error)
        elif self._key_was_refused:
            self._fail(error)
        else:
            self._confirm_refusal(error)
            self.call_later(self._settings.confirm_refusal_s, "check again", partial(self._check_again, self._attempt))

    def _was_checked(self, asked_s: float) -> None:
        """``asked_s``: when the exchange was asked what turned out to be as we know it."""
        self._checked_s = max(self._checked_s, asked_s)
        self._key_was_refused = False
        if self._unchecked_cause:
            _log.info("connection_checked_again", name=self._owner, session_id=self._session_id)
            self._unchecked_cause = ""
        if self._links() != self._reported_links and self._state is SyncState.LIVE:
            self._report("")

    def _was_not_checked(self, error: Exception) -> None:
        """A check that is refused, or finds a list in motion, proves nothing, neither way: it is told, and not for long
        is that as good as a check (R5)."""
        unchecked_s = self.now() - self._checked_s
        if str(error) != self._unchecked_cause:
            self._unchecked_cause = str(error)
            _log.warning(
                "connection_not_checked", name=self._owner, unchecked_s=round(unchecked_s, 3), error=str(error)
            )
        if unchecked_s >= self._settings.may_be_unchecked_s:
            self._broke(ConnectionFailedError(f"no check has succeeded for {unchecked_s:.0f} s: {error}"))

    # -- helpers --------------------------------------------------------------------------------------------------

    def _move(self, signal: Signal, cause: str = "") -> None:
        before = self._state
        self._state = next_state(before, signal, has_been_live=self._has_been_live)
        _log.debug("connection_state", name=self._owner, before=before.value, after=self._state.value)
        self._report(cause)

    def _report(self, cause: str) -> None:
        self._reported_links = self._links()
        self._tell_sync(self._state, self._reported_links, cause, self._reconnects)

    def _links(self) -> ConnectionStatus:
        links = self._session.links() if self._session is not None else ConnectionStatus()
        return msgspec.structs.replace(links, public_ws=True) if self._public_feed_is_up else links

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
        self._neighbours.leave(self)
        self._state = next_state(self._state, Signal.STOP, has_been_live=self._has_been_live)
        self._tell_sync(self._state, ConnectionStatus(), "stopped", self._reconnects)
        self._answer(StoppedError(f"the connection of {self._owner!r} was stopped"))
        self._drop_session()
        if self._closing:
            await asyncio.wait(list(self._closing))


def _refuses_key(error: Exception) -> bool:
    """Sessions let a refusal of the key through as such only where it comes of what the owner cannot do without."""
    return isinstance(error, VenueRefusedError) and error.is_hopeless


def _asked_to_wait_s(error: Exception) -> float | None:
    """Seconds until a limit that is used up is free again; None where it is about something else, or not told."""
    is_told = isinstance(error, VenueRefusedError) and error.reason is RefusalReason.RATE_LIMIT
    if not is_told and not isinstance(error, RateLimitedError):
        return None
    asked_s: float | None = getattr(error, "retry_after_s", None)
    return None if asked_s is None else max(asked_s, _LEAST_WAIT_S)
