"""ccxt.pro's sockets on swaps, unchanged but for the URLs, against the face of futures."""

from collections.abc import AsyncIterator
from typing import Any

import ccxt.pro
import pytest

from tests.support.eventually import eventually

from .conftest import Exchange
from .test_ccxt_pro import WAIT_S, soon, watching

PAIR = "SOL/USDT:USDT"
CONTROL = "/gateio_futures"


@pytest.fixture
async def client(exchange: Exchange) -> AsyncIterator[Any]:
    account = exchange.futures["accounts"][1]
    user = next(each["user_id"] for each in exchange.look(f"{CONTROL}/accounts") if each["name"] == account["name"])
    given = {"apiKey": account["key"], "secret": account["secret"], "uid": str(user)}
    connected = exchange.point_futures(ccxt.pro.gate({**given, "options": {"defaultType": "swap"}}))
    await connected.load_markets()
    yield connected
    await connected.close()


async def subscribed(exchange: Exchange, *channels: str) -> None:
    def known() -> bool:
        sockets = exchange.look(f"{CONTROL}/sockets")
        return set(channels) <= {entry["channel"] for socket in sockets for entry in socket["subscriptions"]}

    await eventually(known, within_s=WAIT_S, what=f"subscriptions to {channels}")


async def test_the_public_market_is_watched(client: Any) -> None:
    ticker = await soon(client.watch_ticker("BTC/USDT:USDT"))
    assert 0 < ticker["bid"] < ticker["ask"]
    tops = await soon(client.watch_bids_asks(["BTC/USDT:USDT"]))
    assert 0 < tops["BTC/USDT:USDT"]["bid"] < tops["BTC/USDT:USDT"]["ask"]
    trades = await soon(client.watch_trades("BTC/USDT:USDT"))
    assert trades[-1]["side"] in ("buy", "sell")
    candles = await soon(client.watch_ohlcv("BTC/USDT:USDT", "1m"))
    assert len(candles[-1]) == 6


async def test_a_moving_book_stays_the_exchanges_book(client: Any) -> None:
    for _ in range(10):
        book = await soon(client.watch_order_book("ETH/USDT:USDT"))
        assert book["bids"][0][0] < book["asks"][0][0]
        assert [level[0] for level in book["asks"]] == sorted(level[0] for level in book["asks"])


async def test_orders_trades_positions_and_the_balance_are_watched(exchange: Exchange, client: Any) -> None:
    async with watching(
        client, watch_orders=(PAIR,), watch_my_trades=(PAIR,), watch_balance=(), watch_positions=([PAIR],)
    ):
        await subscribed(exchange, "futures.orders", "futures.usertrades", "futures.balances", "futures.positions")
        order = await client.create_order(PAIR, "limit", "buy", 20, 139, {"clientOrderId": "t-pro-f1"})

        async def told(status: str, filled: float, price: float) -> None:
            def known() -> bool:
                orders = [entry for entry in client.orders or [] if entry["clientOrderId"] == "t-pro-f1"]
                states = [(each["id"], each["status"], each["filled"], each["price"]) for each in orders]
                return states == [(order["id"], status, filled, price)]

            await eventually(known, within_s=WAIT_S, what=f"{status} with {filled} filled")

        async def holds(contracts: float) -> None:
            def known() -> bool:
                held = {each["symbol"]: each for each in (client.positions or {}).get("swap", [])}
                return PAIR in held and held[PAIR]["contracts"] == contracts

            await eventually(known, within_s=WAIT_S, what=f"a position of {contracts}")

        await told("open", 0, 139)
        exchange.control(f"{CONTROL}/orders/{order['id']}/fill", {"amount": "5"})
        await told("open", 5, 139)
        await holds(5)
        await client.edit_order(order["id"], PAIR, "limit", "buy", 20, 138)
        await told("open", 5, 138)
        await client.cancel_order(order["id"], PAIR)
        await told("canceled", 5, 138)
        taken = await client.create_order(PAIR, "market", "sell", 5, None, {"reduceOnly": True})
        await eventually(lambda: len(client.myTrades) == 2, within_s=WAIT_S, what="the second trade")
        trades = [(trade["order"], trade["amount"], trade["price"], trade["takerOrMaker"]) for trade in client.myTrades]
        assert trades == [(order["id"], 5, 139, "maker"), (taken["id"], 5, 140, "taker")]
        await holds(0)
        (fee,) = {each["fee"]["currency"] for each in client.myTrades}
        assert fee == "USDT"
        # 5 contracts of 0.01, one up, less 0.02 % and 0.05 %
        expected = 1_000_000 + 0.05 - 0.00139 - 0.0035
        await eventually(
            lambda: client.balance.get("USDT", {}).get("total") == pytest.approx(expected, abs=1e-6),
            within_s=WAIT_S,
            what="the balance after both fees",
        )
