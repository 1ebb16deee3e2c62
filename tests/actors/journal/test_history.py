"""What `run.py history` shows, also beside a writer at work."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.journal import HistoryFilter, Outcome, read_history
from messages.commands import CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import InvalidValueError
from tests.actors.journal.samples import NOW_MS, journal_at, place
from tests.support.orders import BTC, SOL, fill, order, paid

FILLED = OrderStatus.FILLED


async def _fill_in(path: Path) -> None:
    async with journal_at(path) as journal:
        for number in range(1, 6):
            status = OrderStatus.FILLED if number % 2 else OrderStatus.CANCELED
            journal.record_order(order(status, filled="1", order_id=str(number), at=number * 10))
            journal.record_fill(fill(str(number), order_id=str(number), price="100", at=number * 10))
        journal.record_order(order(order_id="6", symbol=BTC, at=35))
        journal.record_fill(fill("1", order_id="6", symbol=BTC, side=Side.SELL, at=35))


async def test_everything_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    await _fill_in(path)
    history = read_history(path)
    assert history.account == "alice"
    assert [known.order_id for known in history.orders] == ["5", "4", "6", "3", "2", "1"]
    assert [(known.symbol, known.trade_id) for known in history.fills][:3] == [(SOL, "5"), (SOL, "4"), (BTC, "1")]
    assert [(profit.symbol, profit.fills_count) for profit in history.profits] == [(BTC, 1), (SOL, 5)]
    assert {profit.account for profit in history.profits} == {"alice"}


@pytest.mark.parametrize(
    ("wanted", "orders", "fills"),
    [
        (HistoryFilter(symbol=BTC), ["6"], 1),
        (HistoryFilter(from_ms=20, to_ms=40), ["6", "3", "2"], 3),
        (HistoryFilter(from_ms=40), ["5", "4"], 2),
        (HistoryFilter(to_ms=20), ["1"], 1),
        (HistoryFilter(limit=2), ["5", "4"], 2),
        (HistoryFilter(statuses=frozenset({OrderStatus.CANCELED})), ["4", "2"], 6),
        (HistoryFilter(statuses=frozenset({OrderStatus.CANCELED, OrderStatus.NEW})), ["4", "6", "2"], 6),
        (HistoryFilter(statuses=frozenset()), [], 6),
        (HistoryFilter(symbol=SOL, from_ms=20, to_ms=50, limit=2), ["4", "3"], 2),
    ],
)
async def test_filters_narrow_it(tmp_path: Path, wanted: HistoryFilter, orders: list[str], fills: int) -> None:
    path = tmp_path / "alice.sqlite"
    await _fill_in(path)
    history = read_history(path, wanted)
    assert [known.order_id for known in history.orders] == orders
    assert len(history.fills) == fills


@pytest.mark.parametrize("options", [{"limit": 0}, {"from_ms": 5, "to_ms": 5}])
def test_filters_that_make_no_sense_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(InvalidValueError):
        HistoryFilter(**options)  # type: ignore[arg-type]  # only numbers are given


async def test_orders_that_the_exchange_never_acknowledged_are_told_from_their_intents(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        outcomes = [None, Outcome.UNRESOLVED, Outcome.REJECTED, Outcome.DENIED, Outcome.CONFIRMED, Outcome.UNRESOLVED]
        for number, outcome in enumerate(outcomes):
            intent_id = await journal.record_intent(place(f"c{number}"))
            if outcome is not None:
                journal.record_outcome(intent_id, outcome, f"detail {number}")
        journal.record_order(order(client_order_id="c5"))
        await journal.record_intent(CancelOrder(symbol=SOL, order_id="1001"))
        buy = PlaceOrder.market_buy(BTC, Decimal(50), client_order_id="m")
        await journal.record_intent(buy)
    told = {known.client_order_id: known for known in read_history(path).orders}
    assert {client_id: known.status for client_id, known in told.items()} == {
        "c0": OrderStatus.PENDING,
        "c1": OrderStatus.UNRESOLVED,
        "c2": OrderStatus.REJECTED,
        "c3": OrderStatus.REJECTED,
        "c5": OrderStatus.NEW,
        "m": OrderStatus.PENDING,
    }
    rejected = told["c2"]
    assert (rejected.finish_reason, rejected.created_ms, rejected.updated_ms) == ("detail 2", NOW_MS, NOW_MS)
    assert (rejected.side, rejected.quantity, rejected.price) == (Side.BUY, Decimal("2.50"), Decimal("141.2"))
    assert (told["m"].quote_quantity, told["m"].quantity) == (Decimal(50), Decimal(0))
    wanted = HistoryFilter(statuses=frozenset({OrderStatus.REJECTED}), symbol=SOL, limit=1)
    assert [known.client_order_id for known in read_history(path, wanted).orders] == ["c3"]
    assert read_history(path, HistoryFilter(to_ms=NOW_MS)).orders == (told["c5"],)


async def test_profit_within_a_span_knows_the_cost_from_before(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        journal.record_fill(fill("2", "5", side=Side.SELL, price="110", at=20))  # told in another order
        journal.record_fill(fill("3", "5", side=Side.SELL, price="120", at=30))
        journal.record_fill(fill("1", "20", price="100", at=10))
    # The buy paid 0.02 in base: 19.98 cost 2000. Each sell took 5.005, for 500.5005... of that.
    (profit,) = read_history(path, HistoryFilter(from_ms=20, to_ms=30)).profits
    assert profit.realised == Decimal("48.998998998998998999")
    assert (profit.fills_count, profit.bought, profit.is_complete) == (1, Decimal(0), True)
    (whole,) = read_history(path).profits
    assert whole.realised == Decimal("147.997997997997997998")
    assert read_history(path, HistoryFilter(from_ms=31)).profits == ()


async def test_history_is_read_while_the_writer_writes_and_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    seen: list[int] = []
    done = threading.Event()

    def read_all_the_time() -> None:
        while not done.is_set():
            history = read_history(path, HistoryFilter(limit=10_000))
            assert len(history.orders) == len(history.fills), "one moment, not several"
            seen.append(len(history.fills))

    with ThreadPoolExecutor(3) as threads:
        async with journal_at(path, executor=threads, linger_s=0) as journal:
            reader = asyncio.get_running_loop().run_in_executor(threads, read_all_the_time)
            number = 0
            while len(set(seen)) < 5:
                journal.record_order(order(order_id=str(number), client_order_id=None))
                journal.record_fill(fill(str(number), order_id=str(number)))
                await journal.flush()
                number += 1
            done.set()
            await reader
            assert seen == sorted(seen)
            assert not journal.figures.failure


async def test_r2_a_rebate_that_only_the_order_tells_of_is_in_its_profit(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        bought = replace(order(FILLED, filled="10", order_id="1"), fees=paid("0.01 SOL", "-0.5 USDT"))
        sold = replace(order(FILLED, filled="4", order_id="2", side=Side.SELL), fees=paid("-0.002 SOL", "0.1 USDT"))
        journal.record_order(bought)
        journal.record_order(sold)
        journal.record_order(replace(order(FILLED, filled="1", order_id="9"), fees=paid("-7 USDT")))  # fills dropped
        journal.record_fill(fill("t1", "6", order_id="1", at=10, fees=paid("0.01 SOL")))
        journal.record_fill(fill("t2", "4", order_id="1", at=20, fees=()))
        journal.record_fill(fill("t3", "4", order_id="2", side=Side.SELL, price="120", at=30, fees=paid("0.1 USDT")))
    (profit,) = read_history(path).profits
    assert (profit.fees_quote, profit.fees_base) == (Decimal("-0.4"), Decimal("0.008"))
    cost = Decimal(1000) / Decimal("9.99")
    assert abs(profit.realised - (480 - 4 * cost - Decimal("0.1") + Decimal("0.5"))) < Decimal("1e-15")
    assert profit.held == Decimal("5.99") + Decimal("0.002")
    (before,) = read_history(path, HistoryFilter(to_ms=20)).profits
    assert (before.fees_quote, before.fees_base, before.held) == (0, Decimal("0.01"), Decimal("5.99"))
    (after,) = read_history(path, HistoryFilter(from_ms=21)).profits
    assert (after.fees_quote, after.fees_base) == (Decimal("0.1"), Decimal("-0.002"))
    assert after.held == profit.held
