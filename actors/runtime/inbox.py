"""The mailbox: three lanes, bounded commands, newest-wins slots, and an end that leaves no ask behind.

Any thread puts, one consumer takes. ``deque.append`` and ``popleft`` are atomic, so putting needs no lock (only the
newest-wins slots have one). Two races are settled by the order of steps:

* the end: a put appends and then looks at *closed*; `close` sets *closed* and then empties. Whatever the interleaving,
  one of the two finds the message and refuses it.
* sleep: the consumer lays down a token and then looks for messages; a put appends and then takes the token. Who gets
  the token rouses the consumer, so it is woken exactly once.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Hashable

from actors.runtime.envelope import STOP_TYPES, Envelope, Refusals
from messages.lanes import Lane

DEFAULT_COMMAND_CAPACITY = 1000

_EVENT, _COMMAND = Lane.EVENT, Lane.COMMAND  # a look-up in an Enum class costs more than a put
_next_number = itertools.count(1).__next__  # atomic
_LANES: dict[type, Lane] = dict.fromkeys(STOP_TYPES, Lane.CONTROL)


def lane_of(message_type: type) -> Lane:
    """The lane that a message class names in its class variable ``lane``; EVENT when it names none."""
    lane = _LANES.get(message_type)
    if lane is None:
        named = getattr(message_type, "lane", None)
        lane = _LANES[message_type] = named if isinstance(named, Lane) else Lane.EVENT
    return lane


class _Slot:
    """Holds the place in the queue for the newest message under a key."""

    __slots__ = ("key",)

    def __init__(self, key: Hashable) -> None:
        self.key = key


def _nothing() -> None:
    return


class Inbox:
    """A closeable mailbox. CONTROL goes first; EVENT and COMMAND share one queue in order of arrival.

    The numbers of envelopes tell in which order commands and control messages were put, across the lanes.
    """

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.command_capacity = DEFAULT_COMMAND_CAPACITY
        self.wake: Callable[[], None] = _nothing
        """Called once when a message arrives for a parked consumer."""
        self.stop_called: Callable[[], None] = _nothing
        """Called for every stop put, parked or not: a consumer in the middle of something may need to know."""
        self.superseded = 0
        """Messages whose place a newer one took."""
        self._control: deque[Envelope] = deque()
        self._main: deque[Envelope | _Slot] = deque()
        self._commands: deque[None] = deque()  # a token for each waiting command: an exact count without a lock
        self._newest: dict[Hashable, Envelope] = {}
        self._newest_lock = threading.Lock()
        self._parked: list[None] = []
        self._closed = False

    # Any thread

    @property
    def depth(self) -> int:
        """Messages waiting, in all lanes."""
        return len(self._control) + len(self._main)

    @property
    def command_depth(self) -> int:
        """Commands waiting."""
        return len(self._commands)

    @property
    def closed(self) -> bool:
        """True once nothing more is taken."""
        return self._closed

    def empty(self) -> bool:
        """True when no message waits."""
        return not self._control and not self._main

    def put(self, envelope: Envelope, lane: Lane | None = None) -> bool:
        """Append a message in its class's lane, or in ``lane``.

        Returns:
            False when the mailbox was closed (the message has then been refused) or full (an asker knows by its reply).

        Raises:
            BusyError: the message was told, not asked, and there are too many commands waiting.
        """
        if lane is None:
            kind = type(envelope.message)
            lane = _LANES.get(kind) or lane_of(kind)
        if lane is _EVENT:
            self._main.append(envelope)
        elif lane is _COMMAND:
            if len(self._commands) >= self.command_capacity:
                self.refusals.busy(envelope, self.command_capacity)
                return False
            envelope.is_command = True
            envelope.number = _next_number()
            self._commands.append(None)
            self._main.append(envelope)
        else:
            envelope.number = _next_number()
            self._control.append(envelope)
            if isinstance(envelope.message, STOP_TYPES):
                self.stop_called()
        if self._closed:
            return self._refuse_late(envelope)
        if self._parked and self.unpark():
            self.wake()
        return True

    def put_latest(self, key: Hashable, envelope: Envelope) -> bool:
        """Append an event; if one under the same key still waits, take its place in the queue instead.

        Returns:
            False when the mailbox was closed.
        """
        with self._newest_lock:
            older = self._newest.get(key)
            self._newest[key] = envelope
            if older is None:
                self._main.append(_Slot(key))
            else:
                self.superseded += 1
        if older is not None:
            self.refusals.superseded(older)
        if self._closed:
            return self._refuse_late(envelope)
        if self._parked and self.unpark():
            self.wake()
        return True

    def close(self) -> list[Envelope]:
        """Take nothing more; returns what nobody will handle, control lane first. Later calls return nothing."""
        self._closed = True
        self.wake = self.stop_called = _nothing
        return self._empty_out()

    # The consumer

    def take(self) -> Envelope | None:
        """The next message, or None."""
        lane = self._control or self._main
        if not lane:
            return None
        try:
            item = lane.popleft()
        except IndexError:  # closed, and another thread that refuses what is left was quicker
            return self.take()
        if isinstance(item, _Slot):
            with self._newest_lock:
                return self._newest.pop(item.key)
        if item.is_command:
            self._commands.pop()
        return item

    def park(self) -> bool:
        """Lay down to sleep. True: the next put calls `wake`. False: something arrived meanwhile, go on."""
        self._parked.append(None)
        return self.empty() or not self.unpark()

    def unpark(self) -> bool:
        """Take the sleeper's token; True for the one caller that gets it, and so has to rouse the consumer."""
        try:
            self._parked.pop()
        except IndexError:
            return False
        return True

    # After the end

    def _empty_out(self) -> list[Envelope]:
        left: list[Envelope] = []
        while (envelope := self.take()) is not None:
            left.append(envelope)
        return left

    def _refuse_late(self, envelope: Envelope) -> bool:
        accepted = True
        for each in self._empty_out():
            accepted = accepted and each is not envelope
            self.refusals.stopped(each)
        return accepted
