"""R3: an answer that is lost leaves an order unresolved until the exchange has answered; it is never guessed."""

from decimal import Decimal

import pytest

from actors.strategy.handle import AccountHandle
from messages.commands import CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import ConnectionFailedError, UnknownOutcomeError, UnresolvedOrderError
from messages.order import Order
from simulation.environment.faults import Fault
from tests.support.orders import SOL
from tests.support.virtual_world import VirtualWorld, on_virtual_time, registered
from tests.support.world import Recorder

ONE = Decimal(1)
VENUE = registered()


def bid(client_order_id: str, price: str = "139") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price), client_order_id=client_order_id)


async def settled(world: VirtualWorld, account: AccountHandle, client_order_id: str, status: OrderStatus) -> Order:
    """Waits until the account says so."""
    for _ in range(1_200):
        orders = [*(await account.snapshot()).open_orders, *(await account.executed_orders(SOL))]
        for order in orders:
            if order.client_order_id == client_order_id and order.status is status:
                return order
        await world.environment.clock.sleep(0.1)
    raise AssertionError(f"{client_order_id} is not {status.value} after two minutes")


async def start(world: VirtualWorld) -> tuple[AccountHandle, Recorder]:
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    return system.account("alpha"), recorder


def breaks(world: VirtualWorld, fault: Fault | None, *, pushes: bool = True) -> None:
    """REST breaks in that way from now on; ``pushes``: whether the socket tells anything."""
    world.weather.rates.clear()
    if fault is not None:
        world.weather.rates[fault] = 1.0
    if not pushes:
        world.weather.rates[Fault.FRAME_DROPPED] = 1.0


@pytest.mark.parametrize("loss", [Fault.REST_RESET_AFTER, Fault.REST_SILENT_AFTER, Fault.REST_5XX_AFTER])
@on_virtual_time(runs_for=VENUE)
async def test_r3_submit_is_cut_or_times_out_but_the_order_was_accepted(world: VirtualWorld, loss: Fault) -> None:
    account, recorder = await start(world)
    # No event may give the answer away: the look-ups alone have to find the order.
    breaks(world, loss, pushes=False)
    with pytest.raises(UnresolvedOrderError) as lost:
        await account.place(bid("lost-answer"))
    assert lost.value.client_order_id == "lost-answer"
    assert isinstance(lost.value, UnknownOutcomeError)
    await world.until(lambda: OrderStatus.UNRESOLVED in [o.status for o in recorder.orders("lost-answer")])

    breaks(world, None)
    found = await settled(world, account, "lost-answer", OrderStatus.NEW)
    assert found.order_id is not None
    assert len(world.booked()) == 1
    await world.agrees(account, SOL)


@on_virtual_time(runs_for=VENUE)
async def test_r3_a_submit_that_never_arrived_is_settled_as_rejected_once_it_cannot_arrive(world: VirtualWorld) -> None:
    account, recorder = await start(world)
    breaks(world, Fault.REST_RESET_BEFORE)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("lost-request"))
    breaks(world, None)

    ended = await settled(world, account, "lost-request", OrderStatus.REJECTED)
    assert ended.finish_reason == "never_arrived"
    statuses = [order.status for order in recorder.orders("lost-request")]
    assert statuses == [OrderStatus.PENDING, OrderStatus.UNRESOLVED, OrderStatus.REJECTED]
    assert world.booked() == {}
    await world.agrees(account, SOL)


@on_virtual_time(runs_for=VENUE)
async def test_r3_an_unresolved_order_that_was_filled_meanwhile_ends_filled_with_its_fills(world: VirtualWorld) -> None:
    account, _ = await start(world)
    breaks(world, Fault.REST_RESET_AFTER, pushes=False)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("filled-unseen"))
    (number,) = world.booked()
    world.control("POST", f"/orders/{number}/fill")
    breaks(world, None)

    ended = await settled(world, account, "filled-unseen", OrderStatus.FILLED)
    assert ended.filled_quantity == ONE
    await world.agrees(account, SOL)


