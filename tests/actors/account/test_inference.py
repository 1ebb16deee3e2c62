"""What we concluded ourselves is the weakest word: whatever the exchange says later stands against it (R2, R3, R6)."""

from decimal import Decimal
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.account.funds.reservations import Reservation
from actors.account.orders.record import OrderRecord
from actors.account.state import AccountState, OrderKey
from actors.journal import SymbolMemory
from messages.enums import OrderStatus
from messages.order import Fill, Order
from tests.support.orders import SOL, balance, fill, order
from tests.support.spot_state import spot_state

BY_ID = OrderKey(SOL, "1001", "c1")
BY_CLIENT_ID = OrderKey(SOL, None, "c1")
ENDED = [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED]


class Listed(NamedTuple):
    """The order as a query that was taken up at ``as_of_ms`` found it."""

    order: Order
    as_of_ms: int


class Denied(NamedTuple):
    """The exchange, asked at ``asked_ms``, knew no such order."""

    order_key: OrderKey
    asked_ms: int


News = Order | Fill | Listed | Denied


def ours() -> AccountState:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "5000")])
    state.begin_order(order(OrderStatus.PENDING, at=0, created=0, order_id=None), Reservation("USDT", Decimal(1000)))
    return state


def apply(state: AccountState, *news: News) -> AccountState:
    for item in news:
        match item:
            case Order():
                state.apply_order(item)
            case Fill():
                state.apply_fill(item)
            case Listed():
                state.apply_order(item.order, item.as_of_ms)
            case Denied():
                state.conclude_unknown(item.order_key, item.asked_ms)
    return state


def now(state: AccountState) -> Order:
    found = state.find(BY_ID)
    assert found is not None
    return found


def record_of(state: AccountState) -> OrderRecord:
    record = state.orders.find(SOL, "1001", "c1")
    assert record is not None
    return record


def is_filed_as_open(state: AccountState) -> bool:
    open_here = [record.order for record in state.orders.open_records()]
    executed = list(state.orders.executed(SOL))
    assert (now(state) in open_here) is not (now(state) in executed), "in one of the two"
    return bool(open_here)


# -- R2: any order of arrival ----------------------------------------------------------------------------------------


@st.composite
def life_with_conclusions(draw: st.DrawFn) -> list[News]:
    """Reports, lists, fills and denials of one order, with any stamps; it may end."""
    stamps = st.integers(1, 30)
    news: list[News] = []
    filled = Decimal(0)
    for number in range(draw(st.integers(0, 3))):
        cut = draw(st.integers(1, 4))
        filled += cut
        news.append(fill(f"t{number}", str(cut), at=draw(stamps)))
    for _ in range(draw(st.integers(0, 4))):
        report = order(filled=str(draw(st.sampled_from([Decimal(0), filled]))), quantity="20", at=draw(stamps))
        news.append(Listed(report, draw(stamps)) if draw(st.booleans()) else report)
    denials = st.builds(Denied, st.sampled_from([BY_ID, BY_CLIENT_ID]), stamps)
    news += draw(st.lists(denials, min_size=1, max_size=3))
    if draw(st.booleans()):
        news.append(order(draw(st.sampled_from(ENDED)), filled=str(filled), quantity="20", at=draw(stamps)))
    return news


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_r2_with_conclusions_mixed_in_any_order_and_any_repetition_ends_the_same(
    data: st.DataObject,
) -> None:
    news = data.draw(life_with_conclusions())
    shuffled = data.draw(st.permutations(news + data.draw(st.lists(st.sampled_from(news), max_size=5))))

    expected, actual = apply(ours(), *news), apply(ours(), *shuffled)

    assert [record.order for record in actual.orders.open_records()] == [
        record.order for record in expected.orders.open_records()
    ]
    assert actual.orders.executed(SOL) == expected.orders.executed(SOL)
    assert actual.orders.open_count + actual.orders.executed_count == 1
    assert actual.fills_count == expected.fills_count


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_r2_what_the_exchange_has_finished_never_reopens_and_what_we_inferred_does(data: st.DataObject) -> None:
    news = data.draw(life_with_conclusions())
    state, is_finished = ours(), False
    for item in data.draw(st.permutations(news)):
        apply(state, item)
        is_finished |= isinstance(item, Order) and item.is_finished
        record = record_of(state)
        assert record.order.is_finished or not is_finished
        assert record.is_inferred is (record.order.is_finished and not is_finished)
        assert record.order.is_inferred is record.is_inferred, "subscribers can tell"
    apply(state, Listed(order(quantity="20", at=30), 99))
    assert record_of(state).order.is_finished is is_finished
    assert is_filed_as_open(state) is not is_finished


