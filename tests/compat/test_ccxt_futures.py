"""ccxt's synchronous REST client on swaps, unchanged but for its URLs, against the face of futures."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import ccxt
import pytest

from .conftest import Exchange

PAIR = "SOL/USDT:USDT"
ONE = 0.01  # SOL in a contract


@pytest.fixture(scope="module")
def make(exchange: Exchange) -> Callable[..., Any]:
    def made(number: int = 0, **options: object) -> Any:
        account = exchange.futures["accounts"][number]
        given = {"apiKey": account["key"], "secret": account["secret"], "options": {"defaultType": "swap"}, **options}
        client = exchange.point_futures(ccxt.gate(given))
        client.load_markets()
        return client

    return made


@pytest.fixture(scope="module")
def shared(make: Callable[..., Any]) -> Any:
    return make()


@pytest.fixture
def client(shared: Any) -> Iterator[Any]:
    """Ends without orders and positions."""
    yield shared
    shared.cancel_all_orders(PAIR)
    shared.cancel_all_orders(PAIR, {"trigger": True})
    for _ in held(shared):
        shared.create_order(PAIR, "market", "sell", 0, None, {"close": True})
    assert held(shared) == []


def held(client: Any) -> list[Any]:
    """The positions that are not empty: the list has also what was closed."""
    return [each for each in client.fetch_positions([PAIR]) if each["contracts"]]


def position(client: Any) -> Any:
    (found,) = held(client)
    return found


def test_swaps_are_loaded_with_their_rules(client: Any) -> None:
    assert set(client.markets) == {"BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT", "PEPE/USDT:USDT"}
    market = client.market(PAIR)
    assert (market["swap"], market["linear"], market["active"], market["contractSize"]) == (True, True, True, ONE)
    assert market["precision"] == {"amount": 1, "price": 0.01}
    assert market["limits"]["leverage"] == {"min": 1, "max": 100}
    assert client.market("ETH/USDT:USDT")["info"]["enable_decimal"] is True
    tiers = client.fetch_market_leverage_tiers(PAIR)
    assert [tier["maxLeverage"] for tier in tiers] == [100, 50, 20]


def test_the_public_market_can_be_read(client: Any) -> None:
    ticker = client.fetch_ticker(PAIR)
    assert (ticker["bid"], ticker["ask"], ticker["markPrice"], ticker["indexPrice"]) == (140, 142, 141, 141)
    book = client.fetch_order_book(PAIR, 5)
    assert (book["bids"], book["asks"]) == ([[140, 10_000]], [[142, 10_000]])
    assert book["nonce"] > 0
    assert {trade["side"] for trade in client.fetch_trades("BTC/USDT:USDT")} <= {"buy", "sell"}
    assert client.fetch_ohlcv("BTC/USDT:USDT", "1m")
    marks = client.fetch_ohlcv(PAIR, "1m", None, 5, {"price": "mark"})
    assert {row[4] for row in marks} == {141}


def test_funding_rates_are_told_and_those_of_before(client: Any) -> None:
    rate = client.fetch_funding_rate(PAIR)
    assert (rate["markPrice"], rate["indexPrice"], rate["fundingRate"]) == (141, 141, 0.0001)
    assert rate["interval"] == "8h"
    rates = client.fetch_funding_rate_history(PAIR)
    gaps = {later["timestamp"] - earlier["timestamp"] for earlier, later in pairwise(rates)}
    assert gaps == {28_800_000}


def test_a_limit_order_lives_from_creation_to_cancel(client: Any) -> None:
    before = client.fetch_balance()["USDT"]
    order = client.create_order(PAIR, "limit", "buy", 200, 130, {"clientOrderId": "t-swap-1"})
    assert (order["status"], order["clientOrderId"], order["filled"], order["amount"]) == ("open", "t-swap-1", 0, 200)
    assert int(order["id"]) > 2**53
    # 260 at ten times, and a taker's fee
    assert client.fetch_balance()["USDT"]["free"] == pytest.approx(before["free"] - 26.13)
    assert [entry["id"] for entry in client.fetch_open_orders(PAIR)] == [order["id"]]
    by_id = client.fetch_order(order["id"], PAIR)
    by_text = client.fetch_order(None, PAIR, {"clientOrderId": "t-swap-1"})
    assert by_id["id"] == by_text["id"] == order["id"]
    edited = client.edit_order(order["id"], PAIR, "limit", "buy", 300, 131)
    assert (edited["id"], edited["price"], edited["amount"]) == (order["id"], 131, 300)
    canceled = client.cancel_order(order["id"], PAIR)
    assert (canceled["status"], canceled["remaining"]) == ("canceled", 300)
    assert client.fetch_open_orders(PAIR) == []
    assert order["id"] in [entry["id"] for entry in client.fetch_closed_orders(PAIR)]
    assert client.fetch_balance()["USDT"] == before


def test_a_market_order_opens_a_position_with_its_trade(client: Any) -> None:
    order = client.create_order(PAIR, "market", "buy", 50)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 50, 142)
    found = position(client)
    assert (found["side"], found["contracts"], found["entryPrice"], found["markPrice"]) == ("long", 50, 142, 141)
    assert found["unrealizedPnl"] == pytest.approx(-50 * ONE)
    assert (found["notional"], found["info"]["lever"], found["marginMode"]) == (70.5, "10", "cross")
    (trade,) = client.fetch_order_trades(order["id"], PAIR)
    assert (trade["side"], trade["price"], trade["amount"], trade["takerOrMaker"]) == ("buy", 142, 50, "taker")
    assert trade["fee"] == {"currency": "USDT", "cost": 0.0355}
    assert trade["id"] in [entry["id"] for entry in client.fetch_my_trades(PAIR)]


def test_reduce_only_reduces_and_is_refused_otherwise(client: Any) -> None:
    with pytest.raises(ccxt.ExchangeError, match="POSITION_EMPTY"):
        client.create_order(PAIR, "limit", "sell", 1, 150, {"reduceOnly": True})
    client.create_order(PAIR, "market", "buy", 50)
    with pytest.raises(ccxt.ExchangeError, match="REDUCE_EXCEEDED"):
        client.create_order(PAIR, "limit", "sell", 51, 150, {"reduceOnly": True})
    with pytest.raises(ccxt.ExchangeError, match="INCREASE_POSITION"):
        client.create_order(PAIR, "limit", "buy", 1, 130, {"reduceOnly": True})
    waiting = client.create_order(PAIR, "limit", "sell", 40, 150, {"reduceOnly": True})
    assert (waiting["status"], waiting["reduceOnly"]) == ("open", True)
    client.create_order(PAIR, "market", "sell", 20)
    ended = client.fetch_order(waiting["id"], PAIR)
    assert ended["info"]["finish_as"] == "reduce_out"
    assert position(client)["contracts"] == 30


def test_leverage_and_margin_of_a_position(client: Any) -> None:
    client.create_order(PAIR, "market", "sell", 50)
    client.set_leverage(5, PAIR)
    found = position(client)
    assert (found["side"], found["leverage"], found["marginMode"]) == ("short", 5, "isolated")
    assert found["initialMargin"] == pytest.approx(14)
    client.add_margin(PAIR, 6)
    assert float(position(client)["info"]["margin"]) == 20
    # 140 + 40 less 0.5 % of the value there
    assert position(client)["liquidationPrice"] == pytest.approx(180 / 1.005, abs=0.01)
    client.reduce_margin(PAIR, 6)
    client.set_leverage(10, PAIR, {"marginMode": "cross"})
    assert position(client)["marginMode"] == "cross"


def test_a_position_that_loses_its_margin_is_liquidated(client: Any, exchange: Exchange) -> None:
    client.create_order(PAIR, "market", "buy", 50)
    client.set_leverage(20, PAIR)
    exchange.control("/gateio_futures/prices/SOL_USDT", {"mark": "135.5"})
    try:
        assert held(client) == []
        (taken, *_) = client.fetch_my_liquidations(PAIR)
        assert taken["contracts"] == 50
        last = client.fetch_my_trades(PAIR)[-1]
        assert (last["side"], last["amount"], last["info"]["text"]) == ("sell", 50, "liquidation")
        assert last["price"] == pytest.approx(142 * 0.95)
    finally:
        exchange.control("/gateio_futures/prices/SOL_USDT", {"mark": "141"})
        client.set_leverage(10, PAIR, {"marginMode": "cross"})


def test_funding_is_paid_and_told(client: Any, exchange: Exchange) -> None:
    client.create_order(PAIR, "market", "buy", 100)
    before = client.fetch_balance()["USDT"]["total"]
    exchange.control("/gateio_futures/funding/SOL_USDT", {"rate": "0.001"})
    paid = client.fetch_funding_history(PAIR)[-1]
    assert (paid["amount"], paid["code"]) == (-0.141, "USDT")
    assert client.fetch_balance()["USDT"]["total"] == pytest.approx(before - 0.141)
    entries = [entry["info"] for entry in client.fetch_ledger("USDT")]
    assert ("fund", "-0.141") in [(entry["type"], entry["change"]) for entry in entries]


def test_orders_that_wait_for_a_price(client: Any, exchange: Exchange) -> None:
    client.create_order(PAIR, "market", "buy", 50)
    waiting = client.create_order(PAIR, "limit", "sell", 20, 119, {"triggerPrice": 120, "reduceOnly": True})
    found = client.fetch_open_orders(PAIR, None, None, {"trigger": True})
    assert [(entry["id"], entry["triggerPrice"], entry["amount"]) for entry in found] == [(waiting["id"], 120, 20)]
    assert client.fetch_order(waiting["id"], PAIR, {"trigger": True})["status"] == "open"
    assert client.cancel_order(waiting["id"], PAIR, {"trigger": True})["status"] == "canceled"
    stop = client.create_order(PAIR, "market", "sell", 30, None, {"stopLossPrice": 130, "price_type": 1})
    exchange.control("/gateio_futures/prices/SOL_USDT", {"mark": "129"})
    exchange.control("/gateio_futures/prices/SOL_USDT", {"mark": "141"})
    deadline_s = time.monotonic() + 10
    while (ended := client.fetch_order(stop["id"], PAIR, {"trigger": True}))["status"] == "open":
        assert time.monotonic() < deadline_s
    assert ended["info"]["finish_as"] == "succeeded"
    assert position(client)["contracts"] == 20


def test_several_orders_at_once(client: Any) -> None:
    wanted = [
        {"symbol": PAIR, "type": "limit", "side": "buy", "amount": 1, "price": 120 + i, "params": {"text": f"t-s{i}"}}
        for i in range(3)
    ]
    placed = client.create_orders(wanted)
    assert [order["price"] for order in placed] == [120, 121, 122]
    client.cancel_orders([placed[0]["id"]], PAIR)
    assert len(client.fetch_open_orders(PAIR)) == 2
    assert len(client.cancel_all_orders(PAIR)) == 2


def test_two_positions_side_by_side(client: Any) -> None:
    client.set_position_mode(True)
    try:
        with pytest.raises(ccxt.ExchangeError, match="NO_CHANGE"):
            client.set_position_mode(True)
        client.create_order(PAIR, "market", "buy", 30)
        client.create_order(PAIR, "market", "sell", 20)
        assert {each["side"]: each["contracts"] for each in held(client)} == {"long": 30, "short": 20}
        with pytest.raises(ccxt.ExchangeError, match="POSITION_HOLDING"):
            client.set_position_mode(False)
        client.create_order(PAIR, "market", "sell", 30, None, {"reduceOnly": True})
        client.create_order(PAIR, "market", "buy", 20, None, {"reduceOnly": True})
        assert held(client) == []
        closed = {(each["side"], each["info"]["accum_size"]) for each in client.fetch_positions_history([PAIR])}
        assert {("long", "30"), ("short", "20")} <= closed
    finally:
        for each in held(client):
            side = "sell" if each["side"] == "long" else "buy"
            client.create_order(PAIR, "market", side, each["contracts"], None, {"reduceOnly": True})
        client.set_position_mode(False)


@pytest.mark.parametrize(
    ("order", "error", "label"),
    [
        ((80_000_000, 120, {}), ccxt.InvalidOrder, "SIZE_TOO_LARGE"),
        ((1, 100, {}), ccxt.ExchangeError, "PRICE_TOO_DEVIATED"),
        ((1, 143, {"postOnly": True}), ccxt.ExchangeError, "ORDER_POC_IMMEDIATE"),
        ((10_001, 142, {"timeInForce": "FOK"}), ccxt.ExchangeError, "ORDER_FOK"),
        ((1, 139, {"clientOrderId": "t-no spaces"}), ccxt.BadRequest, "INVALID_PARAM_VALUE"),
    ],
)
def test_a_refused_order_is_ccxts_own_exception(
    client: Any, order: tuple[float, float, dict[str, object]], error: type[Exception], label: str
) -> None:
    amount, price, params = order
    with pytest.raises(error, match=label):
        client.create_order(PAIR, "limit", "buy", amount, price, params)


def test_money_that_is_not_there_is_insufficient_funds(client: Any) -> None:
    with pytest.raises(ccxt.InsufficientFunds, match="INSUFFICIENT_AVAILABLE"):
        client.create_order("BTC/USDT:USDT", "limit", "buy", 1_000_000, 100_000)


def test_an_unknown_order_is_not_found(client: Any, make: Callable[..., Any]) -> None:
    order = client.create_order(PAIR, "limit", "buy", 1, 130)
    for asker, order_id in ((client, "5"), (make(1), order["id"])):
        with pytest.raises(ccxt.OrderNotFound):
            asker.fetch_order(order_id, PAIR)
        with pytest.raises(ccxt.OrderNotFound):
            asker.cancel_order(order_id, PAIR)
    client.cancel_order(order["id"], PAIR)
    with pytest.raises(ccxt.ExchangeError, match="ORDER_FINISHED"):
        client.cancel_order(order["id"], PAIR)


@pytest.mark.parametrize("wrong", [{"apiKey": "nobody"}, {"secret": "wrong"}])
def test_wrong_credentials_are_an_authentication_error(make: Callable[..., Any], wrong: dict[str, str]) -> None:
    with pytest.raises(ccxt.AuthenticationError):
        make(**wrong).fetch_balance()
