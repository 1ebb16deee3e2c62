"""What every venue's queries tell, against its face: books, history, rules, clock; and who may ask."""

import asyncio
from decimal import Decimal

import pytest

from exchanges.base.capabilities import RequestScope
from exchanges.base.credentials import Credentials
from messages.commands import CancelOrder, PlaceOrder, Withdraw
from messages.enums import Liquidity, OrderStatus, Side, WithdrawalStatus
from messages.errors import RefusalReason, UnsupportedError, VenueRefusedError
from messages.symbol import Symbol
from tests.support.orders import BTC, SOL
from tests.support.virtual_world import STARTED_MS, VirtualWorld, on_virtual_time

NO_MARKET = Symbol("NO", "USDT")

D = Decimal


async def place(world: VirtualWorld, client_order_id: str, symbol: Symbol = SOL, price: str = "130") -> None:
    await world.rest.place_order(PlaceOrder.limit(symbol, Side.BUY, D(1), D(price), client_order_id=client_order_id))


@on_virtual_time()
async def test_the_clock_is_the_exchanges(world: VirtualWorld) -> None:
    await asyncio.sleep(3)
    server_ms = await world.public.server_time_ms()
    assert 0 <= server_ms - STARTED_MS - 3_000 < 500
    assert abs(world.venue.server_now_ms() - server_ms) < 500


@on_virtual_time()
async def test_market_rules(world: VirtualWorld) -> None:
    sol = (await world.public.load_instruments())[SOL]
    assert (sol.tick, sol.lot, sol.min_quantity, sol.min_notional) == (
        D("0.01"),
        D("0.001"),
        D("0.001"),
        D(3),
    )
    assert (sol.can_buy, sol.can_sell) == (True, True)


@on_virtual_time()
async def test_best_bid_and_ask_by_query(world: VirtualWorld) -> None:
    world.market()
    ticker = await world.public.load_book_ticker(SOL)
    assert (ticker.bid, ticker.bid_quantity, ticker.ask, ticker.ask_quantity) == (
        D(140),
        D(100),
        D(141),
        D(100),
    )
    world.market(bid=None)
    assert (await world.public.load_book_ticker(SOL)).bid is None
    with pytest.raises(VenueRefusedError) as refused:
        await world.public.load_book_ticker(NO_MARKET)
    assert refused.value.reason is RefusalReason.UNKNOWN_SYMBOL


@on_virtual_time()
async def test_balances_follow_what_orders_lock(world: VirtualWorld) -> None:
    before = {balance.currency: balance for balance in (await world.rest.load_balances()).balances}
    await place(world, "a-1")
    report = await world.rest.load_balances()
    after = {balance.currency: balance for balance in report.balances}
    assert after["USDT"].available == before["USDT"].available - D(130)
    assert (after["USDT"].locked, after["USDT"].updated_ms) == (D(130), report.as_of_ms)
    assert abs(report.as_of_ms - world.venue.server_now_ms()) < 500


@on_virtual_time()
async def test_r6_a_list_of_open_orders_says_what_it_covers(world: VirtualWorld) -> None:
    await place(world, "a-1")
    await place(world, "a-2", BTC, "50000")
    only = await world.rest.load_open_orders(SOL)
    assert [order.client_order_id for order in only.orders] == ["a-1"]
    assert (only.covers(SOL), only.covers(BTC)) == (True, False)
    if world.venue.capabilities.open_orders is RequestScope.MARKET:
        with pytest.raises(UnsupportedError):
            await world.rest.load_open_orders()
        return
    every = await world.rest.load_open_orders()
    assert {order.client_order_id for order in every.orders} == {"a-1", "a-2"}
    assert every.covers(BTC)


@on_virtual_time()
async def test_finished_orders_newest_first_and_what_a_limit_cuts_off_is_told(world: VirtualWorld) -> None:
    for number in range(4):
        await place(world, f"a-{number}")
        await world.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id=f"a-{number}"))
    newest = await world.rest.load_finished_orders(SOL, limit=3)
    assert [order.client_order_id for order in newest.orders] == ["a-3", "a-2", "a-1"]
    assert not newest.is_complete
    every = await world.rest.load_finished_orders(SOL, from_ms=STARTED_MS - 60_000)
    assert {order.client_order_id for order in every.orders} == {"a-0", "a-1", "a-2", "a-3"}
    assert all(order.status is OrderStatus.CANCELED for order in every.orders)
    assert (await world.rest.load_finished_orders(BTC)).orders == ()


