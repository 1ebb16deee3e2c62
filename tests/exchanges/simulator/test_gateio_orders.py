"""Orders over REST: what is answered, in which JSON types, and what is refused under which label."""

import asyncio

import msgspec
import pytest

from exchanges.simulator import RateLimits

from .conftest import QUIET, Venue, VenueFactory
from .wire import Wire

OPEN = "currency_pair=SOL_USDT&status=open"
FINISHED = "currency_pair=SOL_USDT&status=finished"
PAIR = "currency_pair=SOL_USDT"


@pytest.fixture
async def venue(start: VenueFactory) -> Venue:
    """Without rate limits, which have tests of their own."""
    return await start(msgspec.structs.replace(QUIET, rate_limits=RateLimits(enabled=False)))


@pytest.fixture
def other(venue: Venue) -> Wire:
    return venue.wire("beta")


async def test_a_new_order_is_answered_in_full_with_gates_types(wire: Wire, other: Wire) -> None:
    await other.order(side="sell", amount="1.5", price="141.18")
    reply = await wire.order(text="t-desk7-000042", amount="2.5", price="141.20")
    order = reply.json
    assert reply.status == 201
    order_id = order.pop("id")
    assert isinstance(order_id, str)
    assert order == {
        "text": "t-desk7-000042",
        "amend_text": "-",
        "create_time": "1760000000",
        "update_time": "1760000000",
        "create_time_ms": 1_760_000_000_000,
        "update_time_ms": 1_760_000_000_000,
        "status": "open",
        "currency_pair": "SOL_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy",
        "amount": "2.5",
        "price": "141.2",
        "time_in_force": "gtc",
        "iceberg": "0",
        "left": "1",
        "filled_amount": "1.5",
        "fill_price": "211.77",
        "filled_total": "211.77",
        "avg_deal_price": "141.18",
        "fee": "0.00075",
        "fee_currency": "SOL",
        "point_fee": "0",
        "gt_fee": "0",
        "gt_maker_fee": "0",
        "gt_taker_fee": "0",
        "gt_discount": False,
        "rebated_fee": "0",
        "rebated_fee_currency": "USDT",
        "stp_id": 0,
        "stp_act": "-",
        "finish_as": "open",
    }


async def test_the_action_mode_cuts_the_answer_down(wire: Wire) -> None:
    ack = (await wire.order(action_mode="ACK", text="t-1")).json
    result = (await wire.order(action_mode="RESULT")).json
    assert set(ack) == {"id", "text", "amend_text"}
    assert result["left"] == "1"
    assert "fee" not in result


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"side": ""}, "MISSING_REQUIRED_PARAM"),
        ({"currency_pair": ""}, "MISSING_REQUIRED_PARAM"),
        ({"price": ""}, "MISSING_REQUIRED_PARAM"),
        ({"side": "hold"}, "INVALID_PARAM_VALUE"),
        ({"amount": "a lot"}, "INVALID_PARAM_VALUE"),
        ({"amount": "-1"}, "INVALID_PARAM_VALUE"),
        ({"amount": "1e3"}, "INVALID_PARAM_VALUE"),
        ({"amount": "NaN"}, "INVALID_PARAM_VALUE"),
        ({"amount": 1}, "INVALID_PARAM_VALUE"),
        ({"price": 100.5}, "INVALID_PARAM_VALUE"),
        ({"account": "margin"}, "INVALID_PARAM_VALUE"),
        ({"text": "mine"}, "INVALID_PARAM_VALUE"),
        ({"text": "t-" + 29 * "x"}, "INVALID_PARAM_VALUE"),
        ({"text": "t-a b"}, "INVALID_PARAM_VALUE"),
        ({"type": "market"}, "INVALID_PARAM_VALUE"),
        ({"type": "market", "time_in_force": "poc"}, "INVALID_PARAM_VALUE"),
        ({"currency_pair": "FOO_USDT"}, "INVALID_CURRENCY_PAIR"),
        ({"amount": "1.0001"}, "INVALID_PRECISION"),
        ({"price": "100.001"}, "INVALID_PRECISION"),
        ({"amount": "0.02"}, "INVALID_PARAM_VALUE"),
        ({"currency_pair": "BTC_USDT", "amount": "0.000001", "price": "95000"}, "AMOUNT_TOO_LITTLE"),
        ({"amount": "60000"}, "AMOUNT_TOO_MUCH"),
        ({"amount": "1001"}, "BALANCE_NOT_ENOUGH"),
        ({"side": "sell", "amount": "1000.001"}, "BALANCE_NOT_ENOUGH"),
        ({"price": "141", "time_in_force": "poc"}, "POC_FILL_IMMEDIATELY"),
        ({"price": "141", "amount": "1.001", "time_in_force": "fok"}, "FOK_NOT_FILL"),
    ],
)
async def test_a_wrong_order_is_refused_under_its_label(
    wire: Wire, other: Wire, fields: dict[str, str], label: str
) -> None:
    await other.order(side="sell", price="141")
    reply = await wire.order(**fields)
    assert (reply.status, reply.label) == (400, label)
    assert await wire.get("/spot/orders", OPEN) == []
    balances = {entry["currency"]: entry for entry in await wire.get("/spot/accounts")}
    assert balances["USDT"] | {"update_id": 0} == {
        "currency": "USDT",
        "available": "100000",
        "locked": "0",
        "update_id": 0,
    }


