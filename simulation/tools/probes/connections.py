"""Where a link is given up and made anew, and where actors are restarted."""

from typing import Final

from simulation.tools.probe import Probe

_SESSION: Final = "actors/account/session.py"
_FEED: Final = "actors/market/session.py"
_BOUNDS: Final = "actors/connection/bounds.py"
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
        "connection: a check or a load timed out",
        _BOUNDS,
        "within",
        'raise kind(f"{what} was not through within {limit_s:g} s") from None',
        "kind is ConnectionFailedError",
    ),
    Probe(
        "connection: a check or a load took too long, with answers to the end",
        _BOUNDS,
        "within",
        'raise kind(f"{what} was not through within {limit_s:g} s") from None',
        "kind is UnfinishedError",
    ),
    Probe(
        "connection: an attempt timed out",
        _BOUNDS,
        "while_answered",
        'raise ConnectionFailedError(f"{what} was not through within {limit_s:g} s of the last answer")',
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
        "connection: FAILED by an attempt that was refused",
        _SUPERVISOR,
        "ConnectionSupervisor._end_attempt",
        "self._fail(error)",
    ),
    Probe(
        "connection: the key was refused once",
        _SUPERVISOR,
        "ConnectionSupervisor._confirm_refusal",
        "self._key_was_refused = True",
    ),
    Probe(
        "connection: FAILED by checks whose key was refused",
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
        "connection: a check was refused",
        _SUPERVISOR,
        "ConnectionSupervisor._was_not_checked",
        "unchecked_s = self.now() - self._checked_s",
    ),
    Probe(
        "connection: not live any more for want of a check",
        _SUPERVISOR,
        "ConnectionSupervisor._was_not_checked",
        'self._broke(ConnectionFailedError(f"no check has succeeded for {unchecked_s:.0f} s: {error}"))',
    ),
    Probe(
        "connection: a load that failed asks for a check",
        _SUPERVISOR,
        "ConnectionSupervisor._not_resynced",
        "self.validate_connection_state()",
    ),
    Probe(
        "connection: another one got through, and a pause is cut short",
        _SUPERVISOR,
        "ConnectionSupervisor._venue_answered",
        "self._retry_after(delay_s)",
    ),
    Probe(
        "connection: another one got through, and an attempt that hangs is begun anew",
        _SUPERVISOR,
        "ConnectionSupervisor._venue_answered",
        "self._was_hurried = True",
    ),
    Probe(
        "market rules: read anew",
        _SESSION,
        "AccountSessions.renew_instruments",
        'self._tell_rules_trouble("")',
        "self.instruments_loaded_s is not None",
    ),
    Probe(
        "market rules: could not be read anew, the old ones stand",
        _SESSION,
        "AccountSessions.renew_instruments",
        "self._tell_rules_trouble(str(error))",
    ),
    Probe(
        "market rules: doubted, and read anew at once",
        _SESSION,
        "AccountSession.doubt_facts",
        "return not was_doubted and self._parts.instruments_are_due",
        "not was_doubted and self._parts.instruments_are_due",
    ),
    Probe(
        "feed: a subscription to several markets is refused",
        _FEED,
        "FeedSession._subscribe",
        "middle = len(symbols) // 2",
    ),
    Probe(
        "feed: a market is refused",
        _FEED,
        "FeedSession._refuse",
        "before = self._refused.get(symbol)",
    ),
    Probe(
        "feed: a refused market is there again",
        _FEED,
        "FeedSession._tell_ticker",
        "self._tell_unavailable()",
    ),
    Probe(
        "connection: after FAILED somebody connects anew",
        _SUPERVISOR,
        "ConnectionSupervisor._connect",
        "self._down_since_s = self.now()",
        "self._state is SyncState.FAILED",
    ),
    Probe(
        "connection: an attempt keeps the sound socket",
        _SUPERVISOR,
        "ConnectionSupervisor._begin_attempt",
        "self._attempt_task = self.io(",
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
        "group.plan.went_down(cause)",
    ),
    Probe(
        "supervision: a group runs again",
        _ROOT,
        "RootSupervisor._group_started",
        'group.resuming = self.spawn(_resume(group.plan), f"resume:{group.plan.name}")',
    ),
    Probe(
        "supervision: a restart was overtaken by another",
        _ROOT,
        "RootSupervisor._group_started",
        "self._take_down(group, running)",
    ),
    Probe(
        "supervision: a restart failed for what a person has to mend",
        _ROOT,
        "RootSupervisor._restart",
        "group.delay_s = max(group.backoff.next_delay_s(), _PAUSE_AFTER_FAILED_START_S)",
    ),
    Probe(
        "supervision: a restart failed",
        _ROOT,
        "RootSupervisor._group_start_failed",
        "self._restart(group, len(group.running), TerminationCause(TerminationKind.START_FAILED, error))",
    ),
    Probe("supervision: given up", _ROOT, "RootSupervisor._give_up", "group.is_given_up = True"),
    Probe(
        "supervision: a strategy given up has its account's orders canceled",
        _SYSTEM,
        "TradingSystem._strategy_group.<locals>.given_up",
        "self._canceling.add(task)",
    ),
    Probe("runtime: a mailbox is full", _ENVELOPE, "Refusals.busy", "if envelope.reply_to is not None:"),
    Probe("runtime: a dead letter", _DEAD_LETTERS, "DeadLetters.add", "now_s = self._clock()"),
)
