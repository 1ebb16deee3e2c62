"""Faults of requests, and lists with odd rows, in MEXC's form."""

import json

import pytest

from exchanges.simulator import HttpRequest, HttpResponse
from exchanges.simulator.faces.mexc.odd_fields import WORDS_OF
from exchanges.simulator.faults.faults import (
    ClockSkew,
    LateFill,
    Maintenance,
    RestAbort,
    RestError,
    RestLimit,
    RestSlow,
    RestTimeout,
)
from exchanges.simulator.faults.odd_rows import FIELDS, FIRST_MADE_UP_ID, ListName, Oddity, OddRows
from exchanges.simulator.faults.refusals import RestRefusal

from .quiet import ACCOUNT, DEALS, ORDERS, Client, Venue

PATHS: dict[ListName, tuple[str, str]] = {
    "currency_pairs": ("exchangeInfo", ""),
    "open_orders": ("openOrders", ""),
    "finished_orders": ("allOrders", "symbol=SOLUSDT"),
    "my_trades": ("myTrades", "symbol=SOLUSDT"),
    "accounts": ("account", ""),
}
ROWS = {"currency_pairs": "symbols", "accounts": "balances"}
EVERY = [
    (name, oddity)
    for name, oddities in FIELDS.items()
    for oddity, fields in oddities.items()
    if any(WORDS_OF[name].get(field) for field in fields)
]


@pytest.fixture
def venue() -> Venue:
    opened = Venue()
    opened.market()
    return opened


@pytest.fixture
def client(venue: Venue) -> Client:
    """Has a filled order and two open ones."""
    found = venue.client()
    for price in ("142", "99", "98"):
        found.order(price=price)
    return found


def place(client: Client) -> tuple[list[HttpResponse], list[str]]:
    """Sends an order; returns the answers and the broken connections."""
    answers: list[HttpResponse] = []
    broken: list[str] = []
    request = HttpRequest(
        method="POST",
        path="/api/v3/order",
        query=client.signed("symbol=SOLUSDT&side=BUY&type=LIMIT&quantity=1&price=90"),
        headers={"x-mexc-apikey": client.key},
    )
    client.venue.exchange.request(request, answers.append, lambda: broken.append("broken"))
    return answers, broken


def opened(client: Client) -> int:
    return sum(row["price"] == "90" for row in client.get("openOrders"))


def test_an_answer_is_lost_and_the_order_stands(client: Client) -> None:
    client.venue.fault(RestTimeout(effect="done", endpoint="POST /api/v3/order", pair="SOL_USDT", times=1))
    assert place(client) == ([], [])
    assert opened(client) == 1


def test_a_connection_breaks_and_the_order_comes_late(client: Client) -> None:
    client.venue.fault(RestAbort(effect="late", late_ms=2_000, account="alpha", access="private", times=1))
    assert place(client) == ([], ["broken"])
    assert opened(client) == 0
    client.venue.time.advance(2)
    assert opened(client) == 1


def test_a_batch_is_struck_by_any_pair_that_it_names(client: Client) -> None:
    client.venue.fault(RestError(pair="SOL_USDT", status=503, times=1))
    batch = "%5B%7B%22symbol%22%3A%22SOLUSDT%22%7D%5D"
    query = client.signed(f"batchOrders={batch}")
    answers: list[HttpResponse] = []
    request = HttpRequest(method="POST", path="/api/v3/batchOrders", query=query, headers={"x-mexc-apikey": client.key})
    client.venue.exchange.request(request, answers.append)
    assert answers[0].status == 503
    assert b"html" in answers[0].body


def test_refusals_limits_and_delays_are_in_mexcs_form(client: Client) -> None:
    venue = client.venue
    venue.fault(RestRefusal(status=503, label="-1003", message="busy", endpoint="POST /api/v3/order", times=1))
    ((answer,), _) = place(client)
    assert (answer.status, json.loads(answer.body)) == (503, {"code": -1003, "msg": "busy"})
    venue.fault(RestLimit(retry_after_s=7, times=1))
    ((answer,), _) = place(client)
    assert (answer.status, answer.headers["Retry-After"], json.loads(answer.body)["code"]) == (429, "7", 429)
    venue.fault(Maintenance(times=1))
    ((answer,), _) = place(client)
    assert answer.status == 503
    assert opened(client) == 0
    venue.fault(RestSlow(delay_ms=500, endpoint="/api/v3/order", times=1))
    answers, _ = place(client)
    assert (answers, opened(client)) == ([], 1)
    venue.time.advance(0.5)
    assert [answer.status for answer in answers] == [200]


