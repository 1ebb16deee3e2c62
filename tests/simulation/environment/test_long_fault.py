"""A run with one long fault: it is one, and excuses only what it concerns."""

import random

import pytest

from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID
from exchanges.simulator.faults.refusals import RestRefusal
from messages.enums import SyncState
from simulation.environment.faults import Cut, Link, Outage
from simulation.environment.long_fault import NOT_STARTED, LongFault, draw_long_fault
from simulation.options import ALL_FEATURES, Feature
from simulation.oracles.recovery import BACK_WITHIN_S, Recovery, StaysLive
from simulation.oracles.watcher import Told
from tests.support.books import Books
from tests.support.orders import order

NAMES = ("alpha", "beta")
PAIRS = ("SOL_USDT", "ETH_USDT")
QUIET = "after 90 quiet seconds: "


@pytest.mark.parametrize("features", [frozenset[Feature](), ALL_FEATURES])
def test_it_is_one_fault(features: frozenset[Feature]) -> None:
    drawn = [draw_long_fault(random.Random(seed), features, NAMES, PAIRS, ("key",)) for seed in range(200)]
    assert all([each.kind, each.outage, each.exchange].count(None) == 2 for each in drawn)
    assert any(each.kind for each in drawn)
    assert any(each.outage for each in drawn)
    assert any(each.stays for each in drawn) is bool(features)


def test_a_refused_market_excuses_that_market_of_that_account_and_nothing_else() -> None:
    exchange = Books().exchange
    fault = RestRefusal(account="alpha", endpoint="GET /spot/my_trades", pair="SOL_USDT", label="FORBIDDEN")
    long = LongFault(exchange=fault, stays=True)
    assert long.excuses(f"{QUIET}alpha: as told: fill 7 of SOL/USDT (order 9) is missing", exchange)
    assert not long.excuses(f"{QUIET}alpha: as told: fill 7 of ETH/USDT (order 9) is missing", exchange)
    assert not long.excuses(f"{QUIET}beta: as told: fill 7 of SOL/USDT (order 9) is missing", exchange)
    assert not long.excuses(f"{QUIET}alpha: is degraded, not live", exchange)
    gone = LongFault(exchange=fault, stays=False)
    assert not gone.excuses(f"{QUIET}alpha: as told: fill 7 of SOL/USDT (order 9) is missing", exchange)


def test_an_order_is_excused_by_its_market() -> None:
    books = Books()
    order = books.place()
    fault = RestRefusal(endpoint="GET /spot/orders/{}", pair="SOL_USDT", label="FORBIDDEN")
    found = f"alpha: order {order.id} in the journal is unknown here, filled there"
    assert LongFault(exchange=fault, stays=True).excuses(found, books.exchange)
    other = RestRefusal(endpoint="GET /spot/orders/{}", pair="ETH_USDT", label="FORBIDDEN")
    assert not LongFault(exchange=other, stays=True).excuses(found, books.exchange)


def test_a_refused_list_of_all_excuses_its_account_only() -> None:
    exchange = Books().exchange
    fault = RestRefusal(account="alpha", endpoint="GET /spot/open_orders", label="FORBIDDEN")
    long = LongFault(exchange=fault, stays=True)
    assert long.excuses(f"{QUIET}alpha: is degraded, not live", exchange)
    assert not long.excuses(f"{QUIET}beta: is degraded, not live", exchange)
    assert long.excuses(f"{QUIET}no answer to 'connect alpha' yet", exchange)
    assert not long.excuses(f"{QUIET}no answer to 'connect beta' yet", exchange)
    assert not long.excuses(f"{QUIET}no answer to 'cancel all' yet", exchange)


@pytest.mark.parametrize("more_s", [0.0, 10.0])
def test_who_is_not_back_in_time_is_told_once(more_s: float) -> None:
    within_s = BACK_WITHIN_S + more_s
    told = {name: Told() for name in NAMES}
    clock = [0.0]
    outage = Outage(from_s=1.0, until_s=10.0, links=frozenset(Link), cut=Cut.REFUSE, key=None)
    oracle = Recovery(outage, told, NAMES, lambda: clock[-1], within_s=within_s)
    told["beta"].sync_state = SyncState.LIVE
    for now_s in (9.0, 10.0, 10.0 + within_s):
        clock.append(now_s)
        assert list(oracle.look()) == []
    clock.append(11.0 + within_s)
    [late] = oracle.look()
    assert late.startswith("alpha: is down still")
    assert list(oracle.look()) == []


