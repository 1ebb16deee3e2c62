"""R4: a journal that is taken away under its writer is noticed and told, and no order is sent until it is back."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.account.intents import Intents
from actors.journal import Durability, JournalError, Outcome, commits
from messages.commands import CancelOrder
from tests.actors.journal.samples import journal_at, open_here, place
from tests.support.eventually import eventually
from tests.support.orders import SOL, fill, order

Taking = Callable[[Path], None]


def moved(path: Path) -> None:
    """Somebody tidies up."""
    path.rename(path.with_name("old.sqlite"))


def moved_with_its_log(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).rename(path.with_name("old.sqlite" + ending))


def deleted(path: Path) -> None:
    path.unlink()


def log_deleted(path: Path) -> None:
    path.with_name(path.name + "-wal").unlink()


def lock_deleted(path: Path) -> None:
    """A second program could have the account."""
    path.with_name(path.name + ".lock").unlink()


def directory_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def replaced_by_a_copy(path: Path) -> None:
    """As an editor or a restored backup does."""
    copy = path.with_name("copy")
    shutil.copyfile(path, copy)
    os.replace(copy, path)


def names_beside(path: Path) -> list[str]:
    return os.listdir(path.parent)


TAKINGS = (moved, moved_with_its_log, deleted, log_deleted, lock_deleted, directory_moved, replaced_by_a_copy)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "alice.sqlite"


@pytest.mark.parametrize("take", TAKINGS)
@pytest.mark.parametrize("durability", list(Durability))
async def test_r4_no_intent_is_filed_in_a_journal_that_is_gone(
    path: Path, executor: ThreadPoolExecutor | None, take: Taking, durability: Durability
) -> None:
    async with journal_at(path, executor=executor, durability=durability) as journal:
        await journal.record_intent(place("c1"))
        with capture_logs() as logs:
            take(path)
            with pytest.raises(JournalError, match=r"alice\.sqlite is gone under the running program: .*move it back"):
                await journal.record_intent(place("c2"))
        assert [line["event"] for line in logs] == ["journal_gone"]
        with pytest.raises(JournalError, match="is gone"):
            journal.require_writable()
        with pytest.raises(JournalError, match="is gone"):
            journal.record_intent(place("c3"))
        assert "is gone" in journal.figures.failure


@pytest.mark.parametrize(
    ("take", "what"),
    [
        (deleted, "the journal is not where it was opened, it was deleted or moved"),
        (replaced_by_a_copy, "the journal is not where it was opened, another file is in its place"),
        (log_deleted, "alice.sqlite-wal is not where it was opened, it was deleted or moved"),
        (lock_deleted, "alice.sqlite.lock is not where it was opened, it was deleted or moved"),
    ],
)
async def test_it_is_told_which_file_is_gone_and_how(path: Path, take: Taking, what: str) -> None:
    async with journal_at(path) as journal:
        await journal.record_intent(place("c1"))
        take(path)
        with pytest.raises(JournalError, match=f"alice.sqlite is gone under the running program: {what}: move it back"):
            await journal.record_intent(place("c2"))


@pytest.mark.parametrize("take", TAKINGS)
async def test_r4_it_is_noticed_within_a_second_while_nothing_is_written(path: Path, take: Taking) -> None:
    async with journal_at(path) as journal:
        await journal.record_intent(place("c1"))
        with capture_logs() as logs:
            take(path)
            async with asyncio.timeout(1.0):
                await eventually(lambda: "is gone" in journal.figures.failure)
        assert [line["event"] for line in logs] == ["journal_gone"]


async def test_r4_what_is_told_meanwhile_is_written_when_the_file_is_back(
    path: Path, executor: ThreadPoolExecutor | None
) -> None:
    async with journal_at(path, executor=executor, linger_s=0) as journal:
        kept = await journal.record_intent(place("c1"))
        moved_with_its_log(path)
        await eventually(lambda: journal.figures.failure)
        journal.record_outcome(kept, Outcome.CONFIRMED)
        journal.record_order(order())
        journal.record_fill(fill("t1"))
        for ending in ("", "-wal", "-shm"):
            path.with_name("old.sqlite" + ending).rename(path.with_name(path.name + ending))
        with capture_logs() as logs:
            async with asyncio.timeout(1.0):
                await eventually(lambda: not journal.figures.failure)
        assert [line["event"] for line in logs] == ["journal_writable_again"]
        await journal.record_intent(place("c2"))
        await journal.flush()
        state = journal.load()
        assert (state.orders_count, state.fills_count, state.intents_count) == (1, 1, 2)
        assert [intent.command for intent in state.open_intents] == [place("c2")]


async def test_r13_cancels_pass_while_the_journal_is_gone(path: Path) -> None:
    async with journal_at(path) as journal:
        intents = Intents(journal)
        deleted(path)
        sent = []

        async def send() -> None:
            sent.append("cancel")

        before = intents.begin_cancel(CancelOrder(symbol=SOL, order_id="1"))
        await before.then(send)
        assert journal.figures.failure
        await intents.begin_cancel(CancelOrder(symbol=SOL, order_id="2")).then(send)
        assert sent == ["cancel", "cancel"]


async def test_a_full_disk_and_a_journal_that_is_gone_are_told_apart(path: Path) -> None:
    async with journal_at(path) as journal:

        def fail(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        with capture_logs() as logs, pytest.MonkeyPatch.context() as patched:
            patched.setattr(journal._store, "_write_together", fail)
            with pytest.raises(JournalError):
                await journal.record_intent(place("c1"))
            deleted(path)
            await eventually(lambda: "is gone" in journal.figures.failure)
        assert [line["event"] for line in logs] == ["journal_not_writable", "journal_gone"]


async def test_a_checkpoint_makes_no_new_file_where_the_journal_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_LOOK_S", 3600.0)
    with ThreadPoolExecutor(1) as pool:
        journal = open_here(path, executor=pool)
        await journal.record_intent(place("c1"))
        deleted(path)
        with pytest.raises(sqlite3.OperationalError):
            journal._store.checkpoint()
        assert path.name not in names_beside(path)
        with pytest.raises(JournalError, match="is gone"):
            await journal.close()


async def test_a_closed_journal_is_looked_at_no_more(path: Path) -> None:
    journal = open_here(path)
    await journal.close()
    with capture_logs() as logs:
        deleted(path)
        journal._commits._look()
    assert logs == []
    assert not journal._store.is_gone
