"""The exchange leaves our text out of answers and events: the order is ours all the same (R3)."""

from decimal import Decimal
from typing import Any, cast

import pytest

from actors.account.context import AccountContext
from actors.account.funds.reservations import Reservation
from actors.account.settings import AccountSettings
from actors.account.state import AccountState, OrderKey
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.order import Fill, Order
from tests.support.orders import SOL, fill, order
from tests.support.spot_state import spot_state
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


class Account:
    """A context whose tellings are kept."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.fills: list[Fill] = []
        unused = cast("Any", None)
        self.context = AccountContext(
            name="alpha",
            settings=AccountSettings(),
            state=spot_state(),
            io=unused,
            later=unused,
            monotonic_s=unused,
            server_now_ms=unused,
            tell_order=self.orders.append,
            tell_fill=self.fills.append,
            tell_trouble=unused,
        )


def test_a_fill_without_our_text_is_told_with_the_id_of_its_order_where_that_is_known() -> None:
    account = Account()
    account.context.apply_order(order(client_order_id="c1"))
    assert account.context.apply_fill(fill("1", client_order_id=None, at=2)) is True
    assert account.fills == [fill("1", client_order_id="c1", at=2)]
    assert account.context.apply_fill(fill("1", client_order_id=None, at=2)) is False
    assert len(account.fills) == 1
    account.context.apply_fill(fill("2", client_order_id=None, order_id="9", at=2))
    assert account.fills[1].client_order_id is None, "whose it is nobody knows"


def test_an_answer_is_about_the_order_that_was_asked_for_and_no_other() -> None:
    account = Account()
    answered = account.context.apply_order(order(client_order_id=None, order_id="9"), answers="c1")
    assert (answered.order_id, answered.client_order_id) == ("9", "c1")
    named = account.context.apply_order(order(client_order_id="c2", order_id="10"), answers="c1")
    assert named.client_order_id == "c2", "what the exchange says counts"
    assert account.context.apply_order(order(client_order_id="c2", order_id="10")) == named
    assert len(account.orders) == 2


def ended_and_dropped(client_order_id: str | None) -> AccountState:
    """Order 7 has ended and given way to order 8; ours of the client id c1 is on its way."""
    state = spot_state(executed_limit=1)
    state.apply_order(order(OrderStatus.CANCELED, order_id="7", client_order_id=client_order_id, at=2))
    state.apply_order(order(OrderStatus.CANCELED, order_id="8", client_order_id="c8", at=3))
    assert state.orders.find(SOL, "7", None) is None
    state.begin_order(order(OrderStatus.PENDING, order_id=None, client_order_id="c1"), Reservation("USDT", Decimal(0)))
    return state


@pytest.mark.parametrize("text_then", [None, "c1"])
def test_r3_a_fill_names_an_order_that_was_dropped_without_its_text_and_none_that_was_dropped_with_it(
    text_then: str | None,
) -> None:
    state = ended_and_dropped(text_then)
    state.apply_fill(fill("1", order_id="7", client_order_id="c1", at=2))

    known = state.find(OrderKey(SOL, None, "c1"))
    assert known is not None
    assert known.order_id == ("7" if text_then is None else None)
