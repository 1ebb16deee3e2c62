"""The four links of an account, cut one at a time and in pairs, and sockets that look open but are not (R5, R6, R7)."""

import contextlib
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import combinations

import pytest

from actors.strategy.handle import AccountHandle
from exchanges.base.websocket_connection import SessionSettings
from exchanges.gateio.venue import GateioSettings
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import NotLiveError, UnresolvedOrderError
from messages.events import ConnectionStatus, ConnectionStatusEvent
from messages.order import Order
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.world import Recorder, World, assert_agrees_to_the_last_fill, until_async, until_state

CUTS: dict[str, dict[str, object]] = {
    "public_rest": {"kind": "rest_abort", "access": "public"},
    "public_ws": {"kind": "socket_cut", "channel": "spot.book_ticker"},
    "private_rest": {"kind": "rest_abort", "access": "private", "account": "alpha"},
    "private_ws": {"kind": "socket_cut", "account": "alpha"},
}
OUTAGES = [(link,) for link in CUTS] + list(combinations(CUTS, 2))
QUICK = GateioSettings(request_timeout_s=1.0)
WATCHFUL = GateioSettings(request_timeout_s=1.0, socket=SessionSettings(heartbeat_s=0.25, silence_s=1.0))


def bid(price: str, client_order_id: str | None = None) -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(price), client_order_id=client_order_id)


async def has_status(account: AccountHandle, order: Order, status: OrderStatus) -> bool:
    known = [*(await account.snapshot()).open_orders, *(await account.executed_orders(SOL))]
    return any(other.order_id == order.order_id and other.status is status for other in known)


def states(recorder: Recorder) -> list[SyncState]:
    """The states of the account, as a strategy was told them."""
    return [e.sync_state for e in recorder.events if isinstance(e, ConnectionStatusEvent) and e.name == "alpha"]


def is_down(link: str, links: ConnectionStatus) -> bool:
    return not getattr(links, link)


async def until_links(account: AccountHandle, are_right: Callable[[ConnectionStatus], bool]) -> None:
    async def look() -> bool:
        return are_right((await account.get_trading_stats()).connection_status)

    await until_async(look, what="the links to be told")


@pytest.mark.parametrize("outage", OUTAGES, ids="+".join)
async def test_links_that_are_cut_and_restored(world: World, outage: tuple[str, ...]) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=QUICK, check_every_s=0.05)).account("alpha")
    filled, vanished, canceled, kept = [await account.place(bid(price)) for price in ("139", "138", "137", "136")]

    faults = [await world.fault(**CUTS[link]) for link in outage]
    await until_state(account, SyncState.DEGRADED)
    recorder.events.clear()
    stale_since_ms = (await account.snapshot()).stale_since_ms
    assert stale_since_ms is not None
    with pytest.raises(NotLiveError) as refused:
        await account.place(bid("135"))
    assert refused.value.stale_since_ms == stale_since_ms
    await world.control("POST", f"/orders/{filled.order_id}/fill", {"amount": "0.25"})
    await world.control("POST", f"/orders/{filled.order_id}/fill", {})
    await world.control("POST", f"/orders/{vanished.order_id}/cancel", {})
    canceling = account.cancel(canceled)
    if "private_rest" not in outage:
        assert (await canceling).status is OrderStatus.CANCELED
    for link in outage:
        await until_links(account, partial(is_down, link))
    assert SyncState.LIVE not in states(recorder)
    assert (await account.snapshot()).stale_since_ms == stale_since_ms

    await world.clear(*faults)
    await until_state(account, SyncState.LIVE)
    if "private_rest" in outage:
        with contextlib.suppress(UnresolvedOrderError):  # unless it just got through, the order was found open
            await canceling
        assert (await account.cancel(canceled)).status is OrderStatus.CANCELED
    assert (await account.snapshot()).stale_since_ms is None
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [kept.order_id]
    assert await has_status(account, filled, OrderStatus.FILLED)
    assert await has_status(account, vanished, OrderStatus.CANCELED)
    assert (await account.place(bid("134"))).status is OrderStatus.NEW
    await assert_agrees_to_the_last_fill(world, account, recorder)
    stats = await account.get_trading_stats()
    assert stats.connection_status == ConnectionStatus(
        public_rest=True, public_ws=True, private_rest=True, private_ws=True
    )


async def session_ids(world: World, account: str) -> set[object]:
    return {session["id"] for session in await world.control("GET", "/sockets") if account in session["accounts"]}


