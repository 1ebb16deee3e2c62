"""Intents wait for their commit and share it; what else is told waits for nobody and keeps its order."""

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.journal import Durability, JournalError, Outcome, commits, read_state
from tests.actors.journal.samples import HeldExecutor, journal_at, open_here, place
from tests.support.eventually import eventually
from tests.support.orders import fill, order


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


DURABILITIES = pytest.mark.parametrize("durability", list(Durability))


@DURABILITIES
@pytest.mark.parametrize("is_threaded", [False, True])
async def test_r4_an_intent_is_in_the_file_when_it_has_been_awaited(
    tmp_path: Path, threads: ThreadPoolExecutor, durability: Durability, is_threaded: bool
) -> None:
    executor = threads if is_threaded else None
    async with journal_at(tmp_path / "alice.sqlite", executor=executor, durability=durability) as journal:
        for number in range(1, 6):
            assert await journal.record_intent(place(f"c{number}")) == number
            assert [intent.intent_id for intent in journal.load().open_intents] == list(range(1, number + 1))


@DURABILITIES
async def test_intents_of_one_turn_share_a_commit(
    tmp_path: Path, threads: ThreadPoolExecutor, durability: Durability
) -> None:
    async with journal_at(tmp_path / "alice.sqlite", executor=threads, durability=durability) as journal:
        receipts = [journal.record_intent(place(f"c{n}")) for n in range(50)]
        assert [receipt.intent_id for receipt in receipts] == list(range(1, 51))
        assert await asyncio.gather(*receipts) == list(range(1, 51))
        assert journal.figures.commits == 1
        assert journal.figures.records == 50


async def test_intents_that_come_during_a_commit_share_the_next_one(tmp_path: Path) -> None:
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk, durability=Durability.POWER_LOSS)
    first = journal.record_intent(place("c0"))
    await eventually(lambda: disk.waiting)
    later = []
    for number in range(1, 20):
        later.append(journal.record_intent(place(f"c{number}")))
        await asyncio.sleep(0)
    assert len(disk.waiting) == 1
    assert not first.done
    disk.run_one()
    assert await first == 1
    await eventually(lambda: disk.waiting)
    assert not any(receipt.done for receipt in later)
    disk.run_one()
    assert await asyncio.gather(*later) == list(range(2, 21))
    assert journal.figures.commits == 2
    journal.abandon()


async def test_without_power_loss_an_intent_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk, linger_s=60)
    journal.record_order(order())
    assert await journal.record_intent(place()) == 1
    many = [journal.record_intent(place(f"c{number}")) for number in range(200)]
    assert await asyncio.gather(*many) == list(range(2, 202))
    assert not disk.waiting
    journal.abandon()


async def test_no_burst_of_events_holds_an_intent_up(tmp_path: Path) -> None:
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk, linger_s=60)
    for number in range(3000):
        journal.record_order(order(order_id=str(number)))
    assert await journal.record_intent(place()) == 1
    assert journal.figures.waiting == 3000
    state = journal.load()
    assert (len(state.open_intents), state.orders_count) == (1, 0)
    disk.run_all()
    journal.abandon()


async def test_r4_an_intent_does_not_wait_for_the_thread_that_writes_what_came_before(tmp_path: Path) -> None:
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk, linger_s=0)
    for number in range(10):
        journal.record_order(order(order_id=str(number)))
    await eventually(lambda: disk.waiting)
    assert await journal.record_intent(place()) == 1
    journal.record_outcome(1, Outcome.CONFIRMED)
    state = journal.load()
    assert (len(state.open_intents), state.orders_count) == (1, 0)
    assert journal.figures.waiting == 11
    disk.run_all()
    await eventually(lambda: disk.waiting)
    assert journal.load().orders_count == 10
    disk.run_all()
    assert journal.load().open_intents == ()
    journal.abandon()


async def test_events_are_written_however_steadily_intents_come(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    async with journal_at(tmp_path / "alice.sqlite", executor=threads, linger_s=0) as journal:
        journal.record_order(order())
        while not journal.load().orders_count:
            assert await journal.record_intent(place()) < 10_000, "the order waits for ever"


async def test_a_loop_that_tells_more_than_the_thread_can_write_writes_it_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_HELP_LIMIT", 300)
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk)
    for number in range(2000):
        journal.record_fill(fill(str(number)))
    await eventually(lambda: disk.waiting)
    assert journal.figures.waiting <= 300
    assert journal.load().fills_count == journal.figures.records >= 1700
    disk.run_all()
    journal.abandon()


