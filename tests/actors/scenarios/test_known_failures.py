"""Where the known systems go wrong: each row as a test, over real sockets with the real account."""

import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from actors.account.state import AccountState
from actors.strategy.handle import AccountHandle
from actors.system import AccountPlan
from exchanges.gateio.venue import GateioSettings
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import ConnectionFailedError, NotLiveError, UnresolvedOrderError
from messages.events import ErrorEvent, ExecutionReportEvent
from messages.order import Order
from tests.support.eventually import eventually
from tests.support.orders import SOL, fill, order
from tests.support.spot_state import spot_state
from tests.support.world import (
    Recorder,
    World,
    assert_agrees,
    assert_agrees_to_the_last_fill,
    until_async,
    until_state,
)

HASTY = GateioSettings(request_timeout_s=1.0, order_expiry_ms=3_000)


def bid(quantity: str = "1", price: str = "139", client_order_id: str | None = None) -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(quantity), Decimal(price), client_order_id=client_order_id)


async def start(world: World, *plans: AccountPlan, **options: Any) -> tuple[AccountHandle, Recorder]:
    recorder = Recorder()
    system = await world.start(*plans, strategies=[recorder], **options)
    return system.account("alpha"), recorder


async def fill_from_outside(world: World, placed: Order, amount: str | None = None) -> None:
    await world.control("POST", f"/orders/{placed.order_id}/fill", {} if amount is None else {"amount": amount})


async def cancel_from_outside(world: World, placed: Order) -> None:
    await world.control("POST", f"/orders/{placed.order_id}/cancel", {})


def statuses(recorder: Recorder, client_order_id: str) -> list[OrderStatus]:
    """What a strategy was told, without repetitions."""
    told = [known.status for known in recorder.orders(client_order_id)]
    return [status for number, status in enumerate(told) if not number or told[number - 1] is not status]


def fills(recorder: Recorder) -> list[Decimal]:
    return [event.fill.quantity for event in recorder.events if isinstance(event, ExecutionReportEvent)]


async def until_events(account: AccountHandle, count: int) -> None:
    """Until the private socket has brought so many events in all."""

    async def have_come() -> bool:
        return (await account.get_trading_stats()).events_count >= count

    await until_async(have_come, what=f"{count} events")


@pytest.mark.parametrize("end", [OrderStatus.FILLED, OrderStatus.CANCELED])
async def test_late_update_frame_after_finish(world: World, end: OrderStatus) -> None:
    account, recorder = await start(world)
    placed = await account.place(bid("2", client_order_id="one"))
    await until_events(account, 2)
    await world.fault("frame_late", channel="spot.orders", times=1, delay_ms=150)
    await fill_from_outside(world, placed, "0.5")
    if end is OrderStatus.FILLED:
        await fill_from_outside(world, placed, "1.5")
    else:
        await cancel_from_outside(world, placed)
    await eventually(lambda: recorder.orders("one")[-1].status is end)
    told = len(recorder.orders("one"))
    # fill, balances, end, balances (after a second fill also that); the late update comes last
    await until_events(account, 2 + (6 if end is OrderStatus.FILLED else 5))
    assert len(recorder.orders("one")) == told
    assert statuses(recorder, "one")[-1] is end
    assert (await account.snapshot()).open_orders == ()
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_rest_new_arrives_after_the_sockets_filled(world: World) -> None:
    account, recorder = await start(world)
    await world.fault("rest_slow", endpoint="POST /spot/orders", delay_ms=150, times=1)
    placing = account.place(bid(client_order_id="one"))
    await eventually(lambda: OrderStatus.NEW in statuses(recorder, "one"), what="the socket to tell of the order")
    await fill_from_outside(world, recorder.orders("one")[-1])
    await eventually(lambda: recorder.orders("one")[-1].status is OrderStatus.FILLED)
    assert (await placing).status is OrderStatus.FILLED
    assert statuses(recorder, "one").index(OrderStatus.FILLED) == len(statuses(recorder, "one")) - 1
    assert (await account.snapshot()).open_orders == ()
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_fill_after_cancel(world: World) -> None:
    account, recorder = await start(world)
    placed = await account.place(bid("2", client_order_id="one"))
    await world.fault("late_fill", account="alpha", times=1, delay_ms=50)
    canceled = await account.cancel(placed)
    assert (canceled.status, canceled.filled_quantity) == (OrderStatus.CANCELED, 0)
    await eventually(lambda: recorder.orders("one")[-1].filled_quantity == 1, what="the late fill to be added")
    assert statuses(recorder, "one")[-1] is OrderStatus.CANCELED
    assert OrderStatus.PARTIALLY_FILLED not in statuses(recorder, "one")
    assert (await account.snapshot()).open_orders == ()
    assert fills(recorder) == [Decimal(1)]
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_same_trade_id_twice_overfill(world: World) -> None:
    account, recorder = await start(world)
    placed = await account.place(bid("1", client_order_id="one"))
    await until_events(account, 2)
    await world.fault("frame_duplicate", account="alpha", channel="spot.usertrades")
    await world.fault("frame_duplicate", account="alpha", channel="spot.usertrades", delay_ms=50)
    await fill_from_outside(world, placed, "0.75")
    await fill_from_outside(world, placed)
    await until_events(account, 2 + 8)
    await account.reload()  # the same fills again, by query
    assert fills(recorder) == [Decimal("0.75"), Decimal("0.25")]
    assert max(known.filled_quantity for known in recorder.orders("one")) == 1
    assert (await account.get_trading_stats()).fills_count == 2
    await assert_agrees_to_the_last_fill(world, account, recorder)


