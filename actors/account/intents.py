"""Commands in the journal: filed before the first byte leaves, and again when it is known how they ended (R4)."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog

from actors.journal import IntentCommand, IntentReceipt, Journal, JournalError, Outcome
from actors.runtime import Reply
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    LocalRefusalError,
    UnresolvedOrderError,
    VenueRefusedError,
)

T = TypeVar("T")
_log: Final = structlog.get_logger("teller.account")
CERTAIN: Final = (VenueRefusedError, LocalRefusalError, ConnectionFailedError, ConfigurationError)
"""Errors after which it is certain that nothing happened on the exchange."""
_CANCELS_WAIT_S: Final = 0.2
"""So long the disk may hold up a cancel."""


class Intent:
    """One command on its way. Without a journal it is filed nowhere and goes out at once."""

    __slots__ = ("_is_cancel", "_journal", "_receipt")

    def __init__(self, journal: Journal | None, receipt: IntentReceipt | None, *, is_cancel: bool = False) -> None:
        self._journal = journal
        self._receipt = receipt
        self._is_cancel = is_cancel

    async def then(self, send: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Sends once the intent is durable; a cancel also when that takes long or fails (R13).

        Raises:
            JournalError: it could not be written, and nothing was sent. Whatever ``send`` raises.
        """
        if self._receipt is not None:
            await (self._filed_or_late(self._receipt) if self._is_cancel else self._receipt)
        return await send()

    async def _filed_or_late(self, receipt: IntentReceipt) -> None:
        try:
            async with asyncio.timeout(_CANCELS_WAIT_S):
                await receipt
        except (TimeoutError, JournalError) as error:
            _log.error("cancel_not_in_journal", error=str(error) or f"not written within {_CANCELS_WAIT_S:g} s")

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

    def settled(self, *, happened: bool, detail: str = "asked later") -> None:
        """Files what the exchange, asked later, said. ``detail``: in a word."""
        self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, detail)

    def _file(self, outcome: Outcome, detail: str) -> None:
        if self._journal is not None and self._receipt is not None:
            self._journal.record_outcome(self._receipt.intent_id, outcome, detail)


class Intents:
    """Files the commands of one account, and knows which of them have no answer yet."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._under_way: dict[Reply[Any], UnresolvedOrderError] = {}

    def track(self, reply: Reply[Any], what: str, client_id: str | None) -> None:
        """``reply`` is owed for a command that may leave at any moment from now on."""
        self._under_way[reply] = UnresolvedOrderError(what, client_id, "the account ended before the answer came")
        reply.add_done_callback(self._answered)

    def _answered(self, reply: Reply[Any]) -> None:
        self._under_way.pop(reply, None)

    def fail_in_flight(self) -> None:
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

    def begin_cancel(self, command: IntentCommand, arrives_by_ms: int | None = None) -> Intent:
        """The same for one that takes risk away: whatever the journal does, it goes out."""
        if self._journal is None:
            return Intent(None, None)
        try:
            receipt = self._journal.record_intent(command, arrives_by_ms=arrives_by_ms)
        except Exception as error:
            _log.error("cancel_not_in_journal", error=str(error))
            return Intent(None, None)
        return Intent(self._journal, receipt, is_cancel=True)

    def found(self, intent_id: int) -> Intent:
        """An intent of an earlier life, still open."""
        receipt = IntentReceipt(intent_id)
        receipt.set(intent_id)
        return Intent(self._journal, receipt)
