"""Notices a handler that does not come back, and shows where it is stuck.

A loop actor's handler that hangs holds up every actor on its loop, so nobody on the loop could tell: a thread watches.
"""

import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Final

import msgspec
import pykka
import structlog

from actors.runtime.core import ActorCore
from actors.runtime.loop_actor import LoopActor
from actors.runtime.loop_host import LoopHost
from actors.runtime.thread_actor import ThreadActor
from messages.errors import InvalidValueError

_log: Final = structlog.get_logger(__name__)
_LOOP: Final = "event loop"


class Hang(msgspec.Struct, frozen=True):
    """One handler, or the loop itself, that has been busy for too long.

    Attributes:
        actor, message: whose handler, and for which type of message; the message is empty where that is unknown.
        for_s: so long at least. stack: where it is, innermost last; code locations only, no values (R12).
    """

    actor: str
    message: str
    for_s: float
    stack: tuple[str, ...]


class HangWatchdog:
    """Looks every ``every_s`` seconds at the loop and at all thread actors.

    Reports once a handler has been at one message for ``hang_s`` seconds, and again each time that has doubled.
    """

    def __init__(
        self,
        host: LoopHost,
        *,
        hang_s: float = 2.0,
        every_s: float = 0.25,
        told: Callable[[Hang], None] | None = None,
    ) -> None:
        """``told``: called on the watchdog's thread with each report, after it was logged.

        Raises:
            InvalidValueError: a time is not above zero.
        """
        for name, value in (("hang_s", hang_s), ("every_s", every_s)):
            if not value > 0:
                raise InvalidValueError(name, value, "above 0 seconds")
        self._host = host
        self._hang_s = hang_s
        self._every_s = every_s
        self._told = told
        self._stopped = threading.Event()
        self._beaten = threading.Event()
        self._loop_thread: int | None = None
        self._busy: dict[str, tuple[object, float, float]] = {}
        self._thread = threading.Thread(target=self._watch, name="hang-watchdog", daemon=True)

    def start(self) -> None:
        """To be called on the loop's thread."""
        self._loop_thread = threading.get_ident()
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        waited_s = 0.0
        while not self._stopped.is_set():
            if waited_s == 0.0:
                self._beaten.clear()
                try:
                    self._host.loop.call_soon_threadsafe(self._beaten.set)
                except RuntimeError:
                    return  # the loop is closed
            self._stopped.wait(self._every_s)
            waited_s = 0.0 if self._beaten.is_set() else waited_s + self._every_s
            self._look_at_loop(waited_s)
            self._look_at_threads()

    def _look_at_loop(self, waited_s: float) -> None:
        if waited_s == 0.0:
            self._busy.pop(_LOOP, None)
        elif self._is_due(_LOOP, _LOOP, waited_s):
            serving = next((a for a in _actors() if isinstance(a, LoopActor) and a.is_serving_now), None)
            self._report(serving, waited_s, self._loop_thread)

    def _look_at_threads(self) -> None:
        alive = set()
        for actor in _actors():
            if not isinstance(actor, ThreadActor):
                continue
            in_hand = actor.in_hand
            alive.add(actor.actor_urn)
            known = self._busy.get(actor.actor_urn)
            if in_hand is None:
                self._busy.pop(actor.actor_urn, None)
            elif known is None or known[0] is not in_hand:
                self._busy[actor.actor_urn] = (in_hand, 0.0, self._hang_s)
            else:
                busy_s = known[1] + self._every_s
                self._busy[actor.actor_urn] = (in_hand, busy_s, known[2])
                if self._is_due(actor.actor_urn, in_hand, busy_s):
                    self._report(actor, busy_s, actor.thread_id)
        for urn in [urn for urn in self._busy if urn != _LOOP and urn not in alive]:
            del self._busy[urn]

    def _is_due(self, key: str, what: object, busy_s: float) -> bool:
        due_s = self._busy[key][2] if key in self._busy else self._hang_s
        if busy_s < due_s:
            self._busy[key] = (what, busy_s, due_s)
            return False
        self._busy[key] = (what, busy_s, due_s * 2)
        return True

    def _report(self, actor: ActorCore | None, busy_s: float, thread_id: int | None) -> None:
        in_hand = None if actor is None else actor.in_hand
        hang = Hang(
            actor=_LOOP if actor is None else actor.name,
            message="" if in_hand is None else type(in_hand.message).__name__,
            for_s=busy_s,
            stack=_stack_of(None if thread_id is None else sys._current_frames().get(thread_id)),
        )
        stack = "\n".join(hang.stack)
        _log.error("handler_hangs", actor=hang.actor, message=hang.message, for_s=hang.for_s, stack=stack)
        if self._told is not None:
            self._told(hang)


def _actors() -> list[ActorCore]:
    """Those that are alive now."""
    found = (ref._actor_weakref() for ref in pykka.ActorRegistry.get_all())
    return [actor for actor in found if isinstance(actor, ActorCore)]


def _stack_of(frame: FrameType | None) -> tuple[str, ...]:
    if frame is None:
        return ()
    return tuple(f"{entry.filename}:{entry.lineno} {entry.name}" for entry in traceback.extract_stack(frame))