@pytest.mark.parametrize("how", ["rest_timeout", "rest_abort", "rest_error"])
async def test_submit_times_out_order_was_accepted(world: World, how: str) -> None:
    account, recorder = await start(world, gateio=HASTY)
    # the socket shall not give the answer away: what it tells of this order is lost
    await world.fault("frame_drop", account="alpha", channel="spot.orders", times=1)
    await world.fault(how, endpoint="POST /spot/orders", effect="done", times=1)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid(client_order_id="one"))
    await eventually(lambda: recorder.orders("one")[-1].status is OrderStatus.NEW, what="the order to be found")
    assert statuses(recorder, "one") == [OrderStatus.PENDING, OrderStatus.UNRESOLVED, OrderStatus.NEW]
    assert len((await world.books())["orders"]) == 1
    assert (await account.cancel(recorder.orders("one")[-1])).status is OrderStatus.CANCELED
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_an_exception_in_one_message_handler(world: World) -> None:
    account, recorder = await start(world)
    sockets = {session["id"] for session in await world.control("GET", "/sockets")}
    for session in world.exchange.exchange.face.sockets:  # numbers where texts belong, in every private channel
        for channel in ("spot.orders", "spot.usertrades", "spot.balances"):
            session.push(f'{{"time":1,"channel":"{channel}","event":"update","result":[{{"id":[],"currency":1}}]}}')
    await eventually(lambda: len([e for e in recorder.events if isinstance(e, ErrorEvent)]) >= 3)
    await fill_from_outside(world, await account.place(bid()))
    await assert_agrees_to_the_last_fill(world, account, recorder)
    assert {session["id"] for session in await world.control("GET", "/sockets")} == sockets
    assert (await account.get_trading_stats()).reconnects_count == 0


async def test_not_found_five_times_then_fills(world: World) -> None:
    account, recorder = await start(world, gateio=HASTY)
    look_ups = await world.fault("rest_slow", account="alpha", endpoint="GET /spot/orders/{}", delay_ms=0)
    await world.fault("rest_abort", endpoint="POST /spot/orders", effect="late", late_ms=1_000, times=1)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("2", client_order_id="one"))

    async def five_times() -> bool:
        return await world.hits(look_ups) >= 5

    await until_async(five_times, what="five look-ups")
    assert (await world.books())["orders"] == []
    assert statuses(recorder, "one")[-1] is OrderStatus.UNRESOLVED
    await eventually(lambda: recorder.orders("one")[-1].status is OrderStatus.NEW, what="the order to arrive")
    await fill_from_outside(world, recorder.orders("one")[-1], "0.5")
    await fill_from_outside(world, recorder.orders("one")[-1])
    await eventually(lambda: recorder.orders("one")[-1].status is OrderStatus.FILLED)
    assert fills(recorder) == [Decimal("0.5"), Decimal("1.5")]
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_reconnect_order_vanished_meanwhile(world: World) -> None:
    account, recorder = await start(world)
    canceled, filled, kept = [await account.place(bid(client_order_id=name)) for name in ("gone", "filled", "kept")]
    cut = await world.fault("socket_cut", account="alpha")
    await until_state(account, SyncState.DEGRADED)
    await cancel_from_outside(world, canceled)
    await fill_from_outside(world, filled)
    await world.clear(cut)
    await until_state(account, SyncState.LIVE)
    assert [known.order_id for known in (await account.snapshot()).open_orders] == [kept.order_id]
    assert statuses(recorder, "gone")[-1] is OrderStatus.CANCELED
    assert statuses(recorder, "filled")[-1] is OrderStatus.FILLED
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_rest_list_fails_at_start(world: World) -> None:
    before, _ = await start(world)
    placed = await before.place(bid())
    failing = await world.fault("rest_error", endpoint="GET /spot/open_orders")
    system = world.build(world.plan("alpha"))
    with pytest.raises(ConnectionFailedError):
        await system.start()
    await world.clear(failing)
    account = (await world.start(world.plan("alpha"))).account("alpha")
    assert [known.order_id for known in (await account.snapshot()).open_orders] == [placed.order_id]


