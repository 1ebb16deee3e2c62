"""The pure state of an account: a join of whatever is heard (R2), bounded where it is memory (R9)."""

from decimal import Decimal
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.account.funds.reservations import Reservation
from actors.account.orders.record import OrderRecord
from actors.account.state import AccountState, OrderKey
from messages.enums import OrderOrigin, OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InsufficientBalanceError
from messages.order import UNKNOWN_WORD, Fill, Order
from tests.support.orders import BTC, SOL, apply, balance, fill, order, paid
from tests.support.spot_state import spot_state

FEES = st.sampled_from(
    [paid(), paid("0.001 SOL"), paid("0.1 GT"), paid("0.002 SOL", "0.2 GT"), paid("0.003 SOL", "-0.5 USDT")]
)
FINISHED = [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED]


def heard(*news: Order | Fill, state: AccountState | None = None) -> AccountState:
    return apply(state or spot_state(), *news)


def the_order(state: AccountState, order_id: str = "1001") -> Order:
    record = state.orders.of(SOL).find(order_id, None)
    assert record is not None
    return record.order


# -- R2: any order of arrival, any repetition, one state -------------------------------------------------------------


@st.composite
def life_of_an_order(draw: st.DrawFn) -> list[Order | Fill]:
    """What an exchange may say of one order: put, fills, amends, an end; some reports lost; ids or not; odd stamps."""
    cuts = draw(st.lists(st.integers(1, 10), min_size=0, max_size=5))
    amends = draw(st.lists(st.tuples(st.integers(2, 60), st.sampled_from(["99", "101", "102.5"])), max_size=2))
    news: list[Order | Fill] = [order(at=draw(st.integers(1, 3)))]
    filled, at = Decimal(0), 3
    for number, cut in enumerate(cuts):
        filled += cut
        at += draw(st.integers(0, 2))
        news.append(fill(f"t{number}", str(cut), at=at + draw(st.integers(0, 3)), fees=draw(FEES)))
        if draw(st.booleans()):
            news.append(replace(order(filled=str(filled), quantity="60", at=at), fees=draw(FEES)))
    for amended_at, price in amends:
        news.append(order(filled="0", quantity="60", price=price, at=amended_at))
    if draw(st.booleans()):
        end = draw(st.sampled_from(FINISHED))
        seen = draw(st.sampled_from([Decimal(0), filled]))
        news.append(order(end, filled=str(seen), quantity="60", at=at + draw(st.integers(-2, 2))))
        if draw(st.booleans()):
            reason = draw(st.sampled_from([None, f"{UNKNOWN_WORD}session_closed"]))
            news.append(order(draw(st.sampled_from(FINISHED)), filled=str(filled), quantity="60", at=at, reason=reason))
    return news


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_r2_any_order_of_arrival_and_any_repetition_ends_in_the_same_state(data: st.DataObject) -> None:
    news = data.draw(life_of_an_order())
    shuffled = data.draw(st.permutations(news + data.draw(st.lists(st.sampled_from(news), max_size=6))))

    expected, actual = heard(*news), heard(*shuffled)

    assert the_order(actual) == the_order(expected)
    assert actual.fills_count == expected.fills_count
    assert actual.orders.open_count == expected.orders.open_count
    assert actual.orders.executed_count == expected.orders.executed_count


@pytest.mark.parametrize("news", list(permutations([order(at=2), order(filled="1", at=3), fill("t1", at=3)])))
def test_r2_who_made_an_order_and_that_it_reduces_is_kept_whichever_report_tells_it(
    news: tuple[Order | Fill, ...],
) -> None:
    marked = replace(order(at=4, filled="1"), reduce_only=True, origin=OrderOrigin.LIQUIDATION)
    for heard_news in ((marked, *news), (*news, marked)):
        known = the_order(heard(*heard_news))
        assert (known.reduce_only, known.origin) == (True, OrderOrigin.LIQUIDATION)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_r2_filled_never_falls_and_a_finished_order_never_reopens(data: st.DataObject) -> None:
    news = data.draw(life_of_an_order())
    state, filled, finished = spot_state(), Decimal(0), False
    for item in data.draw(st.permutations(news * 2)):
        heard(item, state=state)
        record = state.orders.of(SOL).find("1001", "c1")
        if record is None:
            continue
        assert record.order.filled_quantity >= filled
        assert record.order.is_finished or not finished
        filled, finished = record.order.filled_quantity, record.order.is_finished


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_r2_holds_for_a_single_record_without_the_stores_memory_of_trade_ids(data: st.DataObject) -> None:
    news = data.draw(life_of_an_order())

    def joined(items: list[Order | Fill]) -> OrderRecord:
        record = OrderRecord(order(at=0))
        for item in items:
            if isinstance(item, Order):
                record.apply(item)
            else:
                record.apply_fill(item)
        return record

    expected, actual = joined(news), joined(data.draw(st.permutations(news * 2)))
    assert actual.order == expected.order
    assert actual.fills_count == expected.fills_count


