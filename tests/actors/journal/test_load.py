"""What an account gets at its start: everything open, and of the past no more than it asked for."""

import asyncio
import sqlite3
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.account.orders.record import OrderRecord
from actors.account.state import OrderKey
from actors.journal import Journal, JournalSettings, JournalState, Outcome, read_state
from actors.journal.codec import decode_order
from actors.journal.loading import load
from messages.commands import CancelAll, CancelOrder
from messages.enums import OrderStatus
from messages.order import Order
from tests.actors.journal.samples import NOW_MS, journal_at, place
from tests.support.eventually import eventually
from tests.support.orders import BTC, SOL, fill, order
from tests.support.spot_state import spot_state

CANCELED, FILLED = OrderStatus.CANCELED, OrderStatus.FILLED


async def test_a_new_journal_holds_nothing(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        assert journal.load() == JournalState()


async def test_open_orders_come_all_and_finished_ones_up_to_the_limit_newest_last(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for number in range(10):
            journal.record_order(order(order_id=f"open{number}", at=number))
            journal.record_order(order(FILLED, filled="10", order_id=f"done{number}", at=100 - number))
        journal.record_order(order(FILLED, filled="10", order_id="b", symbol=BTC, at=5))
        await journal.flush()
        state = journal.load(executed_limit=3)
        bitcoin, sol = state.symbols
        assert (bitcoin.symbol, sol.symbol) == (BTC, SOL)
        assert [known.order_id for known in sol.open_orders] == [f"open{number}" for number in range(10)]
        assert [known.order_id for known in sol.finished_orders] == ["done2", "done1", "done0"]
        assert sol.older_through_ms == 97, "done3, the newest of those left out"
        assert [known.order_id for known in bitcoin.finished_orders] == ["b"]
        assert bitcoin.older_through_ms == 0
        assert (bitcoin.newest_fill_ms, sol.newest_fill_ms) == (0, 0), "there is no fill"
        assert (state.orders_count, state.fills_count, state.intents_count) == (21, 0, 0)


async def test_r2_what_ended_lately_is_known_beyond_the_limit_as_a_list_that_lags_may_show_it_open(
    tmp_path: Path,
) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for order_id, at in (("long ago", 39_999), ("c", 40_001), ("b", 70_000), ("a", 99_999), ("newest", 100_000)):
            journal.record_order(order(CANCELED, order_id=order_id, client_order_id=order_id, at=at))
        await journal.flush()
        (memory,) = journal.load(executed_limit=2).symbols
        assert [known.order_id for known in memory.finished_orders] == ["a", "newest"]
        assert [known.order_id for known in memory.lately_finished] == ["c", "b"]
        assert memory.older_through_ms == 70_000
    state = spot_state(executed_limit=2)
    state.restore(memory)
    assert state.apply_order(order(order_id="b", client_order_id="b", at=10), 100_005) is None
    assert not state.has_new_inconsistent
    assert state.apply_order(order(order_id="other", client_order_id="other", at=10), 100_005) is not None


async def test_fills_come_with_the_orders_that_come_and_their_ids_up_to_the_limit(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_order(order(order_id="open"))
        for number in range(3):
            journal.record_order(order(FILLED, filled="10", order_id=f"done{number}", at=number))
        for number, owner in enumerate(("done0", "open", "done2", "done1", "open", "stranger")):
            journal.record_fill(fill(f"t{number}", order_id=owner, at=10 - number))
        await journal.flush()
        (memory,) = journal.load(executed_limit=1, fill_ids_limit=4).symbols
        assert [known.trade_id for known in memory.fills] == ["t4", "t2", "t1"]
        assert memory.fill_ids == (("t3", "done1"), ("t2", "done2"), ("t1", "open"), ("t0", "done0"))
        assert memory.newest_fill_ms == 10


async def test_r6_fills_whose_orders_were_lost_are_told_so_that_the_orders_are_asked_for(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_order(order(order_id="known", filled="1", at=5))
        for number, owner in enumerate(("known", "lost", "known", "lost too", "lost")):
            journal.record_fill(fill(f"t{number}", order_id=owner, at=number))
        journal.record_fill(fill("t9", order_id="known", symbol=BTC, at=9))
        await journal.flush()
        bitcoin, sol = journal.load().symbols
        assert [known.trade_id for known in sol.loose_fills] == ["t1", "t3", "t4"]
        assert [known.trade_id for known in bitcoin.loose_fills] == ["t9"], "an order of another market"
        assert [known.trade_id for known in sol.fills] == ["t0", "t2"]
        assert [known.trade_id for known in journal.load(fill_ids_limit=2).symbols[1].loose_fills] == ["t3", "t4"]
    state = spot_state()
    state.restore(sol)
    assert state.has_new_inconsistent
    assert state.inconsistent_orders() == [OrderKey(SOL, "lost", None), OrderKey(SOL, "lost too", None)]
    told = state.apply_order(order(FILLED, filled="2", order_id="lost", client_order_id="c7", at=5))
    assert told is not None
    assert (told.filled_quantity, [str(fee) for fee in told.fees]) == (2, ["0.002 SOL"])
    assert state.inconsistent_orders() == [OrderKey(SOL, "lost too", None)]
    assert state.apply_fill(fill("t4", order_id="lost", at=4)) == (None, False), "it counts once (R2)"


async def test_r6_a_late_fill_of_an_order_that_was_filed_without_it_is_not_taken_for_counted(tmp_path: Path) -> None:
    """The program was killed after the fill and before its order was told anew."""
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_order(order(CANCELED, order_id="old", client_order_id="c1", at=5))
        journal.record_order(order(CANCELED, order_id="new", client_order_id="c2", at=6))
        journal.record_fill(fill("t1", "2", order_id="old", client_order_id=None, at=8))
        journal.record_fill(fill("t2", "3", order_id="new", client_order_id=None, at=9))
        await journal.flush()
        (memory,) = journal.load(executed_limit=1).symbols
    state = spot_state(executed_limit=1)
    (told,) = state.restore(memory)
    assert (told.order_id, told.status, told.filled_quantity, told.updated_ms) == ("new", CANCELED, 3, 9)
    assert told.fees_are_partial
    by_its_fills = OrderKey(SOL, "old", None)  # it was dropped for room, and its record lacks the fill
    assert state.inconsistent_orders() == [OrderKey(SOL, "new", "c2"), by_its_fills]
    asked = state.apply_order(order(CANCELED, order_id="old", client_order_id="c1", at=5), 20)
    assert asked is not None
    assert asked.filled_quantity == 2


async def test_r6_a_fill_of_an_order_that_had_left_memory_is_not_taken_for_counted_by_its_stamp(tmp_path: Path) -> None:
    """It came seconds after the cancel, and is dated before."""
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for order_id, filled in (("old", "0"), ("full", "2"), ("new", "0")):
            journal.record_order(order(CANCELED, filled=filled, order_id=order_id, client_order_id=order_id, at=9))
            journal.record_fill(fill(f"of {order_id}", "2", order_id=order_id, at=8))
        await journal.flush()
        (memory,) = journal.load(executed_limit=1).symbols
    assert [known.order_id for known in memory.lately_finished] == ["old", "full"]
    assert [known.trade_id for known in memory.loose_fills] == ["of old"]
    assert [known.trade_id for known in memory.fills] == ["of new"]


async def test_fills_of_orders_that_were_dropped_for_room_are_not_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        journal.record_fill(fill("t1", order_id="dropped", at=10))
        journal.record_fill(fill("t2", order_id="lost", at=11))
        await journal.flush()
        with closing(sqlite3.connect(path)) as other:
            other.execute("INSERT INTO dropped (what, symbol, through_ms, count) VALUES ('orders', 'SOL/USDT', 10, 1)")
            other.commit()
        (memory,) = journal.load().symbols
        assert [known.trade_id for known in memory.loose_fills] == ["t2"]
        assert memory.older_through_ms == 10


async def test_a_symbol_that_is_known_by_fills_only_is_not_forgotten(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_fill(fill("t1", symbol=BTC, at=7))
        journal.record_order(order())
        await journal.flush()
        bitcoin, _ = journal.load().symbols
        assert (bitcoin.symbol, bitcoin.newest_fill_ms, bitcoin.fills) == (BTC, 7, ())
        assert bitcoin.fill_ids == (("t1", "1001"),)


async def test_r2_joining_orders_and_then_fills_restores_what_the_account_knew(tmp_path: Path) -> None:
    record = OrderRecord(order())
    heard = [fill("t1", "2"), fill("t2", "1.5", price="101")]
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for one in heard:
            record.apply_fill(one)
            journal.record_fill(one)
            journal.record_order(record.order)
        await journal.flush()
        (memory,) = journal.load().symbols
    restored = OrderRecord(memory.open_orders[0])
    for one in memory.fills:
        restored.apply_fill(one)
    assert restored.order == record.order
    for each in (record, restored):
        assert not each.apply_fill(heard[0])
        assert each.apply_fill(fill("t3", "1"))
    assert restored.order == record.order
    assert restored.order.filled_quantity == Decimal("4.5")


async def test_memory_follows_what_is_asked_for_not_what_is_kept(tmp_path: Path) -> None:
    kept = 2000
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for number in range(kept):
            at = number * 60_000  # what ended lately is asked for besides
            journal.record_order(order(FILLED, filled="10", order_id=str(number), at=at))
            journal.record_fill(fill(str(number), order_id=str(number), at=at))
        await journal.flush()

        def peak(limit: int) -> int:
            tracemalloc.start()
            journal.load(executed_limit=limit, fill_ids_limit=limit)
            _, highest = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return highest

        peak(1)
        assert peak(20) < peak(kept) / 20


async def test_open_intents_come_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for number in range(30):
            journal.record_intent(place(f"c{number}"))
        await journal.flush()
        assert [intent.intent_id for intent in journal.load().open_intents] == list(range(1, 31))


async def test_r4_until_when_a_request_may_arrive_goes_with_its_intent(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        await journal.record_intent(place("c1"), arrives_by_ms=77)
        await journal.record_intent(place("c2"))
        assert [intent.arrives_by_ms for intent in journal.load().open_intents] == [77, None]


async def test_r13_a_cancel_of_all_comes_with_the_orders_that_were_told_after_it(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for command in (place("c1"), CancelAll(), place("c2"), CancelOrder(symbol=SOL, order_id="7"), place("c3")):
            journal.record_intent(command)
        journal.record_outcome(5, Outcome.CONFIRMED)
        await journal.flush()
        intents = journal.load().open_intents
        assert [intent.later_ids for intent in intents] == [(), ("c2", "c3"), (), ()]


async def test_opening_and_loading_need_not_hold_up_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        await journal.record_intent(place())
    loop = asyncio.get_running_loop()
    journal = await asyncio.to_thread(
        Journal.open,
        path,
        account="alice",
        settings=JournalSettings(),
        loop=loop,
        executor=None,
        now_ms=lambda: NOW_MS,
    )
    later = journal.record_intent(place("c2"))
    assert len((await asyncio.to_thread(journal.load)).open_intents) >= 1
    assert await later == 2
    await journal.close()


async def test_what_is_loaded_is_of_one_moment_whatever_is_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_order(order())
        await journal.flush()

        def written_meanwhile(text: str) -> Order:
            journal._store.write([order(symbol=BTC), fill("t1")])
            return decode_order(text)

        monkeypatch.setattr("actors.journal.loading.decode_order", written_meanwhile)
        state = journal.load()
        assert [memory.fills for memory in state.symbols] == [()]
        assert (state.orders_count, state.fills_count) == (1, 0)


@pytest.mark.parametrize("threads", [0, 2])
async def test_recalling_gives_what_was_told_so_far_and_reads_beside_the_loop_where_there_are_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    readers = []

    def reading(*args: Any, **limits: Any) -> JournalState:
        readers.append(threading.current_thread())
        return load(*args, **limits)

    monkeypatch.setattr("actors.journal.journal.load", reading)
    pool = ThreadPoolExecutor(threads) if threads else None
    async with journal_at(tmp_path / "alice.sqlite", executor=pool) as journal:
        for number in range(3):
            journal.record_order(order(FILLED, filled="10", order_id=str(number), at=number))
        recalled = await journal.recall(executed_limit=2)
        assert [known.order_id for known in recalled.symbols[0].finished_orders] == ["1", "2"]
        assert recalled.orders_count == 3
        assert (readers == [threading.current_thread()]) is (pool is None)
    if pool is not None:
        pool.shutdown()


async def test_r4_no_loss_of_power_takes_that_all_fills_were_told_once(
    tmp_path: Path, executor: ThreadPoolExecutor | None
) -> None:
    path, survivor = tmp_path / "alice.sqlite", tmp_path / "survivor.sqlite"
    async with journal_at(path, executor=executor) as journal:
        journal.record_fill(fill("1"))
        journal.record_fills_through(5_000)

        def told_by_the_file_alone() -> str | None:
            survivor.write_bytes(path.read_bytes())  # its log is what goes with the power
            return read_state(survivor, "fills_through_ms")

        await eventually(lambda: told_by_the_file_alone() == "5000")


async def test_r2_an_order_of_an_earlier_placing_with_the_same_client_id_is_not_that_of_a_later_one(
    tmp_path: Path,
) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_outcome(await journal.record_intent(place("c1")), Outcome.CONFIRMED)
        journal.record_order(order(status=OrderStatus.CANCELED, order_id="1", client_order_id="c1"))
        again = await journal.record_intent(place("c1"))
        await journal.flush()
        (intent,) = journal.load().open_intents
        assert (intent.intent_id, intent.order) == (again, None)
        journal.record_order(order(order_id="2", client_order_id="c1"))
        await journal.flush()
        (intent,) = journal.load().open_intents
        assert intent.order is not None
        assert intent.order.order_id == "2"
