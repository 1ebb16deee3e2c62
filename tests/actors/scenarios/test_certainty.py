"""What the exchange has not said is not certain: a command whose answer proves nothing is looked up (R3)."""

from decimal import Decimal

import pytest

from messages.enums import OrderStatus, SyncState
from messages.errors import UnresolvedOrderError
from tests.actors.scenarios.test_faults import HASTY, bid, start, status_of
from tests.support.eventually import eventually
from tests.support.proxy import Mode
from tests.support.world import World, assert_agrees, until_state

PLACE = "POST /spot/orders"


@pytest.mark.parametrize(
    ("status", "effect"), [(302, "done"), (403, "done"), (429, "done"), (499, "done"), (404, "none"), (429, "none")]
)
async def test_r3_an_order_behind_a_page_without_a_label_ends_as_the_exchange_says(
    world: World, status: int, effect: str
) -> None:
    account, recorder = await start(world, gateio=HASTY)
    await world.fault("rest_refusal", endpoint=PLACE, status=status, effect=effect, times=1)
    with pytest.raises(UnresolvedOrderError) as unresolved:
        await account.place(bid("page"))
    assert f"status {status} without a word of the exchange's own" in str(unresolved.value)
    ended = OrderStatus.NEW if effect == "done" else OrderStatus.REJECTED
    await eventually(lambda: status_of(recorder, "page") is ended, within_s=20)
    assert OrderStatus.REJECTED not in [order.status for order in recorder.orders("page")][:-1]
    await assert_agrees(world, account)


@pytest.mark.parametrize("label", ["REPEATED_CREATION", "ORDER_EXISTS", "A_LABEL_OF_TOMORROW"])
async def test_r3_an_order_that_may_be_there_already_is_looked_up(world: World, label: str) -> None:
    """A gateway that lost the first answer asked again on its own, and we get the answer to its second copy."""
    account, recorder = await start(world, gateio=HASTY)
    await world.fault("rest_refusal", endpoint=PLACE, status=400, label=label, effect="done", times=1)
    with pytest.raises(UnresolvedOrderError, match=label):
        await account.place(bid("twice"))
    await eventually(lambda: status_of(recorder, "twice") is OrderStatus.NEW)
    await assert_agrees(world, account)


async def test_r3_a_second_copy_of_an_order_is_no_proof_that_there_is_none(world: World) -> None:
    account, recorder = await start(world)
    elsewhere = world.venue().create_private_rest(world.plan().credentials)
    await world.ws.set_mode(Mode.STALL)
    await elsewhere.place_order(bid("twice"))
    with pytest.raises(UnresolvedOrderError, match="REPEATED_CREATION"):
        await account.place(bid("twice"))
    await eventually(lambda: status_of(recorder, "twice") is OrderStatus.NEW)


@pytest.mark.parametrize("status", [403, 499])
async def test_r3_an_amendment_behind_a_page_ends_as_the_exchange_says(world: World, status: int) -> None:
    account, _ = await start(world, gateio=HASTY)
    placed = await account.place(bid("amended"))
    await world.fault("rest_refusal", endpoint="PATCH /spot/orders/{}", status=status, effect="done", times=1)
    amended = await account.amend(placed, price=Decimal(138))
    assert (amended.order_id, amended.price) == (placed.order_id, Decimal(138))
    await assert_agrees(world, account)


async def test_r3_an_amendment_to_what_stands_already_is_answered_with_the_order(world: World) -> None:
    account, _ = await start(world)
    placed = await account.place(bid("same"))
    assert (await account.amend(placed, price=Decimal(139))).price == Decimal(139)


async def test_r3_a_cancel_behind_a_page_is_answered_with_how_the_order_ended(world: World) -> None:
    account, _ = await start(world, gateio=HASTY)
    placed = await account.place(bid("gone"))
    await world.fault("rest_refusal", endpoint="DELETE /spot/orders/{}", status=404, effect="done", times=1)
    assert (await account.cancel(placed)).status is OrderStatus.CANCELED


async def test_r10_a_key_that_its_socket_refuses_with_code_2_is_not_tried_for_ever(world: World) -> None:
    system = await world.start()
    account = system.account("alpha")
    await world.fault("subscription_refused", account="alpha", channel="spot.usertrades", code=2, message="invalid key")
    world.ws.cut()
    await until_state(account, SyncState.FAILED)
    snapshot = await account.snapshot()
    assert not snapshot.is_live
