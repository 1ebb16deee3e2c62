"""ccxt.pro's sockets, unchanged but for the URLs, against the embedded exchange."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro
import pytest

from tests.support.eventually import eventually

from .conftest import Exchange

PAIR = "SOL/USDT"
WAIT_S = 10.0


@pytest.fixture
async def client(exchange: Exchange) -> AsyncIterator[Any]:
    connected = make(exchange)
    await connected.load_markets()
    yield connected
    await connected.close()


def make(exchange: Exchange, **options: object) -> Any:
    account = exchange.accounts[0]
    made = exchange.point(ccxt.pro.gate({"apiKey": account["key"], "secret": account["secret"], **options}))
    made.urls["api"]["spot"] = exchange.endpoints["gateio"]["ws"]
    return made


async def soon(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, WAIT_S)


@asynccontextmanager
async def watching(client: Any, **methods: tuple[object, ...]) -> AsyncIterator[None]:
    """Keeps these watches running; what they hear is in the client's own caches."""

    async def watch(method: str, arguments: tuple[object, ...]) -> None:
        while True:
            await getattr(client, method)(*arguments)

    tasks = [asyncio.ensure_future(watch(method, arguments)) for method, arguments in methods.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def subscribed(exchange: Exchange, client: Any, *channels: str) -> None:
    """Waits until the exchange has all of these subscriptions."""
    while True:
        url = f"{exchange.endpoints['control']}/sockets"
        sockets = await client.fetch(url)
        known = {entry["channel"] for socket in sockets for entry in socket["subscriptions"]}
        if set(channels) <= known:
            return
        await asyncio.sleep(0)


async def test_tickers_are_watched(client: Any) -> None:
    ticker = await soon(client.watch_ticker("BTC/USDT"))
    assert 0 < ticker["bid"] < ticker["ask"]
    tops = await soon(client.watch_bids_asks(["BTC/USDT"]))
    assert 0 < tops["BTC/USDT"]["bid"] < tops["BTC/USDT"]["ask"]


async def test_a_moving_book_stays_the_exchanges_book(client: Any) -> None:
    for _ in range(10):
        book = await soon(client.watch_order_book("ETH/USDT"))
        assert book["bids"][0][0] < book["asks"][0][0]
        assert [level[0] for level in book["asks"]] == sorted(level[0] for level in book["asks"])


async def test_trades_and_candles_are_watched(client: Any) -> None:
    trades = await soon(client.watch_trades("BTC/USDT"))
    assert trades[-1]["side"] in ("buy", "sell")
    candles = await soon(client.watch_ohlcv("BTC/USDT", "1m"))
    assert len(candles[-1]) == 6


async def test_the_life_of_an_order_is_watched(exchange: Exchange, client: Any) -> None:
    async with watching(client, watch_orders=(PAIR,), watch_my_trades=(PAIR,), watch_balance=()):
        await subscribed(exchange, client, "spot.orders", "spot.usertrades", "spot.balances")
        order = await client.create_order(PAIR, "limit", "buy", 2, 120, {"clientOrderId": "t-pro-1"})

        async def told(status: str, filled: float, price: float, locked: float) -> None:
            def known() -> bool:
                orders = [entry for entry in client.orders or [] if entry["clientOrderId"] == "t-pro-1"]
                states = [(entry["id"], entry["status"], entry["filled"], entry["price"]) for entry in orders]
                balance = client.balance.get("USDT", {})
                return states == [(order["id"], status, filled, price)] and balance.get("used") == locked

            await eventually(known, within_s=WAIT_S, what=f"{status} with {filled} filled")

        await told("open", 0, 120, 240)
        exchange.control(f"/orders/{order['id']}/fill", {"amount": "0.5"})
        await told("open", 0.5, 120, 180)
        await client.edit_order(order["id"], PAIR, "limit", "buy", 2, 121)
        await told("open", 0.5, 121, 181.5)
        await client.cancel_order(order["id"], PAIR)
        await told("canceled", 0.5, 121, 0)
        taken = await client.create_order(PAIR, "market", "buy", 1, 142)
        await eventually(lambda: len(client.myTrades) == 2, within_s=WAIT_S, what="the second trade")
        trades = [(trade["order"], trade["amount"], trade["price"], trade["takerOrMaker"]) for trade in client.myTrades]
        assert trades == [(order["id"], 0.5, 120, "maker"), (taken["id"], 1, 142, "taker")]


@pytest.mark.parametrize("wrong", [{"apiKey": "nobody"}, {"secret": "wrong"}])
async def test_wrong_credentials_are_an_authentication_error(exchange: Exchange, wrong: dict[str, str]) -> None:
    stranger = make(exchange, **wrong, options={"unifiedAccount": False})
    try:
        await stranger.load_markets()
        with pytest.raises(ccxt.AuthenticationError):
            await soon(stranger.watch_orders(PAIR))
    finally:
        await stranger.close()


async def test_a_socket_that_is_cut_ends_the_watch_and_can_be_opened_again(exchange: Exchange, client: Any) -> None:
    await soon(client.watch_ticker("BTC/USDT"))
    waiting = asyncio.ensure_future(client.watch_orders(PAIR))
    await subscribed(exchange, client, "spot.orders")
    exchange.control("/sockets/cut", {"how": "reset"})
    with pytest.raises(ccxt.NetworkError):
        await soon(waiting)
    assert (await soon(client.watch_ticker("BTC/USDT")))["bid"] > 0


async def test_an_order_lives_over_the_socket_alone(client: Any) -> None:
    order = await soon(client.create_order_ws(PAIR, "limit", "buy", 1, 100))
    edited = await soon(client.edit_order_ws(order["id"], PAIR, "limit", "buy", 1, 101))
    fetched = await soon(client.fetch_order_ws(order["id"], PAIR))
    assert (edited["price"], fetched["price"]) == (101, 101)
    assert (await soon(client.cancel_order_ws(order["id"], PAIR)))["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        await soon(client.fetch_order_ws("5", PAIR))