async def test_a_value_below_the_minimum_is_named_with_the_minimum(wire: Wire) -> None:
    reply = await wire.order(amount="0.02")
    assert reply.json["message"] == "Your order size 2 USDT is too small. The minimum is 3 USDT"


@pytest.mark.parametrize(
    ("body", "headers", "label"),
    [
        (b"{", {}, "INVALID_REQUEST_BODY"),
        (b"\xff\xfe", {}, "INVALID_REQUEST_BODY"),
        (b"[]", {}, "INVALID_PARAM_VALUE"),
        (b"", {}, "INVALID_PARAM_VALUE"),
        (b"{}", {"Content-Type": "text/plain"}, "INVALID_CONTENT_TYPE"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    wire: Wire, body: bytes, headers: dict[str, str], label: str
) -> None:
    reply = await wire.call("POST", "/spot/orders", body=body, headers=headers)
    assert (reply.status, reply.label) == (400, label)


async def test_an_order_is_found_by_id_and_by_text(wire: Wire, other: Wire) -> None:
    order = (await wire.order(text="t-here")).json
    assert await wire.get(f"/spot/orders/{order['id']}", PAIR) == order
    assert await wire.get("/spot/orders/t-here", PAIR) == order
    for client, item, query, label in (
        (wire, "t-there", PAIR, "ORDER_NOT_FOUND"),
        (wire, "1", PAIR, "ORDER_NOT_FOUND"),
        (wire, order["id"], "currency_pair=BTC_USDT", "ORDER_NOT_FOUND"),
        (other, order["id"], PAIR, "ORDER_NOT_FOUND"),
        (other, "t-here", PAIR, "ORDER_NOT_FOUND"),
        (wire, "nonsense", PAIR, "INVALID_PARAM_VALUE"),
        (wire, order["id"], "", "MISSING_REQUIRED_PARAM"),
    ):
        assert (await client.get(f"/spot/orders/{item}", query))["label"] == label


async def test_an_ended_order_is_found_by_text_for_an_hour_and_by_id_for_ever(venue: Venue, wire: Wire) -> None:
    order = (await wire.order(text="t-old")).json
    venue.ms += 5 * 3_600_000
    assert (await wire.get("/spot/orders/t-old", PAIR))["id"] == order["id"]  # still open
    await wire.call("DELETE", f"/spot/orders/{order['id']}", PAIR)
    venue.ms += 3_600_000
    assert (await wire.get("/spot/orders/t-old", PAIR))["status"] == "cancelled"
    venue.ms += 1
    assert (await wire.get("/spot/orders/t-old", PAIR))["label"] == "ORDER_NOT_FOUND"
    assert (await wire.get(f"/spot/orders/{order['id']}", PAIR))["status"] == "cancelled"


async def test_the_text_of_an_open_order_is_refused_and_free_again_once_it_ended(wire: Wire) -> None:
    first = (await wire.order(text="t-1")).json
    assert (await wire.order(text="t-1")).label == "REPEATED_CREATION"
    await wire.call("DELETE", "/spot/orders/t-1", PAIR)
    second = (await wire.order(text="t-1")).json
    assert (await wire.get("/spot/orders/t-1", PAIR))["id"] == second["id"] != first["id"]


async def test_status_and_finish_as_say_how_an_order_ended(wire: Wire, other: Wire) -> None:
    await other.order(side="sell", amount="1", price="141")
    filled = (await wire.order(price="141")).json
    await other.order(side="sell", amount="0.4", price="141")
    immediate = (await wire.order(price="141", time_in_force="ioc")).json
    cancelled = (await wire.call("DELETE", f"/spot/orders/{(await wire.order()).json['id']}", PAIR)).json
    await other.order(side="sell", amount="2", price="141")
    bought = (await wire.order(type="market", amount="100", price="", time_in_force="ioc")).json
    dry = (await wire.order(type="market", amount="1000", price="", time_in_force="ioc")).json
    ended = [
        (order["status"], order["finish_as"], order["left"]) for order in (filled, immediate, cancelled, bought, dry)
    ]
    assert ended == [
        ("closed", "filled", "0"),
        ("cancelled", "ioc", "0.6"),
        ("cancelled", "cancelled", "1"),
        ("closed", "filled", "0.031"),
        ("cancelled", "depth_not_enough", "817.969"),
    ]


async def test_an_ended_order_cannot_be_canceled(wire: Wire, other: Wire) -> None:
    order = (await wire.order()).json
    path = f"/spot/orders/{order['id']}"
    assert (await wire.call("DELETE", path, PAIR)).json["status"] == "cancelled"
    assert (await wire.call("DELETE", path, PAIR)).label == "ORDER_CANCELLED"
    await other.order(side="sell", price="141")
    filled = (await wire.order(price="141")).json
    assert (await wire.call("DELETE", f"/spot/orders/{filled['id']}", PAIR)).label == "ORDER_CLOSED"
    missing = await wire.call("DELETE", "/spot/orders/77", PAIR)
    assert (missing.status, missing.label) == (404, "ORDER_NOT_FOUND")


async def test_open_orders_are_listed_newest_first_in_pages(wire: Wire) -> None:
    ids = [(await wire.order(price=str(90 + i))).json["id"] for i in range(5)]
    first = await wire.call("GET", "/spot/orders", f"{OPEN}&limit=2")
    third = await wire.call("GET", "/spot/orders", f"{OPEN}&limit=2&page=3")
    assert [order["id"] for order in first.json] == [ids[4], ids[3]]
    assert [order["id"] for order in third.json] == [ids[0]]
    assert first.headers["X-Pagination-Total"] == "5"
    assert first.headers["X-Pagination-Limit"] == "2"
    by_pair = await wire.get("/spot/open_orders")
    assert [(entry["currency_pair"], entry["total"]) for entry in by_pair] == [("SOL_USDT", 5)]
    assert [order["id"] for order in by_pair[0]["orders"]] == ids[::-1]
    assert (await wire.call("GET", "/spot/orders", f"{OPEN}&limit=101")).label == "INVALID_PARAM_VALUE"
    assert (await wire.call("GET", "/spot/orders", PAIR)).label == "MISSING_REQUIRED_PARAM"
    assert (await wire.call("GET", "/spot/orders", "status=open")).label == "MISSING_REQUIRED_PARAM"


async def test_finished_orders_are_filtered_by_when_they_ended(venue: Venue, wire: Wire) -> None:
    sides = {"buy": "100", "sell": "200"}
    orders = [(await wire.order(side=side, price=sides[side])).json["id"] for side in ("buy", "buy", "sell")]
    for order_id in orders:
        venue.ms += 10_000
        await wire.call("DELETE", f"/spot/orders/{order_id}", PAIR)
    listed = {
        query: [order["id"] for order in await wire.get("/spot/orders", f"{FINISHED}{query}")]
        for query in ("", "&from=1760000015", "&to=1760000020", "&from=1760000020&to=1760000020", "&side=sell")
    }
    assert listed == {
        "": orders[::-1],
        "&from=1760000015": [orders[2], orders[1]],
        "&to=1760000020": [orders[1], orders[0]],
        "&from=1760000020&to=1760000020": [orders[1]],
        "&side=sell": [orders[2]],
    }


async def test_cancel_all_can_be_held_to_a_pair_and_a_side(wire: Wire) -> None:
    buy = (await wire.order()).json["id"]
    sell = (await wire.order(side="sell", price="200")).json["id"]
    other_pair = (await wire.order(currency_pair="ETH_USDT", price="3000", amount="0.1")).json["id"]
    cancelled = [
        [order["id"] for order in (await wire.call("DELETE", "/spot/orders", query)).json]
        for query in (f"{PAIR}&side=sell", PAIR, "")
    ]
    assert cancelled == [[sell], [buy], [other_pair]]


async def test_a_batch_of_cancels_answers_for_each(wire: Wire) -> None:
    order_id = (await wire.order(text="t-1")).json["id"]
    items = [
        {"currency_pair": "SOL_USDT", "id": "t-1"},
        {"currency_pair": "SOL_USDT", "id": order_id},
        {"currency_pair": "SOL_USDT", "id": "5"},
    ]
    reply = await wire.call("POST", "/spot/cancel_batch_orders", body=items)
    assert reply.status == 200
    assert reply.json[0] == {
        "currency_pair": "SOL_USDT",
        "id": order_id,
        "text": "t-1",
        "succeeded": True,
        "label": "",
        "message": "",
    }
    failed = [(item["succeeded"], item["label"]) for item in reply.json[1:]]
    assert failed == [(False, "ORDER_CANCELLED"), (False, "ORDER_NOT_FOUND")]
    too_many = await wire.call("POST", "/spot/cancel_batch_orders", body=items * 7)
    assert too_many.label == "TOO_MANY_ORDERS"


async def test_a_batch_of_orders_places_those_that_can_be_placed(wire: Wire) -> None:
    def item(text: str, **fields: str) -> dict[str, str]:
        return {"currency_pair": "SOL_USDT", "side": "buy", "amount": "1", "price": "100", "text": text} | fields

    reply = await wire.call("POST", "/spot/batch_orders", body=[item("t-1"), item("t-2", amount="9999"), item("t-3")])
    assert [(entry["text"], entry["succeeded"], entry["label"]) for entry in reply.json] == [
        ("t-1", True, ""),
        ("t-2", False, "BALANCE_NOT_ENOUGH"),
        ("t-3", True, ""),
    ]
    assert reply.json[0]["status"] == "open"
    for body, label in (
        ([item("")], "MISSING_REQUIRED_PARAM"),
        ([item(f"t-{i}") for i in range(11)], "TOO_MANY_ORDERS"),
        ([item(f"t-{i}", currency_pair=f"X{i}_USDT") for i in range(5)], "TOO_MANY_CURRENCY_PAIRS"),
        ([item("t-4"), item("t-5", account="margin")], "MIXED_ACCOUNT_TYPE"),
        ([], "INVALID_PARAM_VALUE"),
    ):
        assert (await wire.call("POST", "/spot/batch_orders", body=body)).label == label
    assert len(await wire.get("/spot/orders", OPEN)) == 2


async def test_an_amendment_takes_body_before_query_and_answers_the_order(wire: Wire) -> None:
    order = (await wire.order(text="t-1")).json
    body = {"currency_pair": "SOL_USDT", "price": "101.5", "amend_text": "t-why"}
    reply = await wire.call("PATCH", f"/spot/orders/{order['id']}", "price=99&currency_pair=SOL_USDT", body)
    assert (reply.status, reply.json["price"], reply.json["amend_text"]) == (200, "101.5", "t-why")
    by_query = await wire.call("PATCH", "/spot/orders/t-1", f"{PAIR}&amount=3")
    assert (by_query.json["amount"], by_query.json["left"]) == ("3", "3")


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ({"currency_pair": "SOL_USDT"}, "MISSING_REQUIRED_PARAM"),
        ({"price": "99"}, "MISSING_REQUIRED_PARAM"),
        ({"currency_pair": "SOL_USDT", "price": "100"}, "NO_CHANGE"),
        ({"currency_pair": "SOL_USDT", "price": "100.001"}, "INVALID_PRECISION"),
        ({"currency_pair": "SOL_USDT", "amount": "1001"}, "BALANCE_NOT_ENOUGH"),
        ({"currency_pair": "ETH_USDT", "amount": "2"}, "ORDER_NOT_FOUND"),
    ],
)
async def test_a_wrong_amendment_is_refused(wire: Wire, body: dict[str, str], label: str) -> None:
    order = (await wire.order()).json
    assert (await wire.call("PATCH", f"/spot/orders/{order['id']}", body=body)).label == label
    assert await wire.get(f"/spot/orders/{order['id']}", PAIR) == order