@pytest.mark.parametrize(
    ("news", "fees"),
    [
        ([fill("t1", fees=paid("0.001 SOL", "0.1 GT")), fill("t2", fees=paid("0.002 SOL"))], ["0.1 GT", "0.003 SOL"]),
        ([fill("t1", fees=paid("0.001 SOL")), fill("t2", fees=paid("-0.001 SOL"))], []),
        # of each currency what covers more says, be it the report or the fills
        ([fill("t1", fees=paid("1 SOL")), replace(order(filled="2"), fees=paid("3 SOL"))], ["3 SOL"]),
        ([fill("t1", "3", fees=paid("1 SOL")), replace(order(filled="2"), fees=paid("3 SOL"))], ["1 SOL"]),
        ([fill("t1", fees=paid("1 SOL")), replace(order(filled="1"), fees=paid("3 SOL"))], ["3 SOL"]),
        # what only one of them knows of stays: rebates are told with orders, and some answers are without fees
        ([fill("t1", fees=paid("1 SOL", "2 GT")), replace(order(filled="2"), fees=paid())], ["2 GT", "1 SOL"]),
        ([fill("t1", fees=paid("1 SOL", "2 GT")), replace(order(filled="2"), fees=paid("3 SOL"))], ["2 GT", "3 SOL"]),
        ([fill("t1", "3", fees=paid("1 SOL")), replace(order(filled="2"), fees=paid("-5 USDT"))], ["1 SOL", "-5 USDT"]),
        ([replace(order(filled="2"), fees=paid()), replace(order(filled="2"), fees=paid("3 SOL"))], ["3 SOL"]),
    ],
)
def test_r2_fees_of_an_order_are_known_in_every_currency(news: list[Order | Fill], fees: list[str]) -> None:
    for arrival in (news, news[::-1], [*news, *news]):
        assert [str(fee) for fee in the_order(heard(order(at=0), *arrival)).fees] == fees


@given(st.permutations(["put", "rest", "fill", "update", "finish"]))
def test_r2_our_own_pending_order_joins_the_same_way(arrival: list[str]) -> None:
    news = {
        "put": order(at=2),
        "rest": order(at=2),
        "fill": fill("t1", "4", at=3),
        "update": order(filled="4", at=3),
        "finish": order(OrderStatus.CANCELED, filled="4", at=4),
    }
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "5000")])
    state.begin_order(order(OrderStatus.PENDING, at=0, created=0, order_id=None), Reservation("USDT", Decimal(1000)))

    heard(*(news[name] for name in arrival), state=state)

    assert the_order(state) == order(OrderStatus.CANCELED, filled="4", at=4)
    assert state.funds.available("USDT") == Decimal(4600), "what it cost, until a balance shows it"
    state.funds.apply_balances([balance("USDT", "4600", at=4)])
    assert state.funds.available("USDT") == Decimal(4600)


def test_a_late_update_after_the_finish_does_not_reopen() -> None:
    state = heard(order(at=1), order(OrderStatus.FILLED, filled="10", at=3), order(filled="4", at=4))
    assert the_order(state).status is OrderStatus.FILLED
    assert the_order(state).filled_quantity == 10


def test_a_newer_update_with_more_filled_after_a_cancel_adds_the_fill_and_does_not_reopen() -> None:
    state = heard(order(at=1), order(OrderStatus.CANCELED, at=3), order(filled="4", at=4))
    assert the_order(state).status is OrderStatus.CANCELED
    assert the_order(state).filled_quantity == 4
    assert state.orders.open_count == 0


def test_a_newer_update_that_has_not_seen_the_latest_fill_does_not_take_it_back() -> None:
    state = heard(order(at=1), fill("t1", "5", at=2), order(filled="4", at=3))
    assert the_order(state).filled_quantity == 5


def test_rest_says_new_after_the_socket_said_filled() -> None:
    state = heard(order(OrderStatus.FILLED, filled="10", at=3), order(at=1))
    assert the_order(state).status is OrderStatus.FILLED
    assert state.orders.open_count == 0