async def test_a_burst_is_written_without_waiting_for_company_in_between(
    tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    async with journal_at(tmp_path / "alice.sqlite", executor=threads, linger_s=60) as journal:
        for number in range(3000):
            journal.record_fill(fill(str(number)))
        await eventually(lambda: journal.figures.records > 2500)


async def test_orders_and_fills_wait_for_company_and_are_written_by_themselves(
    tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    async with journal_at(tmp_path / "alice.sqlite", executor=threads, linger_s=0.005) as journal:
        for number in range(30):
            journal.record_order(order(order_id=str(number)))
            journal.record_fill(fill(str(number)))
        assert journal.figures.commits == 0
        await eventually(lambda: journal.figures.records == 60)
        assert journal.figures.commits == 1
        assert journal.load().fills_count == 30


async def test_what_one_batch_does_not_take_is_written_by_itself_too(
    tmp_path: Path, executor: ThreadPoolExecutor | None
) -> None:
    async with journal_at(tmp_path / "alice.sqlite", executor=executor, linger_s=0.005) as journal:
        for number in range(300):
            journal.record_fill(fill(str(number)))
        await eventually(lambda: journal.figures.records == 300)
        assert journal.load().fills_count == 300


async def test_an_intent_or_a_flush_before_does_not_cost_an_order_its_company(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite", linger_s=60) as journal:
        await journal.flush()
        journal.record_order(order())
        await journal.record_intent(place())
        journal.record_order(order(order_id="2"))
        await asyncio.sleep(0.01)
        assert journal.figures.waiting == 2


@DURABILITIES
async def test_nothing_is_in_the_file_before_an_intent_that_was_told_before_it(
    tmp_path: Path, durability: Durability
) -> None:
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk, durability=durability, linger_s=0)
    seen = set()
    receipts = []
    for number in range(1, 40):
        receipts.append(journal.record_intent(place(f"c{number}")))
        journal.record_order(order(order_id=str(number), client_order_id=f"c{number}"))
        journal.record_fill(fill(str(number), order_id=str(number)))
        await asyncio.sleep(0.001 * (number % 3))
        if number % 2 and disk.waiting:
            disk.run_one()
        state = journal.load()
        assert state.fills_count <= state.orders_count <= state.intents_count
        seen.add((state.fills_count, state.intents_count))
    assert len(seen) > 3, "it was looked at in between"
    while not all(receipt.done for receipt in receipts):
        if disk.waiting:
            disk.run_one()
        await asyncio.sleep(0)
    disk.run_all()
    journal.abandon()


async def test_state_is_not_in_the_file_before_what_was_told_before_it(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path)
    for number in range(1000):
        journal.record_fill(fill(str(number)))
    kept = journal.set_state("fills_through_ms", "5")
    while not kept.done:
        if read_state(path, "fills_through_ms") is not None:
            assert journal.load().fills_count == 1000
        await asyncio.sleep(0)
    assert journal.load().fills_count == 1000
    journal.abandon()


async def test_what_a_kill_takes_is_what_came_last(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path)
    await journal.record_intent(place("c1"))
    journal.record_order(order())
    uncommitted = journal.record_intent(place("c2"))
    journal.abandon()
    assert sorted(os.listdir(tmp_path)) == ["alice.sqlite", "alice.sqlite.lock"], "it has let go of the file"
    with pytest.raises(JournalError, match="abandoned"):
        await uncommitted
    async with journal_at(path) as journal:
        state = journal.load()
        assert [intent.intent_id for intent in state.open_intents] == [1]
        assert state.orders_count == 0


async def test_after_the_end_nothing_waits_whatever_was_under_way(tmp_path: Path) -> None:
    disk = HeldExecutor()
    journal = open_here(tmp_path / "alice.sqlite", executor=disk, durability=Durability.POWER_LOSS, linger_s=0)
    journal.record_order(order())
    await eventually(lambda: disk.waiting)
    journal.record_order(order(order_id="2"))
    receipt = journal.record_intent(place())
    assert journal.figures.waiting == 3
    disk.run_one()
    journal.abandon()
    assert journal.figures.waiting == 0
    with pytest.raises(JournalError, match="was abandoned"):
        await receipt


async def test_closing_writes_what_waits_and_leaves_one_file(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path, executor=threads, linger_s=60)
    journal.record_order(order())
    await journal.close()
    await journal.close()
    assert sorted(os.listdir(tmp_path)) == ["alice.sqlite", "alice.sqlite.lock"]
    async with journal_at(path) as journal:
        assert journal.load().orders_count == 1


async def test_closing_leaves_one_file_also_after_its_log_was_moved_into_it(
    tmp_path: Path, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_CHECKPOINT_RECORDS", 1)
    path = tmp_path / "alice.sqlite"
    journal = open_here(path, executor=threads)
    empty = path.stat().st_size
    for number in range(300):
        journal.record_fill(fill(str(number)))
    await journal.flush()
    await eventually(lambda: path.stat().st_size > empty)
    await journal.close()
    assert sorted(os.listdir(tmp_path)) == ["alice.sqlite", "alice.sqlite.lock"]


async def test_what_is_told_while_it_closes_is_written_too(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    disk = HeldExecutor()
    journal = open_here(path, executor=disk, durability=Durability.POWER_LOSS)
    closing = asyncio.ensure_future(journal.close())
    await eventually(lambda: disk.waiting)
    journal.record_order(order())
    while not closing.done():
        if disk.waiting:
            disk.run_one()
        await asyncio.sleep(0)
    await closing
    async with journal_at(path) as again:
        assert again.load().orders_count == 1


async def test_dropping_old_records_waits_until_nobody_waits(tmp_path: Path) -> None:
    disk = HeldExecutor()
    journal = open_here(
        tmp_path / "alice.sqlite", executor=disk, durability=Durability.POWER_LOSS, keep_settled_intents=1
    )
    first = journal.record_intent(place("c1"))
    await eventually(lambda: disk.waiting)
    second = journal.record_intent(place("c2"))
    disk.run_one()
    await first
    await eventually(lambda: disk.waiting)
    disk.run_one()
    await eventually(lambda: second.done)
    assert len(disk.waiting) == 1, "and now it is done"
    disk.run_one()
    journal.abandon()


async def test_after_the_end_intents_are_refused_and_the_rest_is_counted_as_lost(tmp_path: Path) -> None:
    journal = open_here(tmp_path / "alice.sqlite")
    await journal.close()
    with pytest.raises(JournalError, match="is closed"):
        journal.record_intent(place())
    with capture_logs() as logs:
        journal.record_order(order())
        journal.record_order(order())
    assert [line["event"] for line in logs] == ["journal_told_after_its_end"]
    assert journal.figures.lost == 2


async def test_the_log_is_moved_into_the_file_while_records_keep_coming(
    tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path, executor=threads, linger_s=0) as journal:
        empty = path.stat().st_size
        for number in range(6000):
            journal.record_fill(fill(str(number)))
            if number % 100 == 0:
                await journal.record_intent(place(f"c{number}"))
        await journal.flush()
        await eventually(lambda: path.stat().st_size > empty + 100_000)
        assert journal.load().fills_count == 6000


@DURABILITIES
@pytest.mark.parametrize("is_threaded", [False, True])
async def test_the_log_stays_short_however_steadily_intents_come(
    tmp_path: Path,
    threads: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    durability: Durability,
    is_threaded: bool,
) -> None:
    monkeypatch.setattr(commits, "_CHECKPOINT_RECORDS", 40)
    monkeypatch.setattr(commits, "_LOG_LIMIT_PAGES", 100)
    path = tmp_path / "alice.sqlite"
    async with journal_at(path, executor=threads if is_threaded else None, durability=durability) as journal:
        log = path.with_name("alice.sqlite-wal")
        longest, written_since = 0, 0

        async def place_until_the_log_is_used_again() -> None:
            nonlocal longest, written_since
            while written_since < 300:
                assert await journal.record_intent(place()) < 6000, "every commit has made it longer"
                written_since = written_since + 1 if log.stat().st_size <= longest else 0
                longest = max(longest, log.stat().st_size)

        # Two of them: one always waits.
        await asyncio.gather(place_until_the_log_is_used_again(), place_until_the_log_is_used_again())


async def test_a_log_that_has_grown_long_is_started_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "_CHECKPOINT_RECORDS", 40)
    monkeypatch.setattr(commits, "_LOG_LIMIT_PAGES", 100)
    disk = HeldExecutor()
    path = tmp_path / "alice.sqlite"
    log = path.with_name("alice.sqlite-wal")
    journal = open_here(path, executor=disk)
    for number in range(100):
        await journal.record_intent(place(f"c{number}"))
    assert len(disk.waiting) == 1, "the checkpoint, beside which intents go on"
    disk.run_one()
    await eventually(lambda: disk.waiting)
    meanwhile = journal.record_intent(place())
    await asyncio.sleep(0.01)
    assert not meanwhile.done, "only the short end of it holds intents up"
    disk.run_one()
    await meanwhile
    length = log.stat().st_size
    for number in range(30):
        await journal.record_intent(place(f"d{number}"))
    assert log.stat().st_size == length
    assert len(journal.load().open_intents) == 131
    disk.run_all()
    journal.abandon()


async def test_without_an_executor_everything_happens_on_the_loops_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    async with journal_at(tmp_path / "alice.sqlite", linger_s=0) as journal:
        for number in range(5000):
            journal.record_fill(fill(str(number)))
            if number % 50 == 0:
                await journal.record_intent(place(f"c{number}"))
        await journal.flush()
        assert journal.load().fills_count == 5000
    assert set(threading.enumerate()) == before, "and so it is closed"
