"""R4, R13: a disk that stalls holds up what waits for it, and not the loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from actors.journal import IntentThread, Journal, JournalError, Outcome
from actors.journal.refusals import Refusal
from actors.journal.store import Store
from actors.journal.told import Record
from tests.actors.journal.samples import open_here, place
from tests.support.eventually import eventually
from tests.support.orders import fill, order


class Stall:
    """A disk that takes nothing for as long as it ``is_on``. The loop switches it off: were it held, it never could."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._over = threading.Event()
        self._over.set()
        self.reached = threading.Event()
        self.error: OSError | None = None
        write = Store.write

        def stalled(store: Store, records: Sequence[Record]) -> list[Refusal]:
            if not self._over.is_set():
                self.reached.set()
                assert self._over.wait(60), "nobody has ended it"
                if self.error is not None:
                    raise self.error
            return write(store, records)

        monkeypatch.setattr(Store, "write", stalled)

    @property
    def is_on(self) -> bool:
        return not self._over.is_set()

    def begin(self) -> None:
        self.reached.clear()
        self._over.clear()

    def end(self, error: OSError | None = None) -> None:
        self.error = error
        self._over.set()


@pytest.fixture
def stall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stall]:
    stall = Stall(monkeypatch)
    yield stall
    stall.end()


@pytest_asyncio.fixture
async def journal(tmp_path: Path, stall: Stall) -> AsyncIterator[Journal]:
    with ThreadPoolExecutor(2) as executor, IntentThread() as intent_thread:
        journal = open_here(tmp_path / "alice.sqlite", executor=executor, intent_thread=intent_thread, linger_s=0)
        yield journal
        stall.end()
        if journal.figures.failure:
            journal.abandon()
        else:
            await journal.close()


async def test_an_intent_is_in_the_file_when_it_has_been_awaited(journal: Journal) -> None:
    for number in range(1, 6):
        assert await journal.record_intent(place(f"c{number}")) == number
        assert [intent.intent_id for intent in journal.load().open_intents] == list(range(1, number + 1))


async def test_the_loop_goes_on_while_an_intent_waits_and_says_so_once(journal: Journal, stall: Stall) -> None:
    stall.begin()
    with capture_logs() as lines:
        receipts = [journal.record_intent(place("c1"))]
        await eventually(stall.reached.is_set)
        receipts += [journal.record_intent(place(f"c{number}")) for number in range(2, 30)]
        for _ in range(100):
            await asyncio.sleep(0)
        assert stall.is_on
        assert not any(receipt.done for receipt in receipts)
        assert journal.figures.waiting == 29
        stall.end()
        assert await asyncio.gather(*receipts) == list(range(1, 30))
    assert [line["event"] for line in lines].count("journal_is_slow") == 1
    assert len(journal.load().open_intents) == 29


async def test_the_loop_goes_on_while_the_thread_that_writes_the_rest_is_held(journal: Journal, stall: Stall) -> None:
    stall.begin()
    journal.record_order(order())
    await eventually(stall.reached.is_set)
    receipt = journal.record_intent(place())
    for _ in range(100):
        await asyncio.sleep(0)
    assert stall.is_on
    assert not receipt.done
    stall.end()
    assert await receipt == 1


async def test_nothing_overtakes_an_intent_that_waits_for_the_disk(journal: Journal, stall: Stall) -> None:
    stall.begin()
    receipt = journal.record_intent(place())
    await eventually(stall.reached.is_set)
    journal.record_order(order())
    journal.record_fill(fill("1"))
    flushed = asyncio.ensure_future(journal.flush())
    for _ in range(100):
        await asyncio.sleep(0)
    state = journal.load()
    assert (state.open_intents, state.orders_count, state.fills_count) == ((), 0, 0)
    stall.end()
    await flushed
    assert receipt.done
    state = journal.load()
    assert (len(state.open_intents), state.orders_count, state.fills_count) == (1, 1, 1)


async def test_an_intent_that_is_refused_late_was_not_sent(journal: Journal, stall: Stall) -> None:
    stall.begin()
    receipt = journal.record_intent(place())
    await eventually(stall.reached.is_set)
    stall.end(OSError(5, "the disk reports an error"))
    with pytest.raises(JournalError, match="the disk reports an error"):
        await receipt
    with pytest.raises(JournalError):
        journal.record_intent(place())
    stall.error = None


async def test_an_end_waits_for_what_is_under_way(journal: Journal, stall: Stall) -> None:
    stall.begin()
    receipt = journal.record_intent(place())
    await eventually(stall.reached.is_set)
    closing = asyncio.ensure_future(journal.close())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not closing.done()
    stall.end()
    await closing
    assert await receipt == 1
    assert [intent.intent_id for intent in journal.load().open_intents] == [1]


async def test_outcomes_follow_their_intents(journal: Journal, stall: Stall) -> None:
    stall.begin()
    receipt = journal.record_intent(place())
    await eventually(stall.reached.is_set)
    journal.record_outcome(receipt.intent_id, Outcome.CONFIRMED)
    stall.end()
    await journal.flush()
    assert journal.load().open_intents == ()
