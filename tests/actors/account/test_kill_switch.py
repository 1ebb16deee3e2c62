"""The kill switch: everything cancelled, nothing new until it is released."""

from decimal import Decimal

import pytest

from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import KillSwitchError, TellerError
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import World, assert_agrees, until_async, until_state

ONE = Decimal(1)


def bid(price: str = "139") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price))


async def test_engaging_cancels_everything_and_refuses_orders_until_released(world: World) -> None:
    account = (await world.start()).account("alpha")
    resting = await account.place(bid())
    under_way = account.place(bid("138"))

    async def is_sent() -> bool:
        return len((await account.snapshot()).open_orders) == 2

    await until_async(is_sent, what="the second order to be sent")
    await account.engage_kill_switch("the desk has had enough")
    assert (await account.get_active_order(SOL, resting.order_id)).status is OrderStatus.CANCELED
    for command in (account.place(bid("137")), account.amend(resting, price=Decimal(130))):
        with pytest.raises(KillSwitchError, match="the desk has had enough"):
            await command
    assert (await account.get_trading_stats()).kill_switch == "the desk has had enough"
    await under_way

    async def none_open() -> bool:
        return not (await account.snapshot()).open_orders

    await until_async(none_open, what="the order under way to be cancelled too")
    await account.release_kill_switch()
    assert (await account.place(bid())).status is OrderStatus.NEW
    await assert_agrees(world, account)


async def test_orders_that_cannot_be_cancelled_now_are_cancelled_when_the_link_is_back(world: World) -> None:
    account = (await world.start(check_every_s=0.05)).account("alpha")
    await account.place(bid())
    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    with pytest.raises(TellerError):
        await account.engage_kill_switch("now")
    await until_state(account, SyncState.DEGRADED)
    await world.rest.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)

    async def none_open() -> bool:
        return not (await account.snapshot()).open_orders

    await until_async(none_open, what="the order to be cancelled")
    with pytest.raises(KillSwitchError):
        await account.place(bid())
    await assert_agrees(world, account)
