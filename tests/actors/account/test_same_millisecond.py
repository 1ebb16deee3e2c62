"""Two versions of an order or a balance with one time stamp: the stamp does not say which is newer."""

from itertools import permutations

import pytest

from messages.enums import OrderStatus
from tests.support.orders import SOL, balance, order
from tests.support.spot_state import spot_state


def test_a_query_of_later_settles_which_of_two_versions_of_one_millisecond_stands() -> None:
    state = spot_state()
    state.apply_order(order(at=5, quantity="10", price="100"))
    state.apply_order(order(at=5, quantity="4", price="99"))  # amended within the same millisecond

    changed = state.apply_order(order(at=5, quantity="4", price="99"), as_of_ms=9)

    assert changed is not None
    assert (changed.quantity, changed.price) == (order(quantity="4", price="99").quantity, order(price="99").price)


def test_an_older_query_does_not_turn_back_what_a_later_one_found() -> None:
    state = spot_state()
    state.apply_order(order(at=5, quantity="4"), as_of_ms=9)

    assert state.apply_order(order(at=5, quantity="10"), as_of_ms=7) is None
    [record] = state.orders.open_records(SOL)
    assert record.order.quantity == 4


def test_a_newer_stamp_wins_whenever_the_query_was() -> None:
    state = spot_state()
    state.apply_order(order(at=5, quantity="4"), as_of_ms=900)

    changed = state.apply_order(order(at=6, quantity="3"))

    assert changed is not None
    assert changed.quantity == 3


@pytest.mark.parametrize("at_end", [5, 4])
def test_the_terms_of_its_end_stand_whenever_an_order_was_amended(at_end: int) -> None:
    """Nothing amends what has ended, so its end tells the last terms, also where the exchange's clock stood or went
    back meanwhile."""
    news = [
        order(at=5, quantity="10", price="100"),
        order(at=5, quantity="4", price="99"),
        order(OrderStatus.CANCELED, at=at_end, quantity="4", price="99"),
    ]
    for reports in permutations(news):
        state = spot_state()
        for report in reports:
            state.apply_order(report)
        record = state.orders.find(SOL, reports[0].order_id, None)
        assert record is not None
        ended = record.order
        assert (ended.status, ended.quantity, ended.price) == (OrderStatus.CANCELED, 4, 99)


def test_a_query_that_was_taken_up_in_the_millisecond_of_an_event_does_not_overrule_it() -> None:
    event, listed = order(at=5, quantity="4"), order(at=5, quantity="10")
    for news in permutations([(event, 0), (listed, 5)]):
        state = spot_state()
        for report, as_of_ms in news:
            state.apply_order(report, as_of_ms)
        [record] = state.orders.open_records(SOL)
        assert record.order.quantity == 4


def test_a_snapshot_of_the_millisecond_of_a_push_does_not_overrule_it_whichever_comes_first() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "900", "100", at=5)])  # an order locks 100
    assert state.funds.apply_all_balances([balance("USDT", "1000", at=5)], as_of_ms=5) == ()
    assert state.funds.balances["USDT"].available == 900

    state = spot_state()
    state.funds.apply_all_balances([balance("USDT", "1000", at=5)], as_of_ms=5)
    state.funds.apply_balances([balance("USDT", "900", "100", at=5)])
    assert state.funds.balances["USDT"].available == 900
    assert state.funds.apply_all_balances([], as_of_ms=5) == (), "and a list that lacks it does not make it zero"


def test_of_two_pushes_of_one_millisecond_the_later_one_stands() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "900", "100", at=5)])
    (changed,) = state.funds.apply_balances([balance("USDT", "950", "50", at=5)])
    assert state.funds.balances["USDT"] == changed == balance("USDT", "950", "50", at=5)


def test_of_two_snapshots_of_one_millisecond_the_later_one_stands() -> None:
    state = spot_state()
    state.funds.apply_all_balances([balance("USDT", "900", at=5)], as_of_ms=5)
    state.funds.apply_all_balances([balance("USDT", "950", at=5)], as_of_ms=5)
    assert state.funds.balances["USDT"].available == 950


def test_a_snapshot_after_a_push_stands_and_then_the_next_of_its_millisecond() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "900", at=5)])
    state.funds.apply_all_balances([balance("USDT", "950", at=6)], as_of_ms=6)
    state.funds.apply_all_balances([balance("USDT", "960", at=6)], as_of_ms=6)
    assert state.funds.balances["USDT"].available == 960


def test_what_changes_in_a_balance_is_told_also_where_only_the_locked_part_does() -> None:
    state = spot_state()
    assert state.funds.apply_balances([balance("USDT", "900", at=5)]) == (balance("USDT", "900", at=5),)
    assert state.funds.apply_balances([balance("USDT", "900", at=6)]) == (), "nothing is new but the stamp"
    assert state.funds.balances["USDT"].updated_ms == 6
    assert len(state.funds.apply_balances([balance("USDT", "900", "1", at=6)])) == 1
    changed = state.funds.apply_balances([balance("USDT", "1", at=5), balance("SOL", "1", at=5)])
    assert changed == (balance("SOL", "1", at=5),)
