"""Cancels of orders that the exchange has not named yet."""

from decimal import Decimal
from typing import Any

from actors.runtime import Reply
from actors.strategy.base import Strategy
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.events import OrderUpdateEvent
from messages.order import Order
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import World, until_async


class Impatient(Strategy):
    """Cancels every order before the exchange can have answered."""

    def __init__(self) -> None:
        super().__init__("impatient", ("alpha",))
        self.canceled: list[Reply[Order]] = []

    def on_order_update(self, event: OrderUpdateEvent) -> Any:
        if event.order.status is OrderStatus.PENDING:
            self.canceled.append(self.account("alpha").cancel(event.order))


async def test_a_cancel_that_waits_goes_out_as_soon_as_the_socket_names_its_order(world: World) -> None:
    impatient = Impatient()
    account = (await world.start(strategies=[impatient])).account("alpha")
    await world.rest.set_mode(Mode.STALL_ANSWERS)
    placed = account.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(139)))

    async def is_canceled_there() -> bool:
        orders = (await world.books())["orders"]
        return bool(orders) and orders[0]["finish_as"] == "cancelled"

    await until_async(is_canceled_there, what="the order's end at the exchange")
    assert not placed.done, "its answer is still on the way"
    await world.rest.set_mode(Mode.PASS)
    assert [(await reply).status for reply in impatient.canceled] == [OrderStatus.CANCELED]
    assert (await placed).order_id is not None