async def test_a_batch_of_amendments_answers_for_each(wire: Wire) -> None:
    order = (await wire.order()).json
    items = [
        {"order_id": order["id"], "currency_pair": "SOL_USDT", "price": "101"},
        {"order_id": "1", "currency_pair": "SOL_USDT", "price": "101"},
    ]
    reply = await wire.call("POST", "/spot/amend_batch_orders", body=items)
    assert [(entry["succeeded"], entry["label"]) for entry in reply.json] == [(True, ""), (False, "ORDER_NOT_FOUND")]
    assert reply.json[0]["price"] == "101"


async def test_fills_are_listed_newest_first_with_gates_types(venue: Venue, wire: Wire, other: Wire) -> None:
    order = (await wire.order(text="t-1", price="141.18", amount="2")).json
    await other.order(side="sell", amount="0.5", price="141.18")
    venue.ms += 2_000
    await other.order(side="sell", amount="1.5", price="141.18")
    fills = await wire.get("/spot/my_trades", PAIR)
    first_id = fills[1].pop("id")
    assert int(fills[0]["id"]) > int(first_id)
    assert fills[1].pop("create_time_ms").startswith("1760000000000.")
    assert fills[1].pop("sequence_id") == "1"
    assert fills[1] == {
        "create_time": "1760000000",
        "currency_pair": "SOL_USDT",
        "side": "buy",
        "role": "maker",
        "amount": "0.5",
        "price": "141.18",
        "order_id": order["id"],
        "fee": "0.0001",
        "fee_currency": "SOL",
        "point_fee": "0",
        "gt_fee": "0",
        "text": "t-1",
        "amend_text": "-",
        "deal": "70.59",
    }
    by_order = await wire.get("/spot/my_trades", f"{PAIR}&order_id={order['id']}&limit=1")
    assert [fill["amount"] for fill in by_order] == ["1.5"]
    assert await wire.get("/spot/my_trades", "from=1760000001") == fills[:1]
    assert [fill["role"] for fill in await other.get("/spot/my_trades")] == ["taker", "taker"]
    assert (await wire.get("/spot/my_trades", f"order_id={order['id']}"))["label"] == "MISSING_REQUIRED_PARAM"
    too_long = await wire.get("/spot/my_trades", "from=1750000000&to=1760000000")
    assert too_long["label"] == "INVALID_PARAM_VALUE"


async def test_only_the_last_week_of_fills_is_listed_unless_more_is_asked_for(
    venue: Venue, wire: Wire, other: Wire
) -> None:
    await other.order(side="sell", price="141")
    await wire.order(price="141")
    venue.ms += 8 * 86_400_000
    assert await wire.get("/spot/my_trades", PAIR) == []
    assert len(await wire.get("/spot/my_trades", f"{PAIR}&from=1760000000")) == 1


async def test_many_requests_at_once_are_each_answered(wire: Wire) -> None:
    replies = await asyncio.gather(*(wire.order(text=f"t-{i}", amount="0.1") for i in range(50)))
    assert [reply.json["text"] for reply in replies] == [f"t-{i}" for i in range(50)]
    assert len({reply.json["id"] for reply in replies}) == 50
