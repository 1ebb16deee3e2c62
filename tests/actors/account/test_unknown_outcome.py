"""R3: an answer that is lost leaves an order unresolved until the exchange has answered; it is never guessed."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from actors.strategy.handle import AccountHandle
from exchanges.gateio.venue import GateioSettings
from messages.commands import CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import ConnectionFailedError, UnknownOutcomeError, UnresolvedOrderError
from messages.order import Order
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import Recorder, World, assert_agrees, until_async

ONE = Decimal(1)
HASTY = GateioSettings(request_timeout_s=0.8, order_expiry_ms=300)
"""Short times, so that patience is tested and not the tester's."""


def bid(client_order_id: str, price: str = "139") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price), client_order_id=client_order_id)


def settled(account: AccountHandle, client_order_id: str, status: OrderStatus) -> Callable[[], Awaitable[Order | None]]:
    async def look() -> Order | None:
        orders = [*(await account.snapshot()).open_orders, *(await account.executed_orders(SOL))]
        return next((o for o in orders if o.client_order_id == client_order_id and o.status is status), None)

    return look


async def start(world: World) -> tuple[AccountHandle, Recorder]:
    recorder = Recorder()
    system = await world.start(strategies=[recorder], gateio=HASTY)
    return system.account("alpha"), recorder


@pytest.mark.parametrize("loss", [Mode.LOSE_ANSWERS, Mode.STALL_ANSWERS])
async def test_r3_submit_is_cut_or_times_out_but_the_order_was_accepted(world: World, loss: Mode) -> None:
    account, recorder = await start(world)
    # No event may give the answer away: the look-ups alone have to find the order.
    await world.ws.set_mode(Mode.STALL)
    await world.rest.set_mode(loss)
    with pytest.raises(UnresolvedOrderError) as lost:
        await account.place(bid("lost-answer"))
    assert lost.value.client_order_id == "lost-answer"
    assert isinstance(lost.value, UnknownOutcomeError)
    await eventually(lambda: OrderStatus.UNRESOLVED in [o.status for o in recorder.orders("lost-answer")])

    await world.rest.set_mode(Mode.PASS)
    await world.ws.set_mode(Mode.PASS)
    found = await until_async(settled(account, "lost-answer", OrderStatus.NEW), what="the order to be found")
    assert found.order_id is not None
    assert len((await world.books())["orders"]) == 1
    await assert_agrees(world, account)


async def test_r3_a_submit_that_never_arrived_is_settled_as_rejected_once_it_cannot_arrive(world: World) -> None:
    account, recorder = await start(world)
    await world.rest.set_mode(Mode.LOSE_REQUESTS)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("lost-request"))
    await world.rest.set_mode(Mode.PASS)

    ended = await until_async(settled(account, "lost-request", OrderStatus.REJECTED), what="the order to be settled")
    assert ended.finish_reason == "never_arrived"
    statuses = [order.status for order in recorder.orders("lost-request")]
    assert statuses == [OrderStatus.PENDING, OrderStatus.UNRESOLVED, OrderStatus.REJECTED]
    assert (await world.books())["orders"] == []
    await assert_agrees(world, account)


async def test_r3_an_unresolved_order_that_was_filled_meanwhile_ends_filled_with_its_fills(world: World) -> None:
    account, _ = await start(world)
    await world.ws.set_mode(Mode.STALL)
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("filled-unseen"))
    (row,) = (await world.books())["orders"]
    await world.control("POST", f"/orders/{row['id']}/fill", {})
    await world.rest.set_mode(Mode.PASS)

    ended = await until_async(settled(account, "filled-unseen", OrderStatus.FILLED), what="the order to be settled")
    assert ended.filled_quantity == ONE
    await world.ws.set_mode(Mode.PASS)
    await assert_agrees(world, account)


async def test_r3_the_money_of_an_unresolved_order_stays_set_aside(world: World) -> None:
    account, recorder = await start(world)
    await world.ws.set_mode(Mode.STALL)
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    all_of_it = PlaceOrder.limit(SOL, Side.SELL, Decimal(5000), Decimal(150), client_order_id="all-of-it")
    with pytest.raises(UnresolvedOrderError):
        await account.place(all_of_it)
    assert (await account.get_trading_stats()).unresolved_orders == 1
    assert recorder.orders("all-of-it")[-1].status is OrderStatus.UNRESOLVED
    await world.rest.set_mode(Mode.PASS)
    await world.ws.set_mode(Mode.PASS)
    await until_async(settled(account, "all-of-it", OrderStatus.NEW), what="the order to be found")
    assert (await account.get_trading_stats()).unresolved_orders == 0


async def test_r3_a_request_that_never_left_is_refused_for_certain(world: World) -> None:
    account, _ = await start(world)
    await world.rest.close()
    with pytest.raises(ConnectionFailedError):
        await account.place(bid("not-sent"))
    ended = await until_async(settled(account, "not-sent", OrderStatus.REJECTED), what="the order to be settled")
    assert ended.order_id is None


async def test_a_cancel_whose_answer_is_lost_learns_how_the_order_ended(world: World) -> None:
    account, _ = await start(world)
    placed = await account.place(bid("cancel-lost"))
    await world.ws.set_mode(Mode.STALL)
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    canceling = account.cancel(placed)
    await until_async(lambda: is_finished(world, placed), what="the exchange to cancel")
    await world.rest.set_mode(Mode.PASS)
    assert (await canceling).status is OrderStatus.CANCELED
    await world.ws.set_mode(Mode.PASS)
    await assert_agrees(world, account)


async def is_finished(world: World, order: Order) -> bool:
    return any(row["id"] == order.order_id and row["status"] == "finished" for row in (await world.books())["orders"])


async def test_a_cancel_that_finds_the_order_gone_learns_that_it_was_filled(world: World) -> None:
    account, _ = await start(world)
    placed = await account.place(bid("gone"))
    await world.ws.set_mode(Mode.STALL)
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    ended = await account.cancel(placed)
    assert ended.status is OrderStatus.FILLED
    await world.ws.set_mode(Mode.PASS)
    await assert_agrees(world, account)


async def test_a_cancel_of_an_order_that_nobody_knows_is_the_exchanges_refusal(world: World) -> None:
    account, _ = await start(world)
    with pytest.raises(Exception, match="ORDER_NOT_FOUND"):
        await account.ask(CancelOrder(symbol=SOL, order_id="424242"))


async def test_an_amend_whose_answer_is_lost_is_looked_up(world: World) -> None:
    account, _ = await start(world)
    placed = await account.place(bid("amend-lost"))
    await world.ws.set_mode(Mode.STALL)
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    amending = account.amend(placed, price=Decimal(138))
    await until_async(lambda: has_price(world, placed, "138"), what="the exchange to amend")
    await world.rest.set_mode(Mode.PASS)
    assert (await amending).price == Decimal(138)
    await world.ws.set_mode(Mode.PASS)
    await assert_agrees(world, account)


async def has_price(world: World, order: Order, price: str) -> bool:
    return any(
        row["id"] == order.order_id and Decimal(row["price"]) == Decimal(price)
        for row in (await world.books())["orders"]
    )


async def test_could_not_ask_is_an_error_and_never_no_such_order(world: World) -> None:
    account, _ = await start(world)
    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    with pytest.raises(ConnectionFailedError):
        await account.get_active_order(SOL, "424242")
