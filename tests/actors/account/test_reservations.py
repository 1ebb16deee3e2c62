"""Money that is set aside for orders on their way: until a balance shows it, and never longer (funds)."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.account.funds.reservations import Reservation, Reservations
from actors.account.funds.spot import SpotFunds
from actors.account.state import AccountState, OrderKey
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InsufficientBalanceError
from messages.order import Order
from tests.support.orders import SOL, balance, fill, order
from tests.support.spot_state import spot_state

CREATED_MS = 100
COST = Decimal(1000)
FILLED, CANCELED, EXPIRED, REJECTED = (
    OrderStatus.FILLED,
    OrderStatus.CANCELED,
    OrderStatus.EXPIRED,
    OrderStatus.REJECTED,
)


def buying(client_order_id: str = "c1", *, state: AccountState | None = None, decided_ms: int = 90) -> AccountState:
    """A buy of 10 for 100 each on its way, out of 5,000."""
    if state is None:
        state = spot_state()
        state.funds.apply_balances([balance("USDT", "5000", at=50), balance("SOL", "20", at=50)])
    pending = order(OrderStatus.PENDING, at=0, created=0, order_id=None, client_order_id=client_order_id)
    state.begin_order(pending, Reservation("USDT", COST), decided_ms)
    return state


def ack(status: OrderStatus = OrderStatus.NEW, *, filled: str = "0", at: int = CREATED_MS) -> Order:
    return order(status, filled=filled, at=at, created=CREATED_MS)


def free(state: AccountState) -> Decimal:
    return state.funds.available("USDT")


# -- until a balance that is newer -----------------------------------------------------------------------------------


def test_money_stays_set_aside_beyond_the_acknowledgement_until_a_newer_balance() -> None:
    state = buying()
    assert free(state) == 4000
    state.apply_order(ack())
    assert free(state) == 4000, "no balance shows it yet"
    state.funds.apply_balances([balance("USDT", "5000", at=99)])
    assert free(state) == 4000, "of before the order"
    state.funds.apply_balances([balance("USDT", "4000", "1000", at=101)])
    assert free(state) == 4000, "in the balance now"


def test_a_second_order_is_refused_for_money_that_the_first_has_locked_and_no_balance_shows() -> None:
    state = buying()
    state.apply_order(ack())
    pending = order(OrderStatus.PENDING, order_id=None, client_order_id="c2")
    with pytest.raises(InsufficientBalanceError, match="USDT: 4001 needed, 4000 available"):
        state.begin_order(pending, Reservation("USDT", Decimal(4001)))
    assert state.find(OrderKey(SOL, None, "c2")) is None


def test_a_balance_of_another_currency_shows_nothing() -> None:
    state = buying()
    state.apply_order(ack())
    state.funds.apply_balances([balance("SOL", "3", at=200)])
    assert free(state) == 4000


def test_a_newer_balance_may_come_before_the_acknowledgement() -> None:
    state = buying()
    state.funds.apply_balances([balance("USDT", "4000", "1000", at=101)])
    assert free(state) == 3000, "whose change it was is not known before"
    state.apply_order(ack())
    assert free(state) == 4000


@pytest.mark.parametrize("as_of_ms", [101, 5_000])
def test_a_complete_list_that_was_taken_up_after_the_order_ends_it(as_of_ms: int) -> None:
    state = buying()
    state.apply_order(ack())
    state.funds.apply_all_balances([balance("USDT", "4000", "1000", at=as_of_ms)], as_of_ms)
    assert free(state) == 4000


def test_a_complete_list_without_the_currency_ends_it() -> None:
    state = buying()
    state.apply_order(ack())
    state.funds.apply_all_balances([], 101)
    assert free(state) == 0


def test_a_complete_list_of_the_millisecond_of_the_order_may_be_of_before_it() -> None:
    state = buying()
    state.apply_order(ack())
    state.funds.apply_all_balances([balance("USDT", "5000", at=CREATED_MS)], CREATED_MS)
    assert free(state) == 4000


def test_a_list_of_before_our_decision_shows_nothing_although_the_clocks_differ() -> None:
    """The order's stamp is of another clock of the exchange, which is behind."""
    state = buying(decided_ms=500)
    state.funds.apply_all_balances([balance("USDT", "5000", at=400)], 400)
    state.apply_order(ack())
    assert free(state) == 4000
    state.funds.apply_all_balances([balance("USDT", "4000", "1000", at=501)], 501)
    assert free(state) == 4000


