"""Old records are dropped when that is wished for, a few at a time, and nothing that is still needed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actors.journal import Outcome, read_history
from messages.enums import OrderStatus
from tests.actors.journal.samples import journal_at, place
from tests.support.eventually import eventually
from tests.support.orders import fill, order


async def _trade(path: Path, count: int, *, fills_through_ms: int | None = 100_000, **settings: object) -> None:
    """The n-th order is filled at 100 + n ms."""
    with ThreadPoolExecutor(2) as threads:
        async with journal_at(path, executor=threads, linger_s=0, **settings) as journal:
            journal.record_order(order(order_id="open", at=1))
            journal.record_fill(fill("of the open order", order_id="open", at=1))
            if fills_through_ms is not None:
                journal.record_fills_through(fills_through_ms)
            first = await journal.record_intent(place("open"))
            for number in range(count):
                order_id = str(number)
                journal.record_order(order(OrderStatus.FILLED, filled="10", order_id=order_id, at=100 + number))
                journal.record_fill(fill(order_id, order_id=order_id, at=100 + number))
                receipt = journal.record_intent(place(f"c{number}"))
                journal.record_outcome(receipt.intent_id, Outcome.CONFIRMED)
            await journal.flush()
            assert first == 1


async def test_everything_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    await _trade(path, 1000)
    async with journal_at(path) as journal:
        state = journal.load()
        assert (state.orders_count, state.fills_count, state.intents_count) == (1001, 1001, 1001)
    assert all(profit.is_complete for profit in read_history(path).profits)


async def test_the_oldest_finished_ones_go_and_what_is_open_stays(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    await _trade(path, 1500)
    kept = {"keep_finished_orders": 100, "keep_fills": 200, "keep_settled_intents": 50}
    async with journal_at(path, **kept) as journal:
        await journal.flush()  # the first commit of a run looks after it
        await eventually(lambda: journal.load().orders_count == 101)
        await eventually(lambda: journal.load().fills_count == 201)
        await eventually(lambda: journal.load().intents_count == 51)
        state = journal.load()
        (memory,) = state.symbols
        assert [known.order_id for known in memory.open_orders] == ["open"]
        assert [known.order_id for known in memory.finished_orders] == [str(n) for n in range(1400, 1500)]
        assert memory.older_through_ms == 100 + 1399, "an echo of a dropped order is known for one"
        assert [trade_id for trade_id, _ in memory.fill_ids[:2]] == ["of the open order", "1300"]
        assert [intent.intent_id for intent in state.open_intents] == [1]
    (profit,) = read_history(path).profits
    assert (profit.fills_count, profit.is_complete) == (201, False)
    async with journal_at(path, **kept) as journal:
        assert await journal.record_intent(place("next")) == 1502


@pytest.mark.parametrize(
    ("fills_through_ms", "oldest"),
    [(10_100 + 700, "700"), (10_100 + 1350, "1300"), (None, "0")],
)
async def test_a_fill_that_the_next_life_asks_for_again_is_not_dropped(
    tmp_path: Path, fills_through_ms: int | None, oldest: str
) -> None:
    path = tmp_path / "alice.sqlite"
    await _trade(path, 1500, fills_through_ms=fills_through_ms)
    async with journal_at(path, keep_finished_orders=100, keep_fills=200) as journal:
        await journal.flush()  # the first commit of a run looks after it
        await eventually(lambda: journal.load().fills_count == 1501 - int(oldest))
        await eventually(lambda: journal.load().orders_count == 101)
        (memory,) = journal.load().symbols
        assert [trade_id for trade_id, _ in memory.fill_ids[:2]] == ["of the open order", oldest]


async def test_dropping_goes_on_while_the_account_trades(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    await _trade(path, 4000, keep_finished_orders=500, keep_fills=500, keep_settled_intents=500)
    async with journal_at(path) as journal:
        state = journal.load(executed_limit=10_000)
        assert 500 <= state.orders_count < 4000
        assert [known.order_id for known in state.symbols[0].finished_orders][-500:] == [
            str(n) for n in range(3500, 4000)
        ]
