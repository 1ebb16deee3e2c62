"""When a socket is called deaf: for what the exchange dates while it was subscribed, and for nothing else (R14)."""

import pytest

from actors.account.orders.missed_updates import MissedUpdates
from messages.enums import OrderStatus
from messages.order import Order
from tests.support.orders import fill, order

SUBSCRIBED_MS = 100_000
TAKEN_UP_MS = 200_000
DURING_MS = 150_000
CANCELED, FILLED, REJECTED = OrderStatus.CANCELED, OrderStatus.FILLED, OrderStatus.REJECTED


@pytest.fixture
def missed() -> MissedUpdates:
    return MissedUpdates(subscribed_ms=SUBSCRIBED_MS, as_of_ms=TAKEN_UP_MS)


@pytest.mark.parametrize(
    ("at_ms", "counts"),
    [
        (SUBSCRIBED_MS, False),  # the socket was not there, or just about
        (SUBSCRIBED_MS + 1, True),
        (DURING_MS, True),
        (TAKEN_UP_MS - 2_001, True),
        (TAKEN_UP_MS - 2_000, False),  # it may be on its way
        (TAKEN_UP_MS + 5_000, False),
    ],
)
def test_only_changes_while_the_socket_was_subscribed_count_and_none_that_may_be_on_its_way(
    missed: MissedUpdates, at_ms: int, counts: bool
) -> None:
    missed.count_fill(fill("1", at=at_ms), is_new=True)
    assert missed.count == counts
    missed.count_order(order(at=1), order(CANCELED, at=at_ms))
    assert missed.count == 2 * counts
    missed.count_order(None, order(at=at_ms, created=at_ms))
    assert missed.count == 3 * counts


@pytest.mark.parametrize(("at_ms", "counts"), [(DURING_MS + 2_000, False), (DURING_MS + 2_001, True)])
def test_r14_what_may_have_been_told_in_words_that_could_not_be_read_makes_no_socket_deaf(
    at_ms: int, counts: bool
) -> None:
    missed = MissedUpdates(subscribed_ms=SUBSCRIBED_MS, as_of_ms=TAKEN_UP_MS, unreadable_ms=DURING_MS)
    missed.count_fill(fill("1", at=at_ms), is_new=True)
    assert missed.count == counts


def test_a_fill_that_is_known_is_no_news(missed: MissedUpdates) -> None:
    missed.count_fill(fill("1", at=DURING_MS), is_new=False)
    assert missed.count == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            order(OrderStatus.UNRESOLVED, order_id=None, at=0, created=0),
            order(REJECTED, order_id=None, at=0, created=0, reason="never_arrived"),
            id="it never arrived",
        ),
        pytest.param(order(at=DURING_MS), order(CANCELED, at=DURING_MS, reason="vanished"), id="we concluded its end"),
        pytest.param(order(at=1), order(at=DURING_MS), id="only its time stamp has moved"),
        pytest.param(None, order(at=DURING_MS, created=SUBSCRIBED_MS - 1), id="it came before the socket"),
        pytest.param(None, None, id="there is no such order"),
    ],
)
def test_r14_what_the_exchange_did_not_have_to_push_makes_no_socket_deaf(
    missed: MissedUpdates, before: Order | None, after: Order | None
) -> None:
    missed.count_order(before, after)
    assert missed.count == 0


@pytest.mark.parametrize(
    "after",
    [
        order(CANCELED, at=DURING_MS),
        order(FILLED, filled="10", at=DURING_MS),
        order(filled="1", at=DURING_MS),
        order(quantity="9", at=DURING_MS),
        order(price="99", at=DURING_MS),
    ],
)
def test_whatever_the_exchange_pushes_counts_when_a_snapshot_told_it_first(missed: MissedUpdates, after: Order) -> None:
    missed.count_order(order(at=1), after)
    assert missed.count == 1


def test_an_order_that_was_known_and_dropped_for_room_is_no_news_when_an_old_list_shows_it(
    missed: MissedUpdates,
) -> None:
    missed.count_order(None, order(at=DURING_MS, created=DURING_MS), dropped_through_ms=DURING_MS)
    assert missed.count == 0
    missed.count_order(None, order(at=DURING_MS + 1, created=DURING_MS), dropped_through_ms=DURING_MS)
    assert missed.count == 1
