"""Two versions of an order with one time stamp: the stamp does not say which is newer, a later query does."""

from actors.account.state import AccountState
from tests.support.orders import SOL, order


def test_a_query_of_later_settles_which_of_two_versions_of_one_millisecond_stands() -> None:
    state = AccountState()
    state.hear_order(order(at=5, quantity="10", price="100"))
    state.hear_order(order(at=5, quantity="4", price="99"))  # amended within the same millisecond

    changed = state.hear_order(order(at=5, quantity="4", price="99"), as_of_ms=9)

    assert changed is not None
    assert (changed.quantity, changed.price) == (order(quantity="4", price="99").quantity, order(price="99").price)


def test_an_older_query_does_not_turn_back_what_a_later_one_found() -> None:
    state = AccountState()
    state.hear_order(order(at=5, quantity="4"), as_of_ms=9)

    assert state.hear_order(order(at=5, quantity="10"), as_of_ms=7) is None
    [record] = state.orders.open_records(SOL)
    assert record.order.quantity == 4


def test_a_newer_stamp_wins_whenever_the_query_was() -> None:
    state = AccountState()
    state.hear_order(order(at=5, quantity="4"), as_of_ms=900)

    changed = state.hear_order(order(at=6, quantity="3"))

    assert changed is not None
    assert changed.quantity == 3
