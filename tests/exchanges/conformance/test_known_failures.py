"""Where the known systems go wrong: each row that a venue has a part in, for every venue.

`tests/actors/scenarios/test_known_failures.py` has them over real sockets, and those that are of the state alone.
"""

from decimal import Decimal

import pytest

from exchanges.simulator.faults.faults import (
    FailedAnswer,
    FrameDrop,
    FrameDuplicate,
    FrameJunk,
    FrameLate,
    FrameTruncate,
    LateFill,
    RestAbort,
    RestError,
    RestSlow,
    RestTimeout,
    SocketCut,
)
from messages.enums import OrderStatus, SyncState
from messages.errors import ConnectionFailedError, NotLiveError, UnresolvedOrderError
from messages.events import ErrorEvent
from tests.exchanges.conformance.trading import agrees_to_the_last_fill, bid, cancel, fill, start, until_known
from tests.exchanges.conformance.words import channels, endpoints
from tests.support.recorder import Recorder
from tests.support.virtual_world import VirtualWorld, on_virtual_time

SELDOM_S = 1000.0
"""Between checks: what a test shows is the socket's doing, or a query's."""


@pytest.mark.parametrize("ending", [OrderStatus.FILLED, OrderStatus.CANCELED], ids=lambda each: each.value)
@on_virtual_time()
async def test_r2_late_update_frame_after_finish(world: VirtualWorld, ending: OrderStatus) -> None:
    account, recorder = await start(world, check_every_s=SELDOM_S)
    placed = await account.place(bid("one", "2"))
    await world.environment.clock.sleep(1.0)
    world.fault(FrameLate(channel=channels(world).orders, times=1, delay_ms=5_000))
    fill(world, placed, "0.5")
    if ending is OrderStatus.FILLED:
        fill(world, placed)
    else:
        cancel(world, placed)
    await until_known(world, recorder, "one", ending)
    await world.environment.clock.sleep(2.0)  # all but the late update has come
    told, heard = len(recorder.orders("one")), (await account.get_trading_stats()).events_count
    await world.environment.clock.sleep(5.0)
    assert (await account.get_trading_stats()).events_count == heard + 1
    assert len(recorder.orders("one")) == told
    assert (await account.snapshot()).open_orders == ()
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r2_rest_new_arrives_after_the_sockets_filled(world: VirtualWorld) -> None:
    account, recorder = await start(world, check_every_s=SELDOM_S)
    world.fault(RestSlow(endpoint=endpoints(world).place, delay_ms=2_000, times=1))
    placing = account.place(bid("one"))
    fill(world, await until_known(world, recorder, "one", OrderStatus.NEW))
    await until_known(world, recorder, "one", OrderStatus.FILLED)
    assert (await placing).status is OrderStatus.FILLED
    assert recorder.statuses("one").count(OrderStatus.FILLED) == 1
    assert recorder.statuses("one")[-1] is OrderStatus.FILLED
    assert (await account.snapshot()).open_orders == ()
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r2_fill_after_cancel(world: VirtualWorld) -> None:
    account, recorder = await start(world, check_every_s=SELDOM_S)
    placed = await account.place(bid("one", "2"))
    world.fault(LateFill(account="alpha", times=1, delay_ms=2_000))
    canceled = await account.cancel(placed)
    assert (canceled.status, canceled.filled_quantity) == (OrderStatus.CANCELED, 0)
    await world.until(lambda: recorder.orders("one")[-1].filled_quantity == 1, what="the late fill to be added")
    assert recorder.statuses("one")[-1] is OrderStatus.CANCELED
    assert OrderStatus.PARTIALLY_FILLED not in recorder.statuses("one")
    assert (await account.snapshot()).open_orders == ()
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r2_same_trade_id_twice_overfill(world: VirtualWorld) -> None:
    account, recorder = await start(world, check_every_s=SELDOM_S)
    placed = await account.place(bid("one"))
    for delay_ms in (0, 1_000):
        world.fault(FrameDuplicate(account="alpha", channel=channels(world).fills, delay_ms=delay_ms))
    fill(world, placed, "0.75")
    fill(world, placed)
    await until_known(world, recorder, "one", OrderStatus.FILLED)
    await world.environment.clock.sleep(2.0)
    await account.reload()  # the same fills again, by query
    assert [each.quantity for each in recorder.fills()] == [Decimal("0.75"), Decimal("0.25")]
    assert max(known.filled_quantity for known in recorder.orders("one")) == 1
    assert (await account.get_trading_stats()).fills_count == 2
    await agrees_to_the_last_fill(world, account, recorder)


