"""Lists of the past are read to their end, whatever their length, span and movement."""

import asyncio
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.base.clients import UnreadableRow
from exchanges.base.rows import Rows
from exchanges.gateio.histories import History, Window, windows
from messages.errors import ProtocolError

DAY_S = 86_400
NOW_S = 1_760_000_000
NOW_MS = NOW_S * 1000


def nothing(_: "Past") -> None:
    """Nothing happens."""


class Past:
    """What Gate tells: rows of (id, seconds), newest first, of seven days or of a span of thirty at most."""

    def __init__(
        self, rows: list[tuple[int, int]], *, now_s: int = NOW_S, meanwhile: Callable[["Past"], None] = nothing
    ) -> None:
        self.rows = rows
        self.now_s = now_s
        self.meanwhile = meanwhile
        self.hidden_s = 0
        self.asked: list[tuple[Window, int]] = []

    def ask_with(self, page_size: int) -> Callable[[Window, int], "asyncio.Future[Rows[tuple[int, int]]]"]:
        async def ask(window: Window, page: int) -> Rows[tuple[int, int]]:
            self.asked.append((window, page))
            from_s, to_s = window.from_s, window.to_s
            if from_s is None:
                from_s = (self.now_s if to_s is None else to_s) - 7 * DAY_S
                to_s = self.now_s if to_s is None else to_s
            elif to_s is None:
                to_s = from_s + 7 * DAY_S
            assert to_s - from_s <= 30 * DAY_S
            assert (page - 1) * page_size <= 100_000
            listed = sorted(self.rows, key=lambda row: (row[1], row[0]), reverse=True)
            listed = [row for row in listed if from_s <= row[1] <= min(to_s, self.now_s - self.hidden_s)]
            found = listed[(page - 1) * page_size : page * page_size]
            self.meanwhile(self)
            return Rows(found, [], [str(number) for number, _ in found])

        return ask  # type: ignore[return-value]


async def read(
    past: Past,
    from_ms: int | None,
    to_ms: int | None = None,
    *,
    page_size: int = 10,
    most_pages: int = 100,
) -> dict[object, tuple[int, int]]:
    history = History(
        "load_things",
        past.ask_with(page_size),
        lambda row: row[0],
        page_size=page_size,
        most_pages=most_pages,
        settled_ms=NOW_MS - 10_000,
        now_ms=NOW_MS,
    )
    for window in windows(from_ms, to_ms, NOW_MS):
        await history.read(window)
    return history.found


@settings(max_examples=200, deadline=None)
@given(
    ages_s=st.lists(st.integers(0, 100 * DAY_S) | st.integers(0, 30), max_size=80),
    from_s=st.integers(0, 100 * DAY_S),
    page_size=st.integers(1, 12),
    most_pages=st.integers(2, 5),
)
async def test_everything_since_then_is_found(ages_s: list[int], from_s: int, page_size: int, most_pages: int) -> None:
    rows = [(number, NOW_S - age) for number, age in enumerate(ages_s)]
    try:
        found = await read(Past(rows), NOW_MS - from_s * 1000, page_size=page_size, most_pages=most_pages)
    except ProtocolError:
        assert max(ages_s.count(age) for age in ages_s) >= page_size * most_pages
        return
    assert set(found.values()) == {(number, at) for number, at in rows if at >= NOW_S - from_s}


@settings(max_examples=100, deadline=None)
@given(
    ages_s=st.lists(st.integers(0, 90 * DAY_S), max_size=40),
    span=st.tuples(st.integers(0, 90 * DAY_S), st.integers(0, 90 * DAY_S)),
)
async def test_everything_between_two_times_is_found(ages_s: list[int], span: tuple[int, int]) -> None:
    rows = [(number, NOW_S - age) for number, age in enumerate(ages_s)]
    begin_s, end_s = NOW_S - max(span), NOW_S - min(span)
    found = await read(Past(rows), begin_s * 1000, end_s * 1000)
    assert set(found.values()) == {(number, at) for number, at in rows if begin_s <= at <= end_s}


async def test_more_than_a_page_in_one_second_is_found() -> None:
    rows = [(number, NOW_S - 3600) for number in range(5_000)]
    assert len(await read(Past(rows), NOW_MS - 2 * DAY_S * 1000, page_size=1000)) == 5_000


