"""What the face of futures answers: JSON types, sizes in both forms, labels, retention, modes."""

from decimal import Decimal
from typing import Any

import pytest

from exchanges.simulator import HttpRequest, RateLimits

from .quiet import FUTURES, Client, Venue


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def test_a_new_order_has_gates_types(client: Client) -> None:
    reply = client.order(text="t-desk7-f1", size=-4, price="150.20")
    order = reply.json
    assert reply.status == 201
    assert isinstance(order["id"], int)
    assert order["id"] > 2**53
    expected = {
        "text": "t-desk7-f1",
        "contract": "SOL_USDT",
        "status": "open",
        "size": -4,
        "left": -4,
        "iceberg": 0,
        "price": "150.2",
        "fill_price": "0",
        "tif": "gtc",
        "create_time": 1760000000.0,
        "is_close": False,
        "is_reduce_only": False,
        "is_liq": False,
        "tkfr": "0.0005",
        "mkfr": "0.0002",
        "stp_id": 0,
        "stp_act": "-",
    }
    assert expected.items() <= order.items()
    assert not {"finish_as", "finish_time"} & order.keys()
    ended = client.call("DELETE", f"{FUTURES}/orders/t-desk7-f1").json
    assert (ended["status"], ended["finish_as"], ended["left"]) == ("finished", "cancelled", -4)


def test_sizes_are_numbers_or_texts_by_the_header(venue: Venue) -> None:
    venue.control("POST", "/prices/ETH_USDT", {"mark": "3000"})
    plain, decimal = venue.client(), Client(venue, decimal=True)
    placed = decimal.order(contract="ETH_USDT", size="2.7", price="3000").json
    assert (placed["size"], placed["left"]) == ("2.7", "2.7")
    same = plain.get(f"/orders/{placed['id']}")
    assert (same["size"], same["left"], same["iceberg"]) == (2, 2, 0)  # cut towards zero
    short = decimal.order(contract="ETH_USDT", size="-0.7", price="3100").json
    assert plain.get(f"/orders/{short['id']}")["size"] == 0
    for asker, size, smallest in ((plain, 2, 0), (decimal, "2.7", "0")):
        book = asker.get("/order_book", "contract=ETH_USDT")
        assert book["bids"] == [{"p": "3000", "s": size}]
        assert asker.get("/contracts/ETH_USDT")["order_size_min"] == smallest


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"contract": None}, "MISSING_REQUIRED_PARAM"),
        ({"size": None}, "MISSING_REQUIRED_PARAM"),
        ({"size": 0}, "INVALID_PARAM_VALUE"),
        ({"size": "many"}, "INVALID_PARAM_VALUE"),
        ({"size": 1.5}, "INVALID_PARAM_VALUE"),
        ({"size": "1.5"}, "INVALID_PARAM_VALUE"),
        ({"price": 130}, "INVALID_PARAM_VALUE"),
        ({"price": "0"}, "INVALID_PARAM_VALUE"),
        ({"price": "0", "tif": "poc"}, "INVALID_PARAM_VALUE"),
        ({"price": "130.001"}, "INVALID_PARAM_VALUE"),
        ({"tif": "gtd"}, "INVALID_PARAM_VALUE"),
        ({"text": "mine"}, "INVALID_PARAM_VALUE"),
        ({"auto_size": "close_long", "size": 0}, "INVALID_PARAM_VALUE"),
        ({"close": True, "size": 1}, "INVALID_PARAM_VALUE"),
        ({"close": True, "size": 0}, "POSITION_EMPTY"),
        ({"contract": "FOO_USDT"}, "CONTRACT_NOT_FOUND"),
        ({"size": 1_000_001}, "SIZE_TOO_LARGE"),
        ({"price": "112.79"}, "PRICE_TOO_DEVIATED"),
        ({"size": 8_000}, "RISK_LIMIT_EXCEEDED"),
        ({"size": 8_000, "price": "140"}, "INSUFFICIENT_AVAILABLE"),
        ({"price": "142", "tif": "poc"}, "ORDER_POC_IMMEDIATE"),
        ({"price": "142", "tif": "fok", "size": 1_001}, "ORDER_FOK"),
        ({"reduce_only": True}, "POSITION_EMPTY"),
    ],
)
def test_a_wrong_order_is_refused_under_its_label(venue: Venue, fields: dict[str, Any], label: str) -> None:
    client = venue.client()
    if label == "RISK_LIMIT_EXCEEDED":
        client.call("POST", f"{FUTURES}/positions/SOL_USDT/leverage", "leverage=100")
    reply = client.order(**fields)
    assert (reply.status, reply.label) == (400, label)
    assert client.get("/orders", "status=open") == []


