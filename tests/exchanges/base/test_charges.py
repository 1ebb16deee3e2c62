"""Requests that count in several limits, with weights, some of them for all accounts together."""

import asyncio
from collections.abc import Sequence

import pytest

from exchanges.base.rate_limiter import Charge, Priority, RateLimiter, Scope
from messages.errors import RateLimitedError
from tests.exchanges.base.loopback import Tasks
from tests.exchanges.base.manual_clock import ManualClock, settle

POOL = Scope("pool", 10, 10.0, is_shared=True)
OWN = Scope("own", 2, 1.0)
LIGHT, HEAVY = (Charge(POOL, 1),), (Charge(POOL, 6),)


class Office:
    """Two accounts that share a pool; `went` is when each request was let go."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.shared = RateLimiter(self.clock, margin_s=0.0)
        self.one = RateLimiter(self.clock, margin_s=0.0, shared=self.shared)
        self.two = RateLimiter(self.clock, margin_s=0.0, shared=self.shared)
        self.went: list[tuple[str, float]] = []
        self.tasks = Tasks()

    def ask(
        self,
        name: str,
        limiter: RateLimiter,
        scope: Scope = OWN,
        further: Sequence[Charge] = (),
        *,
        priority: Priority = Priority.NORMAL,
    ) -> asyncio.Task[None]:
        async def go() -> None:
            await limiter.acquire(scope, further=further, priority=priority)
            self.went.append((name, self.clock.monotonic_s() - 1000.0))

        return self.tasks.spawn(go(), name)

    async def passes(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            await self.clock.advance(0.1)

    def when(self, name: str) -> list[float]:
        return [round(at_s, 3) for each, at_s in self.went if each == name]


async def test_weights_add_up_in_a_window() -> None:
    office = Office()
    for _ in range(3):
        office.ask("heavy", office.shared, POOL)
    permit = await office.shared.acquire(POOL, weight=7)
    assert permit
    office.ask("light", office.shared, POOL)
    await office.passes(11)
    assert office.when("heavy") == [0.0, 0.0, 0.0]
    assert office.when("light") == [10.0]


async def test_a_request_goes_when_all_that_it_counts_in_is_open_and_counts_then() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=5)
    for _ in range(3):
        office.ask("heavy", office.one, OWN, HEAVY)
    await office.passes(25)
    assert office.when("heavy") == [10.0, 20.0]
    await office.passes(10)
    assert office.when("heavy") == [10.0, 20.0, 30.0]


async def test_those_that_waited_for_the_pool_together_still_keep_their_own_limit() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=10)
    for _ in range(6):
        office.ask("light", office.one, OWN, LIGHT)
    await office.passes(15)
    assert office.when("light") == [10.0, 10.0, 11.0, 11.0, 12.0, 12.0]


async def test_r10_who_waits_for_its_own_limit_is_in_nobodys_way() -> None:
    office = Office()
    for _ in range(8):
        office.ask("one", office.one, OWN, LIGHT)
    await settle()
    office.ask("two", office.two, OWN, LIGHT)
    await settle()
    assert office.when("two") == [0.0]


async def test_r13_a_cancel_overtakes_in_every_line_that_it_waits_in() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=10)
    for _ in range(4):
        office.ask("one", office.one, OWN, LIGHT)
    await settle()
    office.ask("cancel", office.one, OWN, LIGHT, priority=Priority.CANCEL)
    await office.passes(15)
    assert office.went[0] == ("cancel", pytest.approx(10.0))
    assert len(office.went) == 5


async def test_who_gives_up_leaves_no_place_taken() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=10)
    waiting = [office.ask("gone", office.one, OWN, LIGHT) for _ in range(3)]
    office.ask("stays", office.one, OWN, LIGHT)
    await settle()
    for each in waiting:
        each.cancel()
    await office.passes(12)
    assert office.went == [("stays", pytest.approx(10.0))]
    assert (office.one.waiting(OWN), office.shared.waiting(POOL)) == (0, 0)


async def test_a_wait_that_is_too_long_is_refused_by_the_name_of_the_limit_that_is_the_cause() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=10)
    with pytest.raises(RateLimitedError, match="pool"):
        await office.one.acquire(OWN, further=LIGHT, max_wait_s=5.0)
    assert office.one.waiting(OWN) == 0


async def test_r10_a_pause_holds_what_counts_first_where_it_was_said() -> None:
    office = Office()
    (await office.one.acquire(OWN, further=LIGHT)).block(3.0)
    office.ask("two", office.two, OWN, LIGHT)
    office.ask("own", office.one, OWN)
    await office.passes(5)
    assert (office.when("two"), office.when("own")) == ([0.0], [3.0])


async def test_who_is_shut_out_is_so_in_all_that_the_request_counted_in() -> None:
    office = Office()
    (await office.one.acquire(OWN, further=LIGHT)).block_all(3.0)
    office.ask("two", office.two, OWN, LIGHT)
    office.ask("own", office.one, OWN)
    await office.passes(5)
    assert (office.when("two"), office.when("own")) == ([3.0], [3.0])


async def test_r10_who_waits_for_the_pool_is_in_the_way_of_nobody_who_does_not_need_it() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=10)
    for _ in range(3):
        office.ask("query", office.one, OWN, LIGHT)
    await settle()
    for _ in range(4):
        office.ask("order", office.one, OWN)
    await office.passes(15)
    assert office.when("order") == [0.0, 0.0, 1.0, 1.0]
    assert office.when("query") == [10.0, 10.0, 11.0]


async def test_many_that_came_at_once_do_not_let_each_other_pass_for_ever() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=10)
    for _ in range(6):
        office.ask("heavy", office.one, OWN, HEAVY)
        office.ask("turned", office.one, POOL, (Charge(OWN),))
    await office.passes(70)
    assert (len(office.when("heavy")), len(office.when("turned"))) == (6, 6)


async def test_who_waited_elsewhere_keeps_its_turn() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=10)
    office.ask("first", office.one, OWN, HEAVY)
    await office.passes(9.5)
    for _ in range(4):
        office.ask("later", office.one, OWN)
    await office.passes(3)
    assert office.when("first") == [10.5], "before the two that came later and wait"
    assert office.when("later") == [9.5, 9.5, 10.5, 11.5]


async def test_more_weight_than_a_window_has_takes_the_whole_window() -> None:
    office = Office()
    await office.shared.acquire(POOL, weight=50)
    office.ask("light", office.shared, POOL)
    await office.passes(11)
    assert office.when("light") == [10.0]
