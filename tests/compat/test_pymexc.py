"""pymexc, another client for MEXC, with nothing changed but its URLs: REST, and the private socket."""

import queue
import time
from collections.abc import Iterator
from typing import Any

import pymexc.base
import pymexc.base_websocket
import pytest
import requests
from pymexc import spot
from pymexc.base import MexcAPIError

from tests.support.eventually import eventually_blocking

from .conftest import Exchange

SYMBOL = "SOLUSDT"
WAIT_S = 10.0


@pytest.fixture(autouse=True)
def urls(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pymexc.base, "SPOT", exchange.mexc["rest"])
    monkeypatch.setattr(pymexc.base_websocket, "SPOT", exchange.mexc["ws"])


@pytest.fixture
def client(exchange: Exchange, urls: None) -> Any:
    return made(exchange)


def made(exchange: Exchange, **options: str) -> Any:
    account = exchange.mexc["accounts"][0]
    return spot.HTTP(**{"api_key": account["key"], "api_secret": account["secret"], **options})


def test_the_market_is_read(client: Any) -> None:
    assert client.ping() == {}
    assert abs(client.time()["serverTime"] - time.time() * 1000) < 5_000
    assert SYMBOL in client.default_symbols()["data"]
    (rules,) = client.exchange_info(symbol=SYMBOL)["symbols"]
    assert (rules["status"], rules["baseAsset"], rules["orderTypes"]) == (
        "1",
        "SOL",
        ["LIMIT", "MARKET", "LIMIT_MAKER"],
    )
    book = client.depth(SYMBOL, limit=5)
    assert (book["bids"], book["asks"]) == ([["140", "1000"]], [["142", "1000"]])
    assert client.ticker_book_price(SYMBOL)["askPrice"] == "142"
    assert client.klines("BTCUSDT", "60m", limit=3)[-1][0] % 3_600_000 == 0


def test_an_order_lives_from_creation_to_cancel(client: Any) -> None:
    placed = client.order(SYMBOL, "BUY", "LIMIT", quantity=2, price=100, new_client_order_id="pymexc-1")
    assert "status" not in placed
    found = client.query_order(SYMBOL, orig_client_order_id="pymexc-1")
    assert (found["orderId"], found["status"], found["type"]) == (placed["orderId"], "NEW", "LIMIT")
    assert [order["orderId"] for order in client.current_open_orders(SYMBOL)] == [placed["orderId"]]
    assert client.cancel_order(SYMBOL, order_id=placed["orderId"])["status"] == "NEW"
    assert client.query_order(SYMBOL, order_id=placed["orderId"])["status"] == "CANCELED"
    assert placed["orderId"] in [order["orderId"] for order in client.all_orders(SYMBOL)]
    assert client.test_order(SYMBOL, "BUY", "LIMIT", quantity=2, price=100) == {}


def test_a_market_buy_is_paid_for(client: Any) -> None:
    held = {row["asset"]: row for row in client.account_information()["balances"]}
    order = client.order(SYMBOL, "BUY", "MARKET", quote_order_qty=71)
    (trade,) = client.account_trade_list(SYMBOL, order_id=order["orderId"])
    assert (trade["qty"], trade["quoteQty"], trade["isMaker"], trade["commissionAsset"]) == ("0.5", "71", False, "SOL")
    after = {row["asset"]: row for row in client.account_information()["balances"]}
    assert float(held["USDT"]["free"]) - float(after["USDT"]["free"]) == pytest.approx(71)
    assert client.query_symbol_commission(SYMBOL)["data"]["takerCommission"] == 0.0005


def test_a_batch_hides_its_failures_in_an_answer_of_200(client: Any) -> None:
    orders = [{"quantity": quantity, "newClientOrderId": f"batch-{quantity[-1]}"} for quantity in ("1", "0.002")]
    good, bad = client.batch_orders(orders, SYMBOL, "BUY", "LIMIT", quantity=1, price=100)
    assert (good["symbol"], good["newClientOrderId"]) == (SYMBOL, "batch-1")
    assert (bad["code"], bad["newClientOrderId"]) == (30002, "batch-2")
    assert [order["status"] for order in client.cancel_all_open_orders(SYMBOL)] == ["NEW"]


def test_refusals_come_with_their_codes(exchange: Exchange, client: Any) -> None:
    with pytest.raises(MexcAPIError, match="code=-2013"):
        client.query_order(SYMBOL, order_id="C02__000000000000000005")
    with pytest.raises(MexcAPIError, match="code=30004"):
        client.order(SYMBOL, "BUY", "LIMIT", quantity=10_000, price=139)
    with pytest.raises(MexcAPIError, match="code=-1121"):
        client.depth("NOSUCHUSDT")
    with pytest.raises(MexcAPIError, match="code=700002"):
        made(exchange, api_secret="wrong").account_information()


@pytest.fixture
def socket(exchange: Exchange, urls: None) -> Iterator[Any]:
    account = exchange.mexc["accounts"][0]
    opened = spot.WebSocket(api_key=account["key"], api_secret=account["secret"])
    opened.endpoint = f"{exchange.mexc['ws']}?listenKey={opened.listenKey}"
    yield opened
    opened.exit()


def test_the_private_socket_tells_of_orders_deals_and_balances(exchange: Exchange, client: Any, socket: Any) -> None:
    told: dict[str, queue.Queue[Any]] = {name: queue.Queue() for name in ("orders", "deals", "account")}
    socket.account_orders(told["orders"].put)
    socket.account_deals(told["deals"].put)
    socket.account_update(told["account"].put)
    eventually_blocking(lambda: subscriptions(exchange) == 3, within_s=WAIT_S)
    placed = client.order(SYMBOL, "BUY", "LIMIT", quantity=2, price=120, new_client_order_id="pymexc-2")
    exchange.control(f"/mexc/orders/{placed['orderId'][5:]}/fill", {"amount": "0.5"})
    client.cancel_order(SYMBOL, order_id=placed["orderId"])

    orders = [told["orders"].get(timeout=WAIT_S) for _ in range(3)]
    assert [(order.status, order.cumulativeQuantity) for order in orders] == [(1, "0"), (3, "0.5"), (5, "0.5")]
    assert {(order.id, order.clientId) for order in orders} == {(placed["orderId"], "pymexc-2")}
    deal = told["deals"].get(timeout=WAIT_S)
    assert (deal.orderId, deal.price, deal.quantity, deal.amount) == (placed["orderId"], "120", "0.5", "60")
    assert (deal.isMaker, deal.feeAmount, deal.feeCurrency) == (True, "0.0001", "SOL")
    balances = [told["account"].get(timeout=WAIT_S) for _ in range(4)]
    assert [(row.vcoinName, row.type, row.frozenAmount) for row in balances] == [
        ("USDT", "ENTRUST_PLACE", "240"),
        ("USDT", "ENTRUST", "180"),
        ("SOL", "ENTRUST", "0"),
        ("USDT", "ENTRUST_CANCEL", "0"),
    ]


def subscriptions(exchange: Exchange) -> int:
    sockets = requests.get(f"{exchange.endpoints['control']}/mexc/sockets", timeout=5).json()
    return sum(len(each["subscriptions"]) for each in sockets)
