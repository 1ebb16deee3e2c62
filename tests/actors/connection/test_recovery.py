"""Losing links and getting them back, over real sockets (R5, R6, R7, R8, R10)."""

from decimal import Decimal

import pytest

from actors.strategy.handle import AccountHandle
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import ConnectionFailedError, NotLiveError, RefusalReason, VenueRefusedError
from messages.events import ConnectionStatusEvent, ErrorEvent, ErrorKind, ExecutionReportEvent
from messages.order import Order
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import Recorder, World, assert_agrees, until_async, until_state

ONE = Decimal(1)


def bid(price: str = "139", client_order_id: str | None = None) -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price), client_order_id=client_order_id)


async def is_known(account: AccountHandle, order: Order, status: OrderStatus) -> bool:
    found = await account.get_active_order(SOL, order.order_id)
    return found is not None and found.status is status


async def test_a_cut_socket_recovers_with_everything_that_happened_meanwhile(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder])).account("alpha")
    filled, canceled, kept = [await account.place(bid(price)) for price in ("139", "138", "137")]

    await world.ws.set_mode(Mode.REFUSE)
    world.ws.cut()
    await until_state(account, SyncState.DEGRADED)
    await world.control("POST", f"/orders/{filled.order_id}/fill", {})
    await world.control("POST", f"/orders/{canceled.order_id}/cancel", {})
    await world.ws.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)

    assert await is_known(account, filled, OrderStatus.FILLED)
    assert await is_known(account, canceled, OrderStatus.CANCELED)
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [kept.order_id]
    assert (await account.get_trading_stats()).reconnects_count >= 1
    states = [e.sync_state for e in recorder.events if isinstance(e, ConnectionStatusEvent) and e.name == "alpha"]
    assert states.index(SyncState.DEGRADED) < states.index(SyncState.RECOVERING) < len(states) - 1
    assert states[-1] is SyncState.LIVE
    await assert_agrees(world, account)


async def test_r5_while_not_live_orders_are_refused_cancels_pass_and_reads_say_since_when(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid())
    await world.ws.set_mode(Mode.REFUSE)
    world.ws.cut()
    await until_state(account, SyncState.DEGRADED)

    with pytest.raises(NotLiveError) as refused:
        await account.place(bid("138"))
    assert refused.value.stale_since_ms is not None
    snapshot = await account.snapshot()
    assert not snapshot.is_live
    assert snapshot.stale_since_ms == refused.value.stale_since_ms
    assert snapshot.true_at_ms <= snapshot.stale_since_ms  # what was proven last, not when it ceased to be believed
    assert (await account.cancel(placed)).status is OrderStatus.CANCELED
    assert len((await world.books())["orders"]) == 1

    await world.ws.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    assert (await account.snapshot()).stale_since_ms is None
    assert (await account.place(bid("138"))).status is OrderStatus.NEW


async def test_r5_an_open_order_is_not_answered_from_memory_while_stale(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid())
    await world.ws.set_mode(Mode.REFUSE)
    world.ws.cut()
    await until_state(account, SyncState.DEGRADED)
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    found = await account.get_active_order(SOL, placed.order_id)
    assert found is not None
    assert found.status is OrderStatus.FILLED

    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    with pytest.raises(ConnectionFailedError):
        await account.get_active_order(SOL, "424242")


async def test_rest_that_stops_answering_is_noticed_and_recovered(world: World) -> None:
    account = (await world.start(check_every_s=0.05)).account("alpha")
    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    await until_state(account, SyncState.DEGRADED)
    await world.rest.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    assert (await account.place(bid())).status is OrderStatus.NEW
    await assert_agrees(world, account)


async def session_ids(world: World) -> set[object]:
    return {session["id"] for session in await world.control("GET", "/sockets")}


async def test_rest_alone_is_recovered_without_giving_up_a_sound_socket(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], check_every_s=0.05)).account("alpha")
    sockets = await session_ids(world)
    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    await until_state(account, SyncState.DEGRADED)
    statuses = [e for e in recorder.events if isinstance(e, ConnectionStatusEvent) and e.name == "alpha"]
    lost = next(status for status in statuses if status.sync_state is SyncState.DEGRADED)
    assert lost.links.private_ws
    assert not (lost.links.public_rest and lost.links.private_rest)
    assert "REST does not answer" in lost.cause
    await world.rest.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    assert await session_ids(world) == sockets


async def test_without_market_data_the_account_is_not_live_and_comes_back_with_its_session_untouched(
    world: World,
) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid())
    requests = world.rest.requests
    await world.ws.set_mode(Mode.REFUSE)
    await world.control("POST", "/sockets/cut", {"channel": "spot.book_ticker", "how": "reset"})
    await until_state(account, SyncState.DEGRADED)
    assert world.rest.requests == requests
    links = (await account.get_trading_stats()).connection_status
    assert not links.public_ws
    assert links.private_ws
    with pytest.raises(NotLiveError):
        await account.place(bid("138"))
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await until_async(lambda: account.executed_orders(SOL), what="the fill, told by the private socket")
    await world.ws.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    await assert_agrees(world, account)


