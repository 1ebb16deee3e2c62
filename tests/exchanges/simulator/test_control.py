"""The control API: true books, the hand of the house, cut sockets, and clear words for bad input."""

import msgspec
import pytest
import websockets

from exchanges.simulator.core.engine import HOUSE

from .conftest import QUIET, Venue, VenueFactory
from .wire import Wire

SOLD = {"currency_pair": "SOL_USDT", "side": "sell", "amount": "1"}


async def test_health_and_accounts(wire: Wire, venue: Venue) -> None:
    await wire.order()
    health = await wire.control("GET", "/health")
    assert (health.status, health.json["status"], health.json["time_ms"]) == (200, "ok", venue.ms)
    accounts = (await wire.control("GET", "/accounts")).json
    assert [(account["name"], account["open_orders"]) for account in accounts] == [("alpha", 1), ("beta", 0)]
    assert "secret" not in str(accounts)


async def test_the_books_hold_every_order_and_every_trade(venue: Venue, wire: Wire) -> None:
    filled = (await wire.order(text="t-1", price="141", amount="2")).json["id"]
    await venue.wire("beta").order(side="sell", price="141", amount="0.5")
    await wire.call("DELETE", f"/spot/orders/{filled}", "currency_pair=SOL_USDT")
    waiting = (await wire.order(price="100")).json["id"]
    books = (await wire.control("GET", "/accounts/alpha/books")).json
    assert books["balances"] == {
        "SOL": {"available": "1000.4999", "locked": "0"},
        "USDT": {"available": "99829.5", "locked": "100"},
    }
    first, second = books["orders"]
    assert (second["id"], second["status"], second["locked"]) == (waiting, "open", "100")
    wanted = {
        "id": filled,
        "text": "t-1",
        "status": "finished",
        "finish_as": "cancelled",
        "amount": "2",
        "filled": "0.5",
        "filled_total": "70.5",
        "avg": "141",
        "left": "1.5",
        "fee": "0.0001",
        "fee_currency": "SOL",
        "locked": "0",
    }
    assert {name: first[name] for name in wanted} == wanted
    (trade,) = books["trades"]
    wanted = {"order_id": filled, "side": "buy", "role": "maker", "amount": "0.5", "price": "141", "fee": "0.0001"}
    assert {name: trade[name] for name in wanted} == wanted


async def test_a_deposit_arrives_and_is_told(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.balances", private=True)
        reply = await wire.control("POST", "/accounts/alpha/deposit", {"currency": "BTC", "amount": "1.5"})
        assert reply.json == {"currency": "BTC", "available": "1.5", "locked": "0"}
        told = (await socket.next())["result"][0]
        assert (told["currency"], told["change"], told["change_type"]) == ("BTC", "1.5", "deposit")


async def test_the_house_fills_and_cancels_orders_from_outside(wire: Wire) -> None:
    order = (await wire.order(amount="2")).json
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["!all"], private=True)
        reply = await wire.control("POST", f"/orders/{order['id']}/fill", {"amount": "0.5", "price": "99"})
        assert (reply.status, reply.json["filled"], reply.json["avg"]) == (200, "0.5", "99")
        assert (await socket.next())["result"][0]["left"] == "1.5"
        reply = await wire.control("POST", f"/orders/{order['id']}/cancel")
        assert reply.json["finish_as"] == "cancelled"
        assert (await socket.next())["result"][0]["event"] == "finish"
    second = (await wire.order()).json
    reply = await wire.control("POST", f"/orders/{second['id']}/fill")
    assert (reply.json["finish_as"], reply.json["avg"]) == ("filled", "100")


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "web"),
        ({"origin": "app"}, "101"),
        ({"origin": "apiv4"}, "apiv4"),
        ({"text": "t-bot-1"}, "t-bot-1"),
    ],
)
async def test_somebody_else_places_amends_and_loses_an_order(wire: Wire, fields: dict[str, str], shown: str) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["!all"], private=True)
        reply = await wire.control("POST", "/accounts/alpha/orders", {**SOLD, "price": "150", **fields})
        assert (reply.status, reply.json["text"], reply.json["status"]) == (200, shown, "open")
        told = (await socket.next())["result"][0]
        assert (told["id"], told["text"], told["event"]) == (reply.json["id"], shown, "put")
        path = f"/orders/{reply.json['id']}"
        amended = (await wire.control("POST", f"{path}/amend", {"price": "149", "amount": "2"})).json
        assert (amended["price"], amended["amount"]) == ("149", "2")
        assert (await socket.next())["result"][0]["price"] == "149"
        await wire.control("POST", f"{path}/cancel")
        assert (await socket.next())["result"][0]["finish_as"] == "cancelled"