def test_who_has_no_futures_account_is_told_so(venue: Venue) -> None:
    stranger = venue.client("gamma")
    for method, path in (("GET", "/accounts"), ("GET", "/positions"), ("POST", "/orders")):
        body = {"contract": "SOL_USDT", "size": 1, "price": "130"} if method == "POST" else None
        assert stranger.call(method, FUTURES + path, body=body).label == "USER_NOT_FOUND"
    venue.control("POST", "/accounts/gamma/deposit", {"currency": "USDT", "amount": "10"})
    assert stranger.get("/accounts")["total"] == "10"


def test_signatures_come_first(venue: Venue, client: Client) -> None:
    client.secret = "wrong"
    assert client.call("GET", f"{FUTURES}/accounts").label == "INVALID_SIGNATURE"
    client.key = "nobody"
    assert client.call("GET", f"{FUTURES}/accounts").label == "INVALID_KEY"
    replies: list[int] = []
    request = HttpRequest(method="GET", path=f"/api/v4{FUTURES}/accounts")
    venue.exchange.request(request, lambda done: replies.append(done.status))
    assert replies == [400]


def test_what_has_ended_is_forgotten_by_text_and_then_by_id(venue: Venue, client: Client) -> None:
    empty = client.order(text="t-empty").json["id"]
    client.call("DELETE", f"{FUTURES}/orders/t-empty")
    filled = client.at_market(1, text="t-filled")["id"]
    venue.time.advance(61)
    assert client.call("GET", f"{FUTURES}/orders/t-empty").label == "ORDER_NOT_FOUND"
    assert client.get(f"/orders/{empty}")["finish_as"] == "cancelled"
    venue.time.advance(600)
    assert client.call("GET", f"{FUTURES}/orders/{empty}").status == 404
    assert client.get("/orders/t-filled")["id"] == filled
    assert [row["id"] for row in client.get("/orders", "status=finished")] == [filled]


def test_leverage_and_margin_modes_and_a_limit_that_is_ignored(client: Client) -> None:
    client.at_market(10)
    assert (client.position()["leverage"], client.position()["cross_leverage_limit"]) == ("0", "10")
    path = f"{FUTURES}/positions/SOL_USDT"
    # what is given beside an isolated leverage is ignored, and the position is isolated
    changed = client.call("POST", f"{path}/leverage", "leverage=5&cross_leverage_limit=10").json
    assert (changed["leverage"], changed["pos_margin_mode"], changed["margin"]) == ("5", "isolated", "284")
    assert client.call("POST", f"{path}/margin", "change=-1").label == "INSUFFICIENT_AVAILABLE"
    assert client.call("POST", f"{path}/margin", "change=16").json["margin"] == "300"
    assert client.call("POST", f"{path}/leverage", "leverage=101").label == "LEVERAGE_TOO_HIGH"
    crossed = client.call("POST", f"{FUTURES}/positions/cross_mode", body={"mode": "CROSS", "contract": "SOL_USDT"})
    assert (crossed.json["pos_margin_mode"], crossed.json["lever"], crossed.json["margin"]) == ("cross", "5", "0")
    named = client.call("POST", f"{path}/set_leverage", "leverage=4&margin_mode=isolated").json
    assert (named["leverage"], named["margin"]) == ("4", "355")
    assert client.get("/get_leverage/SOL_USDT") == {"lever": "4"}
    assert client.call("POST", f"{path}/leverage", "leverage=0&cross_leverage_limit=20").json["lever"] == "20"


def test_dual_mode(client: Client) -> None:
    assert client.call("POST", f"{FUTURES}/dual_mode", "dual_mode=false").label == "NO_CHANGE"
    client.order()
    assert client.call("POST", f"{FUTURES}/dual_mode", "dual_mode=true").label == "ORDER_PENDING"
    client.call("DELETE", f"{FUTURES}/orders", "contract=SOL_USDT")
    account = client.call("POST", f"{FUTURES}/dual_mode", "dual_mode=true").json
    assert (account["in_dual_mode"], account["position_mode"]) == (True, "dual")
    client.at_market(5)
    client.at_market(-3)
    both = client.get("/dual_comp/positions/SOL_USDT")
    assert [(each["mode"], each["size"]) for each in both] == [("dual_long", 5), ("dual_short", -3)]
    assert client.order(size=0, close=True, price="0", tif="ioc").label == "POSITION_DUAL_MODE"
    assert client.call("POST", f"{FUTURES}/dual_mode", "dual_mode=false").label == "POSITION_HOLDING"
    closed = client.at_market(0, auto_size="close_long")
    assert (closed["size"], closed["is_close"]) == (-5, True)
    client.at_market(3, reduce_only=True)
    assert client.call("POST", f"{FUTURES}/set_position_mode", "position_mode=single").json["in_dual_mode"] is False


