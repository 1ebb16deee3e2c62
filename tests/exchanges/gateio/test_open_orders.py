"""R6: the list of open orders is whole although it comes and goes while it is read, page by page."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchanges.base.clients import OpenOrdersReport
from exchanges.gateio.rows import RowReader
from exchanges.gateio.spot import convert, wire
from exchanges.gateio.spot.open_orders import OpenOrdersReader, OpenPage, OpenPages, read_open_orders
from messages.errors import ListChangedError
from tests.exchanges.gateio import payloads
from tests.support.orders import order

PAIR = "SOL_USDT"


class MovingList:
    """The open orders of some pairs, newest first; between two answers ``meanwhile`` changes them."""

    def __init__(self, pairs: dict[str, int], meanwhile: Callable[["MovingList"], None]) -> None:
        self._numbers = iter(range(10**6))
        self.pairs = {pair: [next(self._numbers) for _ in range(count)][::-1] for pair, count in pairs.items()}
        self.always = {number for numbers in self.pairs.values() for number in numbers}
        self.meanwhile = meanwhile
        self.requests: list[tuple[int, int]] = []

    def place(self, pair: str = PAIR) -> None:
        self.pairs.setdefault(pair, []).insert(0, next(self._numbers))

    def end(self, number: int) -> None:
        for numbers in self.pairs.values():
            if number in numbers:
                numbers.remove(number)
        self.always.discard(number)

    async def ask(self, page: int, limit: int) -> tuple[OpenPages, int]:
        if self.requests:
            self.meanwhile(self)
        self.requests.append((page, limit))
        start = (page - 1) * limit
        return {
            pair: page_of(numbers[start : start + limit], len(numbers))
            for pair, numbers in self.pairs.items()
            if numbers
        }, 1_000 + len(self.requests)


def page_of(numbers: list[int], total: int | None) -> OpenPage:
    ids = [str(number) for number in numbers]
    return OpenPage(total, ids, [order(order_id=each, client_order_id=None) for each in ids], [])


def found_in(report: OpenOrdersReport) -> set[int]:
    return {int(each.order_id or "") for each in report.orders}


def still(_: MovingList) -> None:
    """Nothing happens."""


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 190, 1000, 2500])
async def test_a_list_that_holds_still_is_read_whole(count: int) -> None:
    listed = MovingList({PAIR: count, "BTC_USDT": 3}, still)
    report = await read_open_orders(listed.ask, 100)
    assert found_in(report) == listed.always
    assert report.as_of_ms == 1_001
    assert len(listed.requests) <= 1 + count // 75


async def test_one_page_is_one_request() -> None:
    listed = MovingList({PAIR: 100}, still)
    await read_open_orders(listed.ask, 100)
    assert listed.requests == [(1, 100)]


@pytest.mark.parametrize("resting", [101, 150, 450])
async def test_an_order_a_second_that_comes_and_goes_costs_no_second_reading(resting: int) -> None:
    def churn(listed: MovingList) -> None:
        listed.place()
        newest = listed.pairs[PAIR][0]
        listed.place()
        listed.end(newest)
        listed.end(listed.pairs[PAIR][5])

    listed = MovingList({PAIR: resting}, churn)
    assert found_in(await read_open_orders(listed.ask, 100)) >= listed.always
    assert sum(page == 1 for page, _ in listed.requests) == 1


@settings(max_examples=300, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=3),
    page_size=st.integers(5, 12),
    seed=st.integers(0, 10**6),
    most=st.integers(0, 6),
)
@example(counts=[11], page_size=5, seed=1, most=4)
async def test_r6_whatever_was_open_all_the_time_is_in_the_report(
    counts: list[int], page_size: int, seed: int, most: int
) -> None:
    rng = random.Random(seed)

    def churn(listed: MovingList) -> None:
        for _ in range(rng.randint(0, most)):
            everything = [number for numbers in listed.pairs.values() for number in numbers]
            if rng.random() < 0.5 or not everything:
                listed.place(f"P{rng.randrange(4)}_USDT")
            else:
                listed.end(rng.choice(everything))

    listed = MovingList({f"P{index}_USDT": count for index, count in enumerate(counts)}, churn)
    try:
        report = await read_open_orders(listed.ask, page_size)
    except ListChangedError:
        return
    assert found_in(report) >= listed.always


async def test_r6_orders_that_end_together_between_two_pages_hide_no_other() -> None:
    def sweep(listed: MovingList) -> Iterator[None]:
        for number in listed.pairs[PAIR][:60]:
            listed.end(number)
        yield
        while True:
            yield

    steps: list[Iterator[None]] = []

    def meanwhile(listed: MovingList) -> None:
        if not steps:
            steps.append(sweep(listed))
        next(steps[0])

    listed = MovingList({PAIR: 150}, meanwhile)
    assert found_in(await read_open_orders(listed.ask, 100)) == listed.always
    assert len(listed.always) == 90


async def test_r6_an_empty_page_where_orders_were_is_no_end_of_the_list() -> None:
    """140 of 150 orders end: the last ten are on the first page by now, and were on none that was read."""
    listed = MovingList(
        {PAIR: 150}, lambda listed: [listed.end(number) for number in listed.pairs[PAIR][:-10]] and None
    )
    assert found_in(await read_open_orders(listed.ask, 100)) == listed.always


async def test_r6_a_list_that_is_replaced_between_any_two_pages_is_an_error() -> None:
    def replace(listed: MovingList) -> None:
        for number in list(listed.pairs[PAIR]):
            listed.end(number)
        for _ in range(150):
            listed.place()

    with pytest.raises(ListChangedError, match="changed too fast"):
        await read_open_orders(MovingList({PAIR: 150}, replace).ask, 100)


async def test_r6_a_total_that_no_page_reaches_is_an_error() -> None:
    async def ask(_: int, __: int) -> tuple[OpenPages, int]:
        return {PAIR: page_of([1, 2], 5)}, 0

    with pytest.raises(ListChangedError):
        await read_open_orders(ask, 100)


async def test_r6_a_page_that_does_not_join_is_not_asked_for_again_and_again() -> None:
    """The whole list is read anew, with twice the overlap, four times at most."""
    pages: list[int] = []

    async def short(page: int, _: int) -> tuple[OpenPages, int]:
        pages.append(page)
        return {PAIR: page_of([1, 2], 5)}, 0

    with pytest.raises(ListChangedError):
        await read_open_orders(short, 100)
    assert pages == [1, 1, 1, 1]

    def end_sixty_once(listed: MovingList) -> None:
        if len(listed.requests) == 1:
            for number in listed.pairs[PAIR][:60]:
                listed.end(number)

    listed = MovingList({PAIR: 150}, end_sixty_once)
    assert found_in(await read_open_orders(listed.ask, 100)) == listed.always
    assert listed.requests == [(1, 100), (2, 90), (1, 100)]


async def test_a_pair_that_is_listed_with_no_order_is_read() -> None:
    answers = [{PAIR: page_of(list(range(100)), 150)}, {PAIR: page_of([], 0)}]
    requests: list[int] = []

    async def ask(page: int, _: int) -> tuple[OpenPages, int]:
        requests.append(page)
        return answers[len(requests) - 1], 7

    assert len((await read_open_orders(ask, 100)).orders) == 100
    assert requests == [1, 2]


async def test_each_reading_overlaps_twice_as_much_as_the_one_before() -> None:
    def replace(listed: MovingList) -> None:
        for number in list(listed.pairs[PAIR]):
            listed.end(number)
        for _ in range(150):
            listed.place()

    listed = MovingList({PAIR: 150}, replace)
    with pytest.raises(ListChangedError):
        await read_open_orders(listed.ask, 100)
    begins = [(page - 1) * limit for page, limit in listed.requests if page > 1]
    assert len(begins) == 4
    assert begins[0] > begins[1] > begins[2]


class TestRows:
    read = OpenOrdersReader(RowReader(wire.RestOrder, convert.open_order)).read

    def group(self, *orders: object, pair: object = PAIR, **changes: object) -> dict[str, object]:
        return {"currency_pair": pair, "total": len(orders), "orders": list(orders)} | changes

    @pytest.mark.parametrize("changes", [{"side": "both"}, {"amount": {}}], ids=["a word", "a type"])
    def test_r10_one_odd_order_keeps_no_other_from_being_read(self, changes: dict[str, Any]) -> None:
        odd = payloads.rest_order(id="2", **changes)
        pages = self.read(payloads.encode([self.group(payloads.rest_order(id="1"), odd, payloads.rest_order(id="3"))]))
        page = pages[PAIR]
        assert [each.order_id for each in page.orders] == ["1", "3"]
        assert page.rows == ["1", "2", "3"]
        (row,) = page.unreadable
        assert (str(row.symbol), row.market, row.item_id) == ("SOL/USDT", PAIR, "2")

    @pytest.mark.parametrize(
        "broken",
        [
            {"currency_pair": "BTC_USDT", "total": 1, "orders": 5},
            {"currency_pair": "BTC_USDT", "total": None, "orders": []},
            {"currency_pair": "BTC_USDT", "total": "many", "orders": []},
            {"currency_pair": "BTC_USDT", "orders": []},
            {"total": 0, "orders": []},
            [],
            7,
        ],
        ids=str,
    )
    async def test_r10_a_pair_that_cannot_be_read_leaves_the_others_known(self, broken: object) -> None:
        async def ask(_: int, __: int) -> tuple[OpenPages, int]:
            return self.read(payloads.encode([broken, self.group(payloads.rest_order(id="1"))])), 5

        report = await read_open_orders(ask, 100)
        assert [each.order_id for each in report.orders] == ["1"]
        if broken != {"total": 0, "orders": []}:
            (row,) = report.unreadable
            assert row.market == ("BTC_USDT" if isinstance(broken, dict) else "")

    async def test_an_order_without_an_id_is_told_as_unreadable_and_stops_nothing(self) -> None:
        async def ask(page: int, limit: int) -> tuple[OpenPages, int]:
            rows = [payloads.rest_order(id=str(number)) for number in range(150)]
            rows[(page - 1) * limit] = {"id": None, "currency_pair": PAIR}
            listed = rows[(page - 1) * limit : page * limit]
            return self.read(payloads.encode([self.group(*listed, total=150)])), 5

        report = await read_open_orders(ask, 100)
        assert {row.item_id for row in report.unreadable} == {""}
        assert {int(each.order_id or "") for each in report.orders} == set(range(1, 150))

    def test_an_order_in_the_list_is_open_in_whatever_word(self) -> None:
        pages = self.read(payloads.encode([self.group(payloads.rest_order(status="suspended", finish_as="-"))]))
        assert [each.is_open for each in pages[PAIR].orders] == [True]

    @pytest.mark.parametrize("account", ["margin", "cross_margin", "unified"])
    def test_orders_of_other_accounts_are_no_spot_orders(self, account: str) -> None:
        pages = self.read(payloads.encode([self.group(payloads.rest_order(id="5", account=account))]))
        assert pages[PAIR] == OpenPage(1, ["5"], [], [])
