"""What is told to a journal, as it waits to be written."""

from typing import Any, TypeAlias

import msgspec

from actors.journal.records import IntentCommand, Outcome
from actors.runtime import Reply
from messages.order import Fill, Order


class OutcomeRecord(msgspec.Struct):
    """How a command ended."""

    intent_id: int
    outcome: Outcome
    detail: str
    time_ms: int


class AwaitedRecord(msgspec.Struct):
    """A record that somebody waits for: ``receipt`` is settled with `answer` once it is durable."""

    receipt: Reply[Any]

    @property
    def answer(self) -> int | None:
        return None


class IntentRecord(AwaitedRecord):
    """A command that is about to be sent. ``text``: as it is filed."""

    intent_id: int
    command: IntentCommand
    text: str
    made_ms: int
    arrives_by_ms: int | None

    @property
    def answer(self) -> int:
        return self.intent_id


class StateRecord(AwaitedRecord):
    """A value to keep under a key, or None to drop it."""

    key: str
    value: str | None
    time_ms: int


class Probe(AwaitedRecord):
    """Nothing but the wish to know that everything before it is durable, and that the file can be written."""


Record: TypeAlias = Order | Fill | OutcomeRecord | AwaitedRecord
