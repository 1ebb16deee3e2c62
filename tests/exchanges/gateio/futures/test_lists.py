"""Lists are read to their end, and what cannot be read of them is known as such (R6, R10)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.base.clients import UnreadableRow
from exchanges.base.rows import Rows
from exchanges.gateio.futures.changing_lists import Whole, read_whole
from messages.enums import OrderStatus
from messages.errors import InvalidValueError, ListChangedError
from messages.margin import LedgerKind
from messages.symbol import Symbol
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.futures.scripted import DAY_MS, NOW_MS, SOL, Reply, Request, Script, run

D = Decimal
Row = dict[str, Any]


def paged(rows: list[Row]) -> Callable[[Request], Reply]:
    """A list as the exchange pages it."""

    def answer(request: Request) -> Reply:
        asked = request.parameters
        begin = int(asked["offset"])
        return Reply(rows[begin : begin + int(asked["limit"])])

    return answer


class TestOpenOrders:
    async def test_r6_every_page_of_every_market(self) -> None:
        rows = [payloads.open_order(id=number) for number in range(250)]
        script = Script(paged(rows))
        report = await run(lambda rest: rest.load_open_orders(), script)
        assert sorted(int(order.order_id) for order in report.orders) == list(range(250))
        assert report.covers(SOL)
        assert report.as_of_ms == NOW_MS
        assert script.asked[0].parameters == {"status": "open", "limit": "100", "offset": "0"}

    async def test_those_of_one_market(self) -> None:
        script = Script(Reply([payloads.open_order()]))
        report = await run(lambda rest: rest.load_open_orders(SOL), script)
        assert script.asked[0].parameters["contract"] == "SOL_USDT"
        assert report.covers(SOL)
        assert not report.covers(Symbol("BTC", "USDT", "USDT"))

    async def test_r10_junk_rows_are_told_and_keep_no_other_from_being_read(self) -> None:
        junk: list[Row] = [
            {},
            {"contract": "SOL_USDT"},
            payloads.open_order(id=3, size="many"),
            payloads.open_order(id=4, contract="BTC_USD"),
            payloads.open_order(id=5, left="1"),
        ]
        report = await run(lambda rest: rest.load_open_orders(), Script(Reply([payloads.open_order(), *junk])))
        assert len(report.orders) == 1
        assert [(row.symbol, row.market, row.item_id) for row in report.unreadable] == [
            (None, "", ""),
            (SOL, "SOL_USDT", ""),
            (SOL, "SOL_USDT", "3"),
            (None, "BTC_USD", "4"),
            (SOL, "SOL_USDT", "5"),
        ]

    async def test_a_conditional_order_is_never_taken_for_a_plain_one(self) -> None:
        script = Script(Reply([payloads.conditional_order(), payloads.open_order()]))
        report = await run(lambda rest: rest.load_open_orders(), script)
        assert [order.order_id for order in report.orders] == ["36028797827161124"]
        assert [row.item_id for row in report.unreadable] == ["88010042"]

    async def test_r6_a_list_that_loses_more_than_an_overlap_between_all_pages_is_an_error(self) -> None:
        answers = 0

        def answer(request: Request) -> Reply:
            nonlocal answers
            answers += 1
            return Reply([payloads.open_order(id=answers * 1000 + number) for number in range(100)])

        with pytest.raises(ListChangedError, match="load_open_orders"):
            await run(lambda rest: rest.load_open_orders(), Script(answer))


class Shrinking:
    """A list of which some end between two answers, and others come, before or behind."""

    def __init__(self, rows: int, changes: list[tuple[list[int], int]], *, newest_first: bool) -> None:
        self.rows = [str(number) for number in range(rows)]
        self.always = set(self.rows)
        self.changes = changes
        self.newest_first = newest_first
        self.answers = 0

    async def ask(self, offset: int, limit: int) -> tuple[Rows[str], int]:
        page = self.rows[offset : offset + limit]
        if self.changes:
            ended, came = self.changes.pop(0)
            gone = {self.rows[place] for place in ended if place < len(self.rows)}
            self.rows = [row for row in self.rows if row not in gone]
            self.always -= gone
            new = [f"new{self.answers}.{number}" for number in range(came)]
            self.rows = [*new, *self.rows] if self.newest_first else [*self.rows, *new]
        self.answers += 1
        return Rows(page, [], page), 1000 + self.answers


@settings(max_examples=300, deadline=None)
@given(
    rows=st.integers(0, 60),
    changes=st.lists(st.tuples(st.lists(st.integers(0, 60), max_size=6), st.integers(0, 5)), max_size=12),
    newest_first=st.booleans(),
    page_size=st.integers(2, 12),
)
async def test_r6_what_was_open_all_the_time_is_found_however_the_list_changes(
    rows: int, changes: list[tuple[list[int], int]], newest_first: bool, page_size: int
) -> None:
    shrinking = Shrinking(rows, changes, newest_first=newest_first)
    try:
        whole: Whole[str] = await read_whole("orders", shrinking.ask, lambda item: item, page_size)
    except ListChangedError:
        return
    assert shrinking.always <= set(whole.items)
    assert whole.as_of_ms > 1000


async def test_r6_a_quiet_list_is_always_read_whole() -> None:
    for rows in range(26):
        for page_size in (2, 3, 5, 10, 25):
            quiet = Shrinking(rows, [], newest_first=True)
            whole = await read_whole("orders", quiet.ask, lambda item: item, page_size)
            assert list(whole.items) == quiet.rows
            assert whole.unreadable == ()


async def test_rows_that_cannot_be_read_are_told_once() -> None:
    row = UnreadableRow(None, "X", "1", "junk")

    async def ask(offset: int, limit: int) -> tuple[Rows[str], int]:
        return Rows([], [row], ["1"] if offset else ["1"] * limit), 5

    assert (await read_whole("orders", ask, lambda item: item, 4)).unreadable == (row,)


class TestPositions:
    async def test_r6_all_that_there_are(self) -> None:
        script = Script(Reply([payloads.rest_position(), payloads.rest_position(contract="BTC_USDT", size=2)]))
        report = await run(lambda rest: rest.load_positions(), script)
        assert script.asked[0].parameters == {"holding": "true", "limit": "100", "offset": "0"}
        assert [position.quantity for position in report.positions] == [D(-40), D("0.0002")]

    async def test_both_sides_of_a_market_are_two(self) -> None:
        both = [payloads.rest_position(mode="dual_long", size=3), payloads.rest_position(mode="dual_short", size=-2)]
        report = await run(lambda rest: rest.load_positions(), Script(Reply(both)))
        assert [position.quantity for position in report.positions] == [D(3), D(-2)]

    async def test_r10_junk_is_told_by_its_market(self) -> None:
        rows = [payloads.rest_position(size="NaN"), payloads.rest_position(contract="BTC_USDT", mode="split_1")]
        report = await run(lambda rest: rest.load_positions(), Script(Reply(rows)))
        assert report.positions == ()
        assert [row.market for row in report.unreadable] == ["SOL_USDT", "BTC_USDT"]


class TestHistories:
    async def test_fills_of_all_markets_page_by_page(self) -> None:
        rows = [payloads.timerange_trade(trade_id=str(number)) for number in range(230)]
        script = Script(paged(rows))
        report = await run(lambda rest: rest.load_fills(None, from_ms=NOW_MS - 2000), script)
        assert len(report.fills) == 230
        assert script.asked[0].path == "/api/v4/futures/usdt/my_trades_timerange"
        assert script.asked[0].parameters["from"] == str((NOW_MS - 2000) // 1000)
        assert "contract" not in script.asked[0].parameters

    async def test_a_long_time_is_asked_for_in_windows(self) -> None:
        script = Script(Reply([]))
        await run(lambda rest: rest.load_fills(SOL, from_ms=NOW_MS - 50 * DAY_MS, to_ms=NOW_MS), script)
        spans = [(int(asked.parameters["from"]), int(asked.parameters["to"])) for asked in script.asked]
        assert (min(begin for begin, _ in spans), max(end for _, end in spans)) == (
            (NOW_MS - 50 * DAY_MS) // 1000,
            NOW_MS // 1000,
        )
        assert all(end - begin <= 30 * 86400 for begin, end in spans)

    async def test_fills_of_one_order(self) -> None:
        rows = [payloads.rest_trade(), payloads.rest_trade(id=8, create_time=1750000000.5)]
        script = Script(Reply(rows))
        report = await run(lambda rest: rest.load_fills(SOL, order_id="36", from_ms=1759999999000), script)
        assert script.asked[0].path == "/api/v4/futures/usdt/my_trades"
        assert script.asked[0].parameters == {"contract": "SOL_USDT", "order": "36", "limit": "100", "offset": "0"}
        assert [fill.trade_id for fill in report.fills] == ["3335259"]
        with pytest.raises(InvalidValueError, match="symbol"):
            await run(lambda rest: rest.load_fills(None, order_id="36"), Script(Reply([])))

    async def test_finished_orders_without_those_that_are_open(self) -> None:
        rows = [
            payloads.open_order(id=1),
            payloads.rest_order(id=2),
            payloads.rest_order(id=3, update_time=1760000009.5),
        ]
        script = Script(Reply(rows))
        report = await run(lambda rest: rest.load_finished_orders(None, from_ms=NOW_MS), script)
        assert script.asked[0].path == "/api/v4/futures/usdt/orders_timerange"
        assert [order.order_id for order in report.orders] == ["3", "2"]
        assert all(order.status is OrderStatus.FILLED for order in report.orders)
        assert report.is_complete

    async def test_the_newest_finished_orders(self) -> None:
        rows = [payloads.rest_order(id=number) for number in range(5)]
        report = await run(lambda rest: rest.load_finished_orders(SOL, limit=3), Script(paged(rows)))
        assert len(report.orders) == 3
        assert not report.is_complete

    async def test_the_ledger(self) -> None:
        rows = [payloads.ledger_row(id="1"), payloads.ledger_row(id="2", type="fund", text="SOL_USDT", change="-0.47")]
        script = Script(Reply(rows))
        report = await run(lambda rest: rest.load_ledger(from_ms=NOW_MS - 1000), script)
        assert script.asked[0].path == "/api/v4/futures/usdt/account_book"
        assert [entry.kind for entry in report.entries] == [LedgerKind.FEE, LedgerKind.FUNDING]
        await run(lambda rest: rest.load_ledger(kind=LedgerKind.FUNDING), script)
        assert script.asked[1].parameters["type"] == "fund"

    async def test_entries_without_an_id_are_told_apart_by_what_they_say(self) -> None:
        bare = payloads.ledger_row()
        del bare["id"]
        rows = [bare, bare | {"balance": "9987"}, bare]
        report = await run(lambda rest: rest.load_ledger(), Script(Reply(rows)))
        assert len(report.entries) == 2


class TestConditionalOrders:
    async def test_the_open_ones(self) -> None:
        script = Script(Reply([payloads.conditional_order(), payloads.open_order()]))
        report = await run(lambda rest: rest.load_conditional_orders(SOL), script)
        assert script.asked[0].path == "/api/v4/futures/usdt/price_orders"
        assert script.asked[0].parameters == {
            "status": "open",
            "contract": "SOL_USDT",
            "limit": "100",
            "offset": "0",
        }
        assert [order.conditional_id for order in report.orders] == ["88010042"]
        assert [row.item_id for row in report.unreadable] == ["36028797827161124"], "a plain order is none of them"

    async def test_one_and_all_are_canceled_where_they_are(self) -> None:
        ended = payloads.conditional_order(status="finished", finish_as="cancelled")
        script = Script(Reply(ended))
        order = await run(lambda rest: rest.cancel_conditional_order("88010042"), script)
        assert (script.asked[0].method, script.asked[0].path) == (
            "DELETE",
            "/api/v4/futures/usdt/price_orders/88010042",
        )
        assert not order.is_open
        script = Script(Reply([ended]))
        assert len(await run(lambda rest: rest.cancel_all_conditional_orders(None), script)) == 1
        assert (script.asked[0].path, script.asked[0].query) == ("/api/v4/futures/usdt/price_orders", "")
