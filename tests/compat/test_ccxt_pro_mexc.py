"""ccxt.pro's sockets for MEXC, unchanged but for the URLs, against the embedded exchange."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import ccxt.pro
import pytest

from tests.support.eventually import eventually

from .conftest import Exchange
from .test_ccxt_pro import WAIT_S, soon, watching

PAIR = "SOL/USDT"


@pytest.fixture
async def client(exchange: Exchange) -> AsyncIterator[Any]:
    account = exchange.mexc["accounts"][0]
    connected = exchange.point_mexc(ccxt.pro.mexc({"apiKey": account["key"], "secret": account["secret"]}))
    await connected.load_markets()
    yield connected
    await connected.close()


async def subscribed(exchange: Exchange, client: Any, *channels: str) -> None:
    """Waits until the exchange has all of these subscriptions."""
    url = f"{exchange.endpoints['control']}/mexc/sockets"
    while True:
        sockets = await client.fetch(url)
        if set(channels) <= {entry["channel"] for socket in sockets for entry in socket["subscriptions"]}:
            return
        await asyncio.sleep(0)


async def test_tickers_are_watched(client: Any) -> None:
    ticker = await soon(client.watch_ticker("BTC/USDT"))  # of the best bid and ask, ccxt's own watch of which is broken
    assert 0 < ticker["bid"] < ticker["ask"]


async def test_a_moving_book_stays_the_exchanges_book(client: Any) -> None:
    for _ in range(4):
        # ccxt waits for 25 changes before it asks for the book
        book = await asyncio.wait_for(client.watch_order_book("ETH/USDT"), 3 * WAIT_S)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert [level[0] for level in book["asks"]] == sorted(level[0] for level in book["asks"])


async def test_trades_and_candles_are_watched(client: Any) -> None:
    trades = await soon(client.watch_trades("BTC/USDT"))
    assert trades[-1]["side"] in ("buy", "sell")
    candles = await soon(client.watch_ohlcv("BTC/USDT", "1m"))
    assert len(candles[-1]) == 6


async def test_the_life_of_an_order_is_watched(exchange: Exchange, client: Any) -> None:
    async with watching(client, watch_orders=(PAIR,), watch_my_trades=(PAIR,), watch_balance=()):
        await subscribed(exchange, client, *(f"spot@private.{name}.v3.api.pb" for name in ("orders", "deals")))
        order = await client.create_order(PAIR, "limit", "buy", 2, 120, {"clientOrderId": "pro-1"})

        async def told(status: str, filled: float, locked: float) -> None:
            def known() -> bool:
                orders = [entry for entry in client.orders or [] if entry["clientOrderId"] == "pro-1"]
                states = [(entry["id"], entry["status"], entry["filled"], entry["price"]) for entry in orders]
                balance = client.balance.get("spot", {}).get("USDT", {})
                return states == [(order["id"], status, filled, 120)] and balance.get("used") == locked

            await eventually(known, within_s=WAIT_S, what=f"{status} with {filled} filled")

        await told("open", 0, 240)
        exchange.control(f"/mexc/orders/{order['id'][5:]}/fill", {"amount": "0.5"})
        await told("open", 0.5, 180)
        await client.cancel_order(order["id"], PAIR)
        await told("closed", 0.5, 0)  # so does ccxt read a partly filled one that was canceled
        taken = await client.create_order(PAIR, "market", "buy", 1, 142)

        def traded() -> bool:
            trades = [trade for trade in client.myTrades or [] if trade["order"] == taken["id"]]
            return [(trade["price"], trade["amount"], trade["side"]) for trade in trades] == [(142, 1, "buy")]

        await eventually(traded, within_s=WAIT_S, what="the fill to be pushed")
