"""An account that trades at the venue that a test is run for, and an exchange that acts without its doing."""

from decimal import Decimal
from typing import Any

from actors.strategy.handle import AccountHandle
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.order import Order
from tests.support.orders import SOL
from tests.support.recorder import Recorder
from tests.support.virtual_world import VirtualWorld

_STATUS_OF_FINISH = {"filled": OrderStatus.FILLED, "cancelled": OrderStatus.CANCELED}
CHECK_EVERY_S = 2.0


def bid(client_order_id: str, quantity: str = "1", price: str = "139") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(quantity), Decimal(price), client_order_id=client_order_id)


async def start(
    world: VirtualWorld, *, check_every_s: float = CHECK_EVERY_S, **settings: Any
) -> tuple[AccountHandle, Recorder]:
    """Account ``alpha``, live in a quiet market, and a strategy of it that hears everything."""
    world.market()
    recorder = Recorder()
    system = await world.start(world.plan(**settings), strategies=[recorder], check_every_s=check_every_s)
    return system.account("alpha"), recorder


async def until_known(world: VirtualWorld, recorder: Recorder, client_order_id: str, status: OrderStatus) -> Order:
    """The order as it was told last, when that is how it stands."""
    await world.until(lambda: recorder.statuses(client_order_id)[-1:] == [status], what=f"{client_order_id} {status}")
    return recorder.orders(client_order_id)[-1]


def fill(world: VirtualWorld, order: Order, amount: str | None = None) -> None:
    """Fills it from outside, in part or what is left."""
    body = b"{}" if amount is None else b'{"amount":"%s"}' % amount.encode()
    world.control("POST", f"/orders/{order.order_id}/fill", body)


def cancel(world: VirtualWorld, order: Order) -> None:
    """Cancels it from outside."""
    world.control("POST", f"/orders/{order.order_id}/cancel", b"{}")


async def agrees_to_the_last_fill(world: VirtualWorld, account: AccountHandle, recorder: Recorder) -> None:
    """Live, open orders and balances as in the books, every finished order ended as there, each fill told just once.

    For an account that has been there from the books' first order on; ``recorder`` has, too.
    """
    await world.agrees(account, SOL)
    books = world.control("GET", f"/accounts/{account.name}/books")
    theirs = {
        row["id"]: (_STATUS_OF_FINISH[row["finish_as"]], Decimal(row["filled"]), Decimal(row["filled_total"]))
        for row in books["orders"]
        if row["status"] == "finished"
    }
    ours = {
        order.order_id: (order.status, order.filled_quantity, order.filled_quote)
        for order in await account.executed_orders(SOL)
        if order.order_id is not None
    }
    assert ours == theirs
    told = sorted(fill.trade_id for fill in recorder.fills() if fill.symbol == SOL)
    assert told == sorted(row["id"] for row in books["trades"])
