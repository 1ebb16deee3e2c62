"""The exchange cancels our orders when it has not heard from us for too long, and only then."""

import asyncio
from decimal import Decimal

from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from simulation.environment.faults import Fault
from tests.support.orders import SOL
from tests.support.virtual_world import VirtualWorld, on_virtual_time, registered
from tests.support.world import Recorder

BID = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(139), client_order_id="left-behind")


def ended_as(world: VirtualWorld, account: str = "alpha") -> str:
    ((finish, _),) = world.booked(account).values()
    return finish


@on_virtual_time(runs_for=registered())
async def test_a_live_account_keeps_the_countdown_from_running_out(world: VirtualWorld) -> None:
    account = (await world.start(world.plan(dead_mans_switch_s=5))).account("alpha")
    await account.place(BID)
    await asyncio.sleep(60)
    assert ended_as(world) == "open"


@on_virtual_time(runs_for=registered())
async def test_the_exchange_cancels_for_an_account_that_fell_silent_and_not_for_one_that_ended_in_order(
    world: VirtualWorld,
) -> None:
    orderly = await world.start(world.plan("beta", dead_mans_switch_s=5))
    await orderly.account("beta").place(BID)
    await orderly.stop(cancel_open_orders=False)
    recorder = Recorder()
    system = await world.start(world.plan(dead_mans_switch_s=5), strategies=[recorder], check_every_s=3.0)
    account = system.account("alpha")
    await account.place(BID)
    world.weather.rates[Fault.REST_REFUSED] = 1.0
    await world.until_state(account, SyncState.DEGRADED)
    await world.until(lambda: ended_as(world) == "cancelled", within_s=10, what="the countdown to run out")
    await asyncio.sleep(10)
    assert ended_as(world, "beta") == "open"
    del world.weather.rates[Fault.REST_REFUSED]
    await world.agrees(account, SOL)
    assert recorder.orders("left-behind")[-1].status is OrderStatus.CANCELED