def test_an_account_that_stood_still_comes_back_from_then_on() -> None:
    clock, told = [30.0], {name: Told() for name in NAMES}
    outage = Outage(from_s=8.0, until_s=10.0, links=frozenset(Link), cut=Cut.REFUSE, key=None)
    oracle = Recovery(outage, told, NAMES, lambda: clock[-1])
    oracle.resume()
    assert list(oracle.look()) == []
    clock.append(31.0 + BACK_WITHIN_S)
    assert len(list(oracle.look())) == len(NAMES)


@pytest.mark.parametrize(
    ("endpoint", "pair", "stays", "is_excused"),
    [
        ("GET /spot/accounts", None, True, True),
        ("GET /spot/my_trades", None, True, True),
        ("GET /spot/my_trades", "SOL_USDT", True, False),
        ("POST /spot/orders", None, True, False),
        ("GET /spot/accounts", None, False, False),
    ],
)
def test_nobody_is_started_while_what_a_start_needs_is_refused(
    endpoint: str, pair: str | None, stays: bool, is_excused: bool
) -> None:
    fault = LongFault(exchange=RestRefusal(endpoint=endpoint, pair=pair, status=403), stays=stays)
    assert fault.excuses(NOT_STARTED, Books().exchange) is is_excused


def test_in_a_calm_a_loss_of_live_is_told() -> None:
    told = {name: Told() for name in NAMES}
    oracle = StaysLive(told, NAMES, {})
    assert list(oracle.look()) == []
    told["alpha"].sync_state = SyncState.LIVE
    assert list(oracle.look()) == []
    told["alpha"].sync_state = SyncState.DEGRADED
    assert list(oracle.look()) == ["alpha: went from live to degraded although all was calm (R10)"]
    assert list(oracle.look()) == []


@pytest.mark.parametrize(
    ("begun", "cause", "is_found"),
    [
        ({"exchange:AllowanceShared": 1}, "the exchange refused: TOO_MANY_REQUESTS", False),
        ({"exchange:AllowanceShared": 1}, "rate limit of GET /spot/accounts is used up", False),
        ({"exchange:AllowanceShared": 1}, "the private socket is deaf", True),
        ({}, "the exchange refused: TOO_MANY_REQUESTS", True),
    ],
)
def test_in_a_calm_only_others_may_use_the_limits_up(begun: dict[str, int], cause: str, is_found: bool) -> None:
    told = {name: Told() for name in NAMES}
    oracle = StaysLive(told, NAMES, begun)
    told["alpha"].sync_state = SyncState.LIVE
    assert list(oracle.look()) == []
    told["alpha"].sync_state, told["alpha"].left_live_cause = SyncState.DEGRADED, cause
    assert bool(list(oracle.look())) is is_found


@pytest.mark.parametrize(
    ("number", "alarms", "is_found"),
    [(FIRST_MADE_UP_ID + 1, 1, False), (FIRST_MADE_UP_ID + 1, 0, True), (912_000_000_001, 1, True)],
)
def test_in_a_calm_only_what_is_made_up_may_make_a_socket_look_deaf(number: int, alarms: int, is_found: bool) -> None:
    told = {name: Told() for name in NAMES}
    oracle = StaysLive(told, NAMES, {})
    alpha = told["alpha"]

    def loses_live() -> list[str]:
        alpha.sync_state = SyncState.LIVE
        assert list(oracle.look()) == []
        alpha.sync_state = SyncState.DEGRADED
        return list(oracle.look())

    alpha.numbered[str(number)] = order(order_id=str(number))
    alpha.deaf_alarms = alarms
    assert bool(loses_live()) is is_found
    alpha.deaf_alarms += 1
    assert loses_live() != [], "it was told before"