# -- pushes of the same millisecond ----------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [CREATED_MS, CREATED_MS - 2])
@pytest.mark.parametrize("ack_first", [True, False])
def test_a_push_that_locks_just_this_is_the_orders_own_whatever_its_stamp(at: int, *, ack_first: bool) -> None:
    state = buying()
    if ack_first:
        state.apply_order(ack())
    state.funds.apply_balances([balance("USDT", "4000", "1000", at=at)])
    assert free(state) == (4000 if ack_first else 3000)
    state.apply_order(ack())
    assert free(state) == 4000


def test_a_push_that_takes_just_what_it_cost_is_the_orders_own() -> None:
    state = buying()
    state.apply_order(ack(FILLED, filled="7"))
    assert free(state) == 4300
    state.funds.apply_balances([balance("USDT", "4300", at=CREATED_MS)])
    assert free(state) == 4300


def test_an_order_that_was_filled_at_once_is_shown_by_what_it_locked_first() -> None:
    state = buying()
    state.apply_order(ack(FILLED, filled="7"))
    state.funds.apply_balances([balance("USDT", "4000", "1000", at=CREATED_MS)])
    assert free(state) == 4000
    state.funds.apply_balances([balance("USDT", "4000", "300", at=CREATED_MS)])
    state.funds.apply_balances([balance("USDT", "4300", at=CREATED_MS)])
    assert free(state) == 4300


def test_an_order_that_was_filled_at_once_is_shown_by_what_it_spent() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "4000", "2000", at=50)])
    buying(state=state)
    state.apply_order(ack(FILLED, filled="7"))
    state.funds.apply_balances([balance("USDT", "4100", "1200", at=CREATED_MS)])
    assert free(state) == 4100


def test_a_push_of_another_change_in_the_same_millisecond_is_not_the_orders_own() -> None:
    state = buying()
    state.apply_order(ack())
    state.funds.apply_balances([balance("USDT", "5200", at=CREATED_MS)])
    assert free(state) == 4200
    state.funds.apply_balances([balance("USDT", "4200", "1000", at=CREATED_MS)])
    assert free(state) == 4200


def test_of_two_equal_orders_each_push_is_of_one() -> None:
    state = buying("c2", state=buying())
    state.apply_order(ack())
    state.apply_order(order(at=CREATED_MS, created=CREATED_MS, order_id="2", client_order_id="c2"))
    assert free(state) == 3000
    state.funds.apply_balances([balance("USDT", "4000", "1000", at=CREATED_MS)])
    assert free(state) == 3000
    state.funds.apply_balances([balance("USDT", "3000", "2000", at=CREATED_MS)])
    assert free(state) == 3000


def test_of_two_equal_orders_without_an_answer_yet_each_push_is_of_one() -> None:
    state = buying("c2", state=buying())
    state.funds.apply_balances([balance("USDT", "4000", "1000", at=CREATED_MS)])
    state.funds.apply_balances([balance("USDT", "3000", "2000", at=CREATED_MS)])
    state.apply_order(ack())
    state.apply_order(order(at=CREATED_MS, created=CREATED_MS, order_id="2", client_order_id="c2"))
    assert free(state) == 3000


def test_a_list_is_no_push_and_tells_of_no_single_change() -> None:
    state = buying()
    state.apply_order(ack())
    state.funds.apply_all_balances([balance("USDT", "4000", at=CREATED_MS)], CREATED_MS)
    assert free(state) == 3000


def test_a_push_that_locks_just_this_beside_money_that_came_in_is_the_orders_own() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "5000", "500", at=50)])
    buying(state=state)
    state.apply_order(ack())
    state.funds.apply_balances([balance("USDT", "4100", "1500", at=CREATED_MS)])
    assert free(state) == 4100


def test_a_push_that_tells_the_lock_and_a_fill_of_it_at_once_is_the_orders_own() -> None:
    state = buying()
    state.apply_order(ack(filled="3"))
    state.funds.apply_balances([balance("USDT", "4000", "700", at=CREATED_MS)])
    assert free(state) == 4000


def test_nothing_is_kept_of_an_order_that_cost_nothing() -> None:
    reservations = Reservations()
    reservations.add("c1", Reservation("USDT", COST))
    assert (len(reservations), reservations.of("c1"), reservations.of("c2")) == (1, Reservation("USDT", COST), None)
    reservations.take("c1", CREATED_MS, Decimal(0), None)
    assert len(reservations) == 0


def test_the_first_balance_of_a_currency_is_no_change() -> None:
    state = spot_state()
    buying_nothing = order(OrderStatus.PENDING, at=0, created=0, order_id=None)
    state.begin_order(buying_nothing, Reservation("USDT", Decimal(0)))
    state.apply_order(ack())
    state.funds.apply_balances([balance("USDT", "7", at=CREATED_MS)])
    assert free(state) == 7


