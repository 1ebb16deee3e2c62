"""The actor runtime: pykka's actors, hosted on an event loop or a thread, without pykka's traps.

An actor subclasses `LoopActor` or `ThreadActor` and marks its handlers with `handles`. Others send to its
`Ref`, or to an `Address`, which stays good when the actor is replaced; both with ``tell``, ``tell_latest`` and ``ask``.
"""

from actors.runtime.address import Address
from actors.runtime.dead_letters import PROCESS_DEAD_LETTERS, DeadLetter, DeadLetters
from actors.runtime.envelope import Continue, Envelope
from actors.runtime.errors import (
    ActorCrashedError,
    ActorStoppedError,
    SupersededError,
    TaskCancelledError,
    UnavailableError,
    UnhandledMessageError,
    WouldBlockLoopError,
)
from actors.runtime.handlers import handles
from actors.runtime.hang_watchdog import Hang, HangWatchdog
from actors.runtime.inbox import Inbox
from actors.runtime.loop_actor import LoopActor
from actors.runtime.loop_host import LoopHost, Spawn
from actors.runtime.ref import ActorMetrics, Ref, TerminationCause, TerminationKind
from actors.runtime.reply import Reply
from actors.runtime.thread_actor import ThreadActor, ThreadHost, stop_all
from actors.runtime.timers import Timer

__all__ = [
    "PROCESS_DEAD_LETTERS",
    "ActorCrashedError",
    "ActorMetrics",
    "ActorStoppedError",
    "Address",
    "Continue",
    "DeadLetter",
    "DeadLetters",
    "Envelope",
    "Hang",
    "HangWatchdog",
    "Inbox",
    "LoopActor",
    "LoopHost",
    "Ref",
    "Reply",
    "Spawn",
    "SupersededError",
    "TaskCancelledError",
    "TerminationCause",
    "TerminationKind",
    "ThreadActor",
    "ThreadHost",
    "Timer",
    "UnavailableError",
    "UnhandledMessageError",
    "WouldBlockLoopError",
    "handles",
    "stop_all",
]