async def test_somebody_elses_market_order_is_filled_at_once(wire: Wire) -> None:
    await wire.control("POST", "/market/SOL_USDT", {"bid": "140", "ask": "142"})
    order = (await wire.control("POST", "/accounts/alpha/orders", SOLD | {"type": "market"})).json
    assert (order["time_in_force"], order["finish_as"], order["avg"]) == ("ioc", "filled", "140")


async def test_a_known_quiet_market_can_be_set(start: VenueFactory) -> None:
    venue = await start(msgspec.structs.replace(QUIET, traders_on=True))
    wire = venue.wire()
    await wire.control("POST", "/market/SOL_USDT", {"bid": "140", "ask": "142", "amount": "5"})
    await wire.control("POST", "/market/SOL_USDT", {"bid": "141", "ask": "143", "amount": "7"})
    book = await wire.get("/spot/order_book", "currency_pair=SOL_USDT")
    assert (book["bids"], book["asks"]) == ([["141", "7"]], [["143", "7"]])
    await wire.control("POST", "/market/SOL_USDT", {"bid": "141", "ask": None})
    assert (await wire.get("/spot/order_book", "currency_pair=SOL_USDT"))["asks"] == []
    waiting = (await wire.order(price="150")).json
    await wire.control("POST", "/market/SOL_USDT", {"ask": "149"})
    ended = await wire.get(f"/spot/orders/{waiting['id']}", "currency_pair=SOL_USDT")
    assert (ended["finish_as"], ended["avg_deal_price"]) == ("filled", "150")
    assert (await wire.get("/spot/order_book", "currency_pair=BTC_USDT"))["asks"]


async def test_a_quiet_market_ends_when_the_traders_are_started(venue: Venue, wire: Wire) -> None:
    set_up = await wire.control("POST", "/market/BTC_USDT", {"bid": "90000", "ask": "91000"})
    assert (set_up.status, set_up.json["amount"]) == (200, "0.105264")
    assert venue.running.exchange.engine.accounts[HOUSE].open_orders
    await wire.control("POST", "/traders", {"on": True})
    assert not venue.running.exchange.engine.accounts[HOUSE].open_orders
    assert len((await wire.get("/spot/order_book", "currency_pair=BTC_USDT"))["bids"]) == 8


async def test_the_traders_can_be_stopped_and_started(wire: Wire) -> None:
    assert (await wire.control("POST", "/traders", {"on": True})).json == {"on": True}
    assert len((await wire.get("/spot/order_book", "currency_pair=PEPE_USDT"))["bids"]) == 8
    assert (await wire.control("POST", "/traders", {"on": False})).json == {"on": False}
    book = await wire.get("/spot/order_book", "currency_pair=PEPE_USDT")
    assert (book["bids"], book["asks"]) == ([], [])


@pytest.mark.parametrize(("how", "code"), [("close", 1001), ("reset", 1006)])
async def test_the_sockets_of_one_account_can_be_cut(venue: Venue, wire: Wire, how: str, code: int) -> None:
    other = venue.wire("beta")
    async with wire.socket() as socket, other.socket() as other_socket:
        await socket.subscribe("spot.orders", ["!all"], private=True)
        await other_socket.subscribe("spot.orders", ["!all"], private=True)
        reply = await wire.control("POST", "/sockets/cut", {"account": "alpha", "how": how})
        assert reply.json == {"cut": 1}
        with pytest.raises(websockets.ConnectionClosed):
            await socket.next()
        assert socket.connection.close_code == code
        await wire.order()
        await other.order(text="t-still-told")
        assert (await other_socket.next())["result"][0]["text"] == "t-still-told"


async def test_sockets_can_be_cut_by_channel_or_all_together(wire: Wire) -> None:
    async with wire.socket() as public, wire.socket() as private, wire.socket() as idle:
        await public.subscribe("spot.book_ticker", ["SOL_USDT"])
        await private.subscribe("spot.balances", private=True)
        assert (await wire.control("POST", "/sockets/cut", {"channel": "spot.book_ticker"})).json == {"cut": 1}
        with pytest.raises(websockets.ConnectionClosed):
            await public.next()
        assert (await wire.control("POST", "/sockets/cut", {"channel": "spot.book_ticker"})).json == {"cut": 0}
        await idle.send({"channel": "spot.ping"})
        await idle.next()
        assert (await wire.control("POST", "/sockets/cut")).json == {"cut": 2}


