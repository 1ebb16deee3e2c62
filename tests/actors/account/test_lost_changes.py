"""R3, R4: a cancel or an amend of unknown fate is filed as the exchange shows it when it can no longer arrive."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.account.intents import Intent
from actors.runtime import Reply
from messages.commands import AmendOrder, CancelOrder
from messages.enums import OrderStatus
from messages.errors import InvalidValueError, UnresolvedOrderError
from messages.order import Order
from tests.support.account_parts import AccountParts, Fate
from tests.support.orders import BTC, SOL

PATIENCE_S = 30.0


class Filed(Intent):
    """Remembers what was filed, in place of a journal."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self.happened: list[bool] = []

    def settled(self, *, happened: bool) -> None:
        self.happened.append(happened)


@pytest.fixture
def parts() -> AccountParts:
    parts = AccountParts(unresolved_patience_ms=int(PATIENCE_S * 1000), resolve_grace_ms=0, cancel_patience_s=5.0)
    parts.connect()
    return parts


def amend_of(order: Order, price: str = "99") -> AmendOrder:
    return AmendOrder(symbol=SOL, order_id=order.order_id, client_order_id=order.client_order_id, price=Decimal(price))


def settling(parts: AccountParts, command: CancelOrder | AmendOrder, arrives_in_s: float = 5.0) -> Filed:
    filed = Filed()
    parts.orders.settle_change(filed, command, parts.now_ms() + int(arrives_in_s * 1000))
    return filed


def amended_there(parts: AccountParts, order: Order, price: str = "99") -> Order:
    changed = msgspec.structs.replace(order, price=Decimal(price), updated_ms=parts.now_ms() + 1)
    parts.venue.orders[str(order.order_id)] = changed
    return changed


def test_an_amend_that_never_arrives_is_filed_as_not_happened_and_not_before_it_is_certain(parts: AccountParts) -> None:
    order = parts.resting()
    filed = settling(parts, amend_of(order))
    parts.pass_time(4.9)
    assert filed.happened == []
    parts.pass_time(0.5)
    assert filed.happened == [False]


def test_an_amend_that_arrives_in_the_last_moment_is_filed_as_happened(parts: AccountParts) -> None:
    order = parts.resting()
    filed = settling(parts, amend_of(order))
    parts.pass_time(4.9)
    amended_there(parts, order)  # and no push tells
    parts.pass_time(0.5)
    assert filed.happened == [True]


def test_queries_that_lag_are_waited_for(parts: AccountParts) -> None:
    parts.venue.query_lag_ms = 10_000
    order = parts.resting()
    filed = settling(parts, amend_of(order))
    parts.pass_time(14.9)
    assert filed.happened == []
    amended_there(parts, order)
    parts.pass_time(0.5)
    assert filed.happened == [True]


def test_an_amend_that_a_push_shows_is_filed_at_once(parts: AccountParts) -> None:
    order = parts.resting()
    filed = settling(parts, amend_of(order))
    parts.apply(amended_there(parts, order))
    assert filed.happened == [True]
    parts.pass_time(60)
    assert filed.happened == [True]


@pytest.mark.parametrize(("status", "happened"), [(OrderStatus.CANCELED, True), (OrderStatus.FILLED, False)])
def test_a_cancel_is_filed_as_its_order_ended(parts: AccountParts, status: OrderStatus, happened: bool) -> None:
    order = parts.resting()
    filed = settling(parts, CancelOrder(symbol=SOL, order_id=order.order_id))
    parts.pass_time(1)
    assert filed.happened == []
    parts.apply(parts.venue.end(order, status))
    assert filed.happened == [happened]


def test_a_cancel_that_never_arrives_is_filed_as_not_happened(parts: AccountParts) -> None:
    order = parts.resting()
    filed = settling(parts, CancelOrder(symbol=SOL, order_id=order.order_id), arrives_in_s=7)
    parts.pass_time(6.9)
    assert filed.happened == []
    parts.pass_time(1)
    assert filed.happened == [False]


def test_a_command_about_an_order_that_nobody_knows_has_not_happened(parts: AccountParts) -> None:
    filed = settling(parts, CancelOrder(symbol=SOL, client_order_id="nobodys"), arrives_in_s=1)
    parts.pass_time(5)
    assert filed.happened == [False]


def test_another_order_changes_nothing(parts: AccountParts) -> None:
    order, other = parts.resting(), parts.resting()
    filed = settling(parts, amend_of(order))
    parts.apply(amended_there(parts, other))
    parts.apply(parts.venue.end(other))
    assert filed.happened == []


@pytest.mark.parametrize("named_by", ["order_id", "client_order_id"])
def test_a_cancel_is_filed_by_what_is_told_of_its_order_and_of_no_other(parts: AccountParts, named_by: str) -> None:
    order, other = parts.resting(), parts.resting()
    filed = settling(parts, CancelOrder(symbol=SOL, **{named_by: getattr(order, named_by)}))
    parts.apply(parts.venue.end(other))
    parts.apply(msgspec.structs.replace(order, symbol=BTC, status=OrderStatus.CANCELED))
    assert filed.happened == []
    parts.apply(parts.venue.end(order))
    assert filed.happened == [True]