def test_fills_say_how_much_they_closed(client: Client) -> None:
    client.at_market(5)
    client.at_market(-8)  # a flip: 5 closed, 3 opened
    rows = client.get("/my_trades", "contract=SOL_USDT")
    assert [(row["size"], row["close_size"]) for row in rows] == [(-8, -5), (5, 0)]
    assert isinstance(rows[0]["id"], int)
    assert isinstance(rows[0]["order_id"], str)
    assert rows[0]["fee"] == "0.56"  # 8 contracts of one SOL at 140
    ranged = client.get("/my_trades_timerange", "contract=SOL_USDT")
    assert [row["trade_id"] for row in ranged] == [str(row["id"]) for row in rows]
    of_order = client.get("/my_trades", f"order={rows[1]['order_id']}")
    assert [row["size"] for row in of_order] == [5]


def test_an_order_is_amended(client: Client) -> None:
    order_id = client.order().json["id"]
    path = f"{FUTURES}/orders/{order_id}"
    assert client.call("PUT", path, body={"size": -12}).label == "INVALID_PARAM_VALUE"
    assert client.call("PUT", path, body={"size": 10, "price": "130"}).label == "NO_CHANGE"
    assert client.call("PUT", path, body={"price": "100"}).label == "PRICE_TOO_DEVIATED"
    assert client.call("PUT", path, body={}).label == "MISSING_REQUIRED_PARAM"
    amended = client.call("PUT", path, body={"size": 12, "price": "131", "amend_text": "t-why"}).json
    assert (amended["size"], amended["price"], amended["amend_text"]) == (12, "131", "t-why")


def test_batches_answer_item_by_item(client: Client) -> None:
    orders = [
        {"contract": "SOL_USDT", "size": size, "price": "130", "text": f"t-{number}"}
        for number, size in enumerate((1, 2, 2_000_000))
    ]
    rows = client.call("POST", f"{FUTURES}/batch_orders", body=orders).json
    assert [row["succeeded"] for row in rows] == [True, True, False]
    assert (rows[2]["label"], rows[2]["text"]) == ("SIZE_TOO_LARGE", "t-2")
    assert "detail" in rows[2]
    ids = [str(rows[0]["id"]), "36028797018963999"]
    told = client.call("POST", f"{FUTURES}/batch_cancel_orders", body=ids).json
    assert [(row["id"], row["succeeded"]) for row in told] == [(ids[0], True), (ids[1], False)]
    wrong = [{**orders[0], "size": None}, orders[1]]
    assert client.call("POST", f"{FUTURES}/batch_orders", body=wrong).status == 400
    amended = client.call("POST", f"{FUTURES}/batch_amend_orders", body=[{"order_id": rows[1]["id"], "size": 3}]).json
    assert (amended[0]["succeeded"], amended[0]["size"]) == (True, 3)


def test_cancel_all_by_side_and_without_reduce_only(client: Client) -> None:
    client.at_market(10)
    client.order(size=-2, price="150", reduce_only=True)
    client.order(size=-2, price="151")
    client.order(size=2)
    asks = client.call("DELETE", f"{FUTURES}/orders", "contract=SOL_USDT&side=ask&exclude_reduce_only=true").json
    assert [row["price"] for row in asks] == ["151"]
    assert client.call("DELETE", f"{FUTURES}/orders", "contract=SOL_USDT&side=buy").label == "INVALID_PARAM_VALUE"
    assert client.call("DELETE", f"{FUTURES}/orders").label == "MISSING_REQUIRED_PARAM"
    assert len(client.call("DELETE", f"{FUTURES}/orders", "contract=SOL_USDT").json) == 2


def test_the_countdown_cancels_what_is_open(venue: Venue, client: Client) -> None:
    order_id = client.order().json["id"]
    armed = client.call("POST", f"{FUTURES}/countdown_cancel_all", body={"timeout": 5, "contract": "SOL_USDT"})
    assert armed.json == {"triggerTime": venue.time.now_ms() + 5_000}
    venue.time.advance(4)
    assert client.get(f"/orders/{order_id}")["status"] == "open"
    venue.time.advance(2)
    assert client.get(f"/orders/{order_id}")["finish_as"] == "cancelled"
    assert client.call("POST", f"{FUTURES}/countdown_cancel_all", body={"timeout": 3}).label == "INVALID_PARAM_VALUE"


