"""Where a link is given up and made anew, and where actors are restarted."""

from typing import Final

from simulation.tools.reach import Probe

_SESSION: Final = "actors/account/session.py"
_SUPERVISOR: Final = "actors/connection/supervisor.py"
_ROOT: Final = "actors/supervision/root.py"
_SYSTEM: Final = "actors/system.py"
_ENVELOPE: Final = "actors/runtime/envelope.py"
_DEAD_LETTERS: Final = "actors/runtime/dead_letters.py"

CONNECTIONS: Final = (
    Probe(
        "connection: the private socket is deaf",
        _SESSION,
        "AccountSession.check",
        'raise ConnectionFailedError(f"the private socket is deaf: it did not tell {missed} things")',
    ),
    Probe(
        "connection: private REST does not answer",
        _SESSION,
        "AccountSession._load",
        'raise ConnectionFailedError(f"private REST does not answer: {error}") from error',
    ),
    Probe(
        "connection: public REST does not answer",
        _SESSION,
        "AccountSession._learn_clock",
        'raise ConnectionFailedError(f"public REST does not answer: {error}") from error',
    ),
    Probe("connection: the private socket ended", _SESSION, "AccountSession._socket_changed", "self._lost(cause)"),
    Probe(
        "connection: an attempt timed out",
        _SUPERVISOR,
        "ConnectionSupervisor._bring_live",
        'raise ConnectionFailedError(f"{self._owner!r} was not live within {limit_s} s") from None',
    ),
    Probe(
        "connection: the first attempt failed",
        _SUPERVISOR,
        "ConnectionSupervisor._end_attempt",
        "self._answer(error)",
    ),
    Probe(
        "connection: a later attempt failed",
        _SUPERVISOR,
        "ConnectionSupervisor._end_attempt",
        "self._retry_later()",
    ),
    Probe(
        "connection: FAILED by a hopeless attempt",
        _SUPERVISOR,
        "ConnectionSupervisor._end_attempt",
        "self._fail(error)",
    ),
    Probe(
        "connection: FAILED by a hopeless command",
        _SUPERVISOR,
        "ConnectionSupervisor._hopeless",
        "self._fail(message.error)",
    ),
    Probe(
        "connection: FAILED by a hopeless check",
        _SUPERVISOR,
        "ConnectionSupervisor._checked",
        "self._fail(error)",
    ),
    Probe(
        "connection: a check found it broken",
        _SUPERVISOR,
        "ConnectionSupervisor._checked",
        "self._broke(error)",
    ),
    Probe(
        "connection: a check that was refused is ignored",
        _SUPERVISOR,
        "ConnectionSupervisor._checked",
        "elif not isinstance(error, VenueRefusedError | WeRefusedError):",
        "isinstance(error, VenueRefusedError | WeRefusedError)",
    ),
    Probe(
        "connection: after FAILED somebody connects anew",
        _SUPERVISOR,
        "ConnectionSupervisor._connect",
        "self._has_been_live = message.persistent",
        "self._state is SyncState.FAILED",
    ),
    Probe(
        "connection: an attempt keeps the sound socket",
        _SUPERVISOR,
        "ConnectionSupervisor._begin_attempt",
        "self._attempt_task = self.pipe(",
        "is_open",
    ),
    Probe(
        "connection: the venue's market data is gone",
        _SUPERVISOR,
        "ConnectionSupervisor._public_link_changed",
        'self._move(Signal.LOST, "the venue\'s market data is gone")',
    ),
    Probe(
        "connection: market data is back, and nothing else was missing",
        _SUPERVISOR,
        "ConnectionSupervisor._public_link_changed",
        "self._move(Signal.WHOLE)",
    ),
    Probe(
        "connection: market data is back, and a loaded account waited for it",
        _SUPERVISOR,
        "ConnectionSupervisor._public_link_changed",
        "self._go_live()",
    ),
    Probe(
        "connection: breaks while market data is gone",
        _SUPERVISOR,
        "ConnectionSupervisor._broke",
        "self._report(str(error))",
    ),
    Probe(
        "connection: a reload is asked for while there is none",
        _SUPERVISOR,
        "ConnectionSupervisor._resync",
        'raise ConnectionFailedError(f"{self._owner!r} is {self._state.value}: there is no connection to load from")',
    ),
    Probe(
        "supervision: an actor crashed",
        _ROOT,
        "RootSupervisor._child_ended",
        "group.plan.went_down(message.cause)",
    ),
    Probe(
        "supervision: a group runs again",
        _ROOT,
        "RootSupervisor._group_started",
        'group.resuming = self.spawn(_resume(group.plan), f"resume:{message.name}")',
    ),
    Probe(
        "supervision: a restart was overtaken by another",
        _ROOT,
        "RootSupervisor._group_started",
        "self._take_down(group, message.running)",
    ),
    Probe(
        "supervision: a restart failed",
        _ROOT,
        "RootSupervisor._group_start_failed",
        "self._restart(group, len(group.running), TerminationCause(TerminationKind.START_FAILED, message.error))",
    ),
    Probe("supervision: given up", _ROOT, "RootSupervisor._give_up", "group.is_given_up = True"),
    Probe(
        "supervision: a strategy given up has its account's orders cancelled",
        _SYSTEM,
        "TradingSystem._strategy_group.<locals>.given_up",
        "self._accounts[name].tell(CancelAll())",
    ),
    Probe("runtime: a mailbox is full", _ENVELOPE, "Refusals.busy", "if envelope.reply_to is not None:"),
    Probe("runtime: a dead letter", _DEAD_LETTERS, "DeadLetters.add", "now_s = self._clock()"),
)