def test_a_fill_after_a_cancel_is_added_without_reopening() -> None:
    state = heard(order(at=1), order(OrderStatus.CANCELED, at=2), fill("t1", "3", at=2))
    assert the_order(state).status is OrderStatus.CANCELED
    assert the_order(state).filled_quantity == 3
    assert the_order(state).filled_quote == 300


def test_the_same_trade_id_twice_counts_once() -> None:
    state = heard(order(at=1), fill("t1", "3"), fill("t1", "3"), fill("t2", "1"))
    assert the_order(state).filled_quantity == 4
    assert state.fills_count == 2


def test_a_fill_before_its_order_waits_for_it() -> None:
    state = heard(fill("t1", "3", client_order_id=None, at=2))
    assert state.inconsistent_orders() == [OrderKey(SOL, "1001", None)]
    heard(order(at=1), state=state)
    assert the_order(state).filled_quantity == 3
    assert state.inconsistent_orders() == []


def test_r2_a_report_that_says_what_its_fills_had_said_is_not_told_again() -> None:
    state = apply(spot_state(), order(at=1), fill("7", "4", at=2))
    assert state.apply_order(order(filled="4", at=2)) is None
    assert state.apply_order(order(filled="5", at=3)) is not None


@pytest.mark.parametrize("created", [0, 3, 9])
def test_r2_an_order_is_as_old_as_the_earliest_that_was_said_of_it(created: int) -> None:
    for news in permutations([order(at=1, created=5), order(at=2, created=created)]):
        assert the_order(heard(*news)).created_ms == (3 if created == 3 else 5)


def test_r2_endings_without_a_reason_join_with_those_that_have_one() -> None:
    silent = msgspec.structs.replace(order(OrderStatus.CANCELED, at=2), finish_reason=None)
    for news in permutations([silent, order(OrderStatus.CANCELED, at=2, reason="stp")]):
        assert the_order(heard(*news)).finish_reason == "stp"


@pytest.mark.parametrize("known", FINISHED)
def test_r2_an_end_in_a_word_that_we_know_stands_over_one_in_a_word_that_we_do_not(known: OrderStatus) -> None:
    guessed = order(OrderStatus.CANCELED, filled="1", at=5, reason=f"{UNKNOWN_WORD}session_closed")
    told = order(known, filled="10" if known is OrderStatus.FILLED else "1", at=5, reason="word")
    for news in permutations([order(at=1), guessed, told]):
        found = the_order(heard(*news))
        assert (found.status, found.finish_reason) == (known, "word")


def test_a_newer_amend_wins_over_an_older_report_of_the_terms() -> None:
    state = heard(order(at=1), order(at=5, price="101", quantity="8"), order(at=3, price="99"))
    assert the_order(state).price == Decimal(101)
    assert the_order(state).quantity == 8


def test_an_order_moves_from_open_to_executed_exactly_once() -> None:
    end = order(OrderStatus.FILLED, filled="10", at=3)
    state = heard(order(at=1), end, end, order(at=2), end)
    assert state.orders.open_count == 0
    assert [o.order_id for o in state.orders.of(SOL).executed()] == ["1001"]


def test_two_orders_that_share_a_client_id_stay_two() -> None:
    state = heard(order(OrderStatus.CANCELED, at=2), order(at=5, order_id="1002"))
    assert the_order(state, "1001").status is OrderStatus.CANCELED
    assert the_order(state, "1002").status is OrderStatus.NEW


# -- R3: unknown is not rejected -------------------------------------------------------------------------------------


def pending(state: AccountState, client_order_id: str = "c1", cost: str = "1000") -> None:
    state.begin_order(
        order(OrderStatus.PENDING, at=0, created=0, order_id=None, client_order_id=client_order_id),
        Reservation("USDT", Decimal(cost)),
    )


def rich() -> AccountState:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "5000")])
    return state


def test_r3_an_unresolved_order_stays_open_and_keeps_its_money_aside() -> None:
    state = rich()
    pending(state)
    marked = state.mark_unresolved(SOL, "c1")
    assert marked is not None
    assert marked.status is OrderStatus.UNRESOLVED
    assert state.funds.available("USDT") == 4000
    assert state.unresolved_count == 1
    assert state.inconsistent_orders() == [OrderKey(SOL, None, "c1")]


def test_r3_an_unresolved_order_is_settled_by_what_the_exchange_says() -> None:
    state = rich()
    pending(state)
    state.mark_unresolved(SOL, "c1")
    heard(order(filled="2", at=4), state=state)
    assert the_order(state).status is OrderStatus.PARTIALLY_FILLED
    assert state.funds.available("USDT") == 4000