@pytest.mark.parametrize(("source", "prices"), [(1, {"mark": "151"}), (2, {"mark": "141", "index": "151"})])
def test_a_price_order_goes_off_at_mark_or_index(
    venue: Venue, client: Client, source: int, prices: dict[str, str]
) -> None:
    client.at_market(10)
    path = f"{FUTURES}/price_orders"
    body = {
        "initial": {"contract": "SOL_USDT", "size": 0, "close": True, "price": "0", "tif": "ioc", "text": "t-stop"},
        "trigger": {"price_type": source, "price": "150", "rule": 1, "expiration": 600},
        "order_type": "close-long-position",
    }
    made = client.call("POST", path, body=body).json
    assert made["id_string"] == str(made["id"])
    for rule, price in ((1, "140"), (2, "145")):
        reached = {**body, "trigger": {"price_type": source, "price": price, "rule": rule}}
        assert client.call("POST", path, body=reached).label == "INVALID_PARAM_VALUE"
    venue.time.advance(2)
    assert client.get("/price_orders", "status=open")[0]["status"] == "open"
    venue.control("POST", "/prices/SOL_USDT", prices)
    venue.time.advance(1)
    ended = client.get(f"/price_orders/{made['id']}")
    assert (ended["status"], ended["finish_as"]) == ("finished", "succeeded")
    order = client.get(f"/orders/{ended['trade_id']}")
    assert (order["text"], order["is_close"], order["size"], order["left"]) == ("t-stop", True, -10, 0)
    assert client.position()["size"] == 0


def test_funding_is_settled_when_it_is_due() -> None:
    venue = Venue(contracts=None, funding_interval_s=60, traders_on=False)
    client = venue.client()
    venue.prices("142", "141")
    client.at_market(100)
    contract = client.get("/contracts/SOL_USDT")
    assert (contract["funding_interval"], contract["funding_rate"]) == (60, "0.003")  # the cap
    due_s = contract["funding_next_apply"]
    assert due_s % 60 == 0
    assert client.get("/account_book", "type=fund") == []
    venue.time.advance(due_s - venue.time.now_ms() / 1000 + 1)
    (row,) = client.get("/account_book", "type=fund")
    value = Decimal(100) * Decimal(contract["quanto_multiplier"]) * 142
    assert Decimal(row["change"]) == -value * Decimal("0.003")
    assert (row["contract"], client.position()["pnl_fund"]) == ("SOL_USDT", row["change"])
    newest = client.get("/funding_rate", "contract=SOL_USDT&limit=2")
    assert newest[0]["r"] == "0.003"
    venue.time.advance(60)
    assert len(client.get("/account_book", "type=fund")) == 2


def test_placing_counts_for_all_contracts_together_and_each_of_a_batch() -> None:
    venue = Venue(rate_limits=RateLimits(contract_orders_per_s=10))
    client = venue.client()
    orders = [{"contract": "SOL_USDT", "size": 1, "price": "130", "text": f"t-{n}"} for n in range(9)]
    reply = client.call("POST", f"{FUTURES}/batch_orders", body=orders)
    assert reply.headers["X-Gate-RateLimit-Requests-Remain"] == "1"
    assert client.order().status == 201
    refused = client.order(contract="ETH_USDT")
    assert (refused.status, refused.label) == (429, "TOO_MANY_REQUESTS")
    venue.time.advance(1)
    assert client.order().status == 201


def test_a_contract_is_listed_halted_and_delisted(venue: Venue, client: Client) -> None:
    rules = {
        "id": "BTC_USDT",
        "start_price": "95000",
        "price_precision": 1,
        "amount_precision": 0,
        "min_base_amount": "1",
        "multiplier": "0.0001",
    }
    venue.control("POST", "/markets", rules)
    assert client.get("/contracts/BTC_USDT")["quanto_multiplier"] == "0.0001"
    client.at_market(10)
    before = client.get("/accounts")["total"]
    venue.control("POST", "/markets/SOL_USDT", {"trade_status": "untradable"})
    assert client.order().label == "CONTRACT_IN_DELISTING"
    venue.control("DELETE", "/markets/SOL_USDT")
    assert client.call("GET", f"{FUTURES}/contracts/SOL_USDT").label == "CONTRACT_NOT_FOUND"
    assert client.get("/positions") == []
    # settled at the mark of 141, bought at 142
    assert Decimal(client.get("/accounts")["total"]) == Decimal(before) - 10