async def test_more_in_one_second_than_the_exchange_counts_is_an_error_and_never_a_part() -> None:
    rows = [(number, NOW_S - 3600) for number in range(60)]
    with pytest.raises(ProtocolError, match="load_things: more than 5 pages of 10 rows"):
        await read(Past(rows), NOW_MS - DAY_S * 1000, most_pages=5)


async def test_more_pages_than_the_exchange_counts_without_a_beginning_are_an_error_and_never_a_part() -> None:
    rows = [(number, NOW_S - 60 * number) for number in range(60)]
    with pytest.raises(ProtocolError, match="load_things: more than 5 pages of 10 rows"):
        await read(Past(rows), None, most_pages=5)


async def test_what_a_lagging_first_page_lacks_is_found_with_those_that_follow() -> None:
    def catch_up(past: Past) -> None:
        past.hidden_s = 0

    past = Past([(number, NOW_S - number) for number in range(30)], meanwhile=catch_up)
    past.hidden_s = 5
    assert set(range(30)) <= set(await read(past, NOW_MS - 3600_000))


async def test_rows_that_come_while_pages_are_read_hide_none() -> None:
    def arrive(past: Past) -> None:
        past.rows.extend((len(past.rows), NOW_S) for _ in range(7))

    past = Past([(number, NOW_S - 20 * number) for number in range(95)], meanwhile=arrive)
    assert set(range(95)) <= set(await read(past, NOW_MS - DAY_S * 1000))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 60))
async def test_r6_pages_of_answers_that_lag_differently_skip_nothing_that_is_settled(seed: int, count: int) -> None:
    rng = random.Random(seed)

    def another_replica(past: Past) -> None:
        past.hidden_s = rng.randint(0, 10)

    rows = [(number, NOW_S - rng.choice((rng.randint(0, 15), rng.randint(0, 600)))) for number in range(count)]
    found = await read(Past(list(rows), meanwhile=another_replica), NOW_MS - 3600_000, page_size=4)
    assert {number for number, at in rows if at < NOW_S - 12} <= set(found)


async def test_a_recent_past_of_one_page_is_one_request_without_an_end() -> None:
    past = Past([(1, NOW_S)])
    assert await read(past, NOW_MS - 5 * DAY_S * 1000)
    assert past.asked == [(Window(NOW_S - 5 * DAY_S, None), 1)]


async def test_enough_is_enough() -> None:
    past = Past([(number, NOW_S - number) for number in range(95)])
    history = History(
        "x",
        past.ask_with(10),
        lambda row: row[0],
        page_size=10,
        most_pages=9,
        settled_ms=NOW_MS,
        now_ms=NOW_MS,
        limit=25,
    )
    for window in windows(NOW_MS - 50 * DAY_S * 1000, None, NOW_MS):
        await history.read(window)
    assert set(range(25)) <= set(history.found)
    assert not history.is_complete
    assert len(past.asked) <= 5


async def test_an_end_before_the_beginning_asks_for_nothing() -> None:
    past = Past([(1, NOW_S)])
    assert not await read(past, NOW_MS, NOW_MS - 5_000)
    assert past.asked == []


async def test_unreadable_rows_count_for_a_full_page_and_are_told_once() -> None:
    odd = UnreadableRow(None, "SOL_USDT", "7", "odd")
    asked = []

    async def ask(_: Window, page: int) -> Rows[int]:
        asked.append(page)
        return Rows([1], [odd], ["1", "7"]) if page < 3 else Rows([], [], [])

    history = History("x", ask, lambda row: row, page_size=2, most_pages=9, settled_ms=NOW_MS, now_ms=NOW_MS)
    await history.read(Window(None, None))
    assert (asked, list(history.unreadable), history.is_complete) == ([1, 2, 3], [odd], True)


@pytest.mark.parametrize(
    ("query", "window"),
    [((), Window(None, None)), ((("from", "5"),), Window(5, None)), ((("from", "5"), ("to", "6")), Window(5, 6))],
)
def test_what_a_window_asks(query: tuple[tuple[str, str], ...], window: Window) -> None:
    assert window.query == query


def test_windows_touch_and_none_is_too_long() -> None:
    found = list(windows(NOW_MS - 100 * DAY_S * 1000, NOW_MS - 500, NOW_MS))
    assert (found[0].to_s, found[-1].from_s) == (NOW_S, NOW_S - 100 * DAY_S)
    assert list(windows(None, None, NOW_MS)) == [Window(None, None)]
    assert list(windows(None, 1500, NOW_MS)) == [Window(None, 2)]