def test_what_else_happens_to_an_order_says_nothing_of_its_cancel(parts: AccountParts) -> None:
    order = parts.resting()
    filed = settling(parts, CancelOrder(symbol=SOL, order_id=order.order_id))
    partly = {"status": OrderStatus.PARTIALLY_FILLED, "filled_quantity": Decimal("0.5"), "filled_quote": Decimal(50)}
    parts.apply(msgspec.structs.replace(order, **partly, updated_ms=order.updated_ms + 1))
    assert filed.happened == []


def test_a_command_about_an_order_that_has_ended_already_is_filed_at_once(parts: AccountParts) -> None:
    order = parts.resting()
    parts.apply(parts.venue.end(order, OrderStatus.FILLED))
    assert settling(parts, CancelOrder(symbol=SOL, order_id=order.order_id)).happened == [False]


# -- commands of this life ---------------------------------------------------------------------------------------------


def amending(parts: AccountParts, order: Order, price: str = "99") -> Reply[Any]:
    reply: Reply[Any] = Reply()
    parts.orders.amend(amend_of(order, price), lambda: reply)
    return reply


def test_of_two_amends_of_one_order_the_second_waits_until_the_first_is_known(parts: AccountParts) -> None:
    order = parts.resting()
    first = amending(parts, order)
    with pytest.raises(InvalidValueError, match="without an earlier amend that may still arrive"):
        amending(parts, order, "98")
    parts.pass_time(0)
    assert first.result().price == Decimal(99)
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    lost = amending(parts, order, "98")
    parts.pass_time(1)
    assert isinstance(lost.error, UnresolvedOrderError)
    with pytest.raises(InvalidValueError, match="may still arrive"):
        amending(parts, order, "97")
    parts.pass_time(10)
    again = amending(parts, order, "97")
    parts.pass_time(1)
    assert again.result().price == Decimal(97)


def test_an_amend_does_not_wait_for_an_earlier_cancel_of_the_order(parts: AccountParts) -> None:
    order = parts.resting()
    settling(parts, CancelOrder(symbol=SOL, order_id=order.order_id, client_order_id=order.client_order_id))
    reply = amending(parts, order)
    parts.pass_time(0)
    assert reply.result().price == Decimal(99)


def test_an_amend_of_another_order_does_not_wait(parts: AccountParts) -> None:
    order, other = parts.resting(), parts.resting()
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    amending(parts, order)
    parts.pass_time(0)
    reply = amending(parts, other)
    parts.pass_time(0)
    assert reply.result().price == Decimal(99)


@pytest.mark.parametrize("fate", [Fate.REFUSED, Fate.UNREACHABLE])
def test_after_a_refused_amend_another_one_may_go(parts: AccountParts, fate: Fate) -> None:
    order = parts.resting()
    parts.venue.fates = [fate]
    refused = amending(parts, order)
    parts.pass_time(0)
    assert refused.error is not None
    again = amending(parts, order)
    parts.pass_time(0)
    assert again.result().price == Decimal(99)


def canceling(parts: AccountParts, order: Order) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    ended = parts.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), lambda: reply)
    if ended is not None:
        reply.set(ended)
    return reply


@pytest.mark.parametrize(
    ("fate", "status"), [(Fate.ANSWER_LOST, OrderStatus.CANCELED), (Fate.DONE, OrderStatus.CANCELED)]
)
def test_a_cancel_is_answered_with_its_order(parts: AccountParts, fate: Fate, status: OrderStatus) -> None:
    order = parts.resting()
    parts.venue.fates = [fate]
    reply = canceling(parts, order)
    parts.pass_time(1)
    assert reply.result().status is status


def test_a_cancel_that_was_lost_is_answered_as_unresolved(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    reply = canceling(parts, order)
    parts.pass_time(1)
    assert isinstance(reply.error, UnresolvedOrderError)


@pytest.mark.parametrize("fate", [Fate.REFUSED, Fate.UNREACHABLE, Fate.LIMITED])
def test_a_refused_cancel_is_answered_with_the_refusal(parts: AccountParts, fate: Fate) -> None:
    order = parts.resting()
    parts.venue.fates = [fate]
    reply = canceling(parts, order)
    parts.pass_time(1)
    assert reply.error is not None
    assert not isinstance(reply.error, UnresolvedOrderError)
    assert parts.state.orders.open_count == 1


def test_r8_nobody_is_kept_waiting_for_as_long_as_the_exchange_cannot_be_asked(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.fates = [Fate.NEVER_ARRIVED, *[Fate.UNREACHABLE] * 200]
    reply = canceling(parts, order)
    parts.pass_time(4.9)
    assert not reply.done
    parts.pass_time(0.2)
    assert isinstance(reply.error, UnresolvedOrderError)


def test_a_cancel_of_an_order_that_has_ended_there_tells_how(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.end(order, OrderStatus.FILLED)
    reply = canceling(parts, order)
    parts.pass_time(1)
    assert reply.result().status is OrderStatus.FILLED
