"""The life of every order command, for every venue against its face: asked, answered, found, ended."""

from decimal import Decimal

import pytest

from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder
from messages.enums import OrderStatus, OrderType, Side, TimeInForce
from messages.errors import RefusalReason, UnsupportedError, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol
from tests.support.orders import BTC, SOL
from tests.support.virtual_world import VirtualWorld, on_virtual_time

GONE = {RefusalReason.ORDER_NOT_FOUND, RefusalReason.ORDER_FINISHED}

D = Decimal


def buy(quantity: str, price: str, client_order_id: str = "a-1") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, D(quantity), D(price), client_order_id=client_order_id)


# -- place ------------------------------------------------------------------------------------------------------------


@on_virtual_time()
async def test_a_limit_order_rests(world: VirtualWorld) -> None:
    world.market()
    order = await world.place(buy("2", "130.5"))
    assert (order.status, order.quantity, order.price) == (OrderStatus.NEW, D(2), D("130.5"))
    assert (order.client_order_id, order.symbol, order.side) == ("a-1", SOL, Side.BUY)
    assert (order.type, order.time_in_force) == (OrderType.LIMIT, TimeInForce.GTC)
    assert world.is_booked(order.order_id)
    assert order.created_ms > 0


@on_virtual_time()
async def test_a_limit_order_that_takes_is_filled_at_the_price_that_waits_there(world: VirtualWorld) -> None:
    world.market()
    order = await world.place(buy("2", "145"))
    assert (order.status, order.filled_quantity, order.filled_quote) == (OrderStatus.FILLED, D(2), D(282))
    (fill,) = (await world.rest.load_fills(SOL, order_id=order.order_id)).fills
    assert fill.fees
    assert not world.venue.capabilities.answers_tell_state or order.fees == fill.fees


@on_virtual_time()
async def test_a_limit_order_larger_than_what_waits_rests_with_the_rest(world: VirtualWorld) -> None:
    world.market()
    order = await world.place(buy("150", "141"))
    assert (order.status, order.filled_quantity, order.remaining) == (
        OrderStatus.PARTIALLY_FILLED,
        D(100),
        D(50),
    )


@on_virtual_time()
async def test_a_market_buy_is_given_in_quote_and_a_sell_in_base(world: VirtualWorld) -> None:
    world.market()
    bought = await world.place(PlaceOrder.market_buy(SOL, D("141.00"), client_order_id="a-1"))
    assert (bought.type, bought.status, bought.price) == (OrderType.MARKET, OrderStatus.FILLED, None)
    assert (bought.quantity, bought.quote_quantity, bought.filled_quantity) == (D(0), D(141), D(1))
    sold = await world.place(PlaceOrder.market_sell(SOL, D("1.5"), client_order_id="a-2"))
    assert (sold.status, sold.quantity, sold.filled_quote) == (OrderStatus.FILLED, D("1.5"), D(210))


@on_virtual_time()
async def test_each_time_in_force_is_kept(world: VirtualWorld) -> None:
    world.market()
    whole = await world.place(PlaceOrder.fok(SOL, Side.SELL, D(1), D(140), client_order_id="a-0"))
    assert whole.status is OrderStatus.FILLED
    rests = await world.place(PlaceOrder.post_only(SOL, Side.BUY, D(1), D("140.5"), client_order_id="a-1"))
    assert (rests.status, rests.time_in_force) == (OrderStatus.NEW, TimeInForce.POST_ONLY)
    taken = await world.place(PlaceOrder.ioc(SOL, Side.BUY, D(150), D(141), client_order_id="a-2"))
    assert (taken.status, taken.filled_quantity) == (OrderStatus.EXPIRED, D(100))


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (buy("2", "141.123"), RefusalReason.PRECISION),
        (buy("2.12345", "141"), RefusalReason.PRECISION),
        (buy("0.01", "100"), RefusalReason.BELOW_MINIMUM),
        (buy("4900", "999999"), RefusalReason.ABOVE_MAXIMUM),
        (buy("30000", "140"), RefusalReason.INSUFFICIENT_BALANCE),
        (
            PlaceOrder.limit(Symbol("NO", "USDT"), Side.BUY, D(1), D(100), client_order_id="x"),
            RefusalReason.UNKNOWN_SYMBOL,
        ),
    ],
)
@on_virtual_time()
async def test_what_the_exchange_refuses_is_refused_for_the_right_reason(
    world: VirtualWorld, order: PlaceOrder, reason: RefusalReason
) -> None:
    world.market()
    with pytest.raises(VenueRefusedError) as refused:
        await world.rest.place_order(order)
    # Some venues have no word of their own for too many decimals.
    in_general = {RefusalReason.BAD_REQUEST} if reason is RefusalReason.PRECISION else set()
    assert refused.value.reason in {reason} | in_general
    assert refused.value.label
    assert world.booked() == {}


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (PlaceOrder.post_only(SOL, Side.BUY, D(1), D(141), client_order_id="x"), RefusalReason.WOULD_TAKE),
        (PlaceOrder.fok(SOL, Side.SELL, D(500), D(140), client_order_id="x"), RefusalReason.WOULD_NOT_FILL),
    ],
)
@on_virtual_time()
async def test_what_cannot_be_as_asked_is_refused_or_ends_without_a_fill(
    world: VirtualWorld, order: PlaceOrder, reason: RefusalReason
) -> None:
    world.market()
    refused: RefusalReason | None = None
    try:
        ended = await world.place(order)
    except VenueRefusedError as error:
        refused = error.reason
    if refused is None:
        assert (ended.is_finished, ended.filled_quantity) == (True, D(0))
    else:
        assert (refused, world.booked()) == (reason, {})


# -- one order --------------------------------------------------------------------------------------------------------