async def test_a_half_open_private_socket_is_noticed_by_its_silence(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=WATCHFUL)).account("alpha")
    placed = await account.place(bid("139"))
    before = await session_ids(world, "alpha")
    await world.fault("socket_silent", account="alpha")
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await eventually(lambda: SyncState.DEGRADED in states(recorder), within_s=WATCHFUL.socket.silence_s + 2)
    await until_state(account, SyncState.LIVE)
    assert await session_ids(world, "alpha") - before
    assert await has_status(account, placed, OrderStatus.FILLED)
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_a_half_open_public_socket_is_noticed_by_its_silence(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=WATCHFUL)).account("alpha")
    before = await session_ids(world, "alpha")
    await world.fault("socket_silent", channel="spot.book_ticker")
    await eventually(lambda: SyncState.DEGRADED in states(recorder), within_s=WATCHFUL.socket.silence_s + 2)
    await until_state(account, SyncState.LIVE)
    assert await session_ids(world, "alpha") == before
    assert (await account.place(bid("139"))).status is OrderStatus.NEW


async def test_a_deaf_socket_that_answers_pings_is_noticed_by_the_check_and_replaced(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=QUICK, check_every_s=3.0)).account("alpha")
    placed = await account.place(bid("139"))
    before = await session_ids(world, "alpha")
    await world.fault("socket_deaf", account="alpha")
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await eventually(lambda: SyncState.DEGRADED in states(recorder), within_s=6)
    await until_state(account, SyncState.LIVE)
    assert await session_ids(world, "alpha") - before
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_what_a_deaf_socket_keeps_back_is_found_by_each_check(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=QUICK, check_every_s=0.1)).account("alpha")
    filled, vanished = await account.place(bid("139")), await account.place(bid("138"))
    before = await session_ids(world, "alpha")
    await world.fault("socket_deaf", account="alpha")
    await world.control("POST", f"/orders/{vanished.order_id}/cancel", {})
    await world.control("POST", f"/orders/{filled.order_id}/fill", {})
    await until_async(lambda: has_status(account, filled, OrderStatus.FILLED), within_s=2.0, what="the fill")
    await until_async(lambda: has_status(account, vanished, OrderStatus.CANCELED), within_s=2.0, what="the cancel")
    await assert_agrees_to_the_last_fill(world, account, recorder)
    assert await session_ids(world, "alpha") == before


async def test_market_data_that_is_back_first_does_not_make_an_account_live_whose_rest_is_down(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=QUICK, check_every_s=0.05)).account("alpha")
    market_data = await world.fault("socket_cut", channel="spot.book_ticker")
    await until_state(account, SyncState.DEGRADED)
    rest = await world.fault("rest_abort", access="private", account="alpha")
    await until_links(account, lambda links: not links.private_rest)
    recorder.events.clear()
    await world.clear(market_data)
    await until_links(account, lambda links: links.public_ws)
    assert SyncState.LIVE not in states(recorder)
    with pytest.raises(NotLiveError):
        await account.place(bid("139"))
    await world.clear(rest)
    await until_state(account, SyncState.LIVE)
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_a_private_socket_that_is_lost_while_market_data_is_awaited_is_opened_again(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=QUICK)).account("alpha")
    market_data = await world.fault("socket_cut", channel="spot.book_ticker")
    await world.control("POST", "/sockets/cut", {"account": "alpha"})
    await eventually(
        lambda: any(
            isinstance(event, ConnectionStatusEvent) and event.name == "alpha" and "waiting" in event.cause
            for event in recorder.events
        ),
        what="the private session to be whole again and to wait for market data",
    )
    before = await session_ids(world, "alpha")
    await world.control("POST", "/sockets/cut", {"account": "alpha"})

    async def is_opened_again() -> bool:
        return bool(await session_ids(world, "alpha") - before)

    await until_async(is_opened_again, what="a new private socket")
    await world.clear(market_data)
    await until_state(account, SyncState.LIVE)
    placed = await account.place(bid("139"))
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_a_check_that_cannot_ask_about_a_missing_order_does_not_wait_for_ever(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], gateio=QUICK, check_every_s=0.2)).account("alpha")
    placed = await account.place(bid("139"))
    lost = await world.fault("frame_drop", account="alpha", channel="spot.orders")
    no_look_up = await world.fault("rest_error", account="alpha", endpoint="GET /spot/orders/{}")
    await world.control("POST", f"/orders/{placed.order_id}/cancel", {})  # untold, and missing in the next snapshot
    await eventually(lambda: SyncState.DEGRADED in states(recorder), what="the failing look-up to be noticed")
    with pytest.raises(NotLiveError):
        await account.place(bid("138"))
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [placed.order_id]  # R6
    await world.clear(lost, no_look_up)
    await until_state(account, SyncState.LIVE)
    assert await has_status(account, placed, OrderStatus.CANCELED)
    await assert_agrees_to_the_last_fill(world, account, recorder)