# -- R6: what revokes a conclusion -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        order(at=60),
        order(filled="2", at=60),
        Listed(order(at=10), 60),
        fill("t1", "2", at=60),
        order(at=50),
        Listed(order(at=10), 50),
        fill("t1", "2", at=50),
    ],
)
def test_r6_any_newer_word_of_the_exchange_reopens_in_place_what_we_took_for_vanished(word: News) -> None:
    state = apply(ours(), order(at=10))
    before = record_of(state)
    state.conclude_unknown(BY_ID, 50)
    assert (now(state).status, now(state).finish_reason) == (OrderStatus.CANCELED, "vanished")
    assert not is_filed_as_open(state)

    apply(state, word)

    assert now(state).is_open
    assert now(state).finish_reason is None
    assert is_filed_as_open(state)
    assert record_of(state) is before
    assert not record_of(state).is_inferred
    assert state.inconsistent_orders() == []


@pytest.mark.parametrize("word", [order(at=40), Listed(order(at=10), 40), fill("t1", "2", at=40)])
def test_r6_an_older_word_that_comes_late_makes_a_doubt_and_does_not_reopen(word: News) -> None:
    state = apply(ours(), order(at=10), Denied(BY_ID, 50))
    assert state.inconsistent_orders() == []
    state.has_new_inconsistent = False

    apply(state, word)

    assert now(state).is_finished
    assert state.inconsistent_orders() == [BY_ID]
    assert state.has_new_inconsistent

    assert apply(state, Denied(BY_ID, 50)).inconsistent_orders() == [BY_ID], "the same answer again says nothing new"
    asked_again = apply(state, Denied(BY_ID, 60))
    assert asked_again.inconsistent_orders() == []
    assert now(state).is_finished


def test_r6_a_doubt_of_an_inferred_end_is_over_when_the_exchange_says_that_it_is_there() -> None:
    state = apply(ours(), order(at=10), Denied(BY_ID, 50), order(at=40), Listed(order(at=40), 70))
    assert state.inconsistent_orders() == []
    assert is_filed_as_open(state)


def test_r2_a_conclusion_may_be_heard_before_the_word_that_it_is_newer_than() -> None:
    state = apply(ours(), Denied(BY_ID, 50))
    assert now(state).status is OrderStatus.PENDING, "nothing is said of an order that nobody has told of"
    apply(state, order(at=40))
    assert record_of(state).is_inferred
    assert state.inconsistent_orders() == [BY_ID]


def test_r6_a_market_buy_that_vanished_without_a_fill_was_not_filled() -> None:
    state = spot_state()
    state.apply_order(msgspec.structs.replace(order(at=10, quantity="0"), quote_quantity=Decimal(50), price=None))
    state.conclude_unknown(BY_ID, 50)
    assert now(state).status is OrderStatus.CANCELED


def test_r6_the_same_conclusion_again_is_not_news() -> None:
    state = apply(ours(), order(at=10))
    assert state.conclude_unknown(BY_ID, 50) is not None
    assert state.conclude_unknown(BY_ID, 50) is None
    assert state.conclude_unknown(BY_ID, 55) is None


def test_r6_a_conclusion_of_a_question_that_is_older_than_what_was_heard_says_nothing() -> None:
    state = apply(ours(), order(at=10), order(filled="2", at=60))
    assert state.conclude_unknown(BY_ID, 50) is None
    assert is_filed_as_open(state)


def test_r6_a_conclusion_is_overruled_by_how_the_exchange_says_it_ended() -> None:
    state = apply(ours(), order(at=10), Denied(BY_ID, 50), order(OrderStatus.EXPIRED, filled="3", at=20, reason="ioc"))
    assert (now(state).status, now(state).finish_reason) == (OrderStatus.EXPIRED, "ioc")
    apply(state, order(at=99), Listed(order(at=99), 99))
    assert now(state).status is OrderStatus.EXPIRED
    assert state.inconsistent_orders() == []
    assert state.orders.executed_count == 1


