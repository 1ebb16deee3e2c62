"""The life of a connection, and how long it waits between attempts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.connection.backoff import Backoff, BackoffSettings
from actors.connection.machine import Signal, UnexpectedSignalError, next_state
from messages.enums import SyncState
from messages.errors import InvalidValueError


def walk(*signals: Signal, has_been_live: bool = False) -> SyncState:
    state = SyncState.DOWN
    for signal in signals:
        state = next_state(state, signal, has_been_live=has_been_live)
        has_been_live = has_been_live or state is SyncState.LIVE
    return state


def test_a_start_goes_through_connecting_and_syncing_to_live() -> None:
    assert walk(Signal.CONNECT) is SyncState.CONNECTING
    assert walk(Signal.CONNECT, Signal.OPENED) is SyncState.SYNCING
    assert walk(Signal.CONNECT, Signal.OPENED, Signal.LOADED) is SyncState.LIVE


def test_a_first_attempt_that_fails_ends_down() -> None:
    assert walk(Signal.CONNECT, Signal.ATTEMPT_FAILED) is SyncState.DOWN
    assert walk(Signal.CONNECT, Signal.OPENED, Signal.ATTEMPT_FAILED) is SyncState.DOWN


def test_a_lost_connection_is_degraded_until_it_is_live_again() -> None:
    live = (Signal.CONNECT, Signal.OPENED, Signal.LOADED)
    assert walk(*live, Signal.LOST) is SyncState.DEGRADED
    assert walk(*live, Signal.LOST, Signal.RETRY) is SyncState.RECOVERING
    assert walk(*live, Signal.LOST, Signal.RETRY, Signal.ATTEMPT_FAILED) is SyncState.DEGRADED
    assert walk(*live, Signal.LOST, Signal.RETRY, Signal.OPENED, Signal.ATTEMPT_FAILED) is SyncState.DEGRADED
    assert walk(*live, Signal.LOST, Signal.RETRY, Signal.OPENED, Signal.LOADED) is SyncState.LIVE


@pytest.mark.parametrize("state", SyncState)
def test_from_every_state_hopeless_leads_to_failed_and_stop_to_down(state: SyncState) -> None:
    assert next_state(state, Signal.HOPELESS, has_been_live=True) is SyncState.FAILED
    assert next_state(state, Signal.STOP, has_been_live=True) is SyncState.DOWN


def test_a_failed_connection_does_not_retry_by_itself() -> None:
    with pytest.raises(UnexpectedSignalError, match="failed cannot take 'retry'"):
        next_state(SyncState.FAILED, Signal.RETRY, has_been_live=True)


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_the_first_retry_is_immediate_and_later_ones_stay_below_a_bound_that_doubles(seed: int, tries: int) -> None:
    settings = BackoffSettings(first_s=0.25, max_s=30.0)
    backoff = Backoff(settings, random.Random(seed))
    assert backoff.next_delay_s() == 0
    for number in range(tries):
        assert 0 <= backoff.next_delay_s() <= min(0.25 * 2**number, 30.0)


def test_backoff_starts_again_only_after_a_stable_while() -> None:
    backoff = Backoff(BackoffSettings(stable_s=10), random.Random(1))
    backoff.next_delay_s()
    backoff.was_live_for(9.9)
    assert backoff.next_delay_s() > 0
    backoff.was_live_for(10)
    assert backoff.next_delay_s() == 0


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="first_s"):
        BackoffSettings(first_s=5, max_s=1)
