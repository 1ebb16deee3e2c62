"""An account at MEXC's face, on virtual time: what only MEXC does to it, and the account is live again by itself."""

from decimal import Decimal

import pytest
import structlog

from actors.strategy.handle import AccountHandle
from exchanges.simulator.faults.acknowledgements import AckForm
from exchanges.simulator.faults.faults import FrameDrop, RestAbort, SocketCut
from exchanges.simulator.faults.listen_keys import ListenKeysExhausted, ListenKeysRevoked
from exchanges.simulator.faults.queries import OrderUnknown
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import UnresolvedOrderError
from messages.order import NEVER_ARRIVED
from tests.support.orders import BTC, SOL
from tests.support.virtual_world import Subject, VirtualWorld, number_of, on_virtual_time, registered

HOUR_S = 3600.0


@pytest.fixture
def subject() -> Subject:
    return registered("mexc")


def buy(client_order_id: str, price: str = "130") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(price), client_order_id=client_order_id)


async def live(world: VirtualWorld, check_every_s: float = 3.0) -> AccountHandle:
    world.market()
    system = await world.start(check_every_s=check_every_s)
    return system.account("alpha")


async def tells_fills(world: VirtualWorld, account: AccountHandle, client_order_id: str) -> None:
    """The account is live, and its socket is no empty one: what happens to an order is known at once."""
    await world.until_state(account, SyncState.LIVE)
    order = await account.place(buy(client_order_id))
    engine = world.exchange.engine
    engine.fill_from_house(engine.accounts["alpha"].orders[number_of(order.order_id) or 0])
    await world.environment.clock.sleep(1.0)
    found = await account.get_active_order(SOL, str(order.order_id))
    assert found is not None
    assert found.status is OrderStatus.FILLED


@pytest.mark.parametrize("how", ["close", "silent"])
@on_virtual_time()
async def test_after_its_listen_key_was_revoked_an_account_is_live_again(world: VirtualWorld, how: str) -> None:
    account = await live(world)
    world.fault(ListenKeysRevoked(times=1, account="alpha", how=how))
    missed = await account.place(buy("missed"))
    engine = world.exchange.engine
    engine.fill_from_house(engine.accounts["alpha"].orders[number_of(missed.order_id) or 0])
    await world.environment.clock.sleep(30)
    await world.until_state(account, SyncState.LIVE)
    found = await account.get_active_order(SOL, str(missed.order_id))
    assert found is not None
    assert found.status is OrderStatus.FILLED
    await tells_fills(world, account, "later")


@on_virtual_time()
async def test_where_no_more_listen_keys_are_to_be_had_an_account_uses_one_that_is_there(world: VirtualWorld) -> None:
    account = await live(world)
    world.fault(ListenKeysExhausted(for_s=600.0, account="alpha"))
    for number in range(3):
        world.fault(SocketCut(times=1, account="alpha"))
        await world.environment.clock.sleep(20)
        await tells_fills(world, account, f"after-{number}")


@on_virtual_time()
async def test_an_account_stays_live_over_days_of_planned_ends(world: VirtualWorld) -> None:
    account = await live(world, check_every_s=300.0)
    states: list[SyncState] = []
    for hour in range(60):
        await world.environment.clock.sleep(HOUR_S)
        states.append((await account.snapshot()).sync_state)
        if hour % 20 == 19:
            await tells_fills(world, account, f"hour-{hour}")
    assert set(states) == {SyncState.LIVE}


@on_virtual_time()
async def test_many_cut_sockets_do_not_use_up_the_keys_that_an_account_may_have(world: VirtualWorld) -> None:
    account = await live(world)
    for _ in range(80):
        world.fault(SocketCut(times=1, account="alpha"))
        await world.environment.clock.sleep(5)
    await tells_fills(world, account, "after")


@on_virtual_time()
async def test_subscriptions_may_be_acknowledged_at_length(world: VirtualWorld) -> None:
    world.fault(AckForm(for_s=600.0))
    account = await live(world)
    await tells_fills(world, account, "any")


@on_virtual_time()
async def test_every_page_of_fills_is_read(world: VirtualWorld) -> None:
    world.market(amount="10000")
    for number in range(230):
        order = PlaceOrder.ioc(SOL, Side.BUY, Decimal("0.1"), Decimal(141), client_order_id=f"a-{number}")
        await world.rest.place_order(order)
    await world.environment.clock.sleep(20)
    fills = (await world.rest.load_fills(SOL)).fills
    assert len(fills) == len({fill.trade_id for fill in fills}) == 230


@on_virtual_time()
async def test_r12_no_log_line_shows_a_listen_key(world: VirtualWorld) -> None:
    with structlog.testing.capture_logs() as logs:
        account = await live(world)
        world.fault(ListenKeysRevoked(times=1, account="alpha"))
        await world.environment.clock.sleep(10)
        await tells_fills(world, account, "any")
    assert any(line["event"] == "socket_opened" for line in logs)
    assert not [line for line in logs if "listenKey=" in str(line)]


@pytest.mark.parametrize("how", ["kill switch", "orderly end"])
@on_virtual_time()
async def test_r13_nothing_stays_open_also_where_only_another_program_has_traded(world: VirtualWorld, how: str) -> None:
    world.market()
    system = await world.start(check_every_s=3.0)
    account = system.account("alpha")
    await account.place(buy("own"))
    await world.rest.place_order(PlaceOrder.limit(BTC, Side.BUY, Decimal(1), Decimal(50000), client_order_id="other"))
    if how == "kill switch":
        await account.engage_kill_switch("enough")
    else:
        assert await system.stop(cancel_open_orders=True) == {}
    assert world.exchange.engine.accounts["alpha"].open_orders == {}


@pytest.mark.parametrize("younger_than_ms", [300, 3_000])
@on_virtual_time()
async def test_r6_an_order_that_is_not_found_yet_is_not_believed_gone(
    world: VirtualWorld, younger_than_ms: int
) -> None:
    account = await live(world)
    world.fault(OrderUnknown(for_s=60.0, younger_than_ms=younger_than_ms))
    world.fault(FrameDrop(for_s=5.0, account="alpha"))
    world.fault(RestAbort(times=1, account="alpha", endpoint="POST /api/v3/order", effect="done"))
    with pytest.raises(UnresolvedOrderError):
        await account.place(buy("lost"))
    (number,) = world.booked()
    await world.environment.clock.sleep(30)
    (found,) = (await account.snapshot()).open_orders
    assert (number_of(found.order_id), found.client_order_id) == (int(number), "lost")


@on_virtual_time()
async def test_r3_an_order_that_came_too_late_never_arrived(world: VirtualWorld) -> None:
    account = await live(world)
    world.fault(RestAbort(times=1, account="alpha", endpoint="POST /api/v3/order", effect="none"))
    with pytest.raises(UnresolvedOrderError):
        await account.place(buy("lost"))
    await world.environment.clock.sleep(40)
    assert (await account.snapshot()).open_orders == ()
    (ended,) = await account.executed_orders(SOL)
    assert (ended.status, ended.finish_reason) == (OrderStatus.REJECTED, NEVER_ARRIVED)
