"""What the exchange denies, over real sockets: believed with evidence only, and never the last word (R3, R6)."""

from decimal import Decimal
from typing import Any

import pytest

from actors.strategy.handle import AccountHandle
from exchanges.gateio.venue import GateioSettings
from exchanges.simulator import SimulatorConfig
from exchanges.simulator.core.retention import Retention
from exchanges.simulator.faces.gateio import spot_orders
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import UnresolvedOrderError, VenueRefusedError
from messages.events import ExecutionReportEvent
from messages.order import Order
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import Recorder, World, open_world, sync_state, until_async, until_state

ONE = Decimal(1)
HASTY = GateioSettings(request_timeout_s=0.3, order_expiry_ms=300)


def bid(client_order_id: str | None = None, price: str = "139") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price), client_order_id=client_order_id)


def forget(world: World, order: Order) -> None:
    """The exchange has no such order any more, and never says how it ended."""
    record = world.exchange.exchange.engine.accounts["alpha"]
    number = int(order.order_id or "")
    del record.orders[number], record.open_orders[number]
    record.by_text.pop(f"t-{order.client_order_id}")


async def ended(account: AccountHandle, client_order_id: str) -> Order | None:
    orders = await account.executed_orders(SOL)
    return next((order for order in orders if order.client_order_id == client_order_id), None)


async def test_r6_an_order_of_another_program_that_was_filled_while_we_were_away_is_told_with_its_fills(
    world: World,
) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    account = system.account("alpha")
    elsewhere = world.venue().create_private_rest(world.plan().credentials)
    await world.ws.set_mode(Mode.STALL)
    theirs = await elsewhere.place_order(bid("theirs", "142"))
    assert theirs.status is OrderStatus.FILLED
    await world.ws.set_mode(Mode.PASS)
    world.ws.cut()
    order: Any = await until_async(lambda: ended(account, "theirs"), what="the order to be known")
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, ONE)
    fills = [event.fill for event in recorder.events if isinstance(event, ExecutionReportEvent)]
    assert [fill.order_id for fill in fills] == [theirs.order_id]


async def test_r6_an_order_whose_fills_are_refused_because_nobody_knows_it_comes_to_an_end() -> None:
    """Gate answers an error for fills of an order that it does not know (gateapi-go issue 55)."""
    config = SimulatorConfig(traders_on=False, retention=Retention(unknown_order_trades_refused=True))
    async with open_world(config) as world:
        recorder = Recorder()
        account = (await world.start(strategies=[recorder])).account("alpha")
        placed = await account.place(bid("gone"))
        await world.ws.set_mode(Mode.STALL)
        forget(world, placed)
        await world.ws.set_mode(Mode.PASS)
        world.ws.cut()
        order: Any = await until_async(lambda: ended(account, "gone"), what="the order to end")
        assert (order.status, order.finish_reason) == (OrderStatus.CANCELED, "vanished")
        await until_state(account, SyncState.LIVE)
        with pytest.raises(VenueRefusedError, match="ORDER_NOT_FOUND"):
            await account.cancel(order)  # R6: answered by the exchange, not from memory


async def test_r6_an_order_is_unresolved_while_the_open_orders_cannot_be_had(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spot_orders.SpotOrders, "_find", _knows_no_text(spot_orders.SpotOrders._find))
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=HASTY)).account("alpha")
    fault = await world.fault("rest_error", endpoint="GET /spot/open_orders", status=502)
    await world.ws.set_mode(Mode.STALL)
    await world.fault("rest_abort", endpoint="POST /spot/orders", effect="done", times=1)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("forgotten"))
    before = await world.hits(fault)

    async def asked_often() -> bool:
        return await world.hits(fault) > before + 5

    await until_async(asked_often, what="the list to be asked for")
    assert recorder.orders("forgotten")[-1].status is OrderStatus.UNRESOLVED
    await world.clear(fault)
    await eventually(lambda: recorder.orders("forgotten")[-1].status is OrderStatus.NEW, what="the order to be found")


def _knows_no_text(find: Any) -> Any:
    def find_by_id(self: Any, view: Any, item: str, pair: str) -> Any:
        return find(self, view, "1" if item.startswith("t-") else item, pair)

    return find_by_id


async def test_r6_get_order_does_not_deny_an_order_that_arrives_later(world: World) -> None:
    settings = GateioSettings(request_timeout_s=0.3, order_expiry_ms=5_000)
    account = (await world.start(gateio=settings)).account("alpha")
    await world.fault("rest_timeout", endpoint="POST /spot/orders", effect="late", late_ms=1_500, times=1)
    placing = account.place(bid("on-its-way"))
    await world.fault("socket_cut", channel="spot.book_ticker")  # market data gone: not live
    with pytest.raises(UnresolvedOrderError):
        await placing

    async def is_out() -> bool:
        return await sync_state(account) is not SyncState.LIVE

    await until_async(is_out, what="the account to be out of live")
    found = await account.get_active_order(SOL, client_order_id="on-its-way")
    assert found is not None
    assert found.status in {OrderStatus.UNRESOLVED, OrderStatus.NEW}
