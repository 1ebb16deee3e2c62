"""Requests are held back before the exchange would refuse them: in order, cancels first, never too many."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.base.rate_limiter import (
    DEFAULT_MARGIN_S,
    LONGEST_PAUSE_S,
    Permit,
    Priority,
    RateLimiter,
    Scope,
)
from messages.errors import InvalidValueError, RateLimitedError
from tests.exchanges.base.manual_clock import ManualClock, settle

ORDERS = Scope("orders", 3, 1.0)
SPAN_S = 1.0 + DEFAULT_MARGIN_S


async def use_up(limiter: RateLimiter, scope: Scope = ORDERS) -> list[Permit]:
    return [await limiter.acquire(scope) for _ in range(scope.capacity)]


async def test_as_many_as_the_window_holds_go_at_once() -> None:
    clock = ManualClock()
    await use_up(RateLimiter(clock))
    assert clock.next_wake_s is None


async def test_one_more_waits_until_the_first_has_left_the_window() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    await use_up(limiter)
    waiting = asyncio.ensure_future(limiter.acquire(ORDERS))
    await clock.advance(SPAN_S - 0.001)
    assert not waiting.done()
    await clock.advance(0.002)
    assert waiting.done()


async def test_scopes_do_not_hold_each_other_up() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    await use_up(limiter)
    await limiter.acquire(Scope("other", 1, 1.0))


async def test_a_wait_longer_than_allowed_is_refused_at_once() -> None:
    limiter = RateLimiter(ManualClock())
    await use_up(limiter)
    with pytest.raises(RateLimitedError) as refused:
        await limiter.acquire(ORDERS, max_wait_s=0.5)
    assert refused.value.scope == "orders"
    assert refused.value.retry_after_s == pytest.approx(SPAN_S)


async def test_those_ahead_in_line_count_for_the_expected_wait() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    await use_up(limiter)
    ahead = [asyncio.ensure_future(limiter.acquire(ORDERS)) for _ in range(3)]
    await settle()
    with pytest.raises(RateLimitedError) as refused:
        await limiter.acquire(ORDERS, max_wait_s=1.5 * SPAN_S)
    assert refused.value.retry_after_s == pytest.approx(2 * SPAN_S)
    await clock.advance(SPAN_S)
    assert all(task.done() for task in ahead)


async def test_a_cancel_goes_before_those_who_came_earlier() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    await use_up(limiter)
    order: list[str] = []

    async def go(name: str, priority: Priority) -> None:
        await limiter.acquire(ORDERS, priority=priority)
        order.append(name)

    tasks = [
        asyncio.ensure_future(go(name, priority))
        for name, priority in [
            ("history", Priority.BACKGROUND),
            ("first order", Priority.NORMAL),
            ("second order", Priority.NORMAL),
            ("cancel", Priority.CANCEL),
        ]
    ]
    await clock.advance(10)
    await asyncio.gather(*tasks)
    assert order == ["cancel", "first order", "second order", "history"]


async def test_requests_of_the_background_leave_a_third_of_a_scope_to_others() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    nine = Scope("nine", 9, 1.0)
    for _ in range(6):
        await limiter.acquire(nine, priority=Priority.BACKGROUND, max_wait_s=0)
    with pytest.raises(RateLimitedError):
        await limiter.acquire(nine, priority=Priority.BACKGROUND, max_wait_s=0)
    for _ in range(3):
        await limiter.acquire(nine, max_wait_s=0)
    with pytest.raises(RateLimitedError):
        await limiter.acquire(nine, max_wait_s=0)
    await clock.advance(SPAN_S)
    await limiter.acquire(nine, priority=Priority.BACKGROUND, max_wait_s=0)


async def test_one_pushed_back_beyond_its_longest_wait_is_refused_when_it_becomes_first() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    single = Scope("single", 1, 1.0)
    await limiter.acquire(single)
    patient = asyncio.ensure_future(limiter.acquire(single, max_wait_s=1.5))
    await settle()
    cancel = asyncio.ensure_future(limiter.acquire(single, priority=Priority.CANCEL))
    await clock.advance(SPAN_S + 0.1)
    assert cancel.done()
    with pytest.raises(RateLimitedError):
        await patient
    assert limiter.waiting(single) == 0


async def test_a_canceled_waiter_leaves_nothing_behind_and_its_turn_goes_on() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    await use_up(limiter)
    gone = asyncio.ensure_future(limiter.acquire(ORDERS))
    following = asyncio.ensure_future(limiter.acquire(ORDERS))
    await settle()
    gone.cancel()
    await settle()
    assert limiter.waiting(ORDERS) == 1
    await clock.advance(SPAN_S)
    assert following.done()
    assert limiter.waiting(ORDERS) == 0


async def test_retry_after_holds_one_scope_back() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    (await limiter.acquire(ORDERS)).block(5.0)
    waiting = asyncio.ensure_future(limiter.acquire(ORDERS))
    await limiter.acquire(Scope("other", 1, 1.0))
    await clock.advance(4.9)
    assert not waiting.done()
    await clock.advance(0.2)
    assert waiting.done()


async def test_a_block_of_everything_holds_all_scopes_back_also_those_in_line() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    await use_up(limiter)
    waiting = asyncio.ensure_future(limiter.acquire(ORDERS))
    await settle()
    limiter.block(5.0)
    other = asyncio.ensure_future(limiter.acquire(Scope("other", 1, 1.0)))
    await clock.advance(4.9)
    assert not waiting.done()
    assert not other.done()
    await clock.advance(0.2)
    assert waiting.done()
    assert other.done()


async def opens_after_s(limiter: RateLimiter, scope: Scope, priority: Priority) -> float:
    try:
        await limiter.acquire(scope, priority=priority, max_wait_s=0)
    except RateLimitedError as refused:
        return refused.retry_after_s
    return 0.0


@pytest.mark.parametrize("asked_s", [0.5, 5.0, 61.0, 3600.0, 1e9, float("inf")])
@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("priority", Priority)
async def test_r13_whatever_is_asked_each_priority_pauses_no_longer_than_is_stated(
    asked_s: float, everywhere: bool, priority: Priority
) -> None:
    limiter, roomy = RateLimiter(ManualClock()), Scope("roomy", 100, 1.0)
    if everywhere:
        limiter.block(asked_s)
    else:
        (await limiter.acquire(roomy)).block(asked_s)
    expected_s = min(asked_s, LONGEST_PAUSE_S[priority])
    assert await opens_after_s(limiter, roomy, priority) == pytest.approx(expected_s)
    assert (await opens_after_s(limiter, Scope("other", 1, 1.0), priority) > 0) is everywhere


async def test_r13_a_cancel_goes_while_an_order_ahead_of_it_is_held_back() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    roomy = Scope("roomy", 100, 1.0)
    limiter.block(3600, roomy)
    order = asyncio.ensure_future(limiter.acquire(roomy))
    await settle()
    cancel = asyncio.ensure_future(limiter.acquire(roomy, priority=Priority.CANCEL))
    await clock.advance(LONGEST_PAUSE_S[Priority.CANCEL] - 0.1)
    assert not cancel.done()
    await clock.advance(0.2)
    assert cancel.done()
    assert not order.done()
    await clock.advance(LONGEST_PAUSE_S[Priority.NORMAL])
    assert order.done()


def test_the_stated_pauses() -> None:
    assert LONGEST_PAUSE_S == {Priority.CANCEL: 3.0, Priority.NORMAL: 60.0, Priority.BACKGROUND: 60.0}


async def test_one_pushed_back_within_its_longest_wait_is_served() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    single = Scope("single", 1, 1.0)
    await limiter.acquire(single)
    patient = asyncio.ensure_future(limiter.acquire(single, max_wait_s=3 * SPAN_S))
    await settle()
    cancel = asyncio.ensure_future(limiter.acquire(single, priority=Priority.CANCEL))
    await clock.advance(SPAN_S + 0.1)
    assert cancel.done()
    assert not patient.done()
    await clock.advance(SPAN_S)
    await patient


async def test_a_shorter_wish_does_not_end_a_longer_pause() -> None:
    limiter = RateLimiter(ManualClock())
    roomy = Scope("roomy", 100, 1.0)
    for seconds in (5.0, 1.0, 0.0, -7.0):
        limiter.block(seconds, roomy)
    assert await opens_after_s(limiter, roomy, Priority.NORMAL) == pytest.approx(5.0)


async def test_what_others_spend_of_the_same_allowance_is_seen_in_the_headers() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    permit = await limiter.acquire(ORDERS)
    permit.observe(limit=3, remaining=0)
    waiting = asyncio.ensure_future(limiter.acquire(ORDERS))
    await clock.advance(SPAN_S - 0.01)
    assert not waiting.done()
    await clock.advance(0.02)
    assert waiting.done()


async def test_headers_that_agree_with_our_own_count_change_nothing() -> None:
    limiter = RateLimiter(ManualClock())
    for remaining in (2, 1, 0):
        permit = await limiter.acquire(ORDERS, max_wait_s=0)
        permit.observe(limit=3, remaining=remaining)


async def test_a_smaller_limit_in_the_headers_tightens_and_a_larger_one_does_not_loosen() -> None:
    limiter = RateLimiter(ManualClock())
    (await limiter.acquire(ORDERS)).observe(limit=1, remaining=100)
    with pytest.raises(RateLimitedError):
        await limiter.acquire(ORDERS, max_wait_s=0)
    limiter = RateLimiter(ManualClock())
    for permit in await use_up(limiter):
        permit.observe(limit=1000, remaining=1000)
    with pytest.raises(RateLimitedError):
        await limiter.acquire(ORDERS, max_wait_s=0)


async def test_the_reset_time_is_kept_when_nothing_is_left_but_never_beyond_the_window() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    (await limiter.acquire(ORDERS)).observe(limit=3, remaining=0, reset_in_s=9999.0)
    waiting = asyncio.ensure_future(limiter.acquire(ORDERS))
    await clock.advance(SPAN_S + 0.01)
    assert waiting.done()


async def left(limiter: RateLimiter, scope: Scope = ORDERS) -> int:
    """How many may go at once now; uses them up."""
    count = 0
    while not await opens_after_s(limiter, scope, Priority.NORMAL):
        count += 1
    return count


TEN: Scope = Scope("ten", 10, 1.0)


@pytest.mark.parametrize(
    ("said", "free"),
    [
        ({}, 9),
        ({"limit": 10}, 9),
        ({"remaining": 9}, 9),
        ({"limit": 10, "remaining": 9}, 9),
        ({"limit": 10, "remaining": 4}, 4),  # five were spent by somebody else
        ({"remaining": 4}, 4),
        ({"limit": 6, "remaining": 4}, 4),
        ({"limit": 6}, 5),
        ({"limit": 6, "remaining": 100}, 5),  # contradictory: it can only tighten
        ({"limit": 100, "remaining": 100}, 9),
        ({"limit": 0}, 9),
        ({"limit": -3}, 9),
        ({"limit": 0, "remaining": 4}, 4),
        ({"remaining": 0}, 0),
        ({"remaining": -5}, 0),
        ({"limit": 1, "remaining": 0}, 0),
        ({"remaining": 1, "reset_in_s": 0.5}, 1),
        ({"remaining": 9, "reset_in_s": 0.5}, 9),  # only looked at when nothing is left
        ({"reset_in_s": 0.5}, 9),
    ],
)
async def test_headers_that_are_missing_zero_negative_or_contradictory(said: dict[str, float], free: int) -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    (await limiter.acquire(TEN)).observe(**said)  # type: ignore[arg-type]  # made of ints, but for the last
    assert await left(limiter, TEN) == free
    await clock.advance(SPAN_S + 0.01)
    limit = said.get("limit", 10)
    assert await left(limiter, TEN) == (limit if 0 < limit < 10 else 10)


@pytest.mark.parametrize(
    ("reset_in_s", "opens_s"), [(0.4, SPAN_S), (None, SPAN_S), (0.0, SPAN_S), (-1.0, SPAN_S), (1e9, SPAN_S)]
)
async def test_nothing_is_left_until_the_window_has_passed(reset_in_s: float | None, opens_s: float) -> None:
    limiter = RateLimiter(ManualClock())
    (await limiter.acquire(TEN)).observe(remaining=0, reset_in_s=reset_in_s)
    assert await opens_after_s(limiter, TEN, Priority.NORMAL) == pytest.approx(opens_s)


async def test_the_window_opens_later_where_the_exchange_says_so_after_a_slow_answer() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    permit = await limiter.acquire(TEN)
    await clock.advance(0.9)
    permit.observe(remaining=0, reset_in_s=0.8)
    assert await opens_after_s(limiter, TEN, Priority.NORMAL) == pytest.approx(0.8)


async def test_of_answers_to_requests_of_one_moment_each_is_believed() -> None:
    limiter = RateLimiter(ManualClock())
    first, second = await limiter.acquire(TEN), await limiter.acquire(TEN)
    first.observe(remaining=9)
    second.observe(remaining=3)
    assert await left(limiter, TEN) == 3


async def test_r10_a_block_of_one_scope_is_no_block_of_another() -> None:
    limiter = RateLimiter(ManualClock())
    limiter.block(5.0, TEN)
    await limiter.acquire(ORDERS, max_wait_s=0)


async def test_only_those_with_a_better_or_equal_right_count_for_the_expected_wait() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    await use_up(limiter)
    behind = [asyncio.ensure_future(limiter.acquire(ORDERS, priority=Priority.BACKGROUND)) for _ in range(3)]
    await settle()
    assert await opens_after_s(limiter, ORDERS, Priority.NORMAL) == pytest.approx(SPAN_S)
    assert await opens_after_s(limiter, ORDERS, Priority.BACKGROUND) == pytest.approx(2 * SPAN_S)
    await clock.advance(2 * SPAN_S)
    assert all(task.done() for task in behind)


async def test_an_answer_that_was_overtaken_by_a_later_requests_is_not_believed() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    early = await limiter.acquire(TEN)
    await clock.advance(0.1)
    (await limiter.acquire(TEN)).observe(limit=10, remaining=2)
    early.observe(limit=1, remaining=9)
    assert await left(limiter, TEN) == 2


async def test_what_somebody_else_spent_counts_against_the_window_it_was_spent_in() -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    (await limiter.acquire(TEN)).observe(limit=10, remaining=4)
    await clock.advance(SPAN_S - 0.01)
    assert await left(limiter, TEN) == 4


@pytest.mark.parametrize(("capacity", "window_s"), [(0, 1.0), (1, 0.0), (1, float("inf"))])
def test_a_scope_that_makes_no_sense_is_refused(capacity: int, window_s: float) -> None:
    with pytest.raises(InvalidValueError):
        Scope("x", capacity, window_s)


@dataclass
class Request:
    number: int
    priority: Priority
    came_s: float
    went_s: float | None = None
    gone: bool = False


arrivals = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.01, 0.2, 0.7, 1.5]),
        st.sampled_from(list(Priority)),
        st.one_of(st.none(), st.sampled_from([0.05, 0.5, 2.0])),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(arrivals=arrivals, capacity=st.integers(1, 5), window_s=st.sampled_from([0.3, 1.0, 3.0]))
def test_never_more_than_the_capacity_in_any_window_and_always_in_order(
    arrivals: list[tuple[float, Priority, float | None]], capacity: int, window_s: float
) -> None:
    asyncio.run(_check_any_arrivals(arrivals, Scope("any", capacity, window_s)))


async def _check_any_arrivals(arrivals: list[tuple[float, Priority, float | None]], scope: Scope) -> None:
    clock = ManualClock()
    limiter = RateLimiter(clock)
    requests: list[Request] = []
    tasks: list[asyncio.Task[None]] = []

    async def run(request: Request) -> None:
        try:
            await limiter.acquire(scope, priority=request.priority)
        except asyncio.CancelledError:
            request.gone = True
            return
        request.went_s = clock.monotonic_s()
        earlier = [
            other
            for other in requests
            if not other.gone
            and other.went_s is None
            and other.came_s < request.went_s
            and (other.priority, other.number) < (request.priority, request.number)
        ]
        assert not earlier, "someone with a better right was still waiting"

    async def give_up_after(task: asyncio.Task[None], patience_s: float) -> None:
        await clock.sleep(patience_s)
        task.cancel()

    for number, (gap_s, priority, patience_s) in enumerate(arrivals):
        await clock.advance(gap_s)
        request = Request(number, priority, clock.monotonic_s())
        requests.append(request)
        tasks.append(asyncio.ensure_future(run(request)))
        if patience_s is not None:
            tasks.append(asyncio.ensure_future(give_up_after(tasks[-1], patience_s)))
    await clock.advance((len(arrivals) + 1) * (scope.window_s + 1))
    await asyncio.gather(*tasks)
    assert limiter.waiting(scope) == 0
    assert all(request.gone or request.went_s is not None for request in requests)
    went = sorted(request.went_s for request in requests if request.went_s is not None)
    for first, beyond in zip(went, went[scope.capacity :], strict=False):
        assert beyond - first > scope.window_s