# -- orders that are over --------------------------------------------------------------------------------------------


def test_a_refusal_frees_it_at_once() -> None:
    state = buying()
    state.reject_order(SOL, "c1", "BALANCE_NOT_ENOUGH")
    assert free(state) == 5000


def test_an_order_that_never_arrived_has_locked_nothing() -> None:
    state = buying()
    state.mark_unresolved(SOL, "c1")
    assert free(state) == 4000
    state.conclude_unknown(OrderKey(SOL, None, "c1"), 50_000)
    assert free(state) == 5000


@pytest.mark.parametrize(("status", "filled", "spent"), [(CANCELED, "0", 0), (EXPIRED, "4", 400), (FILLED, "10", 1000)])
def test_an_order_that_has_ended_keeps_aside_what_it_cost_until_a_balance_shows_it(
    status: OrderStatus, filled: str, spent: int
) -> None:
    state = buying()
    state.apply_order(ack())
    state.apply_order(ack(status, filled=filled, at=120))
    assert free(state) == 5000 - spent
    state.funds.apply_balances([balance("USDT", str(5000 - spent), at=130)])
    assert free(state) == 5000 - spent


def test_an_order_that_vanished_keeps_aside_what_it_cost() -> None:
    state = buying()
    state.apply_order(ack(filled="4", at=110))
    state.conclude_unknown(OrderKey(SOL, "1001", None), 500)
    assert free(state) == 4600
    state.funds.apply_balances([balance("USDT", "4600", at=111)])
    assert free(state) == 4600


def test_a_fill_after_the_end_adds_to_what_it_cost() -> None:
    state = buying()
    state.apply_order(ack(CANCELED, filled="2", at=110))
    assert free(state) == 4800
    state.apply_fill(fill("1", "3", at=105))
    assert free(state) == 4700


def test_a_fill_tells_of_an_order_too() -> None:
    state = buying()
    state.funds.apply_balances([balance("USDT", "4000", at=106)])
    state.apply_fill(fill("1", "3", at=105))
    assert free(state) == 4000


def test_what_is_filled_of_an_open_order_frees_nothing() -> None:
    state = buying()
    state.apply_order(ack(filled="9", at=110))
    assert free(state) == 4000


def test_an_order_whose_text_comes_late_ends_its_reservation() -> None:
    state = buying()
    state.apply_order(order(at=CREATED_MS, created=CREATED_MS, client_order_id=None))
    state.funds.apply_balances([balance("USDT", "4000", "1000", at=101)])
    assert free(state) == 3000
    state.apply_order(ack())
    assert free(state) == 4000


def test_an_order_whose_text_comes_late_is_not_shown_by_a_list_of_before_our_decision() -> None:
    state = buying(decided_ms=500)
    state.apply_order(order(at=CREATED_MS, created=CREATED_MS, client_order_id=None))
    state.funds.apply_all_balances([balance("USDT", "5000", at=400)], 400)
    state.apply_order(ack())
    assert free(state) == 4000


def test_an_order_that_the_exchange_gives_no_time_of_creation_is_as_old_as_its_report() -> None:
    state = buying(decided_ms=0)
    state.apply_order(order(at=CREATED_MS, created=0))
    state.funds.apply_balances([balance("USDT", "4999", at=CREATED_MS)])
    assert free(state) == 3999
    state.funds.apply_balances([balance("USDT", "4000", at=101)])
    assert free(state) == 4000


@pytest.mark.parametrize("is_known", [True, False])
def test_the_end_of_an_earlier_order_of_the_client_id_frees_nothing(*, is_known: bool) -> None:
    state = spot_state()
    earlier = order(CANCELED, at=20, order_id="1", created=10)
    if is_known:
        state.apply_order(order(at=11, order_id="1", created=10))
    state.funds.apply_balances([balance("USDT", "5000", at=50)])
    buying(state=state, decided_ms=90_000)
    state.apply_order(earlier)
    assert free(state) == 4000
    state.reject_order(SOL, "c1", "no")
    assert free(state) == 5000


# -- each kind of order ----------------------------------------------------------------------------------------------