async def resting(world: VirtualWorld, client_order_id: str = "a-1", price: str = "130") -> Order:
    return await world.place(buy("1", price, client_order_id))


@on_virtual_time()
async def test_an_order_is_found_by_either_id_and_both_say_the_same(world: VirtualWorld) -> None:
    placed = await resting(world)
    by_id = await world.rest.get_order(GetOrder(symbol=SOL, order_id=placed.order_id))
    by_client_id = await world.rest.get_order(GetOrder(symbol=SOL, client_order_id="a-1"))
    assert by_id == by_client_id == placed


@on_virtual_time()
async def test_an_order_that_never_was_is_none(world: VirtualWorld) -> None:
    assert await world.rest.get_order(GetOrder(symbol=SOL, order_id="123456")) is None
    assert await world.rest.get_order(GetOrder(symbol=SOL, client_order_id="nobody")) is None


@pytest.mark.parametrize("by_client_id", [False, True])
@on_virtual_time()
async def test_canceling_ends_an_order_and_a_second_time_finds_none_open(
    world: VirtualWorld, by_client_id: bool
) -> None:
    placed = await resting(world)
    named = {"client_order_id": "a-1"} if by_client_id else {"order_id": placed.order_id}
    ended = await world.rest.cancel_order(CancelOrder(symbol=SOL, **named))
    assert (ended.status, ended.order_id) == (OrderStatus.CANCELED, placed.order_id)
    with pytest.raises(VenueRefusedError) as refused:
        await world.rest.cancel_order(CancelOrder(symbol=SOL, **named))
    assert refused.value.reason in GONE
    known = await world.known(placed)
    assert (known.status, known.filled_quantity, known.client_order_id) == (ended.status, D(0), "a-1")
    assert not world.venue.capabilities.answers_tell_state or known == ended


@on_virtual_time()
async def test_a_canceled_order_keeps_its_fills_and_a_filled_one_cannot_be_canceled(world: VirtualWorld) -> None:
    world.market()
    await world.rest.place_order(buy("150", "141"))
    ended = await world.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="a-1"))
    assert (ended.status, ended.filled_quantity) == (OrderStatus.CANCELED, D(100))
    await world.rest.place_order(PlaceOrder.market_sell(SOL, D(1), client_order_id="a-2"))
    with pytest.raises(VenueRefusedError) as refused:
        await world.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="a-2"))
    assert refused.value.reason in GONE


@on_virtual_time()
async def test_amending_changes_price_and_quantity_or_is_refused_here(world: VirtualWorld) -> None:
    placed = await resting(world)
    amend = AmendOrder(symbol=SOL, order_id=placed.order_id, quantity=D("1.5"), price=D("131.5"))
    if not world.venue.capabilities.amends_orders:
        with pytest.raises(UnsupportedError, match=world.venue.name):
            await world.rest.amend_order(amend)
        return
    amended = await world.rest.amend_order(amend)
    assert (amended.quantity, amended.price, amended.order_id) == (D("1.5"), D("131.5"), placed.order_id)
    again = await world.rest.amend_order(AmendOrder(symbol=SOL, client_order_id="a-1", price=D(132)))
    assert (again.quantity, again.price) == (D("1.5"), D(132))
    with pytest.raises(VenueRefusedError) as refused:
        await world.rest.amend_order(AmendOrder(symbol=SOL, order_id="99", price=D(130)))
    assert refused.value.reason is RefusalReason.ORDER_NOT_FOUND


@on_virtual_time()
async def test_the_longest_client_id_and_every_kind_of_its_characters_come_back_as_they_went(
    world: VirtualWorld,
) -> None:
    rules = world.venue.capabilities.client_order_ids
    longest = "abcdefghij0123456789klmnopqr"[: rules.longest]  # no command takes more
    for client_order_id in (longest, "a-b-0", "x"):
        rules.require("client_order_id", client_order_id)
        order = await world.rest.place_order(buy("1", "130", client_order_id))
        assert order.client_order_id == client_order_id
        found = await world.rest.get_order(GetOrder(symbol=SOL, client_order_id=client_order_id))
        assert found is not None
        assert found.order_id == order.order_id


# -- many orders ------------------------------------------------------------------------------------------------------


@on_virtual_time()
async def test_cancel_all_of_a_market_ends_its_orders_and_no_others(world: VirtualWorld) -> None:
    for client_order_id in ("a-1", "a-2"):
        await resting(world, client_order_id)
    other = await world.place(PlaceOrder.limit(BTC, Side.SELL, D("0.5"), D(99000), client_order_id="a-3"))
    ended = await world.rest.cancel_all(SOL, None)
    assert {(order.client_order_id, order.status) for order in ended} == {
        ("a-1", OrderStatus.CANCELED),
        ("a-2", OrderStatus.CANCELED),
    }
    assert await world.rest.cancel_all(SOL, None) == ()
    assert (await world.rest.load_open_orders(BTC)).orders == (other,)


@on_virtual_time()
async def test_cancel_all_of_a_side_or_of_the_account_is_done_or_refused_here(world: VirtualWorld) -> None:
    await resting(world)
    await world.rest.place_order(PlaceOrder.limit(SOL, Side.SELL, D(1), D(150), client_order_id="a-2"))
    capabilities = world.venue.capabilities
    if capabilities.cancels_by_side:
        assert [order.client_order_id for order in await world.rest.cancel_all(SOL, Side.BUY)] == ["a-1"]
    else:
        with pytest.raises(UnsupportedError):
            await world.rest.cancel_all(SOL, Side.BUY)
    if capabilities.cancel_all.value == "account":
        assert "a-2" in {order.client_order_id for order in await world.rest.cancel_all(None, None)}
    else:
        with pytest.raises(UnsupportedError):
            await world.rest.cancel_all(None, None)
