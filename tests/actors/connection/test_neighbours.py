"""After an outage all of a venue come back together, and soon (virtual time)."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.connection.backoff import Backoff, BackoffSettings
from actors.connection.messages import VenueAnswered
from actors.connection.neighbours import Neighbours
from messages.enums import SyncState
from messages.errors import ConnectionFailedError, InvalidValueError
from tests.actors.connection.stage import Exchange, Stage, on_virtual_time

GONE = ConnectionFailedError("no socket")


async def cut(stage: Stage) -> None:
    stage.sessions[-1].known = stage.sessions[-1].known.__class__()
    stage.sessions[-1].lost("cut")


async def outage(exchange: Exchange, stages: list[Stage], length_s: float) -> float:
    """Everything gone for so long; returns how long after the healing the last of them is live."""
    for stage in stages:
        await stage.live()
    await asyncio.sleep(60)
    exchange.open_error = exchange.load_error = exchange.check_error = GONE
    for stage in stages:
        await cut(stage)
    await asyncio.sleep(length_s)
    exchange.open_error = exchange.load_error = exchange.check_error = None
    healed_s = asyncio.get_running_loop().time()
    return max([await stage.until(SyncState.LIVE) for stage in stages]) - healed_s


@pytest.mark.parametrize("seed", range(20))
def test_all_are_back_two_seconds_after_an_outage_of_fifteen(seed: int) -> None:
    async def scene() -> None:
        exchange, venue = Exchange(), Neighbours()
        stages = [Stage(exchange=exchange, neighbours=venue, seed=seed * 10 + number) for number in range(4)]
        assert await outage(exchange, stages, 15.0) < 2.2
        attempts = len(exchange.opens)
        assert attempts < 4 * 25  # and nobody has hammered

    on_virtual_time(scene)


@settings(max_examples=20, deadline=None)
@given(length_s=st.floats(1, 2000), seed=st.integers(0, 2**16))
def test_one_alone_is_back_within_an_eighth_of_the_outage(length_s: float, seed: int) -> None:
    async def scene() -> None:
        exchange = Exchange()
        stage = Stage(exchange=exchange, seed=seed)
        assert await outage(exchange, [stage], length_s) < max(length_s / 8, 2.0) + 0.2

    on_virtual_time(scene)


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_the_first_to_get_through_calls_those_whose_pause_is_long(seed: int) -> None:
    async def scene() -> None:
        venue = Neighbours()
        first, second = Stage(neighbours=venue, seed=seed), Stage(neighbours=venue, seed=seed + 1)
        for stage in (first, second):
            await stage.live()
            stage.exchange.open_error = GONE
            await cut(stage)
        await asyncio.sleep(400)
        first.exchange.open_error = None
        at_s = await first.until(SyncState.LIVE)
        second.exchange.open_error = None
        assert await second.until(SyncState.LIVE) - at_s < 1.05

    on_virtual_time(scene)


def test_who_merely_comes_back_calls_nobody() -> None:
    async def scene() -> None:
        venue = Neighbours()
        heard: list[float] = []
        venue.join("a test", lambda: heard.append(asyncio.get_running_loop().time()))
        stage = Stage(neighbours=venue)
        await stage.live()
        for _ in range(20):
            await cut(stage)
            await stage.until(SyncState.LIVE)
            await asyncio.sleep(20)
        assert not heard
        stage.exchange.open_error, stage.exchange.errors_left = GONE, 1
        await cut(stage)
        await stage.until(SyncState.LIVE)
        await asyncio.sleep(1)
        assert heard

    on_virtual_time(scene)


def test_an_attempt_that_hangs_is_begun_anew_once_when_another_gets_through() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.open_error, stage.exchange.errors_left = GONE, 1
        await cut(stage)
        await asyncio.sleep(0)
        stage.exchange.hangs = False
        await asyncio.sleep(0.02)
        stage.exchange.hangs = True
        await asyncio.sleep(5)
        opens = len(stage.exchange.opens)
        for _ in range(3):
            stage.ref.tell(VenueAnswered())
            await asyncio.sleep(5)
        assert len(stage.exchange.opens) == opens + 1
        stage.exchange.hangs = False
        await stage.until(SyncState.LIVE)

    on_virtual_time(scene)


def test_an_attempt_that_is_slow_is_let_be() -> None:
    """It is the first, or has only just begun."""

    async def scene() -> None:
        stage = Stage()
        stage.exchange.hangs = True
        stage.connect()
        await asyncio.sleep(5)
        stage.ref.tell(VenueAnswered())
        await asyncio.sleep(2)
        assert len(stage.exchange.opens) == 1

        other = Stage(seed=3)
        await other.live()
        await asyncio.sleep(100)
        other.exchange.open_error, other.exchange.errors_left = GONE, 1
        await cut(other)
        await asyncio.sleep(0.02)
        other.exchange.hangs = True
        await other.until(SyncState.RECOVERING)
        other.ref.tell(VenueAnswered())
        await asyncio.sleep(0.9)
        assert len(other.exchange.opens) == 3

    on_virtual_time(scene)


def test_a_call_while_live_or_stopped_changes_nothing() -> None:
    async def scene() -> None:
        venue = Neighbours()
        stage = Stage(neighbours=venue)
        await stage.live()
        venue.answered("another")
        await asyncio.sleep(2)
        assert stage.states()[-1] is SyncState.LIVE
        assert len(stage.exchange.opens) == 1
        await stage.ref.stop()
        venue.answered("another")

    on_virtual_time(scene)


def test_bounds_double_up_to_the_highest() -> None:
    settings_s = BackoffSettings(first_s=0.5, max_s=6.0, stable_s=10.0)
    highest = [0.0] * 8
    for seed in range(400):
        backoff = Backoff(settings_s, random.Random(seed))
        highest = [max(before, backoff.next_delay_s()) for before in highest]
    bounds = [0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 6.0, 6.0]
    for found, bound in zip(highest, bounds, strict=True):
        assert 0.95 * bound <= found <= bound
    shares = [Backoff(settings_s, random.Random(seed)) for seed in range(400)]
    for backoff in shares:
        for _ in range(10):
            backoff.next_delay_s()
    longest = max(backoff.next_delay_s(down_for_s=40.0) for backoff in shares)
    assert 4.9 <= longest <= 5.0  # an eighth


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"first_s": 0.0}, {"first_s": 2.0, "max_s": 1.0}, {"stable_s": -1.0}):
        with pytest.raises(InvalidValueError):
            BackoffSettings(**wrong)
    assert BackoffSettings(first_s=1.0, max_s=1.0, stable_s=0.0).max_s == 1.0


@given(st.integers(0, 2**32), st.floats(0, 4000), st.integers(1, 40))
def test_a_pause_is_no_longer_than_an_eighth_of_the_outage_nor_than_the_settings(
    seed: int, down_s: float, tries: int
) -> None:
    backoff = Backoff(BackoffSettings(), random.Random(seed))
    for _ in range(tries):
        assert backoff.next_delay_s(down_s) <= min(max(down_s / 8, 2.0), 30.0)
