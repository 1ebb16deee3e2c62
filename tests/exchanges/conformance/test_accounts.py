"""An account at every venue: live, cut off, back, and in each case what the exchange's books say."""

from decimal import Decimal

import pytest

from actors.strategy.handle import AccountHandle
from exchanges.simulator.faults.faults import FrameDrop, RestAbort, SocketCut, SocketDeaf
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import InvalidValueError, UnresolvedOrderError, UnsupportedError
from messages.order import Order
from messages.symbol import Symbol
from tests.support.orders import BTC, SOL
from tests.support.virtual_world import VirtualWorld, number_of, on_virtual_time


def buy(client_order_id: str | None = None, *, symbol: Symbol = SOL, price: str = "130") -> PlaceOrder:
    return PlaceOrder.limit(symbol, Side.BUY, Decimal(1), Decimal(price), client_order_id=client_order_id)


async def live(world: VirtualWorld, **settings: int) -> AccountHandle:
    world.market()
    world.market("BTC_USDT", "90000", "90001", "1")
    system = await world.start(world.plan(symbols=(SOL, BTC), **settings), check_every_s=3.0)
    return system.account("alpha")


async def until_filled(world: VirtualWorld, account: AccountHandle, order: Order) -> None:
    for _ in range(600):
        found = await account.get_active_order(order.symbol, str(order.order_id))
        if found is not None and found.status is OrderStatus.FILLED:
            return
        await world.environment.clock.sleep(0.1)
    raise AssertionError(f"{order.order_id} is not filled")


@on_virtual_time()
async def test_an_account_lives_and_agrees(world: VirtualWorld) -> None:
    account = await live(world)
    resting = await account.place(buy())
    filled = await account.place(PlaceOrder.market_buy(SOL, Decimal(282)))
    assert resting.status is OrderStatus.NEW
    await until_filled(world, account, filled)
    assert (await account.cancel(resting)).status is OrderStatus.CANCELED
    await account.place(buy(symbol=BTC, price="50000"))
    await world.until(lambda: len(world.exchange.engine.accounts["alpha"].open_orders) == 1)
    await world.agrees(account, SOL, BTC)


@on_virtual_time()
async def test_r7_what_happens_while_the_socket_is_gone_is_known_when_the_account_is_back(world: VirtualWorld) -> None:
    account = await live(world)
    first, second = await account.place(buy("gone")), await account.place(buy("filled"))
    world.fault(SocketCut(times=1, account="alpha"))
    engine = world.exchange.engine
    engine.cancel(engine.accounts["alpha"].orders[number_of(first.order_id) or 0])
    engine.fill_from_house(engine.accounts["alpha"].orders[number_of(second.order_id) or 0])
    await world.agrees(account, SOL, BTC)
    found = await account.get_active_order(SOL, str(second.order_id))
    assert found is not None
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, Decimal(1))


@on_virtual_time()
async def test_a_socket_that_has_gone_deaf_is_found_by_a_check(world: VirtualWorld) -> None:
    account = await live(world)
    order = await account.place(buy())
    world.fault(SocketDeaf(account="alpha", for_s=5.0))
    engine = world.exchange.engine
    engine.fill_from_house(engine.accounts["alpha"].orders[number_of(order.order_id) or 0])
    await until_filled(world, account, order)
    await world.agrees(account, SOL, BTC)


@pytest.mark.parametrize("pushes", [True, False])
@on_virtual_time()
async def test_r3_an_order_whose_answer_is_lost_is_found(world: VirtualWorld, pushes: bool) -> None:
    account = await live(world)
    if not pushes:
        world.fault(FrameDrop(for_s=5.0, account="alpha"))
    world.fault(RestAbort(times=1, account="alpha", endpoint=_endpoint_of(world, "place"), effect="done"))
    with pytest.raises(UnresolvedOrderError):
        await account.place(buy("lost"))
    (number,) = world.booked()

    for _ in range(600):
        open_orders = (await account.snapshot()).open_orders
        if [number_of(order.order_id) for order in open_orders] == [int(number)]:
            break
        await world.environment.clock.sleep(0.1)
    assert [(number_of(order.order_id), order.client_order_id) for order in open_orders] == [(int(number), "lost")]
    await world.agrees(account, SOL, BTC)


@on_virtual_time()
async def test_r13_a_cancel_of_all_and_the_kill_switch_leave_nothing_open(world: VirtualWorld) -> None:
    account = await live(world)
    for symbol, price in ((SOL, "130"), (SOL, "131"), (BTC, "50000")):
        await account.place(buy(symbol=symbol, price=price))
    assert len(await account.cancel_all(SOL)) == 2
    assert len(await account.cancel_all()) == 1
    await account.place(buy())
    await account.place(PlaceOrder.limit(SOL, Side.SELL, Decimal(1), Decimal(150)))
    assert [order.side for order in await account.cancel_all(SOL, Side.SELL)] == [Side.SELL]
    assert len(await account.engage_kill_switch("enough")) == 1
    assert world.exchange.engine.accounts["alpha"].open_orders == {}


@on_virtual_time()
async def test_an_orderly_end_cancels_what_is_open(world: VirtualWorld) -> None:
    world.market()
    system = await world.start(world.plan(symbols=(SOL, BTC)))
    for symbol, price in ((SOL, "130"), (BTC, "50000")):
        await system.account("alpha").place(buy(symbol=symbol, price=price))
    assert await system.stop(cancel_open_orders=True) == {}
    assert world.exchange.engine.accounts["alpha"].open_orders == {}


@on_virtual_time()
async def test_what_the_venue_does_not_have_is_refused_by_the_account_and_nothing_is_sent(world: VirtualWorld) -> None:
    account = await live(world)
    order = await account.place(buy())
    capabilities = world.venue.capabilities
    if capabilities.amends_orders:
        assert (await account.amend(order, price=Decimal(131))).price == 131
    else:
        with pytest.raises(UnsupportedError, match=f"{world.venue.name} has no amend_order"):
            await account.amend(order, price=Decimal(131))
    too_long = "x" * (capabilities.client_order_ids.longest + 1)
    with pytest.raises(InvalidValueError, match="client_order_id"):
        await account.place(buy(too_long))
    await world.agrees(account, SOL, BTC)


def _endpoint_of(world: VirtualWorld, operation: str) -> str:
    names = (operation, "POST /spot/orders", "POST /order", "POST /api/v3/order")
    return next(filter(world.exchange.face.knows, names))
