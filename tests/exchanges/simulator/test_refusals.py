"""Refusals of one request or one subscription, as a raw client sees them; everything else goes on."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from exchanges.simulator.core.listings import Listings

from .conftest import Venue
from .test_faults_rest import PLACE, hits, orders, set_fault
from .wire import Wire

SOL, ETH = "SOL_USDT", "ETH_USDT"


async def ask(wire: Wire, method: str, path: str, query: str = "", body: object = None) -> tuple[int, str, Any]:
    """Asks once, follows nothing; returns status, body and headers of an answer that may be a page."""
    raw = b"" if body is None else json.dumps(body).encode()
    headers = wire.headers(method, path, query, raw) | ({"Content-Type": "application/json"} if raw else {})
    url = f"{wire.rest}{path}" + (f"?{query}" if query else "")
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=raw or None, headers=headers, allow_redirects=False) as response,
    ):
        return response.status, await response.text(), response.headers


async def place(wire: Wire, pair: str = SOL, text: str = "t-1") -> tuple[int, str, Mapping[str, str]]:
    body = {"currency_pair": pair, "side": "buy", "amount": "1", "price": "100", "text": text}
    return await ask(wire, "POST", "/spot/orders", body=body)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 417, 429, 499])
async def test_a_status_without_a_label_is_a_page_of_a_front_end(wire: Wire, status: int) -> None:
    await set_fault(wire, "rest_refusal", endpoint=PLACE, status=status, times=1)
    answered, text, headers = await place(wire)
    assert (answered, text.startswith("<html>"), headers["Content-Type"]) == (status, True, "text/html")
    assert ("Location" in headers) == (status == 302)
    assert await orders(wire) == []
    assert (await place(wire))[0] == 201


@pytest.mark.parametrize(
    ("status", "label"),
    [
        (403, "FORBIDDEN"),
        (403, "READ_ONLY"),
        (403, "API_WITHDRAW_DISABLED"),
        (400, "TRADE_RESTRICTED"),
        (417, "TOO_BUSY"),
        (429, "TOO_MANY_REQUESTS"),
        (499, "REQUEST_CANCELLED_TOMORROW"),
        (302, "ACCOUNT_LOCKED"),
        (500, "INTERNAL"),
        (503, "TOO_BUSY"),
    ],
)
async def test_any_label_goes_with_any_status(wire: Wire, status: int, label: str) -> None:
    await set_fault(wire, "rest_refusal", endpoint=PLACE, status=status, label=label, message="no", times=1)
    answered, text, _ = await place(wire)
    assert (answered, json.loads(text)) == (status, {"label": label, "message": "no"})
    assert await orders(wire) == []


@pytest.mark.parametrize(("status", "label"), [(400, "REPEATED_CREATION"), (499, "")])
async def test_what_is_refused_may_have_happened_all_the_same(wire: Wire, status: int, label: str) -> None:
    await set_fault(wire, "rest_refusal", endpoint=PLACE, status=status, label=label, effect="done", times=1)
    assert (await place(wire))[0] == status
    assert [(order["text"], order["status"]) for order in await orders(wire)] == [("t-1", "open")]


async def test_a_429_may_put_the_next_window_far_ahead(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "rest_refusal", status=429, label="TOO_MANY_REQUESTS", retry_after_s=3600, reset_in_s=86_400)
    _, _, headers = await place(wire)
    assert headers["Retry-After"] == "3600"
    assert headers["X-Gate-RateLimit-Requests-Remain"] == "0"
    assert int(headers["X-Gate-RateLimit-Reset-Timestamp"]) == venue.ms + 86_400_000


async def test_one_account_is_refused_one_thing_on_one_pair(venue: Venue, wire: Wire) -> None:
    await set_fault(
        wire, "rest_refusal", account="alpha", endpoint=PLACE, pair=SOL, status=403, label="TRADE_RESTRICTED"
    )
    assert (await place(wire))[0] == 403
    assert (await place(venue.wire("beta")))[0] == 201
    assert (await place(wire, ETH))[0] == 201
    assert (await ask(wire, "GET", "/spot/orders", f"currency_pair={SOL}&status=open"))[0] == 200
    assert await hits(wire) == [1]


async def test_a_pair_is_named_in_the_path_the_query_the_body_or_an_item_of_a_batch(wire: Wire) -> None:
    await set_fault(wire, "rest_refusal", pair=SOL, status=404)

    def item(pair: str) -> dict[str, str]:
        return {"currency_pair": pair, "id": "5"}

    async def cancel_batch(*pairs: str) -> int:
        return (await ask(wire, "POST", "/spot/cancel_batch_orders", body=[item(pair) for pair in pairs]))[0]

    named = [
        (await ask(wire, "GET", f"/spot/currency_pairs/{SOL}"))[0],
        (await ask(wire, "GET", "/spot/my_trades", f"currency_pair={SOL}"))[0],
        (await ask(wire, "GET", "/spot/batch_fee", f"currency_pairs={ETH},{SOL}"))[0],
        (await place(wire))[0],
        await cancel_batch(ETH, SOL),
    ]
    others = [
        (await ask(wire, "GET", f"/spot/currency_pairs/{ETH}"))[0],
        (await ask(wire, "GET", "/spot/my_trades", f"currency_pair={ETH}"))[0],
        (await ask(wire, "GET", "/spot/open_orders"))[0],
        (await place(wire, ETH))[0],
        await cancel_batch(ETH, ETH),
    ]
    assert (named, others) == ([404] * 5, [200, 200, 200, 201, 200])


async def test_a_body_that_cannot_be_read_names_no_pair(wire: Wire) -> None:
    await set_fault(wire, "rest_refusal", pair=SOL, status=404)
    for body in (b"\xff\xfe", b"{", b'{"currency_pair":7}', b'[["SOL_USDT"]]'):
        assert (await wire.call("POST", "/spot/orders", body=body)).status == 400


async def test_a_5xx_may_be_held_to_one_pair(wire: Wire) -> None:
    await set_fault(wire, "rest_error", pair=SOL)
    assert [(await place(wire, pair))[0] for pair in (SOL, ETH)] == [502, 201]


async def test_one_refused_pair_fails_the_whole_subscription_and_leaves_others_alone(venue: Venue, wire: Wire) -> None:
    fault = await set_fault(wire, "subscription_refused", account="alpha", channel="spot.orders", pair=SOL)
    async with wire.socket() as socket, venue.wire("beta").socket() as other:
        refused = await socket.subscribe("spot.orders", [ETH, SOL], private=True)
        assert refused["error"] == {"code": 2, "message": f"unknown currency pair: {SOL}"}
        assert refused["result"] == {"status": "fail"}
        assert (await wire.control("GET", "/sockets")).json[0]["subscriptions"] == []
        for channel, payload, session in (
            ("spot.orders", [ETH], socket),
            ("spot.usertrades", [SOL], socket),
            ("spot.orders", [SOL], other),
            ("spot.orders", ["!all"], socket),
        ):
            assert (await session.subscribe(channel, payload, private=True))["error"] is None
        assert await hits(wire) == [1]
        await wire.control("DELETE", f"/faults/{fault}")
        assert (await socket.subscribe("spot.orders", [SOL], private=True))["error"] is None


async def test_a_refused_channel_says_what_it_is_told_to_say(wire: Wire) -> None:
    await set_fault(wire, "subscription_refused", channel="spot.balances", code=3, message="busy", times=1)
    async with wire.socket() as socket:
        assert (await socket.subscribe("spot.balances", private=True))["error"] == {"code": 3, "message": "busy"}
        assert (await socket.subscribe("spot.balances", private=True))["error"] is None


async def test_what_is_subscribed_stays_subscribed(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", [SOL], private=True)
        await set_fault(wire, "subscription_refused", pair=SOL)
        assert (await socket.subscribe("spot.book_ticker", [SOL]))["error"]["code"] == 2
        await place(wire)
        assert (await socket.next_on("spot.orders"))["result"][0]["text"] == "t-1"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "rest_refusal", "status": 500}, "status: 500 must be 302, or 400 to 499"),
        ({"kind": "rest_refusal", "status": 200}, "status: 200"),
        ({"kind": "rest_refusal", "message": "why"}, "message: why must be left out unless there is a label"),
        ({"kind": "rest_refusal", "reset_in_s": -1}, "reset_in_s: -1"),
        ({"kind": "rest_refusal", "retry_after_s": 10**9}, "retry_after_s: 1000000000"),
        ({"kind": "rest_refusal", "pair": "FOO_USDT"}, "'FOO_USDT' is not traded here"),
        ({"kind": "rest_refusal", "effect": "half"}, "half"),
        ({"kind": "subscription_refused", "code": 0}, "code: 0 must be from 1 to 99"),
        ({"kind": "subscription_refused", "pair": "!all"}, "'!all'"),
        ({"kind": "subscription_refused", "channel": "spot.nothing"}, "'spot.nothing'"),
    ],
)
async def test_a_refusal_that_makes_no_sense_is_refused_itself(wire: Wire, body: object, said: str) -> None:
    reply = await wire.control("POST", "/faults", body)
    assert reply.status == 400
    assert said in reply.json["error"]


async def test_a_pair_that_was_delisted_may_be_refused_once_it_is_back(venue: Venue, wire: Wire) -> None:
    listings, rules = Listings(venue.running.exchange.engine), venue.running.exchange.engine.markets[SOL].rules
    listings.remove(SOL)
    await set_fault(wire, "rest_refusal", pair=SOL, endpoint=PLACE, status=403)
    listings.add(rules)
    assert [(await place(wire, pair))[0] for pair in (SOL, ETH)] == [403, 201]