async def test_rest_list_fails_at_recovery(world: World) -> None:
    account, recorder = await start(world)
    placed = await account.place(bid())
    failing = await world.fault("rest_error", account="alpha", endpoint="GET /spot/open_orders")
    await world.control("POST", "/sockets/cut", {"account": "alpha"})
    await until_state(account, SyncState.DEGRADED)

    async def tried_thrice() -> bool:
        return await world.hits(failing) >= 3

    await until_async(tried_thrice, what="three attempts")
    snapshot = await account.snapshot()
    assert not snapshot.is_live
    assert [known.order_id for known in snapshot.open_orders] == [placed.order_id]
    with pytest.raises(NotLiveError):
        await account.place(bid())
    await world.clear(failing)
    await until_state(account, SyncState.LIVE)
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_eviction_of_a_mixed_cache_never_drops_open_orders(world: World) -> None:
    account, recorder = await start(world, world.plan(executed_limit=2))
    kept = [await account.place(bid(client_order_id=f"open-{number}")) for number in range(3)]
    for _ in range(6):
        await account.cancel(await account.place(bid()))
    stats = await account.get_trading_stats()
    assert (stats.open_orders_count, stats.executed_orders_count) == (3, 2)
    assert [o.order_id for o in (await account.snapshot()).open_orders] == [o.order_id for o in kept]
    for known in kept:
        await fill_from_outside(world, known)
    await eventually(lambda: all(recorder.orders(f"open-{n}")[-1].status is OrderStatus.FILLED for n in range(3)))
    await assert_agrees(world, account)


def operations(run: Callable[[], object]) -> int:
    """How many byte codes and calls of C it takes: a measure that no other load on the machine changes."""
    count = 0

    def trace(frame: Any, _event: str, _argument: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


def life(state: AccountState, number: int) -> None:
    """An order from its beginning to its end."""
    ids = {"order_id": str(number), "client_order_id": f"c{number}"}
    state.apply_order(order(at=number, **ids))
    state.apply_fill(fill(f"t{number}", "4", at=number, **ids))
    state.apply_order(order(filled="4", at=number, **ids))
    state.apply_order(order(OrderStatus.CANCELED, filled="4", at=number, **ids))


def test_many_finished_orders_do_not_make_an_event_dearer() -> None:
    state = spot_state(executed_limit=1_000)
    for number in range(1, 20):
        life(state, number)
    few = operations(lambda: life(state, 20))
    for number in range(21, 3_000):
        life(state, number)
    assert state.orders.executed_count == 1_000
    many = operations(lambda: life(state, 3_000))
    assert few > 100, "the measure must see the work"
    assert many < 1.5 * few


def test_many_fills_on_one_order_do_not_make_an_event_dearer() -> None:
    state = spot_state()
    state.apply_order(order(quantity="100000"))

    def one_fill(number: int) -> None:
        state.apply_fill(fill(f"t{number}", at=number))
        state.apply_order(order(quantity="100000", filled=str(number), at=number))

    for number in range(1, 20):
        one_fill(number)
    few = operations(lambda: one_fill(20))
    for number in range(21, 5_000):
        one_fill(number)
    many = operations(lambda: one_fill(5_000))
    assert few > 100, "the measure must see the work"
    assert many < 1.5 * few


async def test_two_accounts_on_one_venue(world: World) -> None:
    alphas, betas = Recorder("alphas", ("alpha",)), Recorder("betas", ("beta",))
    system = await world.start(world.plan("alpha"), world.plan("beta"), strategies=[alphas, betas])
    alpha, beta = system.account("alpha"), system.account("beta")
    ours = await alpha.place(bid("2", client_order_id="same-name"))
    theirs = await beta.place(bid("3", client_order_id="same-name"))
    await fill_from_outside(world, ours)
    await fill_from_outside(world, theirs, "1")
    await beta.cancel(theirs)
    await assert_agrees_to_the_last_fill(world, alpha, alphas)
    await assert_agrees_to_the_last_fill(world, beta, betas)
    assert [known.quantity for known in alphas.orders() if known.order_id == theirs.order_id] == []
    assert (fills(alphas), fills(betas)) == ([Decimal(2)], [Decimal(1)])


async def test_one_client_needs_a_reconnect(world: World) -> None:
    recorder, others = Recorder("recorder", ("alpha",)), Recorder("others", ("beta",))
    system = await world.start(world.plan("alpha"), world.plan("beta"), strategies=[recorder, others])
    alpha, beta = system.account("alpha"), system.account("beta")
    kept = await alpha.place(bid())
    sockets = {session["id"] for session in await world.control("GET", "/sockets")}
    await world.control("POST", "/sockets/cut", {"account": "alpha", "how": "reset"})

    async def is_back() -> bool:
        stats = await alpha.get_trading_stats()
        return stats.sync_state is SyncState.LIVE and stats.reconnects_count == 1

    await until_async(is_back, what="alpha to be back")
    assert len(sockets & {session["id"] for session in await world.control("GET", "/sockets")}) == len(sockets) - 1
    assert (await beta.get_trading_stats()).reconnects_count == 0
    assert all(group.restarts == 0 for group in await system.supervision())
    await fill_from_outside(world, kept)
    await assert_agrees_to_the_last_fill(world, alpha, recorder)
