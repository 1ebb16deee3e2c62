"""The exchange cancels our orders when it has not heard from us for too long, and only then."""

from decimal import Decimal

from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import Recorder, World, assert_agrees, until_async, until_state

BID = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(139), client_order_id="left-behind")


async def ended_as(world: World, account: str = "alpha") -> str:
    (row,) = (await world.books(account))["orders"]
    return str(row["finish_as"])


async def test_a_live_account_keeps_the_countdown_from_running_out(world: World) -> None:
    account = (await world.start(world.plan(dead_mans_switch_s=5))).account("alpha")
    await account.place(BID)
    countdown_calls = world.rest.requests
    await until_async(lambda: _after(world, countdown_calls + 4), within_s=12, what="four more countdown calls")
    assert await ended_as(world) == "open"


async def _after(world: World, requests: int) -> bool:
    return world.rest.requests >= requests


async def test_the_exchange_cancels_for_an_account_that_fell_silent_and_not_for_one_that_ended_in_order(
    world: World,
) -> None:
    orderly = await world.start(world.plan("beta", dead_mans_switch_s=5))
    await orderly.account("beta").place(BID)
    await orderly.stop(cancel_open_orders=False)
    recorder = Recorder()
    system = await world.start(world.plan(dead_mans_switch_s=5), strategies=[recorder], check_every_s=0.1)
    account = system.account("alpha")
    await account.place(BID)
    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    await until_state(account, SyncState.DEGRADED)

    async def cancelled() -> bool:
        return await ended_as(world) == "cancelled"

    await until_async(cancelled, within_s=10, what="alpha's countdown, armed after beta's, to run out")
    assert await ended_as(world, "beta") == "open"
    await world.rest.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    assert recorder.orders("left-behind")[-1].status is OrderStatus.CANCELED
    await assert_agrees(world, account)
