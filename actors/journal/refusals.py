"""Records that no file can hold: what is said of them, and noted in the file in their place."""

from pathlib import Path
from typing import Final

import msgspec
import structlog

from actors.journal.records import REFUSED
from actors.journal.told import IntentRecord, OutcomeRecord, Record, StateRecord
from messages.order import Fill, Order
from messages.symbol import Symbol

_NAME_LIMIT: Final = 100
_NAMES_LIMIT: Final = 1000
"""So many ids are remembered; then one that was logged may be logged again."""
_LARGEST_INTEGER: Final = 2**63 - 1
_log: Final = structlog.get_logger("teller.journal")


class Refusal(msgspec.Struct, frozen=True):
    """A record that cannot be written whatever the disk does, and why: a number beyond 64 bits, half a character."""

    record: Record
    why: str

    @property
    def what(self) -> str:
        """The record in words, with its ids."""
        record = self.record
        if isinstance(record, Order):
            return f"order {_named(record.order_id)} of {_named(record.symbol)}"
        if isinstance(record, Fill):
            return f"fill {_named(record.trade_id)} of order {_named(record.order_id)} of {_named(record.symbol)}"
        if isinstance(record, IntentRecord):
            return f"intent {record.intent_id}"
        if isinstance(record, OutcomeRecord):
            return f"outcome of intent {record.intent_id}"
        return f"state {_named(record.key)}" if isinstance(record, StateRecord) else "probe"


class RefusalLog:
    """Counts refusals, and logs each once for each id."""

    def __init__(self, account: str, path: Path) -> None:
        self._account = account
        self._path = path
        self._named: set[str] = set()
        self.count = 0

    def add(self, refusals: list[Refusal]) -> None:
        """Takes in what one batch had to leave out."""
        self.count += len(refusals)
        for refusal in refusals:
            what = refusal.what
            if what in self._named:
                continue
            if len(self._named) >= _NAMES_LIMIT:
                self._named.clear()
            self._named.add(what)
            _log.error(
                "journal_record_refused",
                account=self._account,
                path=str(self._path),
                record=what,
                error=refusal.why,
                note="it is not in the journal and so in no history; all else is written",
            )


def as_written(text: str) -> str:
    """Text as a file can hold it: halves of characters (lone surrogates) become question marks."""
    return text.encode("utf-8", "replace").decode()


def _named(value: object) -> str:
    """An id in words, whatever it is and however long."""
    return as_written(str(value))[:_NAME_LIMIT] if isinstance(value, str | Symbol) else f"<{type(value).__name__}>"


def note_of(record: Record) -> tuple[str, str, int]:
    """What is missing, of which market, up to when as far as that is a time at all."""
    if isinstance(record, Order | Fill):
        what, time_ms = ("orders", record.updated_ms) if isinstance(record, Order) else ("fills", record.time_ms)
        symbol = _named(record.symbol)
    else:
        what, symbol, time_ms = ("intents" if isinstance(record, IntentRecord | OutcomeRecord) else "states", "", 0)
    is_time = isinstance(time_ms, int) and 0 <= time_ms <= _LARGEST_INTEGER
    return REFUSED + what, symbol, time_ms if is_time else 0