@pytest.mark.parametrize(
    ("request_line", "body", "status", "said"),
    [
        ("GET /nothing", None, 404, "GET /nothing"),
        ("POST /health", None, 404, "POST /health"),
        ("GET /accounts/nobody/books", None, 404, "no account 'nobody', only alpha, beta"),
        ("POST /accounts/alpha/deposit", {"currency": "BTC"}, 400, "amount"),
        ("POST /accounts/alpha/deposit", {"currency": "FOO", "amount": "1"}, 400, "'FOO'"),
        ("POST /accounts/alpha/deposit", {"currency": "BTC", "amount": "-1"}, 400, "amount: -1"),
        ("POST /accounts/alpha/deposit", {"currency": "BTC", "amount": "NaN"}, 400, ""),
        ("POST /accounts/alpha/deposit", {"currency": "BTC", "amount": "1e-13"}, 400, "12 decimals"),
        ("POST /orders/5/fill", {}, 404, "no order 5"),
        ("POST /orders/ORDER/fill", {"amount": "1.5"}, 400, "at most 1"),
        ("POST /orders/ORDER/fill", {"amount": "0.0001"}, 400, "3 decimals"),
        ("POST /orders/ORDER/fill", {"price": "101"}, 400, "outside the order's limit 100"),
        ("POST /orders/ORDER/fill", {"quantity": "1"}, 400, "quantity"),
        ("POST /orders/ORDER/cancel", {"why": "so"}, 400, "why"),
        ("POST /orders/ORDER/amend", {"price": "0"}, 400, "price 0 must be above 0"),
        ("POST /orders/ORDER/amend", {}, 400, "No change"),
        ("POST /orders/5/amend", {"price": "1"}, 404, "no order 5"),
        ("POST /accounts/nobody/orders", {}, 404, "no account 'nobody'"),
        ("POST /accounts/alpha/orders", {"currency_pair": "SOL_USDT"}, 400, "side"),
        ("POST /accounts/alpha/orders", SOLD, 400, "price is required"),
        ("POST /accounts/alpha/orders", SOLD | {"price": "141", "text": "mine"}, 400, "text: 'mine' must be t-"),
        ("POST /accounts/alpha/orders", SOLD | {"price": "141", "origin": "moon"}, 400, "moon"),
        ("POST /accounts/alpha/orders", SOLD | {"price": "141", "amount": "NaN"}, 400, ""),
        ("POST /accounts/alpha/orders", SOLD | {"price": "141", "currency_pair": "FOO"}, 400, "FOO"),
        ("POST /sockets/cut", {"how": "gently"}, 400, "gently"),
        ("POST /sockets/cut", {"account": "nobody"}, 404, "nobody"),
        ("POST /latency", {"rest_ms": -1}, 400, "rest_ms: -1"),
        ("POST /latency", {"rest_ms": "fast"}, 400, "rest_ms"),
        ("POST /traders", {}, 400, "on"),
        ("POST /withdrawals/w1/status", {"status": "DONE"}, 404, "w1"),
        ("POST /market/FOO_USDT", {}, 404, "FOO_USDT"),
        ("POST /market/SOL_USDT", {"bid": "142", "ask": "141"}, 400, "below the ask"),
        ("POST /market/SOL_USDT", {"bid": "142.001"}, 400, "2 decimals"),
        ("POST /market/SOL_USDT", [], 400, "body"),
    ],
)
async def test_bad_input_gets_a_clear_error(
    wire: Wire, request_line: str, body: object, status: int, said: str
) -> None:
    order_id = (await wire.order()).json["id"]
    method, path = request_line.replace("ORDER", order_id).split()
    reply = await wire.control(method, path, body)
    assert reply.status == status
    assert said in reply.json["error"]


async def test_latency_is_set_and_told(wire: Wire) -> None:
    told = {"rest_ms": 1.5, "push_ms": 0.0, "balance_push_ms": 0.0}
    assert (await wire.control("POST", "/latency", {"rest_ms": 1.5})).json == told
    assert (await wire.control("POST", "/latency", {"push_ms": 2})).json == told | {"push_ms": 2.0}
    assert (await wire.control("POST", "/latency", {"balance_push_ms": 3})).json["balance_push_ms"] == 3.0
