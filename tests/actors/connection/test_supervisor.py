"""What a supervisor makes of refusals, of checks that cannot be made and of what it is asked (R5, R8, R10, R14)."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from actors.connection.messages import FactsDoubted, LinkLost, PublicLinkChanged, RequestFailed, Resync
from actors.connection.settings import SupervisorSettings
from actors.runtime import Continue
from messages.enums import SyncState
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidValueError,
    ListChangedError,
    RateLimitedError,
    RefusalReason,
    StoppedError,
    VenueRefusedError,
)
from tests.actors.connection.stage import KEY_REFUSED, NOT_PERMITTED, Exchange, Stage, on_virtual_time, refused

GONE = ConnectionFailedError("no socket")


# -- refusals of the key ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KEY_REFUSED, NOT_PERMITTED], ids=lambda error: error.label)
@pytest.mark.parametrize("where", ["open_error", "load_error"])
def test_r10_a_key_that_is_refused_twice_fails_the_start_and_is_not_tried_for_ever(
    where: str, error: VenueRefusedError
) -> None:
    async def scene() -> None:
        stage = Stage()
        setattr(stage.exchange, where, error)
        with pytest.raises(VenueRefusedError):
            await stage.connect()
        assert stage.state is SyncState.FAILED
        attempts = len(stage.exchange.opens)
        await asyncio.sleep(3600)
        assert len(stage.exchange.opens) == attempts
        assert len(stage.exchange.opens) + len(stage.exchange.loads) <= 4
        assert all(session.is_closed for session in stage.sessions)

    on_virtual_time(scene)


@pytest.mark.parametrize("where", ["open_error", "load_error"])
def test_r10_one_odd_refusal_of_the_key_at_the_start_is_tried_again(where: str) -> None:
    async def scene() -> None:
        stage = Stage()
        setattr(stage.exchange, where, NOT_PERMITTED)
        stage.exchange.errors_left = 1
        await stage.connect()
        assert stage.state is SyncState.LIVE

    on_virtual_time(scene)


def test_r10_a_socket_that_refuses_the_key_while_recovering_ends_failed() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.open_error = KEY_REFUSED
        stage.sessions[-1].known = stage.sessions[-1].known.__class__()
        stage.sessions[-1].lost("cut")
        await stage.until(SyncState.FAILED)
        assert stage.told[-1].cause == str(KEY_REFUSED)

    on_virtual_time(scene)


def test_r10_refusals_of_the_key_with_a_success_in_between_do_not_add_up() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        for _ in range(5):
            stage.exchange.check_error, stage.exchange.errors_left = NOT_PERMITTED, 1
            stage.ref.tell(RequestFailed(1, "a command was refused"))
            await asyncio.sleep(30)
        assert stage.states()[-1] is SyncState.LIVE
        assert SyncState.DEGRADED not in stage.states()

    on_virtual_time(scene)


def test_r10_checks_whose_key_is_refused_twice_in_a_row_end_failed() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.check_error = KEY_REFUSED
        stage.ref.tell(RequestFailed(1, "a command was refused"))
        at_s = await stage.until(SyncState.FAILED)
        assert at_s < 2
        assert len(stage.exchange.checks) == 2

    on_virtual_time(scene)


def test_a_wrong_configuration_fails_at_once() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.open_error = ConfigurationError("mend its symbols")
        with pytest.raises(ConfigurationError):
            await stage.connect()
        assert (stage.state, len(stage.exchange.opens)) == (SyncState.FAILED, 1)

    on_virtual_time(scene)


# -- checks that cannot be made ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [refused(), RateLimitedError("GET /spot/accounts", 3.0), ListChangedError("the list changed too fast")],
    ids=lambda e: str(e)[:20],
)
def test_r5_who_cannot_be_checked_is_not_live_after_three_intervals_and_says_why(error: Exception) -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        live_s = stage.told[-1].at_s
        stage.exchange.check_error = stage.exchange.load_error = error
        left_s = await stage.until(SyncState.DEGRADED)
        assert 30 <= left_s - live_s < 41
        assert f"no check has succeeded for 30 s: {error}" == stage.told[-1].cause
        await asyncio.sleep(100)
        assert stage.state is not SyncState.LIVE
        stage.exchange.check_error = stage.exchange.load_error = None
        await stage.until(SyncState.LIVE)
        assert len(stage.sessions) == 1  # without a new socket

    on_virtual_time(scene)


def test_r5_checks_that_are_refused_now_and_then_change_nothing() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        for _ in range(20):
            stage.exchange.check_error, stage.exchange.errors_left = refused(), 2
            await asyncio.sleep(40)
        assert stage.states()[-1] is SyncState.LIVE
        assert SyncState.DEGRADED not in stage.states()

    on_virtual_time(scene)


def test_r5_the_limit_is_a_setting() -> None:
    async def scene() -> None:
        stage = Stage(settings=SupervisorSettings(check_every_s=10.0, unchecked_limit_s=95.0))
        await stage.live()
        stage.exchange.check_error = refused()
        assert 95 <= await stage.until(SyncState.DEGRADED) < 106

    on_virtual_time(scene)


def test_r5_a_check_that_never_ends_is_ended() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.hangs = True
        assert await stage.until(SyncState.DEGRADED) <= 10 + 30 + 1
        assert "was not through within 30 s" in stage.told[-1].cause

    on_virtual_time(scene)


@pytest.mark.parametrize("pages", [10, 35])
def test_an_attempt_goes_on_while_answers_come(pages: int) -> None:
    """Else an account with so long a past would begin to read it anew, for ever."""

    async def scene() -> None:
        stage = Stage()
        stage.exchange.takes_s, stage.exchange.answers_left = 14.0, pages
        await stage.ref.started
        stage.connect()
        assert await stage.until(SyncState.LIVE) == pytest.approx((pages + 2) * 14.0, abs=1.0)

    on_virtual_time(scene)


def test_an_attempt_whose_answers_cease_ends() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.hangs = True
        stage.sessions[-1].lost("the socket closed")
        await stage.until(SyncState.RECOVERING)
        assert await stage.until(SyncState.DEGRADED) <= 45
        assert "was not through within 30 s of the last answer" in stage.told[-1].cause
        assert stage.exchange.at_work == 0

    on_virtual_time(scene)


def test_an_attempt_ends_however_many_answers_come() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.takes_s, stage.exchange.answers_left = 20.0, 10_000
        await stage.ref.started
        stage.connect()
        await stage.until(SyncState.CONNECTING)
        assert await stage.until(SyncState.DOWN) == pytest.approx(600.0, abs=1.0)
        assert stage.exchange.at_work == 0

    on_virtual_time(scene)


def test_r10_a_check_that_is_answered_to_the_end_of_its_time_is_one_that_was_not_made() -> None:
    """The account asks more than its limits allow: for a while nothing is lost by that."""

    async def scene() -> None:
        stage = Stage(settings=SupervisorSettings(check_every_s=10.0, unchecked_limit_s=60.0))
        await stage.live()
        stage.exchange.answers_left = 100
        stage.exchange.takes_s = 1.0
        assert await stage.until(SyncState.DEGRADED) == pytest.approx(10 + 2 * 30 + 10, abs=2)
        assert "no check has succeeded" in stage.told[-1].cause

    on_virtual_time(scene)


def test_a_successful_load_counts_as_a_check() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.check_error = refused()
        for _ in range(20):
            await asyncio.sleep(20)
            await stage.ref.ask(Resync())
        assert SyncState.DEGRADED not in stage.states()

    on_virtual_time(scene)


# -- loads and links ---------------------------------------------------------------------------------------------------


def test_r14_a_load_that_fails_makes_a_check_and_links_are_told_as_they_are() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.load_error, stage.exchange.errors_left = GONE, 1
        with pytest.raises(ConnectionFailedError):
            await stage.ref.ask(Resync())
        await asyncio.sleep(1)
        assert len(stage.exchange.checks) == 1
        assert stage.state is SyncState.LIVE
        assert stage.told[-1].links.private_rest

    on_virtual_time(scene)


def test_r14_a_link_that_was_told_as_down_is_told_as_up_by_the_next_check() -> None:
    async def scene() -> None:
        stage = Stage(needs_public_feed=True)
        stage.ref.tell(PublicLinkChanged(is_up=True))
        await stage.live()
        session = stage.sessions[-1]
        session.known = session.known.__class__(public_rest=True, private_ws=True)
        stage.ref.tell(PublicLinkChanged(is_up=False))
        stage.ref.tell(PublicLinkChanged(is_up=True))
        await stage.until(SyncState.LIVE)
        await asyncio.sleep(0.1)
        assert not stage.told[-1].links.private_rest
        await asyncio.sleep(11)
        assert stage.told[-1].links.private_rest
        assert stage.state is SyncState.LIVE

    on_virtual_time(scene)


def test_a_load_without_a_connection_is_refused() -> None:
    async def scene() -> None:
        stage = Stage()
        with pytest.raises(ConnectionFailedError, match="there is no connection"):
            await stage.ref.ask(Resync())

    on_virtual_time(scene)


def test_doubts_of_what_is_kept_make_a_check_where_the_session_wants_one() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        for _ in range(50):
            stage.ref.tell(FactsDoubted(1))
        stage.ref.tell(FactsDoubted(7))
        await asyncio.sleep(1)
        assert len(stage.exchange.checks) == 1
        assert stage.sessions[-1].reconciler == 50

    on_virtual_time(scene)


# -- every Connect is answered -----------------------------------------------------------------------------------------


def test_r8_a_connect_while_only_market_data_is_gone_is_answered_when_it_is_back() -> None:
    async def scene() -> None:
        stage = Stage(needs_public_feed=True)
        stage.ref.tell(PublicLinkChanged(is_up=True))
        await stage.live()
        stage.ref.tell(PublicLinkChanged(is_up=False))
        await stage.until(SyncState.DEGRADED)
        asked = stage.connect()
        await asyncio.sleep(5)
        assert not asked.done
        stage.ref.tell(PublicLinkChanged(is_up=True))
        await asked
        assert stage.state is SyncState.LIVE

    on_virtual_time(scene)


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.015, 0.025, 3.0])
def test_r8_a_connect_at_any_moment_is_answered_when_live(after_s: float) -> None:
    async def scene() -> None:
        stage = Stage()
        first = stage.connect()
        await asyncio.sleep(after_s)
        await asyncio.gather(*(_answer(stage) for _ in range(3)))
        await first
        stage.exchange.open_error, stage.exchange.errors_left = GONE, 4
        stage.sessions[-1].known = stage.sessions[-1].known.__class__()
        stage.sessions[-1].lost("cut")
        await asyncio.sleep(after_s)
        await _answer(stage)
        assert stage.state is SyncState.LIVE

    async def _answer(stage: Stage) -> None:
        await stage.connect()

    on_virtual_time(scene)


def test_r8_a_connect_in_hand_is_answered_when_the_supervisor_stops() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.hangs = True
        asked = stage.connect()
        await asyncio.sleep(1)
        await stage.ref.stop()
        with pytest.raises(StoppedError):
            await asked

    on_virtual_time(scene)


def test_after_failed_a_connect_begins_anew() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.open_error, stage.exchange.errors_left = KEY_REFUSED, 2
        with pytest.raises(VenueRefusedError):
            await stage.connect()
        await stage.connect()
        assert stage.state is SyncState.LIVE

    on_virtual_time(scene)


def test_a_first_attempt_that_fails_ends_down_unless_it_is_a_restart() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.open_error, stage.exchange.errors_left = GONE, 3
        with pytest.raises(ConnectionFailedError):
            await stage.connect()
        assert (stage.state, len(stage.exchange.opens)) == (SyncState.DOWN, 1)
        await stage.connect(persistent=True)
        assert len(stage.exchange.opens) == 4

    on_virtual_time(scene)


TOLD_TO_WAIT = VenueRefusedError(RefusalReason.RATE_LIMIT, "TOO_MANY_REQUESTS", retry_after_s=7.0)


@pytest.mark.parametrize("error", [TOLD_TO_WAIT, RateLimitedError("weight of queries", 7.0)], ids=["there", "here"])
@pytest.mark.parametrize("where", ["open_error", "load_error"])
def test_r10_a_start_waits_for_a_limit_that_an_earlier_life_has_used_up(where: str, error: Exception) -> None:
    async def scene() -> None:
        stage = Stage()
        setattr(stage.exchange, where, error)
        stage.exchange.errors_left = 2
        await stage.connect()
        assert stage.state is SyncState.LIVE
        calls = stage.exchange.opens if where == "open_error" else stage.exchange.loads
        assert len(calls) == 3
        assert min(after - before for before, after in pairwise(calls)) >= 7

    on_virtual_time(scene)


@pytest.mark.parametrize("retry_after_s", [None, 0.0, 20.0, 60.0])
def test_a_start_does_not_wait_for_a_limit_for_longer_than_for_a_slow_attempt(retry_after_s: float | None) -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.load_error = VenueRefusedError(RefusalReason.RATE_LIMIT, "429", retry_after_s=retry_after_s)
        with pytest.raises(VenueRefusedError):
            await stage.connect()
        assert stage.state is SyncState.DOWN
        assert asyncio.get_running_loop().time() < SupervisorSettings().attempt_timeout_s
        assert len(stage.exchange.loads) == {None: 1, 20.0: 2, 60.0: 1}.get(retry_after_s, len(stage.exchange.loads))
        assert all(after - before >= 1 for before, after in pairwise(stage.exchange.loads))

    on_virtual_time(scene)


def test_who_was_live_once_is_recovered_whoever_asks_for_it_after_a_failure() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.check_error, stage.exchange.errors_left = KEY_REFUSED, 2
        await stage.until(SyncState.FAILED)
        stage.exchange.open_error, stage.exchange.errors_left = GONE, 3
        await stage.connect()
        assert stage.state is SyncState.LIVE
        assert stage.reconnects == 1

    on_virtual_time(scene)


def test_a_restart_is_recovered_also_where_somebody_else_had_asked_first() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.exchange.open_error, stage.exchange.errors_left = GONE, 3
        asked = [stage.connect(), stage.connect(persistent=True)]
        for reply in asked:
            await reply
        assert stage.state is SyncState.LIVE
        assert SyncState.DOWN not in stage.states()

    on_virtual_time(scene)


def test_what_an_old_session_says_is_ignored() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.ref.tell(LinkLost(99, "an old one"))
        stage.ref.tell(RequestFailed(99, "an old one"))
        await asyncio.sleep(1)
        assert stage.states()[-1] is SyncState.LIVE
        assert not stage.exchange.checks

    on_virtual_time(scene)


def test_what_comes_of_an_earlier_attempt_or_check_is_ignored() -> None:
    async def scene() -> None:
        stage = Stage()
        supervisor: Any = stage.ref._actor_weakref()

        def comes(what: Callable[..., None], *arguments: object, **named: object) -> None:
            stage.ref.tell(Continue("what comes late", partial(what, *arguments, **named)))

        stage.exchange.hangs = True
        asked = stage.connect()
        await asyncio.sleep(1)
        comes(supervisor._opened, 1, is_new=True)
        await stage.until(SyncState.SYNCING)
        comes(supervisor._loaded, 0)
        comes(supervisor._attempt_failed, 0, GONE)
        await asyncio.sleep(1)
        assert stage.state is SyncState.SYNCING
        stage.exchange.hangs = False
        comes(supervisor._attempt_failed, 1, GONE)
        with pytest.raises(ConnectionFailedError):
            await asked
        await stage.connect()
        comes(supervisor._checked, 99, 0.0, GONE)
        comes(supervisor._check_due, 0)
        await asyncio.sleep(1)
        assert stage.state is SyncState.LIVE
        assert not stage.exchange.checks

    on_virtual_time(scene)


def test_an_attempt_that_is_broken_off_goes_on_no_longer() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        stage.exchange.hangs = True
        await _cut(stage)
        await asyncio.sleep(1)
        for _ in range(3):
            stage.sessions[-1].lost("cut again")
            await asyncio.sleep(3)
        assert stage.exchange.at_work == 1

    on_virtual_time(scene)


async def _cut(stage: Stage) -> None:
    stage.sessions[-1].known = stage.sessions[-1].known.__class__()
    stage.sessions[-1].lost("cut")


def test_a_private_socket_that_is_lost_while_market_data_is_gone_is_opened_again_without_it() -> None:
    async def scene() -> None:
        stage = Stage(needs_public_feed=True)
        stage.ref.tell(PublicLinkChanged(is_up=True))
        await stage.live()
        stage.ref.tell(PublicLinkChanged(is_up=False))
        await asyncio.sleep(1000)
        assert (len(stage.sessions), stage.state) == (1, SyncState.DEGRADED)
        stage.exchange.open_error, stage.exchange.errors_left = GONE, 3
        lost_s = asyncio.get_running_loop().time()
        await _cut(stage)
        await stage.until(SyncState.SYNCING)
        assert asyncio.get_running_loop().time() - lost_s < 3 * 2.1  # pauses of an outage that has only begun
        await asyncio.sleep(0.1)
        assert stage.told[-1].cause == "waiting for the venue's market data"
        stage.ref.tell(PublicLinkChanged(is_up=True))
        await stage.until(SyncState.LIVE)

    on_virtual_time(scene)


def test_the_last_word_of_a_supervisor_that_stops_is_down() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        await stage.ref.stop()
        assert (stage.told[-1].state, stage.told[-1].cause) == (SyncState.DOWN, "stopped")
        assert not stage.told[-1].links.private_ws
        assert stage.sessions[-1].is_closed

    on_virtual_time(scene)


def test_reconnects_are_counted_from_the_second_time_on() -> None:
    async def scene() -> None:
        stage = Stage()
        await stage.live()
        for _ in range(3):
            await _cut(stage)
            await stage.until(SyncState.LIVE)
            await asyncio.sleep(20)
        assert stage.reconnects == 3

    on_virtual_time(scene)


@pytest.mark.parametrize("field", ["attempt_timeout_s", "check_every_s", "unchecked_limit_s", "confirm_refusal_s"])
@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_settings_that_make_no_sense_are_refused(field: str, seconds: float) -> None:
    with pytest.raises(InvalidValueError, match=field):
        SupervisorSettings(**{field: seconds})


def test_exchange_of_the_stage_counts_down() -> None:
    async def scene() -> None:
        exchange = Exchange()
        exchange.errors_left = 1
        with pytest.raises(ConnectionFailedError):
            await exchange.do([], GONE)
        await exchange.do([], GONE)

    on_virtual_time(scene)
