"""What the exchange and the network may do to an account, one thing at a time: in the end it agrees with the books."""

import itertools
from decimal import Decimal
from typing import Any

import pytest

from actors.connection.messages import Connect
from actors.strategy.handle import AccountHandle
from exchanges.gateio.venue import GateioSettings
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import NotLiveError, RefusalReason, TellerError, UnresolvedOrderError, VenueRefusedError
from messages.events import ConnectionStatusEvent, ErrorEvent
from messages.order import Order
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.world import (
    Recorder,
    World,
    assert_agrees,
    assert_agrees_to_the_last_fill,
    until_async,
    until_state,
)

PLACE = "POST /spot/orders"
HASTY = GateioSettings(request_timeout_s=1.0, order_expiry_ms=1_000)


def bid(client_order_id: str | None = None, price: str = "139", quantity: str = "1") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(quantity), Decimal(price), client_order_id=client_order_id)


async def start(world: World, **options: Any) -> tuple[AccountHandle, Recorder]:
    recorder = Recorder()
    system = await world.start(strategies=[recorder], **options)
    return system.account("alpha"), recorder


def states(recorder: Recorder) -> list[SyncState]:
    return [e.sync_state for e in recorder.events if isinstance(e, ConnectionStatusEvent) and e.name == "alpha"]


def status_of(recorder: Recorder, client_order_id: str) -> OrderStatus | None:
    told = recorder.orders(client_order_id)
    return told[-1].status if told else None


async def outside(world: World, order: Order, what: str) -> None:
    """Fills or cancels an order without the account's doing."""
    await world.control("POST", f"/orders/{order.order_id}/{what}", {})


async def test_429_with_retry_after_is_obeyed_and_the_account_goes_on(world: World) -> None:
    account, recorder = await start(world)
    limit = await world.fault("rest_limit", endpoint=PLACE, retry_after_s=1)
    with pytest.raises(VenueRefusedError) as refused:
        await account.place(bid("refused"))
    assert (refused.value.reason, refused.value.retry_after_s) == (RefusalReason.RATE_LIMIT, 1.0)
    refused_ms = world.environment.clock.now_ms()
    waiting = account.place(bid("waits"))
    canceled = await account.cancel_all(SOL, Side.SELL)  # another limit: nothing holds it back
    assert (canceled, await world.hits(limit)) == ((), 1)
    await world.clear(limit)
    await waiting
    (row,) = (await world.books())["orders"]
    assert row["created_ms"] - refused_ms >= 900  # sent when the time was over, not before
    assert SyncState.DEGRADED not in states(recorder)
    assert status_of(recorder, "refused") is OrderStatus.REJECTED
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_maintenance_is_waited_out(world: World) -> None:
    account, recorder = await start(world, gateio=HASTY)
    filled, kept = await account.place(bid("filled")), await account.place(bid("kept"))
    maintenance = await world.fault("maintenance")
    await until_state(account, SyncState.DEGRADED)
    with pytest.raises(NotLiveError):
        await account.place(bid())
    await outside(world, filled, "fill")
    snapshot = await account.snapshot()
    assert {order.order_id for order in snapshot.open_orders} == {filled.order_id, kept.order_id}
    assert not snapshot.is_live
    await world.clear(maintenance)
    await until_state(account, SyncState.LIVE)
    assert status_of(recorder, "filled") is OrderStatus.FILLED
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_nobody_listening_is_waited_out_and_an_order_that_never_left_is_refused_for_certain(
    world: World,
) -> None:
    account, recorder = await start(world, gateio=HASTY, check_every_s=0.05)
    placed = await account.place(bid("kept"))
    refusing = await world.fault("refuse_connections")
    await until_state(account, SyncState.DEGRADED)
    with pytest.raises(NotLiveError):
        await account.place(bid())
    await outside(world, placed, "cancel")
    await world.clear(refusing)
    await until_state(account, SyncState.LIVE)
    assert status_of(recorder, "kept") is OrderStatus.CANCELED
    await assert_agrees_to_the_last_fill(world, account, recorder)


