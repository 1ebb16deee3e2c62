"""R13: no lane of the mailbox lets an order live that was told before a cancel which covers it."""

from decimal import Decimal
from typing import Any

import pytest

from actors.account.orders.told_before import ToldBefore
from messages.commands import AmendOrder, CancelAll, CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import CanceledBeforeSentError, LocalRefusalError
from tests.support.orders import BTC, SOL
from tests.support.world import World, assert_agrees

ONE = Decimal(1)


def bid(client_order_id: str | None = None, price: str = "139", side: Side = Side.BUY) -> PlaceOrder:
    return PlaceOrder.limit(SOL, side, ONE, Decimal(price), client_order_id=client_order_id)


SCOPES = [CancelAll(), CancelAll(symbol=SOL), CancelAll(side=Side.BUY), CancelAll(symbol=SOL, side=Side.BUY)]
OTHER_SCOPES = [CancelAll(symbol=BTC), CancelAll(side=Side.SELL), CancelAll(symbol=BTC, side=Side.BUY)]


@pytest.mark.parametrize("scope", [*SCOPES, CancelOrder(symbol=SOL, client_order_id="c1")])
def test_an_order_told_before_is_refused_and_one_told_after_is_not(scope: Any) -> None:
    told = ToldBefore()
    told.cancel_served(scope, 5)
    with pytest.raises(CanceledBeforeSentError, match="c1 was canceled before it was sent"):
        told.require_not_canceled(bid("c1"), 3, Side.BUY)
    told.require_not_canceled(bid("c1"), 6, Side.BUY)
    told.cancel_served(scope, 9)
    with pytest.raises(LocalRefusalError):
        told.require_not_canceled(bid("c1"), 7, Side.BUY)


@pytest.mark.parametrize("scope", [*OTHER_SCOPES, CancelOrder(symbol=SOL, client_order_id="c2")])
def test_an_order_out_of_scope_is_not_refused(scope: Any) -> None:
    told = ToldBefore()
    told.cancel_served(scope, 5)
    told.require_not_canceled(bid("c1"), 3, Side.BUY)


def test_the_newest_of_two_cancels_counts_and_none_is_remembered_for_longer_than_needed() -> None:
    told = ToldBefore()
    told.cancel_served(CancelAll(), 5)
    told.cancel_served(CancelAll(symbol=SOL), 8)
    with pytest.raises(CanceledBeforeSentError):
        told.require_not_canceled(bid("c1"), 7, Side.BUY)
    told.require_not_canceled(bid("c1"), 9, Side.BUY)
    assert not told._scopes


@pytest.mark.parametrize(
    "scope", [CancelAll(), CancelOrder(symbol=SOL, order_id="1"), CancelOrder(symbol=SOL, client_order_id="c1")]
)
def test_an_amend_told_before_is_refused_too(scope: Any) -> None:
    told = ToldBefore()
    told.cancel_served(scope, 5)
    amend = AmendOrder(symbol=SOL, order_id="1", client_order_id="c1", price=ONE)
    with pytest.raises(CanceledBeforeSentError, match="amending"):
        told.require_not_canceled(amend, 3, Side.BUY)
    assert told.refused(CancelOrder(symbol=SOL, client_order_id="c1")) is None


def test_a_side_that_is_not_known_counts_as_covered() -> None:
    told = ToldBefore()
    told.cancel_served(CancelAll(side=Side.SELL), 5)
    amend = AmendOrder(symbol=SOL, order_id="1", price=ONE)
    with pytest.raises(CanceledBeforeSentError):
        told.require_not_canceled(amend, 3, None)
    told.cancel_served(CancelAll(side=Side.SELL), 5)
    told.require_not_canceled(amend, 3, Side.BUY)


def test_of_refused_orders_the_newest_thousand_are_remembered() -> None:
    told = ToldBefore()
    told.cancel_served(CancelAll(), 5_000)
    for number in range(1_001):
        with pytest.raises(CanceledBeforeSentError):
            told.require_not_canceled(bid(f"c{number}"), number + 1, Side.BUY)
    assert told.refused(CancelOrder(symbol=SOL, client_order_id="c0")) is None
    order = told.refused(CancelOrder(symbol=SOL, client_order_id="c1"))
    assert order is not None
    assert (order.status, order.finish_reason) == (OrderStatus.REJECTED, "canceled_before_it_was_sent")


def test_r14_a_cancel_by_the_exchanges_id_is_not_of_a_refused_order_that_has_its_client_id_again() -> None:
    told = ToldBefore()
    told.cancel_served(CancelAll(), 5)
    with pytest.raises(CanceledBeforeSentError):
        told.require_not_canceled(bid("c1"), 3, Side.BUY)
    assert told.refused(CancelOrder(symbol=SOL, client_order_id="c1")) is not None
    assert told.refused(CancelOrder(symbol=SOL, order_id="1", client_order_id="c1")) is None
    assert told.refused(CancelOrder(symbol=SOL, order_id="1")) is None


async def test_commands_of_one_moment_are_carried_out_as_they_were_told(world: World) -> None:
    account = (await world.start()).account("alpha")
    resting = await account.place(bid("resting", "138"))
    before = account.place(bid("before"))
    amend = account.amend(resting, price=Decimal(137))
    canceled = account.cancel_all()
    after = account.place(bid("after"))
    assert [order.client_order_id for order in await canceled] == ["resting"]
    for refused in (before, amend):
        with pytest.raises(CanceledBeforeSentError):
            await refused
    assert (await after).status is OrderStatus.NEW
    rows = (await world.books())["orders"]
    assert {row["text"]: row["status"] for row in rows} == {"t-resting": "finished", "t-after": "open"}
    assert (await account.get_trading_stats()).denied_count == 1
    await assert_agrees(world, account)


async def test_a_cancel_by_our_own_id_of_an_order_that_waits_is_answered_with_its_end(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = account.place(bid("mine"))
    canceled = account.ask(CancelOrder(symbol=SOL, client_order_id="mine"))
    other = account.place(bid("other"))
    with pytest.raises(CanceledBeforeSentError):
        await placed
    assert (await canceled).status is OrderStatus.REJECTED
    assert (await other).status is OrderStatus.NEW
    assert [row["text"] for row in (await world.books())["orders"]] == ["t-other"]


async def test_a_cancel_of_an_order_that_nobody_has_told_of_is_asked_of_the_exchange(world: World) -> None:
    account = (await world.start()).account("alpha")
    elsewhere = world.venue().create_private_rest(world.plan().credentials)
    waiting = account.place(bid("waiting"))
    unknown = account.ask(CancelOrder(symbol=SOL, client_order_id="nobodys"))
    with pytest.raises(Exception, match="NOT_FOUND"):
        await unknown
    assert (await waiting).status is OrderStatus.NEW
    await elsewhere.place_order(bid("theirs", "138"))
    account.place(bid("waiting-2", "137"))
    assert (await account.ask(CancelOrder(symbol=SOL, client_order_id="theirs"))).status is OrderStatus.CANCELED


async def test_the_kill_switch_covers_what_was_told_before_it_also_when_it_is_released_at_once(world: World) -> None:
    account = (await world.start()).account("alpha")
    before = account.place(bid("before"))
    engaged, released = account.engage_kill_switch("stop"), account.release_kill_switch()
    after = account.place(bid("after"))
    with pytest.raises(CanceledBeforeSentError):
        await before
    assert (await after).status is OrderStatus.NEW
    await released
    with pytest.raises(Exception, match="released"):
        await engaged
    assert [row["text"] for row in (await world.books())["orders"] if row["status"] == "open"] == ["t-after"]