@on_virtual_time(runs_for=VENUE)
async def test_r3_the_money_of_an_unresolved_order_stays_set_aside(world: VirtualWorld) -> None:
    account, recorder = await start(world)
    breaks(world, Fault.REST_RESET_AFTER, pushes=False)
    all_of_it = PlaceOrder.limit(SOL, Side.SELL, Decimal(5000), Decimal(150), client_order_id="all-of-it")
    with pytest.raises(UnresolvedOrderError):
        await account.place(all_of_it)
    assert (await account.get_trading_stats()).unresolved_orders == 1
    assert recorder.orders("all-of-it")[-1].status is OrderStatus.UNRESOLVED
    breaks(world, None)
    await settled(world, account, "all-of-it", OrderStatus.NEW)
    assert (await account.get_trading_stats()).unresolved_orders == 0


@on_virtual_time(runs_for=VENUE)
async def test_r3_a_request_that_never_left_is_refused_for_certain(world: VirtualWorld) -> None:
    account, _ = await start(world)
    breaks(world, Fault.REST_REFUSED)
    with pytest.raises(ConnectionFailedError):
        await account.place(bid("not-sent"))
    ended = await settled(world, account, "not-sent", OrderStatus.REJECTED)
    assert ended.order_id is None


@on_virtual_time(runs_for=VENUE)
async def test_a_cancel_whose_answer_is_lost_learns_how_the_order_ended(world: VirtualWorld) -> None:
    account, _ = await start(world)
    placed = await account.place(bid("cancel-lost"))
    breaks(world, Fault.REST_RESET_AFTER, pushes=False)
    canceling = account.cancel(placed)
    await world.until(lambda: world.booked()[str(placed.order_id)][0] == "cancelled", what="the exchange to cancel")
    breaks(world, None)
    assert (await canceling).status is OrderStatus.CANCELED
    await world.agrees(account, SOL)


@on_virtual_time(runs_for=VENUE)
async def test_a_cancel_that_finds_the_order_gone_learns_that_it_was_filled(world: VirtualWorld) -> None:
    account, _ = await start(world)
    placed = await account.place(bid("gone"))
    breaks(world, None, pushes=False)
    world.control("POST", f"/orders/{placed.order_id}/fill")
    ended = await account.cancel(placed)
    assert ended.status is OrderStatus.FILLED
    breaks(world, None)
    await world.agrees(account, SOL)


@on_virtual_time(runs_for=VENUE)
async def test_a_cancel_of_an_order_that_nobody_knows_is_the_exchanges_refusal(world: VirtualWorld) -> None:
    account, _ = await start(world)
    with pytest.raises(Exception, match="ORDER_NOT_FOUND"):
        await account.ask(CancelOrder(symbol=SOL, order_id="424242"))


@on_virtual_time(runs_for=VENUE)
async def test_an_amend_whose_answer_is_lost_is_looked_up(world: VirtualWorld) -> None:
    account, _ = await start(world)
    placed = await account.place(bid("amend-lost"))
    breaks(world, Fault.REST_RESET_AFTER, pushes=False)
    amending = account.amend(placed, price=Decimal(138))
    booked = world.exchange.engine.accounts["alpha"].orders[int(str(placed.order_id))]
    await world.until(lambda: booked.price == Decimal(138), what="the exchange to amend")
    breaks(world, None)
    assert (await amending).price == Decimal(138)
    await world.agrees(account, SOL)


@on_virtual_time(runs_for=VENUE)
async def test_could_not_ask_is_an_error_and_never_no_such_order(world: VirtualWorld) -> None:
    account, _ = await start(world)
    breaks(world, Fault.REST_REFUSED)
    with pytest.raises(ConnectionFailedError):
        await account.get_active_order(SOL, "424242")