@on_virtual_time()
async def test_fills_of_a_market_of_an_order_and_of_a_time(world: VirtualWorld) -> None:
    world.market()
    first = await world.rest.place_order(PlaceOrder.market_buy(SOL, D(141), client_order_id="a-1"))
    await asyncio.sleep(5)
    later_ms = world.venue.server_now_ms() - 3_000  # venues may count in whole seconds
    second = await world.rest.place_order(PlaceOrder.limit(SOL, Side.SELL, D(2), D(140), client_order_id="a-2"))
    fills = (await world.rest.load_fills(SOL)).fills
    assert [fill.order_id for fill in fills] == [second.order_id, first.order_id]
    (only,) = (await world.rest.load_fills(SOL, order_id=first.order_id)).fills
    assert (only.client_order_id, only.side, only.price, only.quantity) == ("a-1", Side.BUY, D(141), D(1))
    assert only.liquidity is Liquidity.TAKER
    assert [fill.order_id for fill in (await world.rest.load_fills(SOL, from_ms=later_ms)).fills] == [second.order_id]
    earlier = await world.rest.load_fills(SOL, from_ms=STARTED_MS - 60_000, to_ms=later_ms)
    assert [fill.order_id for fill in earlier.fills] == [first.order_id]


@on_virtual_time()
async def test_fee_rates_and_what_the_key_may(world: VirtualWorld) -> None:
    rates = await world.rest.load_fee_rates(SOL)
    assert (rates.maker, rates.taker) == (D("0.0002"), D("0.0005"))
    permissions = await world.rest.load_key_permissions()
    assert permissions.user_id
    assert permissions.symbols == ()


@pytest.mark.parametrize("credentials", [Credentials("nobody", "x"), None])
@on_virtual_time()
async def test_a_key_that_is_not_known_and_a_wrong_secret_are_refused_as_such(
    world: VirtualWorld, credentials: Credentials | None
) -> None:
    await world.public.server_time_ms()
    wrong = credentials or Credentials(world.keys["alpha"].reveal_key(), "wrong")
    rest = world.venue.create_private_rest(wrong)
    with pytest.raises(VenueRefusedError) as refused:
        await rest.load_balances()
    assert refused.value.is_hopeless
    assert "wrong" not in str(refused.value)


@on_virtual_time()
async def test_two_accounts_see_each_their_own(world: VirtualWorld) -> None:
    await place(world, "a-1")
    beta = world.venue.create_private_rest(world.keys["beta"])
    assert (await beta.load_open_orders(SOL)).orders == ()
    assert len((await world.rest.load_open_orders(SOL)).orders) == 1


@on_virtual_time()
async def test_the_life_of_a_withdrawal_or_none_at_all(world: VirtualWorld) -> None:
    asked = Withdraw(currency="USDT", amount=D("120.5"), chain="TRX", address="TDemo", client_withdrawal_id="payout-7")
    if not world.venue.capabilities.withdraws:
        with pytest.raises(UnsupportedError):
            await world.rest.withdraw(asked)
        return
    sent = await world.rest.withdraw(asked)
    assert (sent.status, sent.amount, sent.client_withdrawal_id) == (
        WithdrawalStatus.REQUESTED,
        D("120.5"),
        "payout-7",
    )
    ended = await world.rest.cancel_withdrawal(sent.withdrawal_id)
    assert ended.status is WithdrawalStatus.CANCELED
    assert await world.rest.get_withdrawal("w999999") is None


@on_virtual_time()
async def test_the_countdown_cancels_or_is_refused_here(world: VirtualWorld) -> None:
    await place(world, "a-1")
    shortest_s = world.venue.capabilities.shortest_countdown_s
    if shortest_s is None:
        with pytest.raises(UnsupportedError):
            await world.rest.arm_dead_mans_switch(60)
        return
    await world.rest.arm_dead_mans_switch(shortest_s)
    await asyncio.sleep(shortest_s + 1)
    assert (await world.rest.load_open_orders(SOL)).orders == ()
    await place(world, "a-2")
    await world.rest.arm_dead_mans_switch(shortest_s)
    await world.rest.arm_dead_mans_switch(0)
    await asyncio.sleep(shortest_s + 1)
    assert len((await world.rest.load_open_orders(SOL)).orders) == 1