@pytest.mark.parametrize("offset_ms", [90_000, -90_000])
async def test_a_clock_of_the_exchange_that_moves_by_90_s_is_followed(world: World, offset_ms: int) -> None:
    account, recorder = await start(world, gateio=HASTY)
    before = await account.place(bid("before"))
    skew = await world.fault("clock_skew", offset_ms=offset_ms)
    with_skew = await place_at_last(account, "with-skew")
    await outside(world, before, "fill")
    await account.cancel(with_skew)
    await world.clear(skew)
    after = await place_at_last(account, "after")
    await outside(world, after, "fill")
    await eventually(lambda: status_of(recorder, after.client_order_id or "") is OrderStatus.FILLED)
    assert SyncState.FAILED not in states(recorder)
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def place_at_last(account: AccountHandle, name: str) -> Order:
    """An order as soon as the exchange takes one; refused for the clock is refused for certain, so none is double."""
    numbers = itertools.count()

    async def attempt() -> Order | None:
        try:
            return await account.place(bid(f"{name}-{next(numbers)}"))
        except NotLiveError:
            return None
        except VenueRefusedError as error:
            if error.reason is RefusalReason.CLOCK:
                return None
            raise

    placed: Order = await until_async(attempt, what="an order to be taken")
    return placed


async def test_a_revoked_key_ends_failed_without_a_loop_and_connect_brings_it_back(world: World) -> None:
    recorder = Recorder()
    system = await world.start(world.plan("alpha"), world.plan("beta"), strategies=[recorder], check_every_s=0.05)
    alpha, beta = system.account("alpha"), system.account("beta")
    kept, filled = await alpha.place(bid("kept")), await alpha.place(bid("filled"))
    revoked = await world.fault("key_revoked", account="alpha")
    asked = await world.fault("rest_slow", account="alpha", delay_ms=0)  # counts
    await until_state(alpha, SyncState.FAILED)
    await outside(world, filled, "fill")
    hits = await world.hits(asked)
    for _ in range(20):
        await beta.reload()
    assert await world.hits(asked) == hits
    assert (await alpha.snapshot()).sync_state is SyncState.FAILED
    with pytest.raises(NotLiveError):
        await alpha.place(bid())
    assert (await beta.place(bid())).status is OrderStatus.NEW

    with pytest.raises(VenueRefusedError):
        await system.connection("alpha").ask(Connect())
    await world.clear(revoked)
    await system.connection("alpha").ask(Connect())
    assert (await alpha.snapshot()).is_live
    assert [order.order_id for order in (await alpha.snapshot()).open_orders] == [kept.order_id]
    assert status_of(recorder, "filled") is OrderStatus.FILLED
    await assert_agrees_to_the_last_fill(world, alpha, recorder)


async def test_5xx_after_the_effect_leaves_an_order_unresolved_until_it_is_found(world: World) -> None:
    account, recorder = await start(world, gateio=HASTY)
    await world.fault("frame_drop", account="alpha", channel="spot.orders", times=1)
    await world.fault("rest_error", endpoint=PLACE, effect="done", status=500, times=1)
    nothing_known = await world.fault("rest_error", account="alpha", access="private")
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("one"))
    assert (await account.get_trading_stats()).unresolved_orders == 1

    async def asked() -> bool:
        return await world.hits(nothing_known) >= 10

    await until_async(asked, what="queries that fail")
    assert status_of(recorder, "one") is OrderStatus.UNRESOLVED
    await world.clear(nothing_known)
    await eventually(lambda: status_of(recorder, "one") is OrderStatus.NEW, what="the order to be found")
    assert len((await world.books())["orders"]) == 1
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_5xx_before_the_effect_ends_as_rejected_once_the_order_cannot_arrive(world: World) -> None:
    account, recorder = await start(world, gateio=HASTY)
    await world.fault("rest_error", endpoint=PLACE, status=503, times=1)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("one"))
    await eventually(lambda: status_of(recorder, "one") is OrderStatus.REJECTED, what="the order to be settled")
    assert (await world.books())["orders"] == []
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_a_cancel_that_fails_before_and_one_that_fails_after_its_effect(world: World) -> None:
    account, recorder = await start(world, gateio=HASTY)
    before, after = await account.place(bid("before")), await account.place(bid("after"))
    await world.fault("rest_error", endpoint="DELETE /spot/orders/{}", times=1)
    with pytest.raises(UnresolvedOrderError):  # found open: the cancel has not happened
        await account.cancel(before)
    await world.fault("rest_error", endpoint="DELETE /spot/orders/{}", effect="done", times=1)
    assert (await account.cancel(after)).status is OrderStatus.CANCELED
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [before.order_id]
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_an_order_that_is_accepted_late_is_found(world: World) -> None:
    account, recorder = await start(world, gateio=HASTY)
    await world.fault("rest_abort", endpoint=PLACE, effect="late", late_ms=300, times=1)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("late"))
    assert (await world.books())["orders"] == []
    await eventually(lambda: status_of(recorder, "late") is OrderStatus.NEW, what="the order to arrive")
    await account.cancel(recorder.orders("late")[-1])
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_an_order_that_would_come_after_its_expiry_is_refused_there_and_settled_here(world: World) -> None:
    hasty = GateioSettings(request_timeout_s=1.0, order_expiry_ms=200)
    account, recorder = await start(world, gateio=hasty)
    await world.fault("rest_abort", endpoint=PLACE, effect="late", late_ms=250, times=1)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("too-late"))
    await eventually(lambda: status_of(recorder, "too-late") is OrderStatus.REJECTED)
    assert (await world.books())["orders"] == []
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def busy(world: World, account: AccountHandle) -> None:
    """Eight orders: filled in parts, canceled in parts, amended, left open."""
    orders = [await account.place(bid(quantity="2", price=str(130 + number))) for number in range(8)]
    for number, order in enumerate(orders):
        if number % 4 != 3:
            await world.control("POST", f"/orders/{order.order_id}/fill", {"amount": "0.5"})
        if number % 4 == 1:
            await outside(world, order, "fill")
        elif number % 4 == 2:
            await account.cancel(order)
    await account.amend(orders[-1], price=Decimal("129"))