def test_r3_an_order_taken_for_never_arrived_is_believed_when_the_exchange_tells_of_it_after_all() -> None:
    state = rich()
    pending(state)
    state.conclude_unknown(OrderKey(SOL, None, "c1"), 20)
    heard(order(at=9), state=state)
    assert the_order(state).status is OrderStatus.NEW
    assert state.orders.open_count == 1


def test_our_own_word_does_not_overrule_the_exchange() -> None:
    state = rich()
    pending(state)
    heard(order(at=2), state=state)
    assert state.mark_unresolved(SOL, "c1") is None
    assert state.reject_order(SOL, "c1", "late answer") is None
    assert the_order(state).status is OrderStatus.NEW


# -- R6: absence -----------------------------------------------------------------------------------------------------


def test_r6_an_open_order_that_a_complete_list_lacks_is_asked_for_not_dropped() -> None:
    state = heard(order(at=1), order(at=1, order_id="1002", client_order_id="c2"))
    missing = state.missing_from([order(at=1, order_id="1002", client_order_id="c2")])
    assert missing == [OrderKey(SOL, "1001", "c1")]
    assert state.orders.open_count == 2
    assert state.missing_from([order(client_order_id=None), order(order_id="1002", client_order_id=None)]) == []


def test_r6_an_order_on_its_way_is_not_missing_from_a_list_and_one_of_unknown_fate_is() -> None:
    state = rich()
    pending(state)
    assert state.missing_from([]) == []
    state.mark_unresolved(SOL, "c1")
    assert state.missing_from([]) == [OrderKey(SOL, None, "c1")]
    assert state.missing_from([order(order_id="1001", client_order_id="c1")]) == [], "its text is listed"
    assert state.missing_from([order(symbol=BTC, client_order_id="c1")]) == [OrderKey(SOL, None, "c1")]
    assert state.missing_from([order(order_id="5", client_order_id=None)]) == [OrderKey(SOL, None, "c1")]


def test_r6_an_order_that_the_exchange_no_longer_knows_has_ended_as_filled_as_its_fills_say() -> None:
    state = heard(order(at=1), fill("t1", "10"))
    assert state.inconsistent_orders() == [OrderKey(SOL, "1001", "c1")]
    ended = state.conclude_unknown(OrderKey(SOL, "1001", "c1"), 5)
    assert ended is not None
    assert ended.status is OrderStatus.FILLED

    state = heard(order(at=1), fill("t1", "4"))
    ended = state.conclude_unknown(OrderKey(SOL, "1001", "c1"), 5)
    assert ended is not None
    assert (ended.status, ended.filled_quantity) == (OrderStatus.CANCELED, Decimal(4))


def test_r6_an_order_that_is_filled_whole_is_asked_about_until_its_end_is_told() -> None:
    assert OrderRecord(order(filled="10")).is_filled_but_not_finished
    assert not OrderRecord(order(filled="9")).is_filled_but_not_finished
    assert not OrderRecord(order(OrderStatus.FILLED, filled="10")).is_filled_but_not_finished
    assert heard(order(filled="10")).inconsistent_orders() == [OrderKey(SOL, "1001", "c1")]
    assert heard(order(OrderStatus.FILLED, filled="10")).inconsistent_orders() == []


# -- R9: what is remembered ------------------------------------------------------------------------------------------


def test_r9_finished_orders_are_bounded_and_the_oldest_go_first_while_open_ones_stay() -> None:
    state = spot_state(executed_limit=3)
    heard(order(at=1, order_id="open", client_order_id="co"), state=state)
    for number in range(5):
        heard(
            order(OrderStatus.CANCELED, at=10 + number, order_id=f"o{number}", client_order_id=f"c{number}"),
            state=state,
        )
    orders = state.orders.of(SOL)
    assert [o.order_id for o in orders.executed()] == ["o2", "o3", "o4"]
    assert orders.find("o0", "c0") is None
    assert orders.find("open", None) is not None
    assert state.orders.open_count == 1


def test_r9_each_symbol_has_its_own_bound() -> None:
    state = spot_state(executed_limit=1)
    heard(order(OrderStatus.FILLED, filled="10", at=1), state=state)
    heard(order(OrderStatus.FILLED, filled="10", at=1, order_id="b", client_order_id="cb", symbol=BTC), state=state)
    assert state.orders.executed_count == 2
    assert state.orders.symbols_with_executed == 2


def test_r2_the_late_echo_of_an_evicted_order_is_not_believed() -> None:
    state = spot_state(executed_limit=1)
    heard(order(OrderStatus.FILLED, filled="10", at=5), state=state)
    heard(order(OrderStatus.CANCELED, at=9, order_id="1002", client_order_id="c2"), state=state)
    assert state.apply_order(order(at=2)) is None, "the exchange has finished it, and that stays so"
    assert state.inconsistent_orders() == []
    assert state.orders.open_count == 0


