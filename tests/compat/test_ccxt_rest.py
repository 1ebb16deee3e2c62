"""ccxt's synchronous REST client, unchanged but for its URLs, against the embedded exchange."""

import time
from collections.abc import Callable
from typing import Any

import ccxt
import pytest

from .conftest import Exchange

PAIR = "SOL/USDT"


@pytest.fixture(scope="module")
def client(make_client: Callable[..., Any]) -> Any:
    loaded = make_client()
    loaded.load_markets()
    return loaded


@pytest.fixture(scope="module")
def stranger(exchange: Exchange) -> Any:
    """The second account."""
    account = exchange.accounts[1]
    return exchange.point(ccxt.gate({"apiKey": account["key"], "secret": account["secret"]}))


def test_markets_are_loaded_with_their_rules(client: Any) -> None:
    assert set(client.markets) == {"BTC/USDT", "ETH/USDT", "SOL/USDT", "PEPE/USDT"}
    market = client.market(PAIR)
    assert (market["active"], market["spot"], market["precision"]) == (True, True, {"amount": 0.001, "price": 0.01})
    assert market["limits"]["amount"]["min"] == 0.001
    assert market["limits"]["cost"]["min"] == 3
    assert (market["taker"], market["maker"]) == (0.0005, 0.0005)
    assert {"BTC", "ETH", "SOL", "PEPE", "USDT"} <= set(client.currencies)
    assert abs(client.fetch_time() - time.time() * 1000) < 5_000
    assert client.fetch_trading_fee(PAIR)["maker"] == 0.0002


def test_the_public_market_can_be_read(client: Any) -> None:
    ticker = client.fetch_ticker(PAIR)
    assert (ticker["bid"], ticker["ask"]) == (140, 142)
    assert set(client.fetch_tickers()) == set(client.markets)
    book = client.fetch_order_book(PAIR, 5)
    assert (book["bids"], book["asks"]) == ([[140, 1000]], [[142, 1000]])
    assert book["nonce"] > 0
    moving = client.fetch_trades("BTC/USDT")
    assert {trade["side"] for trade in moving} <= {"buy", "sell"}


def test_a_limit_order_lives_from_creation_to_cancel(client: Any) -> None:
    before = client.fetch_balance()["USDT"]
    order = client.create_order(PAIR, "limit", "buy", 2, 100, {"clientOrderId": "t-ccxt-1"})
    assert (order["status"], order["clientOrderId"], order["filled"]) == ("open", "t-ccxt-1", 0)
    assert client.fetch_balance()["USDT"]["used"] == before["used"] + 200
    assert [entry["id"] for entry in client.fetch_open_orders(PAIR)] == [order["id"]]
    by_id = client.fetch_order(order["id"], PAIR)
    by_text = client.fetch_order(None, PAIR, {"clientOrderId": "t-ccxt-1"})
    assert by_id["id"] == by_text["id"] == order["id"]
    edited = client.edit_order(order["id"], PAIR, "limit", "buy", 3, 101)
    assert (edited["id"], edited["price"], edited["amount"]) == (order["id"], 101, 3)
    cancelled = client.cancel_order(order["id"], PAIR)
    assert (cancelled["status"], cancelled["remaining"]) == ("canceled", 3)
    assert client.fetch_open_orders(PAIR) == []
    assert order["id"] in [entry["id"] for entry in client.fetch_closed_orders(PAIR)]
    assert client.fetch_balance()["USDT"] == before


def test_market_orders_trade_both_ways(client: Any) -> None:
    before = client.fetch_balance()
    bought = client.create_order(PAIR, "market", "buy", 2, 142)  # ccxt turns this into a cost of 284
    assert (bought["status"], bought["filled"], bought["average"], bought["cost"]) == ("closed", 2, 142, 284)
    by_cost = client.create_market_buy_order_with_cost(PAIR, 71)
    assert (by_cost["status"], by_cost["filled"]) == ("closed", 0.5)
    sold = client.create_order(PAIR, "market", "sell", 1)
    assert (sold["status"], sold["filled"], sold["average"]) == ("closed", 1, 140)
    after = client.fetch_balance()
    assert after["SOL"]["total"] == pytest.approx(before["SOL"]["total"] + 1.5 - 2.5 * 0.0005)
    assert after["USDT"]["total"] == pytest.approx(before["USDT"]["total"] - 284 - 71 + 140 * 0.9995)


def test_a_limit_order_that_crosses_is_closed_with_its_trades(client: Any) -> None:
    order = client.create_order(PAIR, "limit", "buy", 1.5, 143)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 1.5, 142)
    (trade,) = [trade for trade in client.fetch_my_trades(PAIR) if trade["order"] == order["id"]]
    assert (trade["side"], trade["price"], trade["amount"], trade["takerOrMaker"]) == ("buy", 142, 1.5, "taker")
    assert trade["fee"] == {"currency": "SOL", "cost": 0.00075}
    assert client.fetch_order(order["id"], PAIR)["status"] == "closed"
    assert [entry["id"] for entry in client.fetch_order_trades(order["id"], PAIR)] == [trade["id"]]


