"""R3, R4: each command is filed with how it ended, in the journal's words."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.account.intents import CERTAIN, Intent, Intents
from actors.journal import Journal, JournalError, JournalSettings, Outcome
from actors.runtime import Reply
from messages.commands import CancelAll, CancelOrder
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidValueError,
    RefusalReason,
    UnknownOutcomeError,
    UnresolvedOrderError,
    VenueRefusedError,
)
from tests.support.orders import SOL

CANCEL = CancelOrder(symbol=SOL, order_id="1")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal.open(
        tmp_path / "alpha.sqlite",
        account="alpha",
        settings=JournalSettings(),
        loop=asyncio.get_running_loop(),
        executor=None,
        now_ms=lambda: 1_700_000_000_000,
    )
    yield journal
    journal.abandon()


async def open_of(journal: Journal) -> list[Outcome | None]:
    await journal.flush()
    return [intent.outcome for intent in journal.load().open_intents]


async def filed(journal: Journal) -> list[tuple[str | None, str]]:
    await journal.flush()
    with closing(sqlite3.connect(journal.path)) as connection:
        return connection.execute("SELECT outcome, detail FROM intents ORDER BY id").fetchall()


@pytest.mark.parametrize(
    ("error", "outcome", "detail"),
    [
        (None, "confirmed", ""),
        (VenueRefusedError(RefusalReason.OTHER, "LABEL", "why"), "rejected", "LABEL"),
        (InvalidValueError("field", 1, "2"), "denied", "InvalidValueError"),
        (ConnectionFailedError("nobody"), "denied", "ConnectionFailedError"),
        (ConfigurationError("mend it"), "denied", "ConfigurationError"),
        (UnknownOutcomeError("lost"), "unresolved", "UnknownOutcomeError"),
        (ValueError("a fault of ours"), "unresolved", "ValueError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_an_end_is_filed_as_what_the_error_proves(
    journal: Journal, error: Exception | None, outcome: str, detail: str
) -> None:
    intent = Intents(journal).begin(CANCEL)
    intent.ended(error)
    assert await filed(journal) == [(outcome, detail)]
    assert await open_of(journal) == ([Outcome.UNRESOLVED] if outcome == "unresolved" else [])
    assert isinstance(error, CERTAIN) == (outcome in {"rejected", "denied"})


@pytest.mark.parametrize(("happened", "outcome"), [(True, "confirmed"), (False, "rejected")])
async def test_what_is_found_out_later_is_the_end(journal: Journal, happened: bool, outcome: str) -> None:
    intents = Intents(journal)
    intents.begin(CANCEL).ended(UnknownOutcomeError("lost"))
    await journal.flush()
    (found,) = journal.load().open_intents
    intents.found(found.intent_id).settled(happened=happened)
    assert await filed(journal) == [(outcome, "asked later")]


async def test_nothing_is_sent_before_it_is_filed(journal: Journal) -> None:
    filed_when_sent: list[int] = []

    async def send() -> str:
        filed_when_sent.append(len(journal.load().open_intents))
        return "sent"

    assert await Intents(journal).begin(CANCEL, 5).then(send) == "sent"
    assert filed_when_sent == [1]
    assert journal.load().open_intents[0].arrives_by_ms == 5
    assert await Intent(None, None).then(send) == "sent"


async def test_what_adds_risk_is_not_sent_when_it_cannot_be_filed_and_a_cancel_is(
    journal: Journal,
) -> None:
    sent: list[str] = []

    async def send() -> None:
        sent.append("sent")

    intents = Intents(journal)
    intent, cancel = intents.begin(CANCEL), intents.begin_cancel(CANCEL)
    journal.abandon()
    with pytest.raises(JournalError):
        await intent.then(send)
    assert sent == []
    with capture_logs() as logs:
        await cancel.then(send)
        cancel.ended()
        await intents.begin_cancel(CancelAll()).then(send)
    assert sent == ["sent", "sent"]
    assert {row["event"] for row in logs} >= {"cancel_not_in_journal"}
    with pytest.raises(JournalError):
        intents.begin(CANCEL)
    with pytest.raises(JournalError):
        intents.require_writable()
    Intents(None).require_writable()


async def test_a_cancel_waits_for_the_disk_but_not_long(journal: Journal) -> None:
    class Never(Reply[int]):
        intent_id = 1

    began_s = asyncio.get_running_loop().time()
    intent = Intent(journal, Never(), is_cancel=True)  # type: ignore[arg-type]  # a receipt that never comes

    async def send() -> str:
        return "sent"

    with capture_logs() as logs:
        assert await intent.then(send) == "sent"
    assert 0.15 < asyncio.get_running_loop().time() - began_s < 2.0
    assert [row["error"] for row in logs] == ["not written within 0.2 s"]


async def test_when_the_account_ends_those_who_wait_hear_that_it_is_not_known() -> None:
    intents = Intents(None)
    waiting: Reply[Any] = Reply()
    answered: Reply[Any] = Reply()
    intents.track(waiting, "placing", "c1")
    intents.track(answered, "placing", "c2")
    answered.set("done")
    intents.fail_in_flight()
    assert isinstance(waiting.error, UnresolvedOrderError)
    assert waiting.error.client_order_id == "c1"
    assert "the account ended before the answer came" in str(waiting.error)
    assert (answered.result(), answered.late_answers) == ("done", 0)


async def test_without_a_journal_nothing_is_filed() -> None:
    intent = Intents(None).found(1)
    intent.ended()
    intent.settled(happened=True)
