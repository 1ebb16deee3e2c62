"""Orders over REST: every kind, what is said of them, and how they end (docs/venues/mexc.md, trading)."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from exchanges.simulator.core.config import TradeStatus
from exchanges.simulator.faults.queries import OrderUnknown, QueryLag

from .quiet import Client, Venue

DAY_S = 86_400


@pytest.fixture
def venue() -> Venue:
    opened = Venue()
    opened.market()
    return opened


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def test_placing_says_that_the_order_was_taken_and_no_more(client: Client) -> None:
    placed = client.order(quantity="2.5", price="141.2", newClientOrderId="desk7-000042").json
    assert placed == {
        "symbol": "SOLUSDT",
        "orderId": placed["orderId"],
        "orderListId": -1,
        "price": "141.2",
        "origQty": "2.5",
        "type": "LIMIT",
        "side": "BUY",
        "stpMode": "",
        "transactTime": 1_760_000_000_000,
    }
    assert placed["orderId"].startswith("C02__")


def test_an_order_is_found_by_its_id_and_by_the_clients_own(client: Client) -> None:
    placed = client.order(newClientOrderId="a-1").json
    assert client.state(placed["orderId"]) == client.get("order", "symbol=SOLUSDT&origClientOrderId=a-1")
    found = client.state(placed["orderId"])
    assert {name: found[name] for name in ("clientOrderId", "status", "executedQty", "origQuoteOrderQty")} == {
        "clientOrderId": "a-1",
        "status": "NEW",
        "executedQty": "0",
        "origQuoteOrderQty": "100",
    }
    assert (found["timeInForce"], found["updateTime"], found["time"]) == (None, None, 1_760_000_000_000)
    assert client.state(client.order().json["orderId"])["clientOrderId"] is None


@pytest.mark.parametrize(
    ("kind", "price", "status", "filled"),
    [
        ("LIMIT", "142", "FILLED", "1"),
        ("LIMIT", "141", "NEW", "0"),
        ("LIMIT_MAKER", "141", "NEW", "0"),
        ("LIMIT_MAKER", "142", "CANCELED", "0"),
        ("IMMEDIATE_OR_CANCEL", "142", "FILLED", "1"),
        ("IMMEDIATE_OR_CANCEL", "141", "CANCELED", "0"),
        ("FILL_OR_KILL", "142", "FILLED", "1"),
        ("FILL_OR_KILL", "141", "CANCELED", "0"),
    ],
)
def test_each_type_ends_as_it_asks(client: Client, kind: str, price: str, status: str, filled: str) -> None:
    found = client.state(client.order(type=kind, price=price).json["orderId"])
    assert (found["type"], found["status"], found["executedQty"]) == (kind, status, filled)
    locked = {row["asset"]: row["locked"] for row in client.get("account")["balances"]}["USDT"]
    assert locked == (price if status == "NEW" else "0")


def test_what_is_filled_in_part_and_ends_is_partially_canceled(client: Client) -> None:
    found = client.state(client.order(type="IMMEDIATE_OR_CANCEL", price="142", quantity="12").json["orderId"])
    assert (found["status"], found["executedQty"], found["cummulativeQuoteQty"]) == ("PARTIALLY_CANCELED", "10", "1420")


def test_a_market_buy_is_given_in_quote_units(client: Client) -> None:
    order = client.order(type="MARKET", price="", quantity="", quoteOrderQty="71").json
    found = client.state(order["orderId"])
    assert (found["type"], found["status"], found["executedQty"]) == ("MARKET", "FILLED", "0.5")
    assert (found["origQty"], found["origQuoteOrderQty"], found["price"]) == ("0.5", "71", "0")
    sold = client.order(type="MARKET", side="SELL", price="", quantity="0.4").json
    assert client.state(sold["orderId"])["cummulativeQuoteQty"] == "56"


def test_a_cancel_shows_the_order_as_it_was_before(venue: Venue, client: Client) -> None:
    order_id = client.order(price="141", newClientOrderId="a-1").json["orderId"]
    venue.control("POST", f"/orders/{order_id[5:]}/fill", {"amount": "0.5"})
    told = client.call("DELETE", "order", f"symbol=SOLUSDT&orderId={order_id}").json
    assert (told["status"], told["executedQty"], told["origClientOrderId"]) == ("PARTIALLY_FILLED", "0.5", "a-1")
    assert client.state(order_id)["status"] == "PARTIALLY_CANCELED"
    again = client.call("DELETE", "order", f"symbol=SOLUSDT&orderId={order_id}")
    assert (again.status, again.code) == (400, -2011)


def test_a_cancel_may_name_the_clients_own_id(client: Client) -> None:
    client.order(newClientOrderId="a-1")
    told = client.call("DELETE", "order", "symbol=SOLUSDT&origClientOrderId=a-1&newClientOrderId=c-1").json
    assert (told["status"], told["origClientOrderId"], told["clientOrderId"]) == ("NEW", "a-1", "c-1")
    assert client.get("openOrders") == []


def test_orders_of_up_to_five_symbols_are_canceled_at_once(client: Client) -> None:
    for symbol in ("SOLUSDT", "BTCUSDT", "ETHUSDT"):
        client.order(symbol=symbol, price="90", quantity="1")
    told = client.call("DELETE", "openOrders", "symbol=SOLUSDT%2CBTCUSDT").json
    assert sorted((row["symbol"], row["status"]) for row in told) == [("BTCUSDT", "NEW"), ("SOLUSDT", "NEW")]
    assert [row["symbol"] for row in client.get("openOrders")] == ["ETHUSDT"]
    six = "%2C".join(["SOLUSDT"] * 6)
    assert client.call("DELETE", "openOrders", f"symbol={six}").code == 33333
    assert client.call("DELETE", "openOrders").code == 44444


def test_all_orders_are_canceled_without_a_list(client: Client) -> None:
    for symbol in ("SOLUSDT", "BTCUSDT"):
        client.order(symbol=symbol, price="90", quantity="1")
    assert client.call("DELETE", "order/all").json == {"code": 0, "msg": "success"}
    assert client.get("openOrders") == []


def test_open_orders_are_those_of_all_symbols_or_of_one(client: Client) -> None:
    for symbol in ("SOLUSDT", "BTCUSDT"):
        client.order(symbol=symbol, price="90", quantity="1")
    assert {row["symbol"] for row in client.get("openOrders")} == {"SOLUSDT", "BTCUSDT"}
    assert [row["symbol"] for row in client.get("openOrders", "symbol=BTCUSDT")] == ["BTCUSDT"]


def test_all_orders_are_of_the_last_day_unless_told_otherwise_and_of_a_week_at_most(venue: Venue) -> None:
    client = venue.client()
    old = client.order().json["orderId"]
    client.call("DELETE", "order", f"symbol=SOLUSDT&orderId={old}")
    venue.time.advance(2 * DAY_S)
    new = client.order().json["orderId"]

    def listed(more: str = "") -> list[str]:
        return [row["orderId"] for row in client.get("allOrders", f"symbol=SOLUSDT{more}")]

    assert listed() == [new]
    assert listed("&startTime=1") == [new, old]
    assert listed("&startTime=1&limit=1") == [new]
    venue.time.advance(6 * DAY_S)
    assert listed("&startTime=1") == [new]


def test_fills_are_listed_newest_first_or_of_one_order(client: Client) -> None:
    first = client.order(price="142").json["orderId"]
    second = client.order(price="142", quantity="2", newClientOrderId="a-2").json["orderId"]
    rows = client.get("myTrades", "symbol=SOLUSDT")
    assert [row["orderId"] for row in rows] == [second, first]
    assert rows[0] | {"id": ""} == {
        "symbol": "SOLUSDT",
        "id": "",
        "orderId": second,
        "orderListId": -1,
        "price": "142",
        "qty": "2",
        "quoteQty": "284",
        "commission": "0.001",
        "commissionAsset": "SOL",
        "time": 1_760_000_000_000,
        "isBuyer": True,
        "isMaker": False,
        "isBestMatch": True,
        "isSelfTrade": False,
        "clientOrderId": "a-2",
    }
    assert [row["id"][-2:] for row in rows] == ["X1", "X1"]
    assert [row["orderId"] for row in client.get("myTrades", f"symbol=SOLUSDT&orderId={first}")] == [first]
    assert client.call("GET", "myTrades", "symbol=SOLUSDT&limit=101").code == 33333


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"symbol": "NOSUCH"}, -1121),
        ({"symbol": ""}, 44444),
        ({"side": "buy"}, 33333),
        ({"type": "STOP"}, 33333),
        ({"price": ""}, 44444),
        ({"quantity": ""}, 44444),
        ({"quantity": "1E-1"}, 700008),
        ({"quantity": "-1"}, 700008),
        ({"price": "100.001"}, 33333),
        ({"quantity": "0.02"}, 30002),
        ({"quantity": "0.0001"}, 33333),
        ({"price": "6000", "quantity": "900"}, 30003),
        ({"price": "139", "quantity": "800"}, 30004),
        ({"side": "SELL", "price": "143", "quantity": "1001"}, 30005),
        ({"newClientOrderId": "no%20spaces"}, 700008),
        ({"newClientOrderId": "x" * 33}, 33333),
        ({"stpMode": "cancel_me"}, 33333),
        ({"type": "MARKET", "quantity": "1"}, -1128),
        ({"type": "MARKET", "side": "SELL", "quantity": "", "quoteOrderQty": "10"}, -1128),
    ],
)
def test_a_bad_order_is_refused_with_its_code(client: Client, fields: dict[str, str], code: int) -> None:
    reply = client.order(**fields)
    assert (reply.status, reply.code) == (400, code)
    assert client.get("openOrders") == []


def test_the_text_of_a_small_order_names_the_minimum(client: Client) -> None:
    assert client.order(quantity="0.02").json["msg"].endswith("cannot be less than:3USDT")


def test_a_market_order_needs_somebody_opposite(venue: Venue) -> None:
    venue.market(ask=None)
    reply = venue.client().order(type="MARKET", price="", quantity="", quoteOrderQty="71")
    assert reply.code == 30025


@pytest.mark.parametrize(
    ("status", "sides", "code"),
    [
        (TradeStatus.UNTRADABLE, ("BUY", "SELL"), 30000),
        (TradeStatus.SELLABLE, ("BUY",), 30001),
        (TradeStatus.BUYABLE, ("SELL",), 30001),
    ],
)
def test_a_halted_market_takes_no_orders(venue: Venue, status: TradeStatus, sides: tuple[str, ...], code: int) -> None:
    venue.control("POST", "/markets/SOL_USDT", {"trade_status": status.value})
    for side in ("BUY", "SELL"):
        reply = venue.client().order(side=side, price="141")
        assert (reply.json.get("code") == code) is (side in sides)


def test_a_trial_checks_and_places_nothing(client: Client) -> None:
    reply = client.call("POST", "order/test", "symbol=SOLUSDT&side=BUY&type=LIMIT&quantity=1&price=100")
    assert (reply.status, reply.json) == (200, {})
    assert client.get("openOrders") == []
    small = client.call("POST", "order/test", "symbol=SOLUSDT&side=BUY&type=LIMIT&quantity=0.02&price=100")
    assert small.code == 30002


def test_the_same_client_id_is_taken_twice(client: Client) -> None:
    first, second = (client.order(newClientOrderId="a-1").json["orderId"] for _ in range(2))
    assert first != second
    assert client.get("order", "symbol=SOLUSDT&origClientOrderId=a-1")["orderId"] == second


def batch(client: Client, items: object) -> Any:
    return client.call("POST", "batchOrders", f"batchOrders={quote(json.dumps(items), safe='')}")


def test_a_batch_answers_each_order_within_a_status_of_200(client: Client) -> None:
    usual = {"symbol": "SOLUSDT", "side": "BUY", "type": "LIMIT_ORDER", "price": 100.5}
    reply = batch(client, [usual | {"quantity": "1", "newClientOrderId": 17}, usual | {"quantity": 0.02}])
    good, bad = reply.json
    assert reply.status == 200
    assert good == {"symbol": "SOLUSDT", "orderId": good["orderId"], "orderListId": -1, "newClientOrderId": "17"}
    assert (bad["code"], bad["newClientOrderId"]) == (30002, None)
    assert client.state(good["orderId"])["price"] == "100.5"


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{}] * 21,
        [{"symbol": "SOLUSDT"}, {"symbol": "BTCUSDT"}],
        {"symbol": "SOLUSDT"},
        ["SOLUSDT"],
    ],
)
def test_a_batch_that_is_none_is_refused(client: Client, items: object) -> None:
    assert batch(client, items).code == 33333


def test_an_order_is_named_one_way_or_the_other(client: Client) -> None:
    for method in ("GET", "DELETE"):
        assert client.call(method, "order", "symbol=SOLUSDT").code == 700004
        assert client.call(method, "order", "orderId=C02__000000000000000001").code == 44444
    other = client.venue.client("beta").order().json["orderId"]
    for unknown in (other, "C02__000000000000000001", "12345", "nonsense"):
        assert client.call("GET", "order", f"symbol=SOLUSDT&orderId={unknown}").code == -2013
        assert client.call("DELETE", "order", f"symbol=SOLUSDT&orderId={unknown}").code == -2011


def test_an_order_just_placed_may_be_unknown_for_a_moment(venue: Venue, client: Client) -> None:
    venue.fault(OrderUnknown(account="alpha", younger_than_ms=300))
    order_id = client.order(newClientOrderId="a-1").json["orderId"]
    for named in (f"orderId={order_id}", "origClientOrderId=a-1"):
        assert client.call("GET", "order", f"symbol=SOLUSDT&{named}").code == -2013
    assert [row["orderId"] for row in client.get("openOrders")] == [order_id]
    venue.time.advance(0.3)
    assert client.state(order_id)["status"] == "NEW"


def test_queries_may_be_behind(venue: Venue, client: Client) -> None:
    venue.fault(QueryLag(lag_ms=5_000, query="open_orders"))
    venue.time.advance(6)
    client.order()
    assert client.get("openOrders") == []
    venue.time.advance(5)
    assert len(client.get("openOrders")) == 1


def test_an_order_that_meets_ones_own_gives_way_and_says_why(venue: Venue, client: Client) -> None:
    venue.market(bid=None, ask=None)
    client.order(side="SELL", price="141")
    found = client.state(client.order(price="141", stpMode="cancel_taker").json["orderId"])
    assert (found["status"], found["cancelReason"]) == ("CANCELED", "stp_cancel")
