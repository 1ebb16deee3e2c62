"""ccxt's synchronous REST client for MEXC, unchanged but for its URLs, against the embedded exchange."""

import time
from collections.abc import Callable
from typing import Any

import ccxt
import pytest

from .conftest import Exchange

PAIR = "SOL/USDT"


@pytest.fixture(scope="module")
def make_mexc(exchange: Exchange) -> Callable[..., Any]:
    """Makes a client of the second account; options replace its credentials."""

    def make(**options: object) -> Any:
        account = exchange.mexc["accounts"][1]
        return exchange.point_mexc(ccxt.mexc({"apiKey": account["key"], "secret": account["secret"], **options}))

    return make


@pytest.fixture(scope="module")
def client(make_mexc: Callable[..., Any]) -> Any:
    loaded = make_mexc()
    loaded.load_markets()
    return loaded


def test_markets_are_loaded_with_their_rules(client: Any) -> None:
    assert set(client.markets) == {"BTC/USDT", "ETH/USDT", "SOL/USDT", "PEPE/USDT"}
    market = client.market(PAIR)
    assert (market["id"], market["active"], market["spot"]) == ("SOLUSDT", True, True)
    assert market["precision"] == {"amount": 0.001, "price": 0.01}
    assert (market["limits"]["amount"]["min"], market["limits"]["cost"]["min"]) == (0.001, 3)
    assert (market["taker"], market["maker"]) == (0.0005, 0.0002)
    assert {"BTC", "ETH", "SOL", "PEPE", "USDT"} <= set(client.currencies)
    assert abs(client.fetch_time() - time.time() * 1000) < 5_000


def test_the_public_market_can_be_read(client: Any) -> None:
    book = client.fetch_order_book(PAIR, 5)
    assert (book["bids"], book["asks"]) == ([[140, 1000]], [[142, 1000]])
    assert book["nonce"] > 0
    ticker = client.fetch_ticker(PAIR)
    assert (ticker["bid"], ticker["ask"]) == (140, 142)
    assert set(client.fetch_tickers()) == set(client.markets)
    assert client.fetch_bids_asks()[PAIR]["ask"] == 142
    moving = client.fetch_trades("BTC/USDT", params={"method": "spotPublicGetTrades"})
    assert {trade["side"] for trade in moving} <= {"buy", "sell"}
    assert moving
    assert len(client.fetch_ohlcv("BTC/USDT", "1m", limit=5)) == 5


def test_a_limit_order_lives_from_creation_to_cancel(client: Any) -> None:
    before = client.fetch_balance()["USDT"]
    placed = client.create_order(PAIR, "limit", "buy", 2, 100, {"clientOrderId": "ccxt-1"})
    assert (placed["id"][:5], placed["price"], placed["amount"]) == ("C02__", 100, 2)
    assert client.fetch_balance()["USDT"]["used"] == before["used"] + 200
    assert [entry["id"] for entry in client.fetch_open_orders(PAIR)] == [placed["id"]]
    assert [entry["id"] for entry in client.fetch_open_orders()] == [placed["id"]]
    by_id = client.fetch_order(placed["id"], PAIR)
    by_own_id = client.fetch_order(None, PAIR, {"clientOrderId": "ccxt-1"})
    assert (by_id["status"], by_id["clientOrderId"], by_id["filled"]) == ("open", "ccxt-1", 0)
    assert by_own_id["id"] == placed["id"]
    told = client.cancel_order(placed["id"], PAIR)
    assert (told["id"], told["status"]) == (placed["id"], "open")  # as it was before
    assert client.fetch_order(placed["id"], PAIR)["status"] == "canceled"
    assert client.fetch_open_orders(PAIR) == []
    assert placed["id"] in [entry["id"] for entry in client.fetch_canceled_orders(PAIR)]
    assert client.fetch_balance()["USDT"] == before


def test_market_orders_trade_both_ways(client: Any) -> None:
    before = client.fetch_balance()
    bought = client.create_order(PAIR, "market", "buy", 2, 142)  # ccxt turns this into a cost of 284
    found = client.fetch_order(bought["id"], PAIR)
    assert (found["type"], found["status"], found["filled"], found["cost"]) == ("market", "closed", 2, 284)
    by_cost = client.create_market_buy_order_with_cost(PAIR, 71)
    assert client.fetch_order(by_cost["id"], PAIR)["filled"] == 0.5
    sold = client.create_order(PAIR, "market", "sell", 1)
    found = client.fetch_order(sold["id"], PAIR)
    assert (found["status"], found["filled"], found["average"]) == ("closed", 1, 140)
    after = client.fetch_balance()
    assert after["SOL"]["total"] == pytest.approx(before["SOL"]["total"] + 1.5 - 2.5 * 0.0005)
    assert after["USDT"]["total"] == pytest.approx(before["USDT"]["total"] - 284 - 71 + 140 * 0.9995)


def test_a_limit_order_that_crosses_is_closed_with_its_trades(client: Any) -> None:
    order = client.create_order(PAIR, "limit", "buy", 1.5, 143)
    found = client.fetch_order(order["id"], PAIR)
    assert (found["status"], found["filled"], found["average"]) == ("closed", 1.5, 142)
    assert order["id"] in [entry["id"] for entry in client.fetch_closed_orders(PAIR)]
    (trade,) = [trade for trade in client.fetch_my_trades(PAIR) if trade["order"] == order["id"]]
    assert (trade["side"], trade["price"], trade["amount"], trade["takerOrMaker"]) == ("buy", 142, 1.5, "taker")
    assert trade["fee"] == {"currency": "SOL", "cost": 0.00075}
    assert [entry["id"] for entry in client.fetch_order_trades(order["id"], PAIR)] == [trade["id"]]


