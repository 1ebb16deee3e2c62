"""The faults that every face has work on the face of futures."""

from decimal import Decimal
from typing import Any, get_args

import pytest

from exchanges.simulator import RateLimits
from exchanges.simulator.core.other_program import OtherProgram
from exchanges.simulator.faults.faults import (
    FrameDrop,
    FrameDuplicate,
    KeyRevoked,
    LateFill,
    Maintenance,
    RestError,
    RestLimit,
    SocketCut,
    SocketDeaf,
)
from exchanges.simulator.faults.odd_rows import FIELDS_OF_ALL, ListName, OddRows
from exchanges.simulator.faults.queries import OrderUnknown, QueryLag
from exchanges.simulator.faults.refusals import AllowanceShared, RestRefusal, SubscriptionRefused
from exchanges.simulator.faults.texts import TextMissing

from .quiet import FUTURES, Client, Venue

PATHS: dict[ListName, tuple[str, str]] = {
    "currency_pairs": ("/contracts", ""),
    "open_orders": ("/orders", "status=open"),
    "finished_orders": ("/orders", "status=finished"),
    "my_trades": ("/my_trades", ""),
    "accounts": ("/accounts", ""),
    "positions": ("/positions", ""),
}


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def test_queries_lag(venue: Venue, client: Client) -> None:
    client.at_market(5)
    venue.time.advance(20)
    waiting = client.order().json["id"]
    client.at_market(-2)
    before = client.get("/accounts")
    venue.fault(QueryLag(lag_ms=5_000))
    assert client.get("/orders", "status=open") == []
    assert client.call("GET", f"{FUTURES}/orders/{waiting}").status == 404
    assert [row["size"] for row in client.get("/my_trades")] == [5]
    assert [row["size"] for row in client.get("/positions")] == [5]
    lagging = client.get("/accounts")
    assert lagging["order_margin"] == "0"
    assert Decimal(lagging["total"]) == 100_000 - Decimal("0.355")
    venue.time.advance(6)
    assert client.get("/accounts") == before
    assert [row["size"] for row in client.get("/positions")] == [3]


def test_positions_lag_alone(venue: Venue, client: Client) -> None:
    venue.time.advance(20)
    client.at_market(5)
    venue.fault(QueryLag(lag_ms=5_000, query="positions"))
    assert [row["size"] for row in client.get("/positions")] == [0]
    assert len(client.get("/my_trades")) == 1


def test_an_order_is_not_known(venue: Venue, client: Client) -> None:
    order_id = client.order(text="t-lost").json["id"]
    venue.fault(OrderUnknown(by="text", pair="SOL_USDT"))
    assert client.call("GET", f"{FUTURES}/orders/t-lost").label == "ORDER_NOT_FOUND"
    assert client.get(f"/orders/{order_id}")["text"] == "t-lost"


def test_texts_are_missing(venue: Venue, client: Client) -> None:
    _, link = client.private("futures.orders", "futures.usertrades")
    venue.fault(TextMissing())
    assert client.order(text="t-a", price="142").json["text"] == "-"
    rows = link.on("futures.orders") + link.on("futures.usertrades")
    assert {row["text"] for row in rows} == {"-"}
    assert client.get("/orders/t-a")["text"] == "t-a"


@pytest.mark.parametrize(
    ("named", "reached"),
    [
        ({"pair": "SOL_USDT"}, ["/contracts/SOL_USDT", "/positions/SOL_USDT", "/tickers?contract=SOL_USDT"]),
        ({"endpoint": "GET /futures/usdt/positions/{}"}, ["/positions/SOL_USDT"]),
        ({"endpoint": "/futures/usdt/accounts", "access": "private"}, ["/accounts"]),
    ],
)
def test_requests_are_refused_by_what_they_name(
    venue: Venue, client: Client, named: dict[str, Any], reached: list[str]
) -> None:
    client.at_market(1)
    venue.fault(RestRefusal(label="TOO_BUSY", status=400, **named))
    for path in reached:
        where, _, query = path.partition("?")
        assert client.call("GET", FUTURES + where, query).label == "TOO_BUSY"
    assert client.call("GET", f"{FUTURES}/contracts/ETH_USDT").status == 200


def test_a_batch_is_struck_by_one_of_its_contracts_and_may_take_effect(venue: Venue, client: Client) -> None:
    venue.fault(RestRefusal(label="SERVER_ERROR", status=500, effect="done", pair="ETH_USDT"))
    body = [
        {"contract": "SOL_USDT", "size": 1, "price": "130", "text": "t-1"},
        {"contract": "ETH_USDT", "size": 1, "price": "3200", "text": "t-2"},
    ]
    assert client.call("POST", f"{FUTURES}/batch_orders", body=body).status == 500
    assert len(client.get("/orders", "status=open")) == 2


def test_limits_pages_and_revoked_keys(venue: Venue, client: Client) -> None:
    venue.fault(RestLimit(times=1, endpoint="POST /futures/usdt/orders"))
    assert client.order().label == "TOO_MANY_REQUESTS"
    assert client.order().status == 201
    for fault in (RestError(times=1), Maintenance(times=1)):
        venue.fault(fault)
        with pytest.raises(ValueError, match="Expecting value"):  # a page, no JSON
            client.call("GET", f"{FUTURES}/accounts")
    _, link = client.private("futures.orders")
    venue.fault(KeyRevoked(account="alpha"))
    assert client.call("GET", f"{FUTURES}/accounts").label == "INVALID_KEY"
    assert link.closed_with == 1001


