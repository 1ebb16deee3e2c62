"""R4: what was recorded is what is read back, every field of it, exactly."""

import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.journal import IntentCommand, Outcome, read_history
from messages.commands import CancelAll, CancelOrder
from messages.enums import OrderStatus, Side
from messages.errors import InvalidValueError
from messages.order import Fill, Order
from tests.actors.journal import samples
from tests.actors.journal.samples import NOW_MS, journal_at, open_here, place
from tests.support.orders import BTC, SOL, fill, order


@settings(max_examples=10, deadline=None)
@given(commands=st.lists(samples.commands, min_size=1, max_size=15))
def test_every_field_of_an_intent_comes_back_exactly(commands: list[IntentCommand]) -> None:
    async def round_trip(path: Path) -> None:
        async with journal_at(path) as journal:
            ids = [await journal.record_intent(command) for command in commands]
            found = journal.load().open_intents
        assert [intent.command for intent in found] == commands
        assert [str(intent.command) for intent in found] == [str(command) for command in commands]  # 2.50 is not 2.5
        assert [intent.intent_id for intent in found] == ids
        assert {intent.made_ms for intent in found} == {NOW_MS}

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(round_trip(Path(directory, "a.sqlite")))


@settings(max_examples=10, deadline=None)
@given(
    orders=st.lists(samples.orders, min_size=1, max_size=15, unique_by=lambda order: (order.symbol, order.order_id)),
    fills=st.lists(samples.fills, max_size=15, unique_by=lambda fill: (fill.symbol, fill.trade_id)),
)
def test_every_field_of_orders_and_fills_comes_back_exactly(orders: list[Order], fills: list[Fill]) -> None:
    async def round_trip(path: Path) -> None:
        async with journal_at(path) as journal:
            for one in orders:
                journal.record_order(one)
            for one_fill in fills:
                journal.record_fill(one_fill)
            await journal.flush()
            memory = journal.load().symbols
        found = [known for each in memory for known in (*each.open_orders, *each.finished_orders)]
        assert sorted(map(str, found)) == sorted(map(str, orders))
        history = read_history(path)
        assert sorted(map(str, history.orders)) == sorted(map(str, orders))
        assert sorted(map(str, history.fills)) == sorted(map(str, fills))

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(round_trip(Path(directory, "a.sqlite")))


async def test_intents_number_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        assert [await journal.record_intent(place(f"c{n}")) for n in range(3)] == [1, 2, 3]
    async with journal_at(path) as journal:
        assert await journal.record_intent(place("c4")) == 4