@pytest.mark.parametrize(
    ("price", "params", "status", "filled"),
    [
        (143, {"postOnly": True}, "canceled", 0),
        (120, {"postOnly": True}, "open", 0),
        (142, {"timeInForce": "IOC"}, "closed", 1),
        (120, {"timeInForce": "IOC"}, "canceled", 0),
        (142, {"timeInForce": "FOK"}, "closed", 1),
        (120, {"timeInForce": "FOK"}, "canceled", 0),
    ],
)
def test_every_kind_of_limit_order_ends_as_it_asks(
    client: Any, price: float, params: dict[str, object], status: str, filled: float
) -> None:
    order = client.create_order(PAIR, "limit", "buy", 1, price, params)
    found = client.fetch_order(order["id"], PAIR)
    assert (found["status"], found["filled"]) == (status, filled)
    if status == "open":
        client.cancel_order(order["id"], PAIR)


def test_an_order_filled_by_the_house_in_part_and_then_canceled(client: Any, exchange: Exchange) -> None:
    order = client.create_order(PAIR, "limit", "buy", 2, 120)
    exchange.control(f"/mexc/orders/{order['id'][5:]}/fill", {"amount": "0.5"})
    part = client.fetch_order(order["id"], PAIR)
    assert (part["status"], part["filled"], part["remaining"], part["average"]) == ("open", 0.5, 1.5, 120)
    client.cancel_order(order["id"], PAIR)
    ended = client.fetch_order(order["id"], PAIR)
    assert (ended["info"]["status"], ended["status"], ended["filled"]) == ("PARTIALLY_CANCELED", "canceled", 0.5)


def test_several_orders_at_once(client: Any) -> None:
    wanted = [
        {"symbol": PAIR, "type": "limit", "side": "buy", "amount": 1, "price": 90 + i, "params": {}} for i in range(3)
    ]
    placed = client.create_orders(wanted)
    assert len({order["id"] for order in placed}) == 3
    assert sorted(order["price"] for order in client.fetch_open_orders(PAIR)) == [90, 91, 92]
    assert len(client.cancel_all_orders(PAIR)) == 3
    assert client.fetch_open_orders() == []


def test_deposits_and_withdrawals(client: Any, exchange: Exchange) -> None:
    exchange.control("/mexc/accounts/beta/deposit", {"currency": "SOL", "amount": "2"})
    assert client.fetch_deposits("SOL")[0]["amount"] == 2
    sent = client.withdraw("USDT", 25, "TDemoAddress111", params={"network": "TRC20"})
    found = client.fetch_withdrawals("USDT")[0]
    assert (found["id"], found["amount"], found["address"]) == (sent["id"], 24, "TDemoAddress111")  # less its fee


def place(client: Any, amount: float, price: float, **params: object) -> Any:
    return client.create_order(PAIR, "limit", "buy", amount, price, params)


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"apiKey": "mx0nobodys00key"}, ccxt.BadRequest, "10072"),
        ({"apiKey": "nobody"}, ccxt.AuthenticationError, "700001"),
        ({"secret": "wrong"}, ccxt.AuthenticationError, "700002"),
    ],
)
def test_wrong_credentials_are_ccxts_own_exception(
    make_mexc: Callable[..., Any], client: Any, options: dict[str, object], error: type[Exception], code: str
) -> None:
    stranger = make_mexc(**options)
    stranger.set_markets(client.markets)
    with pytest.raises(error, match=code) as raised:
        stranger.fetch_balance()
    assert raised.type is error


def test_a_stale_timestamp_is_ccxts_own_exception(make_mexc: Callable[..., Any], client: Any) -> None:
    late = make_mexc()
    late.set_markets(client.markets)
    late.nonce = lambda: int(time.time() * 1000) - 120_000
    with pytest.raises(ccxt.InvalidNonce, match="700003"):
        late.fetch_balance()


@pytest.mark.parametrize(
    ("order", "error", "code"),
    [
        ((10_000, 139, {}), ccxt.InsufficientFunds, "30004"),
        ((0.001, 139, {}), ccxt.InvalidOrder, "30002.*less than:3USDT"),
        ((1, 139, {"clientOrderId": "no spaces"}), ccxt.BadRequest, "700008"),
    ],
)
def test_a_refused_order_is_ccxts_own_exception(
    client: Any, order: tuple[float, float, dict[str, object]], error: type[Exception], code: str
) -> None:
    amount, price, params = order
    with pytest.raises(error, match=code) as raised:
        place(client, amount, price, **params)
    assert raised.type is error


def test_an_unknown_order_is_not_found(client: Any) -> None:
    with pytest.raises(ccxt.ExchangeError, match="-2013"):
        client.fetch_order("C02__000000000000000005", PAIR)
    with pytest.raises(ccxt.BadRequest, match="-2011"):
        client.cancel_order("C02__000000000000000005", PAIR)
    order = place(client, 1, 100)
    client.cancel_order(order["id"], PAIR)
    with pytest.raises(ccxt.BadRequest, match="-2011"):
        client.cancel_order(order["id"], PAIR)


def test_too_many_orders_a_second_are_a_rate_limit_error(make_mexc: Callable[..., Any], client: Any) -> None:
    hasty = make_mexc(enableRateLimit=False)
    hasty.set_markets(client.markets)

    def hurry() -> None:
        for _ in range(60):
            place(hasty, 0.1, 100)

    with pytest.raises(ccxt.RateLimitExceeded, match="429"):
        hurry()
