"""Addresses: what others hold instead of a reference, since it stays good when the actor is replaced (R8)."""

import threading
from collections.abc import Hashable
from typing import Any

from actors.runtime.dead_letters import PROCESS_DEAD_LETTERS, DeadLetters
from actors.runtime.envelope import Envelope
from actors.runtime.errors import UnavailableError
from actors.runtime.ref import Ref
from actors.runtime.reply import Reply


class Address:
    """A name under which an actor can be reached, whoever it is at the moment. Safe from any thread.

    Args:
        name: who lives here, in the words of a person: it is in every error.
        dead_letters: where messages go that are told while nobody is there.
    """

    def __init__(self, name: str, dead_letters: DeadLetters | None = None) -> None:
        self.name = name
        self._dead_letters = PROCESS_DEAD_LETTERS if dead_letters is None else dead_letters
        self._ref: Ref[Any] | None = None
        self._reason = "not started yet"
        self._change = threading.Lock()

    def __repr__(self) -> str:
        return f"<Address {self.name}: {'bound' if self._ref is not None else self._reason}>"

    @property
    def is_bound(self) -> bool:
        """True while there is an actor to deliver to."""
        return self._ref is not None

    @property
    def ref(self) -> Ref[Any] | None:
        """The actor that is here now; good until it is replaced, so do not keep it."""
        return self._ref

    def bind(self, ref: Ref[Any]) -> None:
        """Deliver to ``ref`` from now on. When that actor ends the address unbinds itself, with its end as reason."""
        with self._change:
            self._ref = ref
        ref.terminated.add_done_callback(lambda cause: self._unbind(str(cause.result()), ref))

    def _unbind(self, reason: str, ref: Ref[Any]) -> None:
        with self._change:
            if self._ref is ref:
                self._ref = None
                self._reason = reason

    def tell(self, message: Any) -> bool:
        """Send without waiting for an answer. False when nobody took it (it is a dead letter then).

        Raises:
            BusyError: too many commands wait.
        """
        ref = self._ref
        if ref is None:
            self._lost(message)
            return False
        return ref.inbox.put(Envelope(message))  # straight to the mailbox: this is the hottest call of all

    def tell_latest(self, key: Hashable, message: Any) -> bool:
        """Like `tell`, for an event of which only the newest under ``key`` matters."""
        ref = self._ref
        if ref is None:
            self._lost(message)
            return False
        return ref.tell_latest(key, message)

    def ask(self, message: Any) -> Reply[Any]:
        """Send, and get the reply; `UnavailableError` at once while nobody is here."""
        ref = self._ref
        if ref is None:
            reply: Reply[Any] = Reply()
            reply.set_error(UnavailableError(f"{self.name} is unavailable: {self._reason}"))
            return reply
        return ref.ask(message)

    def _lost(self, message: Any) -> None:
        self._dead_letters.add(message, self.name, "address unbound")
