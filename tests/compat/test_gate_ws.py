"""Gate's own WebSocket SDK for Python, unchanged but for its URL, against the embedded exchange."""

import asyncio
import json
import warnings
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest_asyncio

from tests.support.eventually import eventually

from .conftest import Exchange

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it names an old class of websockets
    import gate_ws
    from gate_ws import spot

PAIR = "SOL_USDT"


class Client:
    """One connection of the SDK, and all that it was told, by channel."""

    def __init__(self, exchange: Exchange) -> None:
        account = exchange.accounts[1]
        configuration = gate_ws.Configuration(
            app="spot",
            host=exchange.endpoints["gateio"]["ws"],
            api_key=account["key"],
            api_secret=account["secret"],
            event_loop=asyncio.get_running_loop(),
            default_callback=self._heard,
        )
        self.connection = gate_ws.Connection(configuration)
        self._told: dict[str, list[Any]] = {}

    async def _heard(self, _: object, response: Any) -> None:
        self._told.setdefault(response.channel, []).append(response)

    def results(self, channel: str, event: str | None) -> list[Any]:
        return [each.result for each in self._told.get(channel, ()) if each.event == event]

    async def until_told(self, channel: str, event: str | None = "update", count: int = 1) -> list[Any]:
        await eventually(lambda: len(self.results(channel, event)) >= count)
        return self.results(channel, event)

    def rows(self, channel: str) -> list[dict[str, Any]]:
        return [row for rows in self.results(channel, "update") for row in rows]


@pytest_asyncio.fixture
async def client(exchange: Exchange) -> AsyncIterator[Client]:
    client = Client(exchange)
    running = asyncio.ensure_future(client.connection.run())
    yield client
    client.connection.close()
    with suppress(asyncio.CancelledError):
        await running


async def test_public_channels_are_told(client: Client) -> None:
    spot.SpotBookTickerChannel(client.connection).subscribe([PAIR])
    spot.SpotTickerChannel(client.connection).subscribe(["BTC_USDT"])
    spot.SpotCandlesticksChannel(client.connection).subscribe(["1m", "BTC_USDT"])
    spot.SpotOrderBookChannel(client.connection).subscribe([PAIR, "5", "100ms"])
    spot.SpotOrderBookUpdateChannel(client.connection).subscribe(["BTC_USDT", "100ms"])
    spot.SpotPublicTradeChannel(client.connection).subscribe(["BTC_USDT"])
    channels = ("tickers", "candlesticks", "order_book", "order_book_update", "trades")
    for channel in channels:
        assert await client.until_told(f"spot.{channel}", "subscribe") == [{"status": "success"}]
        assert await client.until_told(f"spot.{channel}")
    assert await client.until_told("spot.book_ticker", "subscribe") == [{"status": "success"}]
    (book,) = client.results("spot.order_book", "update")[:1]
    assert (book["bids"], book["asks"]) == ([["140", "1000"]], [["142", "1000"]])


async def test_an_order_lives_over_the_socket_and_everything_is_pushed(client: Client) -> None:
    connection = client.connection
    spot.SpotOrderChannel(connection).subscribe([PAIR])
    spot.SpotUserTradesChannel(connection).subscribe([PAIR])
    spot.SpotBalanceChannel(connection).subscribe()  # with the SDK's own default payload
    for channel in ("orders", "usertrades", "balances"):
        assert await client.until_told(f"spot.{channel}", "subscribe") == [{"status": "success"}]
    order = {"text": "t-ws-1", "currency_pair": PAIR, "type": "limit", "account": "spot", "side": "buy"}
    placing = spot.SpotOrderPlaceChannel(connection)
    placing.api_request({**order, "amount": "2", "price": "100", "time_in_force": "gtc"}, "T_channel_id", "1")
    _, placed = await client.until_told("spot.order_place", None, 2)
    assert (placed["status"], placed["left"], placed["text"]) == ("open", "2", "t-ws-1")
    spot.SpotOrderAmendChannel(connection).api_request(
        {"order_id": placed["id"], "currency_pair": PAIR, "price": "101"}, "T_channel_id", "2"
    )
    (amended,) = await client.until_told("spot.order_amend", None)
    assert amended["price"] == "101"
    spot.SpotOrderStatusChannel(connection).api_request(
        {"order_id": placed["id"], "currency_pair": PAIR}, "T_channel_id", "3"
    )
    (known,) = await client.until_told("spot.order_status", None)
    assert (known["id"], known["price"]) == (placed["id"], "101")
    spot.SpotOrderCancelChannel(connection).api_request(
        {"order_id": placed["id"], "currency_pair": PAIR}, "T_channel_id", "4"
    )
    (canceled,) = await client.until_told("spot.order_cancel", None)
    assert canceled["status"] == "cancelled"
    await eventually(lambda: [row["event"] for row in client.rows("spot.orders")] == ["put", "update", "finish"])
    placing.api_request(
        {**order, "text": "t-ws-2", "amount": "1", "price": "142", "time_in_force": "ioc"}, "T_channel_id", "5"
    )
    await eventually(lambda: client.rows("spot.usertrades"))
    (fill,) = client.rows("spot.usertrades")
    assert (fill["text"], fill["price"], fill["role"]) == ("t-ws-2", "142", "taker")
    await eventually(lambda: {row["currency"] for row in client.rows("spot.balances")} >= {"SOL", "USDT"})
    bought = [row for row in client.rows("spot.balances") if row["currency"] == "SOL"]
    assert sum(Decimal(row["change"]) for row in bought) == Decimal("0.9995")


async def test_what_cannot_be_is_answered_with_an_error(client: Client) -> None:
    spot.SpotBookTickerChannel(client.connection).subscribe(["FOO_USDT"])
    await client.until_told("spot.book_ticker", "subscribe")
    (refused,) = client._told["spot.book_ticker"]
    assert (refused.error.code, "FOO_USDT" in refused.error.message) == (2, True)
    order = {"text": "t-ws-3", "currency_pair": PAIR, "side": "buy", "amount": "20000", "price": "100"}
    spot.SpotOrderPlaceChannel(client.connection).api_request(order, "T_channel_id", "6")
    _, refusal = await client.until_told("spot.order_place", None, 2)
    assert refusal["label"] == "BALANCE_NOT_ENOUGH"
    assert json.loads(str(client._told["spot.order_place"][-1]))["header"]["status"] == "400"