def test_a_sell_sets_its_base_aside() -> None:
    state = buying()
    pending = order(OrderStatus.PENDING, at=0, created=0, order_id=None, client_order_id="s", side=Side.SELL)
    state.begin_order(pending, Reservation("SOL", Decimal(10)), 90)
    assert state.funds.available("SOL") == 10
    ended = msgspec.structs.replace(
        ack(CANCELED, filled="4", at=120), side=Side.SELL, client_order_id="s", order_id="2"
    )
    state.apply_order(ended)
    assert state.funds.available("SOL") == 16
    state.funds.apply_balances([balance("SOL", "16", at=121)])
    assert state.funds.available("SOL") == 16
    assert free(state) == 4000, "the buy is on its way yet"


def test_a_market_buy_sets_its_quote_aside() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "100", at=50)])
    pending = Order(
        SOL,
        Side.BUY,
        OrderType.MARKET,
        TimeInForce.IOC,
        OrderStatus.PENDING,
        Decimal(0),
        quote_quantity=Decimal(60),
        client_order_id="m",
    )
    state.begin_order(pending, Reservation("USDT", Decimal(60)), 90)
    assert free(state) == 40
    done = msgspec.structs.replace(
        pending,
        status=FILLED,
        order_id="7",
        filled_quantity=Decimal("0.6"),
        filled_quote=Decimal("59.4"),
        finish_reason="filled",
        created_ms=CREATED_MS,
        updated_ms=CREATED_MS,
    )
    state.apply_order(done)
    assert free(state) == Decimal("40.6")
    state.funds.apply_balances([balance("USDT", "40.6", at=CREATED_MS)])
    assert free(state) == Decimal("40.6")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal("1.5")), Reservation("USDT", Decimal("4.5"))),
        (PlaceOrder.limit(SOL, Side.SELL, Decimal(3), Decimal("1.5")), Reservation("SOL", Decimal(3))),
        (PlaceOrder.market_buy(SOL, Decimal(7)), Reservation("USDT", Decimal(7))),
        (PlaceOrder.market_sell(SOL, Decimal(2)), Reservation("SOL", Decimal(2))),
    ],
)
def test_what_an_order_of_each_kind_will_lock(command: PlaceOrder, expected: Reservation) -> None:
    named = msgspec.structs.replace(command, client_order_id="c1")
    assert SpotFunds().reservation_for(named.as_order(OrderStatus.PENDING)) == expected


def test_money_of_an_unresolved_order_of_an_earlier_life_is_set_aside() -> None:
    state = spot_state()
    state.restore_unresolved(order(OrderStatus.UNRESOLVED, at=0, created=0, order_id=None))
    state.funds.apply_all_balances([balance("USDT", "5000", at=500)], 500)
    assert free(state) == 4000
    state.conclude_unknown(OrderKey(SOL, None, "c1"), 50_000)
    assert free(state) == 5000


def test_an_unresolved_order_of_an_earlier_life_that_is_there_is_in_the_balance() -> None:
    state = spot_state()
    state.restore_unresolved(order(OrderStatus.UNRESOLVED, at=0, created=0, order_id=None))
    state.funds.apply_all_balances([balance("USDT", "4000", "1000", at=500)], 500)
    state.apply_order(ack())
    assert free(state) == 4000


# -- no leak ---------------------------------------------------------------------------------------------------------


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_becomes_of_orders_their_reservations_end(data: st.DataObject) -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "5000", at=50)])
    steps = []
    for number in range(data.draw(st.integers(1, 4))):
        name = f"c{number}"
        buying(name, state=state)
        end = data.draw(st.sampled_from([None, CANCELED, FILLED, REJECTED]))
        at = data.draw(st.integers(95, 130))
        ids = {"order_id": str(number), "client_order_id": name}
        if end is REJECTED:
            steps.append(lambda name=name: state.reject_order(SOL, name, "no"))
            continue
        steps.append(lambda at=at, ids=ids: state.apply_order(order(at=at, created=at, **ids)))
        if end is not None:
            filled = data.draw(st.sampled_from(["0", "5", "10"]))
            steps.append(
                lambda end=end, at=at, ids=ids, filled=filled: state.apply_order(
                    order(end, filled=filled, at=at + 5, created=at, **ids)
                )
            )
    for at in data.draw(st.lists(st.integers(90, 140), max_size=4)):
        money = data.draw(st.sampled_from(["5000", "4000", "3500"]))
        steps.append(lambda at=at, money=money: state.funds.apply_balances([balance("USDT", money, at=at)]))
    least = Decimal(0)
    for step in data.draw(st.permutations(steps)):
        step()
        known = state.funds.balances["USDT"].available
        assert least <= known - free(state) <= COST * 4
    state.funds.apply_all_balances([balance("USDT", "3000", at=200)], 200)
    assert free(state) == 3000