async def test_everything_gone_at_once_and_back(world: World) -> None:
    account = (await world.start(check_every_s=0.05)).account("alpha")
    placed = await account.place(bid())
    for proxy in (world.rest, world.ws):
        await proxy.set_mode(Mode.REFUSE)
        proxy.cut()
    await until_state(account, SyncState.DEGRADED)
    await world.control("POST", f"/orders/{placed.order_id}/cancel", {})
    for proxy in (world.rest, world.ws):
        await proxy.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    assert await is_known(account, placed, OrderStatus.CANCELED)
    await assert_agrees(world, account)


async def test_r6_a_failed_load_is_not_an_empty_one(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid())
    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    world.ws.cut()
    await until_state(account, SyncState.DEGRADED)
    snapshot = await account.snapshot()
    assert [order.order_id for order in snapshot.open_orders] == [placed.order_id]
    assert snapshot.balances["USDT"].locked == Decimal(139)
    await world.rest.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    await assert_agrees(world, account)


async def test_orders_of_unknown_fate_are_settled_when_the_link_is_back(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder])).account("alpha")
    await world.ws.set_mode(Mode.STALL)
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    with pytest.raises(Exception, match="unresolved"):
        await account.place(bid(client_order_id="limbo"))
    await world.ws.set_mode(Mode.REFUSE)
    world.ws.cut()
    await world.rest.set_mode(Mode.PASS)
    await world.ws.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)

    async def found() -> bool:
        return [order.status for order in (await account.snapshot()).open_orders] == [OrderStatus.NEW]

    await until_async(found, what="the order in limbo to be found")
    await assert_agrees(world, account)


async def test_fifty_cuts_in_a_row_leave_nothing_behind(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid())
    for number in range(50):
        reconnects = (await account.get_trading_stats()).reconnects_count
        world.ws.cut()

        async def is_back(before: int = reconnects) -> bool:
            stats = await account.get_trading_stats()
            return stats.sync_state is SyncState.LIVE and stats.reconnects_count > before

        await until_async(is_back, what=f"recovery {number}")
    sockets = await world.control("GET", "/sockets")
    private = [s for s in sockets if any("spot.orders" in str(c) for c in s["subscriptions"])]
    assert len(private) == 1
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await until_async(lambda: is_known(account, placed, OrderStatus.FILLED), what="the fill")
    await assert_agrees(world, account)


async def test_r10_a_key_that_is_refused_fails_its_own_account_only(world: World) -> None:
    good = (await world.start()).account("alpha")
    system = world.build(world.plan("beta", secret="not-the-secret"))
    with pytest.raises(VenueRefusedError) as refused:
        await system.start()
    assert refused.value.reason is RefusalReason.AUTHENTICATION
    assert (await good.place(bid())).status is OrderStatus.NEW


async def test_r10_a_crash_of_one_subscriber_changes_nothing_for_the_account(world: World) -> None:
    class Clumsy(Recorder):
        def on_fill(self, event: ExecutionReportEvent) -> None:
            raise RuntimeError("a bug of the trader's")

    clumsy, other = Clumsy("clumsy"), Recorder("other")
    account = (await world.start(strategies=[clumsy, other])).account("alpha")
    placed = await account.place(bid(client_order_id="one"))
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await eventually(lambda: other.orders("one")[-1].status is OrderStatus.FILLED)
    assert (await account.place(bid())).status is OrderStatus.NEW
    await assert_agrees(world, account)


async def test_r10_one_accounts_lost_link_leaves_the_other_live(world: World) -> None:
    system = await world.start(world.plan("alpha"), world.plan("beta"))
    alpha, beta = system.account("alpha"), system.account("beta")
    events = Recorder("watcher", ("beta",))
    await world.control("POST", "/sockets/cut", {"account": "alpha", "how": "reset"})

    async def recovered() -> bool:
        return (await alpha.get_trading_stats()).reconnects_count == 1

    await until_async(recovered, what="alpha to recover")
    assert (await beta.get_trading_stats()).reconnects_count == 0
    assert not events.events


async def test_a_frame_that_cannot_be_read_is_told_once_and_the_stream_goes_on(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder])).account("alpha")
    world.ws.inject(b'{"time":1,"channel":"spot.orders","event":"update","result":[{"id":17,"amount":{}}]}')
    world.ws.inject(b'{"truncated":')
    await eventually(lambda: len([e for e in recorder.events if isinstance(e, ErrorEvent)]) >= 2)
    errors = [event for event in recorder.events if isinstance(event, ErrorEvent)]
    assert {error.kind for error in errors} == {ErrorKind.CONNECTION}
    placed = await account.place(bid(client_order_id="after-junk"))
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await eventually(lambda: recorder.orders("after-junk")[-1].status is OrderStatus.FILLED)
    assert (await account.get_trading_stats()).reconnects_count == 0
    await assert_agrees(world, account)
