"""The exchange's countdown is taken back at an orderly end, whatever became of the armings before."""

import asyncio
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from actors.account import dead_mans_switch
from actors.account.dead_mans_switch import DeadMansSwitch
from exchanges.base.clients import PrivateRest
from messages.errors import ConnectionFailedError, RefusalReason, UnknownOutcomeError, VenueRefusedError
from tests.support.account_parts import AccountParts

LOST = UnknownOutcomeError("lost")
REFUSED = VenueRefusedError(RefusalReason.OTHER, "TRY_LATER")


class Countdown:
    """The exchange's countdown: what reaches it, in order. ``answers``: of the requests in turn; None: done."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.told: list[int] = []
        self.held: asyncio.Event | None = None

    async def arm_dead_mans_switch(self, timeout_s: int) -> None:
        if timeout_s and self.held is not None:
            await self.held.wait()
        answer = self.answers.pop(0) if self.answers else None
        if not isinstance(answer, VenueRefusedError | ConnectionFailedError):
            self.told.append(timeout_s)
        if answer is not None:
            raise answer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_mans_switch, "_PAUSE_S", 0.01)
    monkeypatch.setattr(dead_mans_switch, "_LANDING_S", 0.2)


def armed(countdown: Countdown, *, patience_ms: int = 0, **settings: Any) -> DeadMansSwitch:
    parts = AccountParts(**{"dead_mans_switch_s": 5, "unresolved_patience_ms": patience_ms} | settings)
    parts.context.rest = cast("PrivateRest", countdown)
    parts.context.io = _piped
    switch = DeadMansSwitch(parts.context)
    switch.live()
    return switch


def _piped(name: str, coroutine: Any, then: Any, failed: Any) -> None:
    """As an actor's, without the turns."""

    async def run() -> None:
        try:
            value = await coroutine
        except Exception as error:
            failed(error)
        else:
            then(value)

    _tasks.append(asyncio.ensure_future(run()))
    del name


_tasks: list[asyncio.Future[None]] = []


async def settle() -> None:
    await asyncio.gather(*_tasks)
    _tasks.clear()


async def test_what_was_armed_is_taken_back_once() -> None:
    countdown = Countdown()
    switch = armed(countdown)
    await settle()
    await switch.disarm()
    assert countdown.told == [5, 0]


async def test_what_may_have_been_armed_is_taken_back_too() -> None:
    countdown = Countdown(LOST)
    switch = armed(countdown)
    await settle()
    await switch.disarm()
    assert countdown.told[:2] == [5, 0]


@pytest.mark.parametrize(
    "failure", [LOST, ConnectionFailedError("nobody"), VenueRefusedError(RefusalReason.OTHER, "X")]
)
async def test_a_disarming_that_fails_is_tried_again(failure: Exception) -> None:
    countdown = Countdown(None, failure, failure)
    switch = armed(countdown)
    await settle()
    await switch.disarm()
    assert countdown.told[-1] == 0
    assert countdown.answers == []


async def test_one_that_fails_every_time_is_told() -> None:
    countdown = Countdown(None, *[ConnectionFailedError("nobody")] * 9)
    switch = armed(countdown)
    await settle()
    with capture_logs() as logs:
        await switch.disarm()
    assert [(row["event"], row["error"]) for row in logs] == [("dead_mans_switch_not_disarmed", "nobody")]


async def test_an_arming_under_way_lands_before_the_disarming() -> None:
    countdown = Countdown()
    countdown.held = asyncio.Event()
    switch = armed(countdown)
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.05, countdown.held.set)
    await switch.disarm()
    assert countdown.told == [5, 0]
    await settle()


async def test_an_arming_that_lands_later_is_taken_back_after_it() -> None:
    countdown = Countdown()
    countdown.held = asyncio.Event()
    switch = armed(countdown)
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.205, countdown.held.set)
    await switch.disarm()
    assert countdown.told[-1] == 0
    assert 5 in countdown.told
    await settle()


async def test_after_a_lost_arming_it_is_told_that_it_may_come_late() -> None:
    countdown = Countdown(LOST)
    switch = armed(countdown, patience_ms=30_000)
    await settle()
    with capture_logs() as logs:
        await switch.disarm()
    assert countdown.told == [5, 0, 0, 0]
    assert [row["event"] for row in logs] == ["dead_mans_switch_may_be_armed_late"]


async def test_where_it_is_off_nothing_is_sent() -> None:
    countdown = Countdown()
    switch = armed(countdown, dead_mans_switch_s=None)
    await switch.disarm()
    assert countdown.told == []


async def test_one_that_an_earlier_actor_has_armed_is_taken_back() -> None:
    countdown = Countdown()
    parts = AccountParts(dead_mans_switch_s=5)
    parts.context.rest = cast("PrivateRest", countdown)
    await DeadMansSwitch(parts.context).disarm()
    assert countdown.told == [0]