@pytest.mark.parametrize("how", [RestTimeout, RestAbort, RestError])
@on_virtual_time()
async def test_r3_submit_times_out_order_was_accepted(world: VirtualWorld, how: type[FailedAnswer]) -> None:
    account, recorder = await start(world, check_every_s=SELDOM_S)
    # the socket shall not give the answer away: what it tells of this order is lost
    world.fault(FrameDrop(account="alpha", channel=channels(world).orders, times=1))
    world.fault(how(endpoint=endpoints(world).place, effect="done", times=1))
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("one"))
    found = await until_known(world, recorder, "one", OrderStatus.NEW)
    assert recorder.statuses("one") == [OrderStatus.PENDING, OrderStatus.UNRESOLVED, OrderStatus.NEW]
    assert len(world.booked()) == 1
    assert (await account.cancel(found)).status is OrderStatus.CANCELED
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r10_an_exception_in_one_message_handler(world: VirtualWorld) -> None:
    account, recorder = await start(world, check_every_s=SELDOM_S)
    sessions = {session.id for session in world.exchange.face.sockets}
    world.fault(FrameJunk(account="alpha", times=2))
    await account.place(bid("junk"))
    await world.until(lambda: any(isinstance(event, ErrorEvent) for event in recorder.events), what="an error event")
    world.fault(FrameTruncate(account="alpha", channel=channels(world).balances, times=1))
    fill(world, await account.place(bid("one")))
    await until_known(world, recorder, "one", OrderStatus.FILLED)
    await account.reload()
    await agrees_to_the_last_fill(world, account, recorder)
    assert {session.id for session in world.exchange.face.sockets} == sessions
    assert (await account.get_trading_stats()).reconnects_count == 0


@on_virtual_time()
async def test_r6_not_found_five_times_then_fills(world: VirtualWorld) -> None:
    account, recorder = await start(world, check_every_s=SELDOM_S)
    look_ups = world.exchange.faults.add(RestSlow(account="alpha", endpoint=endpoints(world).order, delay_ms=0))
    late_ms = min(4_000, world.venue.capabilities.order_expiry_ms or 4_000)
    world.fault(RestAbort(endpoint=endpoints(world).place, effect="late", late_ms=late_ms, times=1))
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("one", "2"))
    await world.until(lambda: look_ups.hits >= 5, what="five look-ups")
    assert world.booked() == {}
    assert recorder.statuses("one")[-1] is OrderStatus.UNRESOLVED
    found = await until_known(world, recorder, "one", OrderStatus.NEW)
    fill(world, found, "0.5")
    fill(world, found)
    await until_known(world, recorder, "one", OrderStatus.FILLED)
    assert [each.quantity for each in recorder.fills()] == [Decimal("0.5"), Decimal("1.5")]
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r6_reconnect_order_vanished_meanwhile(world: VirtualWorld) -> None:
    account, recorder = await start(world)
    canceled, filled, kept = [await account.place(bid(name)) for name in ("gone", "filled", "kept")]
    cut = world.exchange.faults.add(SocketCut(account="alpha"))
    await world.until_state(account, SyncState.DEGRADED)
    cancel(world, canceled)
    fill(world, filled)
    world.exchange.faults.clear(cut.id)
    await world.until_state(account, SyncState.LIVE)
    assert [known.order_id for known in (await account.snapshot()).open_orders] == [kept.order_id]
    assert recorder.statuses("gone")[-1] is OrderStatus.CANCELED
    assert recorder.statuses("filled")[-1] is OrderStatus.FILLED
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r6_rest_list_fails_at_start(world: VirtualWorld) -> None:
    before, _ = await start(world)
    placed = await before.place(bid("one"))
    failing = world.exchange.faults.add(RestError(endpoint=endpoints(world).open_orders))
    with pytest.raises(ConnectionFailedError):
        await world.start()
    world.exchange.faults.clear(failing.id)
    account = (await world.start()).account("alpha")
    assert [known.order_id for known in (await account.snapshot()).open_orders] == [placed.order_id]