def test_r6_what_vanished_is_as_filled_as_its_fills_say_also_of_fills_that_come_late() -> None:
    state = apply(ours(), order(at=10), Denied(BY_ID, 50), fill("t1", "4", at=20))
    assert (now(state).status, now(state).filled_quantity) == (OrderStatus.CANCELED, 4)
    apply(state, fill("t2", "6", at=21))
    assert (now(state).status, now(state).filled_quantity) == (OrderStatus.FILLED, 10)
    assert now(state).finish_reason == "vanished"


# -- R3: never arrived -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", [order(at=60), order(at=20), fill("t1", "2", at=20), fill("t1", "2", client_order_id="c1", at=90)]
)
def test_r3_what_was_taken_for_never_arrived_reopens_in_place_with_any_word_of_the_exchange(word: News) -> None:
    state = ours()
    state.mark_unresolved(SOL, "c1")
    waiting = state.orders.find(SOL, None, "c1")
    ended = state.conclude_unknown(BY_CLIENT_ID, 50)
    assert ended is not None
    assert (ended.status, ended.finish_reason, ended.is_inferred) == (OrderStatus.REJECTED, "never_arrived", True)
    assert state.funds.available("USDT") == 5000
    assert state.unresolved_count == 0

    apply(state, word)

    assert record_of(state) is waiting
    assert is_filed_as_open(state)
    assert state.orders.executed_count == 0


def test_r3_a_question_by_client_id_says_nothing_of_an_order_that_the_exchange_has_named() -> None:
    """Gate forgets client ids: that the text is not found is no word about the order."""
    state = apply(ours(), order(at=10))
    assert state.conclude_unknown(BY_CLIENT_ID, 50) is None
    assert is_filed_as_open(state)


def test_r3_what_the_exchange_refused_is_not_inferred_and_a_later_order_of_that_id_is_another() -> None:
    state = ours()
    refused = state.reject_order(SOL, "c1", "BALANCE_NOT_ENOUGH")
    assert refused is not None
    assert not refused.is_inferred
    assert state.conclude_unknown(BY_CLIENT_ID, 50) is None

    apply(state, order(at=60))

    assert now(state).status is OrderStatus.NEW
    assert state.orders.executed(SOL) == (refused,)
    assert state.find(BY_CLIENT_ID) == now(state)


def test_r3_a_refusal_that_comes_late_stands_in_place_of_our_conclusion() -> None:
    state = apply(ours(), Denied(BY_CLIENT_ID, 50))
    assert state.mark_unresolved(SOL, "c1") is None
    refused = state.reject_order(SOL, "c1", "BALANCE_NOT_ENOUGH")
    assert refused is not None
    assert refused.finish_reason == "BALANCE_NOT_ENOUGH"
    assert not refused.is_inferred
    assert state.reject_order(SOL, "c1", "again") is None
    assert state.orders.executed(SOL) == (refused,)


# -- a restart, and eviction -----------------------------------------------------------------------------------------


def test_r6_a_conclusion_of_an_earlier_life_is_still_our_own_after_a_restart() -> None:
    earlier = apply(ours(), order(filled="4", at=10), Denied(BY_ID, 50))
    state = spot_state()
    state.restore(SymbolMemory(symbol=SOL, finished_orders=(now(earlier),)))
    assert now(state) == now(earlier)
    assert record_of(state).is_inferred
    assert state.orders.executed_count == 1

    apply(state, Listed(order(filled="4", at=10), 70))
    assert is_filed_as_open(state)


def test_r6_an_inferred_end_that_was_dropped_for_room_is_no_word_of_the_exchange() -> None:
    state = spot_state(executed_limit=1)
    apply(
        state, order(at=10), Denied(BY_ID, 50), order(OrderStatus.CANCELED, order_id="2", client_order_id="c2", at=20)
    )
    assert state.find(BY_ID) is None
    late = state.apply_order(order(at=9))
    assert late is None, "it may be an echo"
    assert state.inconsistent_orders() == [BY_ID]
    found = state.apply_order(order(at=9), 60)
    assert found is not None
    assert found.is_open
    assert state.inconsistent_orders() == []