def test_the_clock_of_the_gateway_decides_who_comes_in_time(client: Client) -> None:
    client.venue.fault(ClockSkew(offset_ms=6_000, clock="gateway"))
    assert client.call("GET", "account").code == 700003
    assert client.send("GET", "time", "").json["serverTime"] == 1_760_000_006_000


def test_a_canceled_order_turns_out_to_have_traded(client: Client) -> None:
    client.venue.fault(LateFill(account="alpha", delay_ms=1_000))
    order_id = client.order(price="97", quantity="2").json["orderId"]
    client.call("DELETE", "order", f"symbol=SOLUSDT&orderId={order_id}")
    assert client.state(order_id)["status"] == "CANCELED"
    client.venue.time.advance(1)
    assert (client.state(order_id)["status"], client.state(order_id)["executedQty"]) == ("PARTIALLY_CANCELED", "1")
    assert client.get("myTrades", f"symbol=SOLUSDT&orderId={order_id}")[0]["qty"] == "1"


def listed(client: Client, name: ListName) -> list[dict[str, object]]:
    path, query = PATHS[name]
    answer = client.get(path, query)
    rows: list[dict[str, object]] = answer[ROWS[name]] if name in ROWS else answer
    return rows


@pytest.mark.parametrize(("name", "oddity"), [pair for pair in EVERY if pair != ("my_trades", "unknown_market")])
def test_a_row_more_is_odd_and_the_real_ones_stay(client: Client, name: ListName, oddity: Oddity) -> None:
    before = listed(client, name)
    client.venue.fault(OddRows(list=name, oddity=oddity))
    rows = listed(client, name)
    (added,) = [row for row in rows if row not in before]
    assert [row for row in rows if row in before] == before
    assert listed(client, name) == rows  # the same row again
    assert added != before[0]


@pytest.mark.parametrize(("name", "oddity"), EVERY)
def test_a_real_row_is_odd_in_one_field(client: Client, name: ListName, oddity: Oddity) -> None:
    before = listed(client, name)
    client.venue.fault(OddRows(list=name, oddity=oddity, replace=True, times=1))
    rows = listed(client, name)
    changed = [(row, was) for row, was in zip(rows, before, strict=True) if row != was]
    assert len(changed) <= 1  # null in place of null is no change
    for row, was in changed:
        assert sum(row.get(field, "gone") != value for field, value in was.items()) == 1
    assert listed(client, name) == before


def test_an_oddity_that_mexc_cannot_have_strikes_nothing(client: Client) -> None:
    before = listed(client, "open_orders")
    client.venue.fault(OddRows(list="open_orders", oddity="margin_order"))
    assert listed(client, "open_orders") == before


def test_a_made_up_order_is_looked_up_and_canceled_like_others(client: Client) -> None:
    venue = client.venue
    venue.fault(OddRows(list="open_orders", oddity="unknown_word", field="type"))
    (made,) = [row for row in listed(client, "open_orders") if row["type"] == "PEGGED"]
    assert list(venue.exchange.face.made_up) == [FIRST_MADE_UP_ID + 1]
    named = f"symbol=SOLUSDT&orderId={made['orderId']}"
    assert client.get("order", named) == made
    assert client.call("DELETE", "order", named).json["status"] == "NEW"
    assert client.get("order", named)["status"] == "CANCELED"
    assert client.call("DELETE", "order", named).code == -2011
    assert made["orderId"] not in [row["orderId"] for row in listed(client, "open_orders")]


def test_a_made_up_order_goes_with_all(client: Client) -> None:
    client.venue.fault(OddRows(list="open_orders", oddity="large_number", field="amount"))
    assert len(listed(client, "open_orders")) == 3
    assert len(client.call("DELETE", "openOrders", "symbol=SOLUSDT").json) == 3
    assert listed(client, "open_orders") == []


@pytest.mark.parametrize(("name", "channel"), [("open_orders", ORDERS), ("my_trades", DEALS), ("accounts", ACCOUNT)])
@pytest.mark.parametrize("replace", [False, True])
def test_a_push_has_an_odd_row(client: Client, name: ListName, channel: str, replace: bool) -> None:
    _, link = client.socket(channel)
    client.venue.fault(OddRows(list=name, oddity="large_number", push=True, replace=replace, times=1))
    client.order(price="142")
    bodies = [str(body) for body in link.on(channel)]
    assert sum("1000000000000000000000000000000" in body for body in bodies) == 1
    usual = len(bodies) - (not replace)
    link.raw.clear()
    client.order(price="142")
    assert len(link.on(channel)) == usual
