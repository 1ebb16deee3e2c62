"""What every venue's sockets tell, against its face: orders, fills, balances, tickers; who may listen; how they end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from exchanges.base.credentials import Credentials
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.simulator.faults.faults import FrameJunk, SocketCut
from messages.balance import Balance
from messages.commands import CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, VenueRefusedError
from messages.market import BookTicker
from messages.order import Fill, Order
from messages.symbol import Symbol
from tests.support.orders import BTC, SOL
from tests.support.virtual_world import VirtualWorld, on_virtual_time


class Heard:
    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.fills: list[Fill] = []
        self.balances: list[Balance] = []
        self.tickers: list[BookTicker] = []
        self.links: list[bool] = []
        self.errors: list[TellerError] = []

    def private(self) -> PrivateWebsocketHandlers:
        return PrivateWebsocketHandlers(
            order=self.orders.append,
            balance=self.balances.extend,
            execution=self.fills.append,
            connection=lambda up, _: self.links.append(up),
            error=self.errors.append,
        )

    def public(self) -> PublicWebsocketHandlers:
        return PublicWebsocketHandlers(
            book_ticker=self.tickers.append,
            connection=lambda up, _: self.links.append(up),
            error=self.errors.append,
        )


@asynccontextmanager
async def listening(world: VirtualWorld, account: str = "alpha") -> AsyncIterator[Heard]:
    heard = Heard()
    await world.public.server_time_ms()
    socket = world.venue.create_private_ws_with_handlers(world.keys[account], heard.private())
    await socket.connect()
    try:
        yield heard
    finally:
        await socket.close()


def sell(quantity: str, price: str, client_order_id: str = "a-1") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.SELL, Decimal(quantity), Decimal(price), client_order_id=client_order_id)


@on_virtual_time()
async def test_the_life_of_an_order_is_told_as_queries_tell_it(world: VirtualWorld) -> None:
    world.market()
    async with listening(world) as heard:
        placed = await world.rest.place_order(sell("2", "150"))
        await world.until(lambda: any(order.order_id == placed.order_id for order in heard.orders))
        assert heard.orders[-1].status is OrderStatus.NEW
        assert (heard.orders[-1].client_order_id, heard.orders[-1].quantity) == ("a-1", Decimal(2))
        ended = await world.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="a-1"))
        await world.until(lambda: heard.orders[-1].is_finished)
        assert (heard.orders[-1].status, heard.orders[-1].filled_quantity) == (ended.status, ended.filled_quantity)
        assert heard.links == [True]


@on_virtual_time()
async def test_fills_and_balances_are_told(world: VirtualWorld) -> None:
    world.market()
    async with listening(world) as heard:
        filled = await world.rest.place_order(sell("2", "140"))
        await world.until(lambda: bool(heard.fills) and bool(heard.balances))
        (fill,) = heard.fills
        assert (fill.order_id, fill.client_order_id, fill.quantity) == (filled.order_id, "a-1", Decimal(2))
        assert heard.fills == list((await world.rest.load_fills(SOL)).fills)
        await world.until(lambda: heard.orders[-1].status is OrderStatus.FILLED)
        told = {balance.currency: balance.total for balance in heard.balances}
        known = {balance.currency: balance.total for balance in (await world.rest.load_balances()).balances}
        assert told == {currency: known[currency] for currency in told}
        assert {"SOL", "USDT"} <= told.keys()


@on_virtual_time()
async def test_r10_an_account_is_told_of_nobody_elses_orders(world: VirtualWorld) -> None:
    async with listening(world, "beta") as heard:
        async with listening(world) as own:
            await world.rest.place_order(sell("2", "150"))
            await world.until(lambda: bool(own.orders))
        assert heard.orders == []


@on_virtual_time()
async def test_a_key_that_is_not_known_is_refused_when_the_socket_is_opened(world: VirtualWorld) -> None:
    heard = Heard()
    await world.public.server_time_ms()
    socket = world.venue.create_private_ws_with_handlers(Credentials("nobody", "wrong"), heard.private())
    with pytest.raises(VenueRefusedError) as refused:
        await socket.connect()
    assert refused.value.reason is RefusalReason.AUTHENTICATION
    assert (heard.links, len(world.exchange.face.sockets)) == ([], 0)


@on_virtual_time()
async def test_a_client_is_used_once(world: VirtualWorld) -> None:
    await world.public.server_time_ms()
    socket = world.venue.create_private_ws_with_handlers(world.keys["alpha"], Heard().private())
    await socket.connect()
    await socket.close()
    with pytest.raises(ConnectionFailedError):
        await socket.connect()


@pytest.mark.parametrize("how", ["close", "reset"])
@on_virtual_time()
async def test_a_socket_that_the_exchange_ends_is_told_once(world: VirtualWorld, how: str) -> None:
    async with listening(world) as heard:
        world.fault(SocketCut(times=1, account="alpha", how=how))
        await world.until(lambda: heard.links == [True, False])


@on_virtual_time()
async def test_r10_a_frame_that_cannot_be_read_is_told_and_the_next_is_read(world: VirtualWorld) -> None:
    async with listening(world) as heard:
        world.fault(FrameJunk(times=1))
        placed = await world.rest.place_order(sell("2", "150"))
        await world.until(lambda: any(order.order_id == placed.order_id for order in heard.orders))
        await world.until(lambda: len(heard.errors) == 1)
        assert heard.links == [True]


@on_virtual_time()
async def test_book_tickers_of_the_markets_that_are_subscribed(world: VirtualWorld) -> None:
    heard = Heard()
    world.market()
    socket = world.venue.create_public_ws_with_handlers(heard.public())
    await socket.connect([SOL])
    world.market(bid="139", ask="142")
    await world.until(lambda: bool(heard.tickers) and heard.tickers[-1].ask == Decimal(142))
    assert {ticker.symbol for ticker in heard.tickers} == {SOL}
    assert (heard.tickers[-1].bid, heard.tickers[-1].bid_quantity) == (Decimal(139), Decimal(100))
    await socket.subscribe([BTC])
    world.market("BTC_USDT", "90000", "90001", "1")
    await world.until(lambda: heard.tickers[-1].symbol == BTC)
    with pytest.raises(VenueRefusedError) as refused:
        await socket.subscribe([Symbol("NO", "USDT")])
    assert refused.value.reason is RefusalReason.UNKNOWN_SYMBOL
    await socket.close()