async def test_an_intent_is_open_until_its_end_is_recorded(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        confirmed, rejected, denied, lost, silent = [await journal.record_intent(place(f"c{n}")) for n in range(5)]
        journal.record_outcome(confirmed, Outcome.CONFIRMED)
        journal.record_outcome(rejected, Outcome.REJECTED, "BALANCE_NOT_ENOUGH")
        journal.record_outcome(denied, Outcome.DENIED, "RateLimitedError")
        journal.record_outcome(lost, Outcome.UNRESOLVED, "time-out")
        await journal.flush()
        first, second = journal.load().open_intents
        assert (first.intent_id, first.outcome, first.detail) == (lost, Outcome.UNRESOLVED, "time-out")
        assert (second.intent_id, second.outcome, second.detail) == (silent, None, "")
        journal.record_outcome(lost, Outcome.REJECTED, "never_arrived")
        await journal.flush()
        assert [intent.intent_id for intent in journal.load().open_intents] == [silent]


@pytest.mark.parametrize("late", [Outcome.UNRESOLVED, Outcome.REJECTED, Outcome.DENIED])
async def test_r2_an_end_that_is_recorded_stands(tmp_path: Path, late: Outcome) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        intent_id = await journal.record_intent(place())
        journal.record_outcome(intent_id, Outcome.CONFIRMED)
        journal.record_outcome(intent_id, late, "too late")
        await journal.flush()
        assert journal.load().open_intents == ()
    assert read_history(path).orders == ()


async def test_an_order_taken_for_never_arrived_may_still_turn_out_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        intent_id = await journal.record_intent(place())
        journal.record_outcome(intent_id, Outcome.REJECTED, "never_arrived")
        await journal.flush()
        assert [known.status for known in read_history(path).orders] == [OrderStatus.REJECTED]
        journal.record_outcome(intent_id, Outcome.CONFIRMED)
        await journal.flush()
        assert read_history(path).orders == (), "it is told by its order, which has not been told yet"
        journal.record_order(order(client_order_id="c1"))
    assert [known.status for known in read_history(path).orders] == [OrderStatus.NEW]


async def test_an_open_intent_tells_the_order_that_the_exchange_had_acknowledged(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        await journal.record_intent(place("c1"))
        await journal.record_intent(place("c2"))
        await journal.record_intent(CancelOrder(symbol=SOL, order_id="1001"))
        await journal.record_intent(CancelAll())
        known = order(client_order_id="c1")
        journal.record_order(known)
        journal.record_order(order(client_order_id="c1", symbol=BTC, order_id="7"))
        await journal.flush()
        assert [intent.order for intent in journal.load().open_intents] == [known, None, known, None]


@pytest.mark.parametrize("again", [False, True])
async def test_an_open_cancel_by_client_id_tells_its_order_unless_that_id_was_given_again(
    tmp_path: Path, *, again: bool
) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        placing = await journal.record_intent(place("c1"))
        journal.record_outcome(placing, Outcome.CONFIRMED)
        canceled = order(OrderStatus.CANCELED, client_order_id="c1", at=2)
        journal.record_order(canceled)
        await journal.record_intent(CancelOrder(symbol=SOL, client_order_id="c1"))
        if again:
            journal.record_outcome(await journal.record_intent(place("c1")), Outcome.DENIED)
        await journal.flush()
        (found,) = journal.load().open_intents
        assert found.order == (None if again else canceled)


async def test_an_order_is_kept_once_in_its_newest_state(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for state in (order(), order(filled="3", at=2), order(OrderStatus.CANCELED, filled="3", at=3)):
            journal.record_order(state)
            await journal.flush()
        (memory,) = journal.load().symbols
        assert memory.open_orders == ()
        assert memory.finished_orders == (order(OrderStatus.CANCELED, filled="3", at=3),)


async def test_r6_what_only_we_took_for_ended_reopens_in_the_journal_too(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_order(order(OrderStatus.CANCELED, at=3, reason="vanished"))
        journal.record_order(order(filled="2", at=3))
        await journal.flush()
        (memory,) = journal.load().symbols
    assert memory.open_orders == (order(filled="2", at=3),)
    assert memory.finished_orders == ()


@pytest.mark.parametrize("echo", [order(at=9), order(OrderStatus.CANCELED, at=2)])
async def test_r2_an_echo_neither_reopens_nor_turns_back_a_finished_order(tmp_path: Path, echo: Order) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        finished = order(OrderStatus.CANCELED, filled="3", at=3)
        journal.record_order(finished)
        await journal.flush()
        journal.record_order(echo)
        await journal.flush()
        (memory,) = journal.load().symbols
        assert (memory.open_orders, memory.finished_orders) == ((), (finished,))


async def test_r2_an_older_report_of_a_larger_fill_counts_and_no_report_wipes_the_client_id(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_order(order(OrderStatus.CANCELED, filled="1", at=9, client_order_id="c1"))
        await journal.flush()
        journal.record_order(order(OrderStatus.CANCELED, filled="3", at=8, client_order_id=None))
        await journal.flush()
        (memory,) = journal.load().symbols
    assert memory.finished_orders == (order(OrderStatus.CANCELED, filled="3", at=8, client_order_id="c1"),)


async def test_r2_a_fill_counts_once_by_symbol_trade_and_order(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        for _ in range(3):
            journal.record_fill(fill("t1"))
            await journal.flush()
        journal.record_fill(fill("t1", symbol=BTC))
        journal.record_fill(fill("t1", quantity="9"))
        journal.record_fill(fill("t1", order_id="1002", side=Side.SELL))
        await journal.flush()
        assert journal.load().symbols[1].fill_ids == (("t1", "1001"), ("t1", "1002"))
    history = read_history(path)
    assert sorted((str(known.symbol), known.order_id, known.quantity) for known in history.fills) == [
        ("BTC/USDT", "1001", Decimal(1)),
        ("SOL/USDT", "1001", Decimal(1)),
        ("SOL/USDT", "1002", Decimal(1)),
    ]
    (profit,) = (each for each in history.profits if each.symbol == SOL)
    assert (profit.bought, profit.sold, profit.fills_count) == (1, 1, 2), "both sides of a trade with oneself"


async def test_state_survives_a_restart_and_can_be_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        assert journal.get_state("kill_switch") is None
        await journal.set_state("kill_switch", "engaged")
        await journal.set_state("other", "x")
        await journal.set_state("kill_switch", "engaged twice")
        await journal.set_state("other", None)
        assert (journal.get_state("kill_switch"), journal.get_state("other")) == ("engaged twice", None)
        journal.abandon()
    async with journal_at(path) as journal:
        assert journal.get_state("kill_switch") == "engaged twice"
        assert journal.get_state("other") is None


async def test_state_is_for_small_values(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        for key, value in (("", "x"), ("k" * 65, "x"), ("k", "v" * 1_000_001)):
            with pytest.raises(InvalidValueError):
                journal.set_state(key, value)


async def test_r12_known_secrets_are_taken_out_of_free_text(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path, hide=lambda text: text.replace("S3CRET", "<hidden>")) as journal:
        intent_id = await journal.record_intent(place())
        journal.record_outcome(intent_id, Outcome.UNRESOLVED, "invalid sign S3CRET")
        await journal.set_state("note", "S3CRET")
        await journal.flush()
        assert journal.load().open_intents[0].detail == "invalid sign <hidden>"
        journal.record_outcome(intent_id, Outcome.UNRESOLVED, "S3CRET" * 500)
        await journal.flush()
        assert journal.load().open_intents[0].detail == ("<hidden>" * 500)[:500]
    assert b"S3CRET" not in path.read_bytes()
    assert b"<hidden>" in path.read_bytes()


async def test_others_on_the_machine_cannot_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "newer" / "alice.sqlite"
    journal = open_here(path)
    await journal.record_intent(place())
    assert {file.name: file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == dict.fromkeys(
        ("alice.sqlite", "alice.sqlite-wal", "alice.sqlite-shm", "alice.sqlite.lock"), 0
    )
    assert path.parent.stat().st_mode & 0o077 == 0
    await journal.close()