def test_r2_a_newer_report_of_an_evicted_order_takes_nothing_from_the_fees_that_were_known() -> None:
    """Some venues tell fees with fills only."""
    ended = replace(order(OrderStatus.CANCELED, filled="10", at=5), fees=())
    state = apply(spot_state(executed_limit=1), ended, fill("t1", "10", at=5, fees=paid("0.1 USDT")))
    apply(state, order(OrderStatus.CANCELED, at=9, order_id="1002", client_order_id="c2"))

    again = state.apply_order(replace(ended, updated_ms=7, fees_are_partial=True))
    assert again is not None
    assert (again.fees, again.fees_are_partial, again.updated_ms) == (paid("0.1 USDT"), False, 7)


def test_a_repeated_fill_of_an_evicted_order_is_not_told_again() -> None:
    state = spot_state(executed_limit=1)
    heard(order(OrderStatus.FILLED, filled="10", at=5), fill("t1", "10", at=5), state=state)
    heard(order(OrderStatus.CANCELED, at=9, order_id="1002", client_order_id="c2"), state=state)
    assert state.apply_fill(fill("t1", "10", at=5)) == (None, False)
    assert state.fills_count == 1


# -- balances --------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), min_size=1, max_size=8, unique_by=lambda pair: pair[0])
)
def test_balances_join_to_the_newest_whatever_the_order(stamps: list[tuple[int, int]]) -> None:
    state = spot_state()
    for at, amount in [*stamps, *reversed(stamps)]:
        state.funds.apply_balances([balance("USDT", str(amount), at=at)])
    assert state.funds.balances["USDT"].available == max(stamps)[1]


def test_a_complete_list_makes_what_it_lacks_zero_unless_an_event_is_newer() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("SOL", "5", at=10), balance("ETH", "7", at=30)])
    changed = state.funds.apply_all_balances([balance("USDT", "1", at=20)], as_of_ms=20)
    assert {b.currency: b.available for b in changed} == {"USDT": 1, "SOL": 0}
    assert state.funds.balances["ETH"].available == 7


def test_money_on_its_way_is_not_spent_twice() -> None:
    state = rich()
    pending(state, "c1", "3000")
    with pytest.raises(InsufficientBalanceError, match="USDT: 3000 needed, 2000 available"):
        pending(state, "c2", "3000")
    assert state.orders.of(SOL).find(None, "c2") is None
    state.reject_order(SOL, "c1", "BALANCE_NOT_ENOUGH")
    pending(state, "c3", "3000")
    assert state.funds.available("USDT") == 2000


def test_a_market_buy_is_kept_in_quote() -> None:
    state = spot_state()
    buy = Order(
        symbol=SOL,
        side=Side.BUY,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        status=OrderStatus.FILLED,
        quantity=Decimal(0),
        quote_quantity=Decimal(50),
        filled_quantity=Decimal("0.5"),
        filled_quote=Decimal("49.9"),
        order_id="7",
        finish_reason="filled",
        updated_ms=3,
    )
    state.apply_order(buy)
    assert the_order(state, "7").average_price == Decimal("99.8")
    assert not state.inconsistent_orders()


def test_r14_a_currency_whose_row_cannot_be_read_is_not_taken_for_zero() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("SOL", "5", at=10), balance("ETH", "7", at=10)])
    changed = state.funds.apply_all_balances([balance("USDT", "1", at=20)], 20, unreadable={"SOL"})
    assert {b.currency: b.available for b in changed} == {"USDT": 1, "ETH": 0}
    assert state.funds.balances["SOL"].available == 5


def test_r14_a_row_without_a_currency_may_be_any() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("SOL", "5", at=10)])
    assert [b.currency for b in state.funds.apply_all_balances([balance("USDT", "1", at=20)], 20, unreadable={""})] == [
        "USDT"
    ]
    assert state.funds.balances["SOL"].available == 5


def test_r14_what_an_earlier_state_has_told_and_a_list_lacks_is_told_as_zero() -> None:
    told: set[str] = set()
    earlier = spot_state(told_currencies=told)
    earlier.funds.apply_balances([balance("GT", "1", at=100)])
    later = spot_state(told_currencies=told)  # the account has crashed, and its subscribers have not
    (gone,) = later.funds.apply_all_balances([], as_of_ms=200)
    assert (gone.currency, gone.total) == ("GT", 0)
    assert later.funds.apply_all_balances([], as_of_ms=300) == ()
