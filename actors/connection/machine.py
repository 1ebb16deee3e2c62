"""The life of a connection as a table: which signal leads from which state to which.

    DOWN ------ connect --> CONNECTING      FAILED ---- connect --> CONNECTING
    CONNECTING - opened --> SYNCING         CONNECTING - failed --> DOWN (never live yet) or DEGRADED
    SYNCING --- loaded ---> LIVE            SYNCING ---- failed --> DOWN (never live yet) or DEGRADED
    LIVE ------ lost -----> DEGRADED        DEGRADED --- retry ---> RECOVERING
    DEGRADED -- whole ----> LIVE
    RECOVERING - opened --> SYNCING         RECOVERING - failed --> DEGRADED
    any ------- hopeless -> FAILED          any -------- stop ----> DOWN

A first attempt that fails ends DOWN and fails the start with its cause; a connection that has been live once is
recovered for ever, with backoff, unless it is hopeless (a key that is refused), which no retry mends. *Whole* is the
short way back when only the venue's market data had gone: the account's own session went on all the while.
"""

import enum
from typing import Final

from messages.enums import SyncState
from messages.errors import TellerError


class Signal(enum.Enum):
    """What happens to a connection."""

    CONNECT = "connect"
    OPENED = "opened"
    LOADED = "loaded"
    LOST = "lost"
    ATTEMPT_FAILED = "attempt_failed"
    RETRY = "retry"
    WHOLE = "whole"
    HOPELESS = "hopeless"
    STOP = "stop"


class UnexpectedSignalError(TellerError):
    """A signal that the state has no transition for: a fault in the supervisor."""


_ALWAYS: Final = {Signal.HOPELESS: SyncState.FAILED, Signal.STOP: SyncState.DOWN}
_TRANSITIONS: Final = {
    (SyncState.DOWN, Signal.CONNECT): SyncState.CONNECTING,
    (SyncState.FAILED, Signal.CONNECT): SyncState.CONNECTING,
    (SyncState.CONNECTING, Signal.OPENED): SyncState.SYNCING,
    (SyncState.SYNCING, Signal.LOADED): SyncState.LIVE,
    (SyncState.LIVE, Signal.LOST): SyncState.DEGRADED,
    (SyncState.DEGRADED, Signal.RETRY): SyncState.RECOVERING,
    (SyncState.DEGRADED, Signal.WHOLE): SyncState.LIVE,
    (SyncState.RECOVERING, Signal.OPENED): SyncState.SYNCING,
    (SyncState.RECOVERING, Signal.ATTEMPT_FAILED): SyncState.DEGRADED,
}


def next_state(state: SyncState, signal: Signal, *, has_been_live: bool) -> SyncState:
    """The state after ``signal``.

    Raises:
        UnexpectedSignalError: the table has no such transition.
    """
    if signal in _ALWAYS:
        return _ALWAYS[signal]
    if state in {SyncState.CONNECTING, SyncState.SYNCING} and signal is Signal.ATTEMPT_FAILED:
        return SyncState.DEGRADED if has_been_live else SyncState.DOWN
    try:
        return _TRANSITIONS[state, signal]
    except KeyError:
        raise UnexpectedSignalError(f"a connection that is {state.value} cannot take {signal.value!r}") from None
