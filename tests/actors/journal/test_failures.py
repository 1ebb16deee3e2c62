"""A disk that does not take what it is given: never silent, never out of order, and over when the disk is well."""

import resource
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.journal import Durability, JournalError, Outcome, commits, read_state
from messages.enums import OrderStatus
from messages.errors import ConfigurationError
from tests.actors.journal.samples import HeldExecutor, journal_at, open_here, place
from tests.support.eventually import eventually
from tests.support.orders import fill, order


@contextmanager
def full_disk() -> Iterator[None]:
    """The operating system lets no file of this process grow any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_r4_an_intent_that_cannot_be_written_fails_and_so_do_those_after_it(
    tmp_path: Path, executor: ThreadPoolExecutor | None
) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path, executor=executor) as journal:
        with full_disk():
            with capture_logs() as logs, pytest.raises(JournalError, match=r"alice\.sqlite cannot be .*disk") as failed:
                await journal.record_intent(place("c1"))
            assert isinstance(failed.value, ConfigurationError)
            assert failed.value.path == path
            assert [line["event"] for line in logs] == ["journal_not_writable"]
            assert "disk" in journal.figures.failure
            with pytest.raises(JournalError):
                journal.record_intent(place("c2"))
            with pytest.raises(JournalError):
                journal.require_writable()


async def test_what_waits_while_the_disk_is_full_is_written_in_order_when_there_is_room(
    tmp_path: Path, executor: ThreadPoolExecutor | None
) -> None:
    async with journal_at(tmp_path / "alice.sqlite", executor=executor, linger_s=0) as journal:
        kept = await journal.record_intent(place("c1"))
        with full_disk():
            journal.record_outcome(kept, Outcome.UNRESOLVED, "time-out")
            with pytest.raises(JournalError):
                await journal.record_intent(place("c2"))
            journal.record_outcome(kept, Outcome.CONFIRMED)
            journal.record_order(order())
            journal.record_fill(fill("t1"))
            assert journal.figures.waiting == 4
        with capture_logs() as logs:
            await eventually(lambda: not journal.figures.failure)
        assert [line["event"] for line in logs] == ["journal_writable_again"]
        journal.require_writable()
        state = journal.load()
        assert (state.open_intents, state.orders_count, state.fills_count) == ((), 1, 1)
        assert state.intents_count == 1, "an intent that failed was not sent, and is not on record"
        assert journal.figures.lost == 0
        assert await journal.record_intent(place("c3")) == 3


async def test_a_batch_that_fails_beside_an_intent_that_fails_is_written_first_when_there_is_room(
    tmp_path: Path,
) -> None:
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk, linger_s=0)
    kept = journal.set_state("key", "value")
    journal.record_order(order())
    await eventually(lambda: disk.waiting)
    with full_disk():
        journal.record_order(order(OrderStatus.FILLED, filled="10", at=2))
        later = journal.set_state("key", "newer")
        with pytest.raises(JournalError):
            await journal.record_intent(place())
        assert (kept.done, later.done) == (False, True), "of the batch under way nothing is known"
        disk.run_all()
        for receipt in (kept, later):
            with pytest.raises(JournalError):
                await receipt
    assert journal.figures.waiting == 4

    def is_well() -> bool:
        disk.run_all()
        return not journal.figures.waiting

    await eventually(is_well)
    (recovery,) = journal.load().symbols
    assert [known.status for known in recovery.finished_orders] == [OrderStatus.FILLED]
    assert read_state(journal.path, "key") == "newer"
    assert await journal.record_intent(place()) == 2
    journal.abandon()


async def test_it_is_well_again_also_when_nothing_waits(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        with full_disk(), pytest.raises(JournalError):
            await journal.record_intent(place("c1"))
        assert journal.figures.waiting == 0
        await eventually(lambda: not journal.figures.failure)
        await journal.record_intent(place("c2"))


async def test_r14_a_flush_with_nothing_to_write_finds_out_that_nothing_can_be(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        with full_disk(), pytest.raises(JournalError, match="disk"):
            await journal.flush()
        await eventually(lambda: not journal.figures.failure)


async def test_state_that_cannot_be_written_yet_says_so_and_is_written_later(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        with full_disk(), pytest.raises(JournalError):
            await journal.set_state("kill_switch", "engaged")
        assert journal.get_state("kill_switch") == "engaged"
        await eventually(lambda: not journal.figures.failure)
    async with journal_at(path) as journal:
        assert journal.get_state("kill_switch") == "engaged"


async def test_when_too_much_waits_the_journal_gives_up_for_good_and_keeps_what_came_first(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path, backlog_limit=10, linger_s=0)
    with full_disk(), capture_logs() as logs:
        for number in range(25):
            journal.record_fill(fill(f"t{number}", at=number))
        with pytest.raises(JournalError, match="takes no more records"):
            journal.record_intent(place())
        with pytest.raises(JournalError):
            await journal.flush()
    assert [line["event"] for line in logs] == ["journal_gave_up", "journal_not_writable"]
    assert (journal.figures.waiting, journal.figures.lost) == (10, 15)
    await eventually(lambda: not journal.figures.waiting)
    journal.record_fill(fill("t25", at=25))
    with pytest.raises(JournalError, match="takes no more records"):
        journal.record_intent(place())
    with pytest.raises(JournalError, match="takes no more records"):
        await journal.close()
    async with journal_at(path) as again:
        (recovery,) = again.load().symbols
        assert [trade_id for trade_id, _ in recovery.fill_ids] == [f"t{number}" for number in range(10)]
        assert recovery.newest_fill_ms == 9, "the exchange is asked from here on"
        await again.record_intent(place())


async def test_a_chore_that_fails_is_told_and_keeps_nothing_from_being_written(
    tmp_path: Path, executor: ThreadPoolExecutor | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_CHECKPOINT_RECORDS", 1)
    moves_the_log = "restart_log" if executor is None else "checkpoint"
    async with journal_at(tmp_path / "alice.sqlite", executor=executor, keep_fills=1) as journal:
        with capture_logs() as logs:
            for number in range(10):
                journal.record_fill(fill(f"t{number}"))
                await journal.flush()
        assert logs == [], "what goes well is not worth a line"

        def fail() -> None:
            raise sqlite3.OperationalError("disk I/O error")

        for chore in ("drop_some", moves_the_log):
            monkeypatch.setattr(journal._store, chore, fail)
        with capture_logs() as logs:
            for number in range(10, 20):
                journal.record_fill(fill(f"t{number}"))
                await journal.flush()
            await eventually(lambda: len({line["event"] for line in logs}) == 2)
        assert {line["event"] for line in logs} == {"journal_not_shortened", "journal_checkpoint_failed"}
        assert {line["error"] for line in logs} == {"disk I/O error"}
        journal.require_writable()
        assert journal.figures.waiting == 0


async def test_closing_on_a_full_disk_says_what_is_lost_and_frees_the_file(
    tmp_path: Path, executor: ThreadPoolExecutor | None
) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path, executor=executor, linger_s=60)
    journal.record_order(order())
    with full_disk(), pytest.raises(JournalError, match="disk"):
        await journal.close()
    async with journal_at(path) as journal:
        assert journal.load().orders_count == 0


async def test_an_executor_that_was_shut_down_is_a_failure_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    pool = ThreadPoolExecutor(1)
    journal = open_here(path, executor=pool, durability=Durability.POWER_LOSS)
    pool.shutdown()
    with pytest.raises(JournalError):
        await journal.record_intent(place())
    with pytest.raises(JournalError):
        await journal.close()
    async with journal_at(path) as journal:
        assert journal.load().open_intents == ()


@pytest.mark.parametrize("replaced", [False, True], ids=["nothing there", "another file there"])
async def test_r4_a_journal_that_is_moved_away_takes_nothing_until_it_is_back(
    tmp_path: Path, executor: ThreadPoolExecutor | None, replaced: bool
) -> None:
    path, aside = tmp_path / "alice.sqlite", tmp_path / "aside.sqlite"
    async with journal_at(path, executor=executor) as journal:
        await journal.record_intent(place("c1"))
        path.rename(aside)
        if replaced:
            path.write_bytes(aside.read_bytes())
        with capture_logs() as logs, pytest.raises(JournalError, match=r"alice\.sqlite is gone"):
            await journal.record_intent(place("c2"))
        assert [line["event"] for line in logs] == ["journal_gone"]
        with pytest.raises(JournalError, match="move it back"):
            journal.require_writable()
        journal.record_fill(fill("t1"))
        aside.replace(path)
        await eventually(lambda: not journal.figures.failure)
        await journal.record_intent(place("c3"))
    async with journal_at(path, executor=executor) as again:
        state = again.load()
    assert [intent.command.client_order_id for intent in state.open_intents] == ["c1", "c3"]
    assert state.fills_count == 1