def test_an_order_filled_by_the_house_in_part_and_then_canceled(client: Any, exchange: Exchange) -> None:
    order = client.create_order(PAIR, "limit", "buy", 2, 120, {"postOnly": True})
    exchange.control(f"/orders/{order['id']}/fill", {"amount": "0.5"})
    part = client.fetch_order(order["id"], PAIR)
    assert (part["status"], part["filled"], part["remaining"], part["average"]) == ("open", 0.5, 1.5, 120)
    ended = client.cancel_order(order["id"], PAIR)
    assert (ended["status"], ended["filled"]) == ("canceled", 0.5)


def test_several_orders_at_once(client: Any) -> None:
    wanted = [
        {"symbol": PAIR, "type": "limit", "side": "buy", "amount": 1, "price": 90 + i, "params": {}} for i in range(3)
    ]
    placed = client.create_orders(wanted)
    assert [order["price"] for order in placed] == [90, 91, 92]
    assert len(client.cancel_orders([placed[0]["id"]], PAIR)) == 1
    assert len(client.cancel_all_orders(PAIR)) == 2
    assert client.fetch_open_orders() == []


def test_candles_deposits_and_withdrawals(client: Any, exchange: Exchange) -> None:
    assert client.fetch_ohlcv("BTC/USDT", "10s")
    exchange.control(f"/accounts/{exchange.accounts[0]['name']}/deposit", {"currency": "SOL", "amount": "2"})
    assert client.fetch_deposits("SOL")[0]["amount"] == 2
    sent = client.withdraw("USDT", 25, "TDemoAddress111", {"network": "TRC20"})
    assert client.fetch_withdrawals("USDT")[0]["id"] == sent["id"]


def place(client: Any, amount: float, price: float, **params: object) -> Any:
    return client.create_order(PAIR, "limit", "buy", amount, price, params)


def test_wrong_credentials_are_an_authentication_error(make_client: Callable[..., Any]) -> None:
    for options in ({"apiKey": "nobody"}, {"secret": "wrong"}):
        with pytest.raises(ccxt.AuthenticationError):
            make_client(**options).fetch_balance()


def test_a_stale_timestamp_is_an_authentication_error(make_client: Callable[..., Any]) -> None:
    late = make_client()
    late.nonce = lambda: int(time.time() * 1000) - 120_000
    with pytest.raises(ccxt.AuthenticationError, match="REQUEST_EXPIRED"):
        late.fetch_balance()


@pytest.mark.parametrize(
    ("order", "error", "label"),
    [
        ((10_000, 139, {}), ccxt.InsufficientFunds, "BALANCE_NOT_ENOUGH"),
        ((0.001, 139, {}), ccxt.BadRequest, "Your order size 0.139 USDT is too small"),
        ((1, 143, {"postOnly": True}), ccxt.OrderImmediatelyFillable, "POC_FILL_IMMEDIATELY"),
        ((1_001, 142, {"timeInForce": "FOK"}), ccxt.ExchangeError, "FOK_NOT_FILL"),
        ((1, 139, {"clientOrderId": "t-no spaces"}), ccxt.BadRequest, "INVALID_PARAM_VALUE"),
    ],
)
def test_a_refused_order_is_ccxts_own_exception(
    client: Any, order: tuple[float, float, dict[str, object]], error: type[Exception], label: str
) -> None:
    amount, price, params = order
    with pytest.raises(error, match=label) as raised:
        place(client, amount, price, **params)
    assert raised.type is error


def test_an_amount_below_the_minimum_is_an_invalid_order(client: Any) -> None:
    with pytest.raises(ccxt.InvalidOrder, match="AMOUNT_TOO_LITTLE"):
        client.create_order("BTC/USDT", "limit", "buy", 0.000009, 900_000)


def test_an_unknown_order_is_not_found(client: Any, stranger: Any) -> None:
    order = place(client, 1, 100)
    for asker, order_id in ((client, "5"), (stranger, order["id"])):
        with pytest.raises(ccxt.OrderNotFound):
            asker.fetch_order(order_id, PAIR)
        with pytest.raises(ccxt.OrderNotFound):
            asker.cancel_order(order_id, PAIR)
    client.cancel_order(order["id"], PAIR)
    with pytest.raises(ccxt.InvalidOrder, match="ORDER_CANCELLED"):
        client.cancel_order(order["id"], PAIR)


def test_too_many_orders_a_second_are_a_rate_limit_error(make_client: Callable[..., Any]) -> None:
    hasty = make_client(enableRateLimit=False)

    def hurry() -> None:
        for _ in range(60):
            place(hasty, 0.1, 100)

    with pytest.raises(ccxt.RateLimitExceeded):
        hurry()
    hasty.cancel_all_orders(PAIR)
