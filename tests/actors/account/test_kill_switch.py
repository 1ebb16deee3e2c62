"""The kill switch: everything canceled, nothing new until it is released."""

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.journal.store import Store
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import CancelGoesOnError, KillSwitchError
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


async def test_orders_that_cannot_be_canceled_now_are_canceled_when_the_link_is_back(world: World) -> None:
    plan = world.plan(cancel_patience_s=0.2)
    account = (await world.start(plan, check_every_s=0.05)).account("alpha")
    await account.place(bid())
    await world.rest.set_mode(Mode.REFUSE)
    world.rest.cut()
    with pytest.raises(CancelGoesOnError):
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


async def still_open(world: World) -> list[Any]:
    return [row for row in (await world.books())["orders"] if row["status"] == "open"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rest_limit", "retry_after_s": 1},
        {"kind": "rest_error", "status": 502},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_r13_a_cancel_that_fails_is_tried_again_until_nothing_is_open(
    world: World, fault: dict[str, Any]
) -> None:
    account = (await world.start()).account("alpha")
    await account.place(bid())
    fields = {key: value for key, value in fault.items() if key != "kind"}
    await world.fault(fault["kind"], endpoint="DELETE /spot/orders", times=2, **fields)
    ended = await account.engage_kill_switch("operator")
    assert [order.status for order in ended] == [OrderStatus.CANCELED]
    assert not await still_open(world)
    await assert_agrees(world, account)


async def test_r13_while_engaged_an_order_placed_elsewhere_is_canceled_as_it_shows(world: World) -> None:
    account = (await world.start()).account("alpha")
    await account.engage_kill_switch("operator")
    elsewhere = world.venue().create_private_rest(world.plan().credentials)
    await elsewhere.place_order(PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(130), client_order_id="by-hand"))

    async def none_open() -> bool:
        return not await still_open(world)

    await until_async(none_open, what="the order by hand to be cancelled")
    await assert_agrees(world, account)


async def test_r13_a_reason_of_any_length_engages_cancels_and_is_remembered(world: World, tmp_path: Path) -> None:
    journal = world.journal(tmp_path / "alpha.sqlite")
    account = (await world.start(world.plan(journal=journal))).account("alpha")
    await account.place(bid())
    reason = "Traceback (most recent call last):\n" + "x" * 5_000
    await account.engage_kill_switch(reason)
    assert not await still_open(world)
    told = (await account.get_trading_stats()).kill_switch
    assert told is not None
    assert (told[:30], told[-3:], len(told)) == (reason[:30], "...", 500)
    await journal.flush()
    assert journal.get_state("kill_switch") == told
    with pytest.raises(KillSwitchError):
        await account.place(bid())


@pytest.mark.parametrize("method", ["set_state", "record_intent"])
async def test_r13_a_journal_that_raises_does_not_keep_the_cancel_from_going_out(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    journal = world.journal(tmp_path / "alpha.sqlite")
    account = (await world.start(world.plan(journal=journal))).account("alpha")
    await account.place(bid())

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(journal, method, broken)
    if method == "set_state":
        await account.engage_kill_switch("stop")
    else:
        await account.cancel_all()
    assert not await still_open(world)
    assert (await account.get_trading_stats()).open_orders_count == 0


async def test_r13_a_disk_that_stalls_holds_no_cancel_up(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = world.journal(tmp_path / "alpha.sqlite")
    account = (await world.start(world.plan(journal=journal))).account("alpha")
    orders = [await account.place(bid()), await account.place(bid("138"))]
    await journal.flush()
    written = threading.Event()
    insert = Store._insert

    def stalled(self: Store, *args: Any) -> Any:
        written.wait(5)
        return insert(self, *args)

    monkeypatch.setattr(Store, "_insert", stalled)
    try:
        assert (await account.cancel(orders[0])).status is OrderStatus.CANCELED
        assert [order.status for order in await account.cancel_all()] == [OrderStatus.CANCELED]
        assert not written.is_set()
    finally:
        written.set()
    assert not await still_open(world)