@on_virtual_time()
async def test_r6_rest_list_fails_at_recovery(world: VirtualWorld) -> None:
    account, recorder = await start(world)
    placed = await account.place(bid("one"))
    failing = world.exchange.faults.add(RestError(account="alpha", endpoint=endpoints(world).open_orders))
    world.fault(SocketCut(account="alpha", times=1))
    await world.until(lambda: failing.hits >= 3, what="three attempts")
    snapshot = await account.snapshot()
    assert not snapshot.is_live
    assert [known.order_id for known in snapshot.open_orders] == [placed.order_id]
    with pytest.raises(NotLiveError):
        await account.place(bid("refused"))
    world.exchange.faults.clear(failing.id)
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r9_eviction_of_a_mixed_cache_never_drops_open_orders(world: VirtualWorld) -> None:
    account, recorder = await start(world, executed_limit=2)
    kept = [await account.place(bid(f"open-{number}")) for number in range(3)]
    for number in range(6):
        await account.cancel(await account.place(bid(f"ended-{number}")))
    stats = await account.get_trading_stats()
    assert (stats.open_orders_count, stats.executed_orders_count) == (3, 2)
    assert {known.order_id for known in (await account.snapshot()).open_orders} == {each.order_id for each in kept}
    for number, known in enumerate(kept):
        fill(world, known)
        await until_known(world, recorder, f"open-{number}", OrderStatus.FILLED)
    await world.agrees(account)


@on_virtual_time()
async def test_r10_two_accounts_on_one_venue_and_one_of_them_needs_a_reconnect(world: VirtualWorld) -> None:
    world.market()
    alphas, betas = Recorder("alphas", ("alpha",)), Recorder("betas", ("beta",))
    system = await world.start(world.plan("alpha"), world.plan("beta"), strategies=[alphas, betas])
    alpha, beta = system.account("alpha"), system.account("beta")
    ours, theirs = await alpha.place(bid("same-name", "2")), await beta.place(bid("same-name", "3"))
    fill(world, theirs, "1")
    sessions = {session.id for session in world.exchange.face.sockets}
    world.fault(SocketCut(account="alpha", times=1))
    await world.until(lambda: SyncState.DEGRADED in alphas.states(), what="the loss to be noticed")
    await world.until_state(alpha, SyncState.LIVE)
    fill(world, ours)
    await beta.cancel(theirs)
    await agrees_to_the_last_fill(world, alpha, alphas)
    await agrees_to_the_last_fill(world, beta, betas)
    assert [known for known in alphas.orders() if known.order_id == theirs.order_id] == []
    assert [each.quantity for each in alphas.fills()] == [Decimal(2)]
    assert [each.quantity for each in betas.fills()] == [Decimal(1)]
    assert len(sessions & {session.id for session in world.exchange.face.sockets}) == len(sessions) - 1
    assert (await alpha.get_trading_stats()).reconnects_count == 1
    assert (await beta.get_trading_stats()).reconnects_count == 0
    assert all(group.restarts == 0 for group in await system.supervision())
