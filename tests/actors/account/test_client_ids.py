"""Client order ids are an account's, not a market's: venues know an order of any market by them."""

from decimal import Decimal

import pytest

from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import InvalidValueError
from tests.support.orders import BTC, SOL
from tests.support.world import World


async def test_an_id_that_an_order_of_another_market_has_is_refused_here(world: World) -> None:
    account = (await world.start(world.plan(symbols=(SOL, BTC)))).account("alpha")
    bid = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(139), client_order_id="mine")
    placed = await account.place(bid)

    with pytest.raises(InvalidValueError, match="client_order_id"):
        await account.place(PlaceOrder.limit(BTC, Side.BUY, Decimal("0.001"), Decimal(90_000), client_order_id="mine"))

    assert (await account.cancel(placed)).status is OrderStatus.CANCELED
    assert [order["text"] for order in (await world.books())["orders"]] == ["t-mine"]
