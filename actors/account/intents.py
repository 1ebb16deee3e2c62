"""Commands in the journal: filed before the first byte leaves, and again when it is known how they ended (R4)."""

from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog

from actors.journal import IntentCommand, IntentReceipt, Journal, JournalError, Outcome
from actors.runtime import Reply
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    UnresolvedOrderError,
    VenueRefusedError,
    WeRefusedError,
)

T = TypeVar("T")
_log: Final = structlog.get_logger("teller.account")
CERTAIN: Final = (VenueRefusedError, WeRefusedError, ConnectionFailedError, ConfigurationError)
"""Errors after which it is certain that nothing happened on the exchange."""


class Intent:
    """One command on its way. Without a journal it is filed nowhere and goes out at once."""

    __slots__ = ("_journal", "_receipt")

    def __init__(self, journal: Journal | None, receipt: IntentReceipt | None) -> None:
        self._journal = journal
        self._receipt = receipt

    async def then(self, send: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Sends once the intent is durable.

        Raises:
            JournalError: it could not be written, and nothing was sent. Whatever ``send`` raises.
        """
        if self._receipt is not None:
            await self._receipt
        return await send()

    def ended(self, error: Exception | None = None) -> None:
        """Files how it ended: confirmed, or as the error says."""
        if error is None:
            self._file(Outcome.CONFIRMED, "")
        elif isinstance(error, VenueRefusedError):
            self._file(Outcome.REJECTED, error.label)
        elif isinstance(error, CERTAIN):
            self._file(Outcome.DENIED, type(error).__name__)
        else:
            self._file(Outcome.UNRESOLVED, type(error).__name__)

    def settled(self, *, happened: bool) -> None:
        """Files what the exchange, asked later, said."""
        self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, "asked later")

    def _file(self, outcome: Outcome, detail: str) -> None:
        if self._journal is not None and self._receipt is not None:
            self._journal.record_outcome(self._receipt.intent_id, outcome, detail)


class Intents:
    """Files the commands of one account, and knows which of them have no answer yet."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._under_way: dict[Reply[Any], UnresolvedOrderError] = {}

    def owe(self, reply: Reply[Any], what: str, client_id: str | None) -> None:
        """``reply`` is owed for a command that may leave at any moment from now on."""
        self._under_way[reply] = UnresolvedOrderError(what, client_id, "the account ended before the answer came")
        reply.add_done_callback(self._answered)

    def _answered(self, reply: Reply[Any]) -> None:
        self._under_way.pop(reply, None)

    def account_ends(self) -> None:
        """Whoever waits is told that the outcome is unknown: the request may have left (R3)."""
        for reply, error in list(self._under_way.items()):
            reply.set_error(error)

    def require_writable(self) -> None:
        """Raises `JournalError` while the journal takes nothing: then no order may be sent."""
        if self._journal is not None:
            self._journal.require_writable()

    def begin(self, command: IntentCommand, arrives_by_ms: int | None = None) -> Intent:
        """Files a command that adds risk; raises `JournalError` when that is impossible: do not send.

        ``arrives_by_ms``: after this moment of the exchange's clock it can no longer arrive there.
        """
        if self._journal is None:
            return Intent(None, None)
        receipt = self._journal.record_intent(command, arrives_by_ms=arrives_by_ms)
        return Intent(self._journal, receipt)

    def begin_cancel(self, command: IntentCommand) -> Intent:
        """The same for one that takes risk away: it goes out also when it cannot be filed."""
        try:
            return self.begin(command)
        except JournalError as error:
            _log.error("cancel_not_in_journal", error=str(error))
            return Intent(None, None)

    def found(self, intent_id: int) -> Intent:
        """An intent of an earlier life, still open."""
        receipt = IntentReceipt(intent_id)
        receipt.set(intent_id)
        return Intent(self._journal, receipt)
