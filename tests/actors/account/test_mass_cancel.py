"""R13: a kill switch or a cancel of all goes on until a complete list shows that nothing of its scope is open."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from actors.account.intents import Intent
from actors.runtime import Reply
from exchanges.base.capabilities import RequestScope
from exchanges.base.clients import OpenOrdersReport
from messages.commands import CancelAll, CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import (
    CanceledBeforeSentError,
    CancelGoesOnError,
    ConnectionFailedError,
    RefusalReason,
    UnresolvedOrderError,
    VenueRefusedError,
)
from messages.order import Order
from tests.support.account_parts import AccountParts, Fate
from tests.support.capabilities import capabilities
from tests.support.orders import BTC, SOL

BY_MARKET = capabilities(
    open_orders=RequestScope.MARKET, cancel_all=RequestScope.MARKET, cancels_by_side=False, order_expiry_ms=5_000
)
FAILURES = [fate for fate in Fate if fate is not Fate.DONE]


def connected(**settings: Any) -> AccountParts:
    parts = AccountParts(**settings)
    parts.connect()
    return parts


def ids(orders: tuple[Any, ...]) -> set[str]:
    return {order.order_id for order in orders}


def test_a_cancel_of_all_ends_what_is_in_scope_and_nothing_else() -> None:
    parts = connected()
    here = [parts.resting(SOL, Side.BUY), parts.resting(SOL, Side.BUY)]
    others = [parts.resting(SOL, Side.SELL), parts.resting(BTC, Side.BUY)]
    reply = parts.cancel_all(SOL, Side.BUY)
    parts.pass_time(1)
    assert ids(reply.result()) == {order.order_id for order in here}
    assert all(order.status is OrderStatus.CANCELED for order in reply.result())
    assert set(parts.venue.open) == {order.order_id for order in others}


@pytest.mark.parametrize("refuses", [False, True])
def test_r13_where_the_venue_knows_markets_only_each_market_of_the_account_is_canceled(refuses: bool) -> None:
    parts = connected()
    parts.venue.capabilities = BY_MARKET
    ours = [parts.resting(SOL, Side.BUY), parts.resting(BTC, Side.SELL)]
    parts.venue.add(SOL)
    if refuses:
        parts.venue.refused.add("cancel_all")
    reply = parts.cancel_all()
    parts.pass_time(10)
    assert not parts.venue.open
    assert ids(reply.result()) >= ids(tuple(ours))


def test_r13_a_side_that_the_venue_cannot_cancel_alone_is_canceled_order_by_order() -> None:
    parts = connected()
    parts.venue.capabilities = BY_MARKET
    buy, sell = parts.resting(SOL, Side.BUY), parts.resting(SOL, Side.SELL)
    foreign = parts.venue.add(SOL)
    reply = parts.cancel_all(SOL, Side.BUY)
    parts.pass_time(5)
    assert "cancel_all" not in parts.venue.requests
    assert set(parts.venue.open) == {sell.order_id}
    assert ids(reply.result()) == {buy.order_id, foreign.order_id}


def test_r6_an_order_of_a_market_that_a_list_does_not_cover_is_not_missing_from_it() -> None:
    parts = connected()
    parts.venue.capabilities = BY_MARKET
    reply = parts.cancel_all(SOL)
    other = parts.resting(BTC, Side.SELL)
    parts.pass_time(5)
    assert reply.done
    assert other.order_id in parts.venue.open
    assert "get_order" not in parts.venue.requests


def test_orders_of_other_programs_are_in_scope_too() -> None:
    parts = connected()
    parts.venue.add()
    reply = parts.cancel_all()
    parts.pass_time(1)
    assert not parts.venue.open
    assert len(reply.result()) == 1


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("what", ["kill switch", "cancel all"])
def test_whatever_goes_wrong_is_waited_out_and_tried_again(failure: Fate, times: int, what: str) -> None:
    parts = connected(cancel_patience_s=60.0)
    parts.resting()
    parts.venue.add(BTC)
    parts.venue.fates = [failure] * times
    reply = parts.engage() if what == "kill switch" else parts.cancel_all()
    parts.pass_time(30)
    assert not parts.venue.open
    assert all(order.status is OrderStatus.CANCELED for order in reply.result())


@given(st.lists(st.sampled_from(Fate), max_size=30), st.booleans(), st.integers(0, 4), st.integers(0, 2))
def test_any_run_of_failures_ends_with_nothing_open_and_one_answer(
    fates: list[Fate], is_kill_switch: bool, ours: int, theirs: int
) -> None:
    parts = connected(cancel_patience_s=300.0)
    for _ in range(ours):
        parts.resting()
    for _ in range(theirs):
        parts.venue.add()
    parts.venue.fates = list(fates)
    reply = parts.engage() if is_kill_switch else parts.cancel_all()
    parts.pass_time(250)
    assert not parts.venue.open
    assert reply.done
    assert reply.error is None
    assert not reply.late_answers
    made = len(parts.venue.requests)
    parts.pass_time(600)
    assert len(parts.venue.requests) == made, "it is over"


def test_without_a_connection_it_waits_for_one() -> None:
    parts = AccountParts()
    parts.venue.add()
    reply = parts.engage()
    parts.pass_time(5)
    assert not reply.done
    parts.connect()
    parts.pass_time(0)
    assert not parts.venue.open, "at once"
    assert reply.done


def test_who_asked_is_told_after_its_patience_that_it_goes_on_and_why() -> None:
    parts = connected(cancel_patience_s=3.0)
    order = parts.resting()
    parts.venue.fates = [Fate.UNREACHABLE] * 5
    with capture_logs() as logs:
        reply = parts.cancel_all()
        parts.pass_time(2.9)
        assert not reply.done
        parts.pass_time(0.2)
    assert isinstance(reply.error, CancelGoesOnError)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert str(reply.error) == (
        "after 3 s not everything is canceled, 1 orders may be open, it goes on: cancel_all: nobody answers"
    )
    (told,) = [row for row in logs if row["event"] == "mass_cancel_goes_on"]
    assert (told["left"], told["cause"]) == ([order.order_id], "cancel_all: nobody answers")
    parts.pass_time(20)
    assert not parts.venue.open


def unconnected() -> AccountParts:
    parts = AccountParts(cancel_patience_s=2.0)
    parts.apply(parts.venue.add())
    return parts


def deaf_to_cancels() -> AccountParts:
    parts = connected(cancel_patience_s=2.0)
    parts.resting()

    async def ends_nothing(*_: Any) -> tuple[Order, ...]:
        return ()

    async def refuses(*_: Any) -> Order:
        raise VenueRefusedError(RefusalReason.OTHER, "TRY_LATER")

    parts.venue.cancel_all, parts.venue.cancel_order = ends_nothing, refuses  # type: ignore[method-assign]
    return parts


def unsure_of_an_order() -> AccountParts:
    parts = connected(cancel_patience_s=2.0)
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    parts.place()
    parts.pass_time(0)
    return parts


@pytest.mark.parametrize(
    ("made", "cause"),
    [
        (unconnected, "the account has not been connected yet"),
        (deaf_to_cancels, "1 orders are still listed as open"),
        (unsure_of_an_order, "the fate of some orders is not known yet"),
    ],
)
@pytest.mark.parametrize("what", ["kill switch", "cancel all"])
def test_who_asked_is_told_what_keeps_it_from_being_done(
    made: Callable[[], AccountParts], cause: str, what: str
) -> None:
    parts = made()
    reply = parts.engage() if what == "kill switch" else parts.cancel_all()
    parts.pass_time(2.5)
    assert str(reply.error) == f"after 2 s not everything is canceled, 1 orders may be open, it goes on: {cause}"


@pytest.mark.parametrize("what", ["kill switch", "cancel all"])
def test_r3_who_asked_is_told_when_the_account_ends_that_the_outcome_is_unknown(what: str) -> None:
    parts = connected()
    parts.latency_s = 1.0
    reply = parts.engage() if what == "kill switch" else parts.cancel_all()
    parts.pass_time(0.5)
    parts.intents.fail_in_flight()
    parts.pass_time(5)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert str(reply.error).startswith("canceling")


@pytest.mark.parametrize("what", ["kill switch", "kill switch, engaged again", "an earlier life's"])
def test_while_no_list_is_to_be_had_all_is_canceled_again_until_that_is_answered(what: str) -> None:
    parts = AccountParts()
    if what == "kill switch, engaged again":
        parts.connect()
        parts.engage()
        parts.pass_time(1)
        parts.venue.requests.clear()
    order = parts.venue.add()  # of another program, which told nobody

    async def no_list() -> OpenOrdersReport:
        parts.venue.requests.append("open_orders")
        raise ConnectionFailedError("the list is down")

    parts.venue.load_open_orders = no_list  # type: ignore[method-assign]
    parts.venue.fates = [Fate.UNREACHABLE, Fate.LIMITED]
    if what == "an earlier life's":
        taken_up(parts, CancelAll(), parts.now_ms())
    else:
        parts.engage()
    parts.connect()
    parts.pass_time(30)
    assert parts.venue.orders[str(order.order_id)].is_finished
    looked_before = ["open_orders"] * 3 if what == "an earlier life's" else []
    assert parts.venue.requests[: len(looked_before) + 4] == [*looked_before, *["cancel_all"] * 3, "open_orders"]


def test_pauses_grow_to_a_bound_and_are_not_all_the_same() -> None:
    parts = connected(cancel_again_first_s=0.2, cancel_again_max_s=2.0)
    parts.resting()
    parts.venue.fates = [Fate.UNREACHABLE] * 1_000
    parts.cancel_all()
    made = []
    for _ in range(40):
        before = len(parts.venue.requests)
        parts.pass_time(1)
        made.append(len(parts.venue.requests) - before)
    assert sum(made[:3]) >= 4, "soon again at first"
    assert 18 <= sum(made[10:]) <= 32, "then about every one to two seconds"


def test_a_retry_after_is_obeyed_but_not_for_an_hour() -> None:
    parts = connected()
    parts.resting()
    parts.venue.fates = [Fate.LIMITED]
    parts.cancel_all()
    parts.pass_time(4.9)
    assert parts.venue.requests.count("cancel_all") == 1
    parts.pass_time(0.2)
    assert not parts.venue.open


def test_an_order_that_a_cancel_of_all_leaves_is_canceled_by_itself() -> None:
    parts = connected()
    kept = parts.resting()
    sweep = parts.venue.cancel_all

    async def all_but_one(symbol: Any, side: Any) -> Any:
        ended = await sweep(symbol, side)
        parts.venue.orders[str(kept.order_id)] = kept
        return tuple(order for order in ended if order.order_id != kept.order_id)

    parts.venue.cancel_all = all_but_one  # type: ignore[method-assign]  # an exchange that leaves one out
    reply = parts.cancel_all()
    parts.pass_time(2)
    assert not parts.venue.open
    assert ids(reply.result()) == {kept.order_id}


def test_an_order_that_a_cancel_of_all_and_a_list_leave_out_is_canceled_all_the_same() -> None:
    parts = connected()
    kept = parts.resting()
    sweep, load = parts.venue.cancel_all, parts.venue.load_open_orders

    async def leaves_it_out(*_: Any) -> tuple[Order, ...]:
        parts.venue.cancel_all = sweep  # type: ignore[method-assign]
        return ()

    async def an_older_list() -> OpenOrdersReport:
        parts.venue.load_open_orders = load  # type: ignore[method-assign]
        return OpenOrdersReport((), parts.now_ms())

    parts.venue.cancel_all, parts.venue.load_open_orders = leaves_it_out, an_older_list  # type: ignore[method-assign]
    reply = parts.cancel_all()
    parts.pass_time(5)
    assert not parts.venue.open
    assert ids(reply.result()) == {kept.order_id}


def test_orders_told_after_it_live_however_long_it_takes() -> None:
    parts = connected(cancel_patience_s=1.0)
    before = parts.resting()
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    parts.cancel_all()
    parts.pass_time(0)
    placed = parts.place()
    parts.pass_time(30)
    assert set(parts.venue.open) == {placed.result().order_id}
    assert parts.venue.orders[str(before.order_id)].status is OrderStatus.CANCELED


def test_orders_that_others_place_after_it_live() -> None:
    parts = connected()
    parts.resting()
    parts.venue.fates = [Fate.DONE, Fate.UNREACHABLE]  # canceled, and the list cannot be had
    reply = parts.cancel_all()
    parts.pass_time(0.01)
    late = parts.venue.add()
    parts.pass_time(20)
    assert set(parts.venue.open) == {late.order_id}
    assert len(reply.result()) == 1


def test_an_order_told_before_that_arrives_late_is_ended_and_waited_for() -> None:
    parts = connected()
    parts.latency_s = 0.5
    placing = parts.place()
    parts.pass_time(0.1)
    parts.venue.requests.clear()
    parts.latency_s = 0.1
    parts.orders._sending.clear()  # it has left
    reply = parts.cancel_all()
    parts.pass_time(0.35)
    assert not reply.done, "the order is on its way"
    parts.pass_time(5)
    assert placing.result().order_id is not None
    assert not parts.venue.open
    assert ids(reply.result()) == {placing.result().order_id}


def test_an_order_that_still_waits_for_its_turn_is_called_back() -> None:
    parts = connected()
    parts.latency_s = 0.5
    placing = parts.place(client_order_id="waits")
    parts.latency_s = 0.0
    reply = parts.cancel_all()
    parts.pass_time(5)
    assert isinstance(placing.error, CanceledBeforeSentError)
    assert "waits" in str(placing.error)
    assert parts.venue.orders == {}
    assert reply.result() == ()


def test_a_cancel_of_an_order_that_waits_for_its_turn_calls_it_back() -> None:
    parts = connected()
    parts.latency_s = 0.5
    placing = parts.place(client_order_id="waits")
    reply: Reply[Any] = Reply()
    parts.orders.cancel(CancelOrder(symbol=SOL, client_order_id="waits"), lambda: reply)
    parts.pass_time(5)
    assert isinstance(placing.error, CanceledBeforeSentError)
    assert reply.result().status is OrderStatus.REJECTED
    assert parts.venue.requests == []


def test_an_order_of_unknown_fate_is_waited_for() -> None:
    parts = connected(cancel_patience_s=100.0)
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    parts.place()
    parts.pass_time(0)
    reply = parts.cancel_all()
    parts.pass_time(4)
    assert not reply.done, "it may still arrive"
    parts.pass_time(60)
    assert reply.result() == ()


@pytest.mark.parametrize("what", ["kill switch", "cancel all"])
def test_r14_an_order_that_is_known_only_when_the_lost_cancel_has_ended_it_is_told(what: str) -> None:
    parts = connected()
    parts.venue.fates = [Fate.ANSWER_LOST, Fate.UNREACHABLE, Fate.ANSWER_LOST]
    placing = parts.place(client_order_id="c1")
    parts.pass_time(0)
    assert isinstance(placing.error, UnresolvedOrderError)
    reply = parts.engage() if what == "kill switch" else parts.cancel_all()
    parts.pass_time(30)
    assert [order.client_order_id for order in reply.result()] == ["c1"]
    assert all(order.status is OrderStatus.CANCELED for order in reply.result())


def test_orders_of_others_are_looked_for_while_the_fate_of_ours_is_unknown() -> None:
    parts = connected(cancel_patience_s=100.0)
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    parts.place()
    parts.pass_time(0)
    parts.venue.add()
    parts.venue.fates = [Fate.UNREACHABLE]
    reply = parts.cancel_all()
    parts.pass_time(2)
    assert not parts.venue.open
    assert not reply.done


def test_a_cancel_of_all_that_failed_is_sent_again_as_one_request() -> None:
    parts = connected()
    for _ in range(3):
        parts.resting()
    parts.venue.requests.clear()
    parts.venue.fates = [Fate.UNREACHABLE] * 2
    parts.cancel_all()
    parts.pass_time(10)
    assert parts.venue.requests == ["cancel_all", "cancel_all", "cancel_all", "open_orders"]


def test_news_of_an_order_while_all_are_being_canceled_costs_no_cancel_of_its_own() -> None:
    parts = connected()
    order = parts.resting()
    parts.venue.requests.clear()
    parts.latency_s = 0.5
    parts.cancel_all()
    parts.pass_time(0.1)
    parts.apply(msgspec.structs.replace(order, price=Decimal(99), updated_ms=order.updated_ms + 1))
    parts.pass_time(5)
    assert parts.venue.requests == ["cancel_all", "open_orders"]


# -- the kill switch ---------------------------------------------------------------------------------------------------


def test_while_engaged_whatever_shows_is_canceled_again() -> None:
    parts = connected()
    parts.engage()
    parts.pass_time(1)
    for _ in range(3):
        parts.venue.fates = [Fate.LIMITED, Fate.NEVER_ARRIVED]
        parts.apply(parts.venue.add())
        parts.pass_time(20)
        assert not parts.venue.open


def test_engaging_twice_answers_both() -> None:
    parts = connected()
    parts.resting()
    replies = [parts.engage(), parts.engage()]
    parts.pass_time(2)
    assert all(reply.error is None for reply in replies)
    assert not parts.venue.open


def test_r14_engaging_again_is_not_answered_from_a_list_that_was_taken_up_before() -> None:
    parts = connected()
    parts.way_back_s = 0.1
    first = parts.engage()
    parts.pass_time(0.15)
    assert parts.venue.requests == ["cancel_all", "open_orders"]
    others = parts.venue.add()  # the list that is on its way back lacks it
    second = parts.engage()
    parts.pass_time(0.1)
    assert not second.done
    parts.pass_time(2)
    assert (first.result(), second.result()) == ((parts.venue.orders[str(others.order_id)],),) * 2
    assert not parts.venue.open


@pytest.mark.parametrize("later_s", [0.15, 0.5], ids=["its list is on its way back", "its list has come"])
def test_r14_engaging_again_while_a_fate_is_unknown_is_not_answered_from_an_older_list(later_s: float) -> None:
    parts = connected(cancel_patience_s=100.0)
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    parts.place()
    parts.pass_time(0)
    parts.way_back_s = 0.1
    parts.engage()
    parts.pass_time(later_s)
    others = parts.venue.add()
    second = parts.engage()
    parts.pass_time(60)
    assert not parts.venue.open
    assert ids(second.result()) == {others.order_id}


def test_engaging_again_after_all_was_done_cancels_all_again_in_one_request() -> None:
    parts = connected()
    parts.engage()
    parts.pass_time(1)
    parts.venue.add()
    parts.venue.add(BTC)
    parts.venue.requests.clear()
    reply = parts.engage()
    parts.pass_time(1)
    assert parts.venue.requests == ["cancel_all", "open_orders"]
    assert len(reply.result()) == 2


@pytest.mark.parametrize("is_engaged", [True, False])
def test_r13_a_list_that_may_lag_shows_nothing_open_only_after_a_cancel_of_all_that_was_answered(
    *, is_engaged: bool
) -> None:
    parts = connected()
    parts.venue.query_lag_ms = 10_000
    others = parts.venue.add()
    parts.venue.hidden.add(str(others.order_id))  # the lists lack it, and nobody has told of it
    parts.venue.fates = [Fate.NEVER_ARRIVED, Fate.DONE, Fate.UNREACHABLE]
    reply = parts.engage() if is_engaged else parts.cancel_all()
    parts.pass_time(5)
    assert not parts.venue.open
    assert [order.order_id for order in reply.result()] == [others.order_id]
    assert parts.venue.requests.count("cancel_all") == (2 if is_engaged else 3), "the kill switch spares nothing"


def test_in_a_market_that_is_gone_nothing_is_open_however_old_a_list_may_be() -> None:
    parts = connected()
    parts.venue.query_lag_ms = 10_000
    parts.venue.gone.add(SOL)
    reply = parts.cancel_all(SOL)
    parts.pass_time(1)
    assert reply.result() == ()


def test_r13_where_no_cancel_of_all_is_answered_a_list_is_believed_that_is_so_much_younger() -> None:
    parts = connected(cancel_patience_s=60.0)
    parts.venue.query_lag_ms = 10_000
    parts.venue.refused = {"cancel_all"}
    reply = parts.cancel_all()
    parts.pass_time(9.9)
    assert not reply.done
    parts.pass_time(5)
    assert reply.result() == ()


def test_r14_a_fate_that_is_settled_after_an_older_list_does_not_end_it() -> None:
    parts = connected(cancel_patience_s=100.0)
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    parts.place(client_order_id="lost")
    parts.pass_time(0)
    parts.way_back_s = 0.1
    parts.engage()
    parts.pass_time(0.15)
    others = parts.venue.add()
    second = parts.engage()
    parts.pass_time(0.05)
    (lost,) = [order for order in parts.told if order.client_order_id == "lost"][-1:]
    ended = {"status": OrderStatus.CANCELED, "order_id": "7", "finish_reason": "cancelled"}
    parts.apply(msgspec.structs.replace(lost, **ended, created_ms=parts.now_ms(), updated_ms=parts.now_ms()))
    parts.pass_time(0.05)
    assert not second.done
    parts.pass_time(2)
    assert others.order_id in ids(second.result())
    assert not parts.venue.open


def test_released_it_lets_orders_live_and_answers_who_waits() -> None:
    parts = connected()
    parts.venue.fates = [Fate.UNREACHABLE] * 100
    reply = parts.engage()
    parts.pass_time(1)
    parts.mass_cancels.release()
    parts.venue.fates.clear()
    assert isinstance(reply.error, UnresolvedOrderError)
    parts.apply(parts.venue.add())
    parts.pass_time(60)
    assert len(parts.venue.open) == 1


# -- of an earlier life ------------------------------------------------------------------------------------------------


def taken_up(
    parts: AccountParts,
    command: CancelAll,
    before_ms: int,
    told: tuple[PlaceOrder, ...] = (),
    later: tuple[str, ...] = (),
) -> None:
    parts.mass_cancels.take_up(command, Intent(None, None), before_ms, told, later)


def test_an_earlier_lifes_goes_on_with_the_first_connection_and_spares_what_came_later() -> None:
    parts = AccountParts()
    old = parts.venue.add()
    parts.apply(old)
    before_ms = parts.now_ms()
    parts.pass_time(60)
    new = parts.venue.add()
    parts.apply(new)
    taken_up(parts, CancelAll(), before_ms)
    parts.connect()
    parts.pass_time(5)
    assert set(parts.venue.open) == {new.order_id}


def test_an_earlier_lifes_ends_what_is_known_also_while_no_list_is_to_be_had() -> None:
    parts = AccountParts()
    parts.apply(parts.venue.add())
    taken_up(parts, CancelAll(), parts.now_ms())
    parts.venue.fates = [Fate.DONE] + [Fate.UNREACHABLE] * 10
    parts.connect()
    parts.pass_time(0)
    assert parts.venue.requests[0] == "cancel"
    assert not parts.venue.open


def test_an_earlier_lifes_ends_an_order_told_before_it_that_arrived_late() -> None:
    parts = AccountParts()
    before_ms = parts.now_ms()
    parts.pass_time(1)
    parts.venue.add(client_order_id="told-before")
    parts.venue.add(client_order_id="told-later")
    command = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(100), client_order_id="told-before")
    taken_up(parts, CancelAll(symbol=SOL), before_ms, (command,))
    parts.connect()
    parts.pass_time(5)
    assert [order.client_order_id for order in parts.venue.open.values()] == ["told-later"]


def test_an_earlier_lifes_spares_orders_of_ours_told_after_it_whenever_they_arrived() -> None:
    parts = AccountParts()
    kept = parts.venue.add(client_order_id="told-later")
    gone = parts.venue.add(client_order_id="told-before")
    taken_up(parts, CancelAll(), parts.now_ms() + 60_000, later=("told-later",))
    parts.connect()
    parts.pass_time(5)
    assert set(parts.venue.open) == {kept.order_id}
    assert parts.venue.orders[str(gone.order_id)].is_finished


def test_what_is_done_in_time_is_not_said_to_go_on() -> None:
    parts = connected(cancel_patience_s=3.0)
    parts.resting()
    with capture_logs() as logs:
        reply = parts.cancel_all()
        parts.pass_time(10)
    assert reply.error is None
    assert not [row for row in logs if row["event"] == "mass_cancel_goes_on"]
    assert parts.trouble == []


def test_an_order_that_shows_while_engaged_is_canceled_at_once_and_then_a_list_is_read() -> None:
    parts = connected()
    parts.engage()
    parts.pass_time(1)
    parts.venue.requests.clear()
    parts.apply(parts.venue.add())
    parts.pass_time(0)
    assert not parts.venue.open
    assert parts.venue.requests == ["cancel", "open_orders"]


def test_a_second_engaging_tells_what_ended_since_the_first() -> None:
    parts = connected()
    parts.resting()
    first = parts.engage()
    parts.pass_time(1)
    second = parts.engage()
    parts.pass_time(1)
    assert (len(first.result()), second.result()) == (1, ())


def test_a_try_that_fails_is_told_to_whoever_minds_the_link() -> None:
    parts = connected()
    parts.resting()
    parts.venue.fates = [Fate.UNREACHABLE]
    parts.cancel_all()
    parts.pass_time(0)
    assert [str(error) for error in parts.trouble] == ["cancel_all: nobody answers"]


def test_many_cancels_of_all_share_the_lists_that_they_wait_for() -> None:
    """After an outage every cancel of all that was told in it goes on, and the exchange limits queries."""
    parts = connected(cancel_patience_s=60.0, cancel_again_first_s=0.5)
    parts.venue.query_lag_ms = 10_000
    parts.venue.refused = {"cancel_all"}
    replies = [parts.cancel_all() for _ in range(50)]
    parts.pass_time(20)
    assert [reply.result() for reply in replies] == [()] * 50
    assert parts.venue.requests.count("open_orders") <= 20 / 0.5 + 1