DISORDER: dict[str, list[dict[str, Any]]] = {
    "duplicates": [
        {"kind": "frame_duplicate", "probability": 0.6},
        {"kind": "frame_duplicate", "probability": 0.3, "delay_ms": 90},
    ],
    "reordered": [{"kind": "frame_reorder", "window": 6, "hold_ms": 30}],
    "delayed": [
        {"kind": "frame_delay", "probability": 0.3, "delay_ms": 40},
        {"kind": "frame_late", "probability": 0.3, "delay_ms": 60},
    ],
    "all-together": [
        {"kind": "frame_duplicate", "delay_ms": 30},
        {"kind": "frame_reorder", "window": 9},
        {"kind": "frame_junk"},
    ],
}


@pytest.mark.parametrize("faults", DISORDER.values(), ids=DISORDER)
async def test_frames_that_come_twice_late_or_in_another_order_end_in_the_same_books(
    world: World, faults: list[dict[str, Any]]
) -> None:
    # Two balances of one millisecond that changed places bear nothing to tell them apart by: the check does.
    account, recorder = await start(world, check_every_s=0.2)
    for fault in faults:
        await world.fault(**fault, account="alpha")
    await busy(world, account)
    await assert_agrees_to_the_last_fill(world, account, recorder)
    assert (await account.get_trading_stats()).reconnects_count == 0


@pytest.mark.parametrize("channel", ["spot.orders", "spot.usertrades", "spot.balances"])
async def test_a_single_frame_that_is_lost_is_made_good_by_the_check(world: World, channel: str) -> None:
    account, recorder = await start(world, check_every_s=0.2)
    filled, canceled = await account.place(bid("filled")), await account.place(bid("canceled"))
    lost = await world.fault("frame_drop", account="alpha", channel=channel)
    await outside(world, filled, "fill")
    await outside(world, canceled, "cancel")

    async def has_struck() -> bool:
        return await world.hits(lost) >= 1

    await until_async(has_struck, what="the frame to be lost")
    await world.clear(lost)
    await assert_agrees_to_the_last_fill(world, account, recorder)
    assert status_of(recorder, "filled") is OrderStatus.FILLED
    assert status_of(recorder, "canceled") is OrderStatus.CANCELED


@pytest.mark.parametrize("kind", ["frame_junk", "frame_truncate"])
async def test_junk_and_truncated_frames_are_told_and_the_stream_goes_on(world: World, kind: str) -> None:
    account, recorder = await start(world, check_every_s=0.2)
    await world.fault(kind, account="alpha", times=4)
    placed = await account.place(bid("one"))
    await account.cancel(await account.place(bid("two")))
    await outside(world, placed, "fill")
    await eventually(lambda: [e for e in recorder.events if isinstance(e, ErrorEvent)], what="an error event")
    await assert_agrees_to_the_last_fill(world, account, recorder)
    assert (await account.get_trading_stats()).reconnects_count == 0


async def test_answers_that_are_slow_time_out_and_hide_nothing(world: World) -> None:
    account, recorder = await start(world, gateio=HASTY)
    await world.fault("rest_slow", account="alpha", endpoint=PLACE, delay_ms=5_000, times=1)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("slow"))
    await eventually(lambda: status_of(recorder, "slow") is OrderStatus.NEW, what="the order to be known")
    await assert_agrees_to_the_last_fill(world, account, recorder)


async def test_a_start_during_maintenance_fails_with_its_cause_and_a_later_one_succeeds(world: World) -> None:
    maintenance = await world.fault("maintenance")
    system = world.build(gateio=HASTY)
    with pytest.raises(TellerError, match=r"503|1013"):
        await system.start()
    await world.clear(maintenance)
    account, _ = await start(world)
    await assert_agrees(world, account)
