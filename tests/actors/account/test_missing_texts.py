"""The exchange leaves our text out of answers and events: the order is ours all the same (R3)."""

from decimal import Decimal

import pytest

from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from tests.support.orders import SOL
from tests.support.world import Recorder, World, assert_agrees, until_async


@pytest.mark.parametrize("place", ["placed", None], ids=["answer", "everywhere"])
async def test_r3_a_place_answer_without_our_text_is_about_the_order_that_was_placed(
    world: World, place: str | None
) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    account = system.account("alpha")
    await world.fault("text_missing", place=place)

    placed = await account.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(139), client_order_id="mine"))

    assert (placed.client_order_id, placed.status) == ("mine", OrderStatus.NEW)
    assert [known.client_order_id for known in (await account.snapshot()).open_orders] == ["mine"]
    await account.cancel(placed)
    await world.clear()

    async def is_told() -> bool:
        return recorder.orders("mine")[-1].status is OrderStatus.CANCELED

    await until_async(is_told)
    await assert_agrees(world, account)