def test_another_program_spends_the_allowance() -> None:
    venue = Venue(rate_limits=RateLimits(contract_orders_per_s=10))
    venue.fault(AllowanceShared(more=8))
    client = venue.client()
    assert client.order().headers["X-Gate-RateLimit-Requests-Remain"] == "1"


def test_sockets_are_cut_refused_deaf_and_their_frames_lost(venue: Venue, client: Client) -> None:
    _, cut = client.private("futures.orders")
    venue.fault(SocketCut(account="alpha", channel="futures.orders", how="reset", times=1))
    assert cut.closed_with == "reset"
    venue.exchange.faults.clear()
    venue.fault(SubscriptionRefused(channel="futures.positions", pair="SOL_USDT"))
    _, link = client.socket(("futures.positions", [client.user, "SOL_USDT"]))
    assert link.frames[-1]["error"]["code"] == 2
    _, link = client.private("futures.orders")
    venue.fault(FrameDrop(channel="futures.orders", times=1))
    venue.fault(FrameDuplicate(channel="futures.orders", times=1))
    client.order()
    assert link.on("futures.orders") == []
    client.order()
    venue.time.advance(1)
    assert len(link.on("futures.orders")) == 2
    venue.fault(SocketDeaf(account="alpha"))
    client.order()
    assert len(link.on("futures.orders")) == 2


def test_a_canceled_order_turns_out_to_have_traded(venue: Venue, client: Client) -> None:
    _, link = client.private("futures.orders", "futures.usertrades", "futures.positions")
    venue.fault(LateFill(times=1))
    order_id = client.order(size=10).json["id"]
    client.call("DELETE", f"{FUTURES}/orders/{order_id}")
    venue.time.advance(1)
    assert [row["size"] for row in link.on("futures.usertrades")] == [5]
    assert link.on("futures.positions")[-1]["size"] == 5
    order = client.get(f"/orders/{order_id}")
    assert (order["finish_as"], order["left"]) == ("cancelled", 5)


CASES = [
    (name, oddity, replace)
    for name in get_args(ListName)
    for oddity in FIELDS_OF_ALL[name]
    for replace in (False, True)
    if oddity != "margin_order"  # there is one account only
]


@pytest.mark.parametrize(("name", "oddity", "replace"), CASES)
def test_lists_have_odd_rows(venue: Venue, client: Client, name: ListName, oddity: Any, replace: bool) -> None:
    client.at_market(5)
    client.order()
    gone = client.order().json["id"]
    client.call("DELETE", f"{FUTURES}/orders/{gone}")
    path, query = PATHS[name]
    usual = client.get(path, query)
    venue.fault(OddRows(list=name, oddity=oddity, replace=replace))
    odd = client.get(path, query)
    if name == "accounts":
        assert (odd != usual) is replace
    elif oddity == "unknown_market" and replace and name == "finished_orders":
        assert odd
    else:
        assert len(odd) == len(usual) + (not replace)
        assert odd != usual
    venue.exchange.faults.clear()
    again = client.get(path, query)
    assert again == usual


def test_a_made_up_order_can_be_looked_up_and_canceled(venue: Venue, client: Client) -> None:
    venue.fault(OddRows(list="open_orders", oddity="unknown_word", field="status"))
    (row,) = client.get("/orders", "status=open")
    assert client.get(f"/orders/{row['id']}")["status"] == "suspended"
    canceled = client.call("DELETE", f"{FUTURES}/orders/{row['id']}").json
    assert (canceled["status"], canceled["finish_as"]) == ("finished", "cancelled")
    assert client.call("DELETE", f"{FUTURES}/orders/{row['id']}").label == "ORDER_FINISHED"


@pytest.mark.parametrize("name", ["open_orders", "my_trades", "accounts", "positions"])
@pytest.mark.parametrize("replace", [True, False])
def test_pushes_have_odd_rows(venue: Venue, client: Client, name: ListName, replace: bool) -> None:
    channel = {
        "open_orders": "futures.orders",
        "my_trades": "futures.usertrades",
        "accounts": "futures.balances",
        "positions": "futures.positions",
    }[name]
    _, link = client.private(channel)
    venue.fault(OddRows(list=name, oddity="null_field", replace=replace, push=True, times=1))
    client.at_market(1)
    rows = link.on(channel)
    nulls = [row for row in rows if None in row.values()]
    if name == "accounts" and not replace:
        assert nulls == []  # there is one wallet only
    else:
        assert len(nulls) == 1
        assert len(rows) == (1 if replace else 2)


def test_another_program_trades_on_the_account(venue: Venue, client: Client) -> None:
    venue.control("POST", "/prices/ETH_USDT", {"mark": "3200"})
    program = OtherProgram(venue.exchange.engine, "alpha", venue.exchange.services.rng)
    acted = [program.act() for _ in range(60)]
    assert sum(order is not None for order in acted) > 20
    placed = venue.control(
        "POST",
        "/accounts/alpha/orders",
        {"currency_pair": "SOL_USDT", "side": "buy", "amount": "3", "price": "142", "origin": "web"},
    )
    books = venue.control("GET", "/accounts/alpha/books")
    assert placed["id"] in {order["id"] for order in books["orders"]}
    (sol,) = [each for each in books["positions"] if each["currency_pair"] == "SOL_USDT"]
    assert int(sol["size"]) == client.position()["size"]
