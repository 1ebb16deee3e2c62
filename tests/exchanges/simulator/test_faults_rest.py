"""Faults of requests, as a raw client sees them, and what the books say of their effect."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.support.eventually import eventually

from .conftest import Venue, VenueFactory
from .wire import Reply, Wire

PLACE = "POST /spot/orders"


async def set_fault(wire: Wire, kind: str, **fields: object) -> int:
    reply = await wire.control("POST", "/faults", {"kind": kind, **fields})
    assert reply.status == 200, reply.json
    return int(reply.json["id"])


async def hits(wire: Wire) -> list[int]:
    return [fault["hits"] for fault in (await wire.control("GET", "/faults")).json]


async def orders(wire: Wire, name: str = "alpha") -> list[Any]:
    return list((await wire.control("GET", f"/accounts/{name}/books")).json["orders"])


async def raw_order(wire: Wire, *, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Places an order; returns the status and the text of the answer, which need not be JSON."""
    body = b'{"currency_pair":"SOL_USDT","side":"buy","amount":"1","price":"100"}'
    all_headers = wire.headers("POST", "/spot/orders", "", body) | {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{wire.rest}/spot/orders", data=body, headers=all_headers | (headers or {})) as response,
    ):
        return response.status, await response.text()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Returns as soon as the condition holds."""
    async with asyncio.timeout(5):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.002)


async def unanswered_order(wire: Wire) -> None:
    """Sends an order and gives up on its answer once the one fault that stands has struck."""
    asking = asyncio.create_task(raw_order(wire))

    async def has_struck() -> bool:
        return not (await wire.control("GET", "/faults")).json

    await until(has_struck)
    await asyncio.wait([asking], timeout=0.05)
    assert not asking.done()
    asking.cancel()
    await asyncio.wait([asking])


@pytest.mark.parametrize(("effect", "booked"), [("none", 0), ("done", 1)])
async def test_a_5xx_before_and_after_the_effect(wire: Wire, effect: str, booked: int) -> None:
    await set_fault(wire, "rest_error", endpoint=PLACE, effect=effect, status=504, times=1)
    status, text = await raw_order(wire)
    assert (status, text.startswith("<html>")) == (504, True)
    assert len(await orders(wire)) == booked
    assert (await wire.order()).status == 201


@pytest.mark.parametrize(("effect", "booked"), [("none", 0), ("done", 1)])
async def test_a_time_out_before_and_after_the_effect(wire: Wire, effect: str, booked: int) -> None:
    await set_fault(wire, "rest_timeout", endpoint=PLACE, effect=effect, times=1)
    await unanswered_order(wire)
    assert len(await orders(wire)) == booked
    assert (await wire.order()).status == 201


@pytest.mark.parametrize(("effect", "booked"), [("none", 0), ("done", 1)])
async def test_a_connection_that_breaks_before_and_after_the_effect(wire: Wire, effect: str, booked: int) -> None:
    await set_fault(wire, "rest_abort", endpoint=PLACE, effect=effect, times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw_order(wire)
    assert len(await orders(wire)) == booked
    assert (await wire.order()).status == 201


async def test_an_order_whose_answer_is_lost_is_accepted_late(wire: Wire) -> None:
    await set_fault(wire, "rest_abort", endpoint=PLACE, effect="late", late_ms=400, times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw_order(wire)
    assert await orders(wire) == []
    await until_booked(wire, 1)


async def until_booked(wire: Wire, count: int) -> None:
    async def is_booked() -> bool:
        return len(await orders(wire)) == count

    await until(is_booked)


async def test_an_order_that_would_be_accepted_late_is_refused_after_its_expiry(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "rest_abort", endpoint=PLACE, effect="late", late_ms=250, times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw_order(wire, headers={"X-Gate-Exptime": str(venue.ms + 10)})
    venue.ms += 20
    await set_fault(wire, "rest_abort", endpoint=PLACE, effect="late", late_ms=250, times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw_order(wire, headers={"X-Gate-Exptime": str(venue.ms + 10)})
    await until_booked(wire, 1)  # the second one; the first came before it and was refused


async def test_too_many_requests_with_a_time_to_wait(wire: Wire) -> None:
    await set_fault(wire, "rest_limit", endpoint=PLACE, retry_after_s=7, times=1)
    reply = await wire.order()
    assert (reply.status, reply.label, reply.headers["Retry-After"]) == (429, "TOO_MANY_REQUESTS", "7")
    assert await orders(wire) == []


async def test_a_slow_answer_comes_after_the_effect(wire: Wire) -> None:
    await set_fault(wire, "rest_slow", endpoint=PLACE, delay_ms=5_000, times=1)
    await unanswered_order(wire)
    assert len(await orders(wire)) == 1
    await set_fault(wire, "rest_slow", endpoint=PLACE, delay_ms=1, times=1)
    assert (await wire.order()).status == 201


async def test_a_fault_strikes_its_account_its_endpoint_and_its_access_only(venue: Venue, wire: Wire) -> None:
    beta = venue.wire("beta")
    await set_fault(wire, "rest_error", account="alpha", endpoint="GET /spot/orders/{}")
    order_id = (await wire.order()).json["id"]
    theirs = (await beta.order()).json["id"]
    assert (await beta.call("GET", f"/spot/orders/{theirs}", "currency_pair=SOL_USDT")).status == 200
    assert await status_of(wire, f"/spot/orders/{order_id}", "currency_pair=SOL_USDT") == 502
    assert await hits(wire) == [1]
    await wire.control("DELETE", "/faults")

    await set_fault(wire, "rest_error", access="public")
    assert await status_of(wire, "/spot/time", signed=False) == 502
    assert await status_of(wire, "/spot/accounts") == 200
    await wire.control("DELETE", "/faults")
    await set_fault(wire, "rest_error", access="private", endpoint="/spot/accounts")
    assert await status_of(wire, "/spot/time", signed=False) == 200
    assert await status_of(wire, "/spot/accounts") == 502


async def status_of(wire: Wire, path: str, query: str = "", *, signed: bool = True) -> int:
    """The status of an answer that may be a front page."""
    headers = wire.headers("GET", path, query, b"") if signed else {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{wire.rest}{path}" + (f"?{query}" if query else ""), headers=headers) as response,
    ):
        return response.status


async def test_nobody_is_let_in_while_connections_are_refused(wire: Wire) -> None:
    await wire.get("/spot/accounts")  # a connection that is kept alive
    fault = await set_fault(wire, "refuse_connections")

    async def is_refused() -> bool:
        try:
            await status_of(wire, "/spot/time", signed=False)
        except aiohttp.ClientConnectorError as error:
            return isinstance(error.os_error, ConnectionRefusedError)
        except aiohttp.ClientConnectionError:
            return False
        return False

    async def is_open() -> bool:
        return not await is_refused()

    await until(is_refused)
    assert [await is_refused() for _ in range(3)] == [True, True, True]
    await wire.control("DELETE", f"/faults/{fault}")
    await until(is_open)
    assert await status_of(wire, "/spot/time", signed=False) == 200


async def test_maintenance_answers_503_and_takes_no_socket(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.tickers", ["SOL_USDT"])
        fault = await set_fault(wire, "maintenance")
        await socket.connection.wait_closed()
        assert socket.connection.close_code == 1012
    status, _ = await raw_order(wire)
    assert (status, await status_of(wire, "/spot/time", signed=False)) == (503, 503)
    async with wire.socket() as socket:
        await socket.connection.wait_closed()
        assert socket.connection.close_code == 1013
    assert await orders(wire) == []
    await wire.control("DELETE", f"/faults/{fault}")
    assert (await wire.order()).status == 201
    async with wire.socket() as socket:
        assert (await socket.subscribe("spot.tickers", ["SOL_USDT"]))["result"] == {"status": "success"}


async def test_the_clock_of_the_exchange_is_off(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "clock_skew", offset_ms=90_000)
    assert (await wire.get("/spot/time"))["server_time"] == venue.ms + 90_000
    reply = await wire.order()
    assert (reply.status, reply.label) == (403, "REQUEST_EXPIRED")
    assert await orders(wire) == []
    assert (await wire.control("DELETE", "/faults")).json == {"cleared": 1}
    venue.ms += 90_000
    assert (await wire.get("/spot/time"))["server_time"] == venue.ms
    assert (await wire.order()).status == 201


async def test_a_clock_that_is_set_back_stands_still(venue: Venue, wire: Wire) -> None:
    before = (await wire.get("/spot/time"))["server_time"]
    await set_fault(wire, "clock_skew", offset_ms=-5_000)
    venue.ms += 3_000
    assert (await wire.get("/spot/time"))["server_time"] == before
    venue.ms += 3_000
    assert (await wire.get("/spot/time"))["server_time"] == before + 1_000


async def test_a_revoked_key_is_refused_and_its_sockets_closed_until_it_is_restored(venue: Venue, wire: Wire) -> None:
    async with wire.socket() as socket, venue.wire("beta").socket() as other:
        await socket.subscribe("spot.balances", private=True)
        await other.subscribe("spot.orders", ["!all"], private=True)
        fault = await set_fault(wire, "key_revoked", account="alpha")
        await socket.connection.wait_closed()
        await venue.wire("beta").order()
        assert (await other.next_on("spot.orders"))["result"][0]["event"] == "put"
    reply = await wire.order()
    assert (reply.status, reply.label) == (401, "INVALID_KEY")
    async with wire.socket() as socket:
        assert (await socket.subscribe("spot.balances", private=True))["error"]["code"] == 4
    assert await orders(wire) == []
    await wire.control("DELETE", f"/faults/{fault}")
    assert (await wire.order()).status == 201


async def test_a_fill_after_a_cancel_is_told_late_and_moves_the_money(wire: Wire) -> None:
    order_id = (await wire.order(amount="2")).json["id"]
    await set_fault(wire, "late_fill", account="alpha", share="0.25", times=1)
    async with wire.socket() as socket:
        for channel, payload in (("spot.orders", ["!all"]), ("spot.usertrades", ["!all"]), ("spot.balances", None)):
            await socket.subscribe(channel, payload, private=True)
        answer = (await wire.call("DELETE", f"/spot/orders/{order_id}", "currency_pair=SOL_USDT")).json
        assert (answer["status"], answer["left"]) == ("cancelled", "2")
        told = [await socket.next() for _ in range(4)]
    assert [frame["channel"] for frame in told] == ["spot.orders", "spot.balances", "spot.usertrades", "spot.balances"]
    assert told[0]["result"][0]["event"] == "finish"
    assert (told[2]["result"][0]["order_id"], told[2]["result"][0]["amount"]) == (order_id, "0.5")
    books = (await wire.control("GET", "/accounts/alpha/books")).json
    (order,) = books["orders"]
    assert (order["finish_as"], order["filled"], order["left"], order["locked"]) == ("cancelled", "0.5", "1.5", "0")
    (trade,) = books["trades"]
    bought = Decimal("0.5") - Decimal(trade["fee"])
    assert Decimal(books["balances"]["SOL"]["available"]) == 1_000 + bought
    assert books["balances"]["USDT"] == {"available": "99950", "locked": "0"}


async def test_no_late_fill_without_the_money_for_it(start: VenueFactory, wire: Wire) -> None:
    order_id = (await wire.order(amount="999", price="100")).json["id"]
    await set_fault(wire, "late_fill", delay_ms=20, share="0.9")
    await wire.call("DELETE", f"/spot/orders/{order_id}", "currency_pair=SOL_USDT")
    spent = (await wire.order(amount="998", price="100")).json["id"]
    await set_fault(wire, "rest_slow", delay_ms=60, times=1)
    await wire.get("/spot/accounts")
    books = (await wire.control("GET", "/accounts/alpha/books")).json
    assert books["trades"] == []
    assert [order["status"] for order in books["orders"]] == ["finished", "open"]
    assert books["orders"][1]["id"] == spent


async def test_faults_are_listed_counted_and_end_by_times_by_time_and_by_hand(wire: Wire) -> None:
    first = await set_fault(wire, "rest_limit", endpoint=PLACE, times=2)
    second = await set_fault(wire, "frame_drop", account="alpha", channel="spot.orders", probability=0.5)
    listed = (await wire.control("GET", "/faults")).json
    assert [(fault["id"], fault["kind"], fault["hits"]) for fault in listed] == [
        (first, "rest_limit", 0),
        (second, "frame_drop", 0),
    ]
    assert (listed[1]["account"], listed[1]["channel"], listed[1]["probability"]) == ("alpha", "spot.orders", 0.5)
    assert (await wire.order()).status == 429
    assert await hits(wire) == [1, 0]
    assert (await wire.order()).status == 429
    assert (await wire.order()).status == 201
    assert (await wire.control("DELETE", f"/faults/{second}")).json == {"cleared": 1}
    assert (await wire.control("GET", "/faults")).json == []

    await set_fault(wire, "rest_limit", endpoint=PLACE, for_s=0.05)
    answers: list[Reply] = [await wire.order()]
    while answers[-1].status == 429 and len(answers) < 1_000:
        answers.append(await wire.order())
    assert (answers[0].status, answers[-1].status) == (429, 201)
    assert (await wire.control("DELETE", "/faults")).json == {"cleared": 0}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "kind"),
        ({"kind": "earthquake"}, "earthquake"),
        ({"kind": "rest_error", "times": 0}, "times: 0"),
        ({"kind": "rest_error", "times": True}, "times"),
        ({"kind": "rest_error", "probability": 0}, "probability: 0"),
        ({"kind": "rest_error", "probability": 1.5}, "probability: 1.5"),
        ({"kind": "rest_error", "for_s": -1}, "for_s: -1"),
        ({"kind": "rest_error", "status": 404}, "status: 404"),
        ({"kind": "rest_error", "effect": "maybe"}, "maybe"),
        ({"kind": "rest_error", "late_ms": 5}, "late_ms: 5"),
        ({"kind": "rest_error", "channel": "spot.orders"}, "channel"),
        ({"kind": "rest_error", "account": "nobody"}, "'nobody' is not one of alpha, beta"),
        ({"kind": "rest_error", "endpoint": "/spot/order"}, "'/spot/order'"),
        ({"kind": "rest_error", "access": "secret"}, "secret"),
        ({"kind": "rest_slow"}, "delay_ms"),
        ({"kind": "rest_slow", "delay_ms": -1}, "delay_ms: -1"),
        ({"kind": "rest_limit", "retry_after_s": -1}, "retry_after_s: -1"),
        ({"kind": "socket_cut", "how": "gently"}, "gently"),
        ({"kind": "frame_drop", "channel": "spot.nothing"}, "'spot.nothing' is not one of"),
        ({"kind": "frame_reorder", "window": 1}, "window: 1"),
        ({"kind": "clock_skew"}, "offset_ms"),
        ({"kind": "clock_skew", "offset_ms": 10**12}, "offset_ms"),
        ({"kind": "key_revoked"}, "account"),
        ({"kind": "late_fill", "share": 1}, "share: 1"),
        ({"kind": "late_fill", "share": "NaN"}, "share"),
        ([], "body"),
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused_with_its_reason(wire: Wire, body: object, said: str) -> None:
    reply = await wire.control("POST", "/faults", body)
    assert reply.status == 400
    assert said in reply.json["error"]
    assert (await wire.control("GET", "/faults")).json == []


@pytest.mark.parametrize("path", ["/faults/1", "/faults/all"])
async def test_a_fault_that_does_not_stand_cannot_be_cleared(wire: Wire, path: str) -> None:
    assert (await wire.control("DELETE", path)).status == 404


async def test_a_handler_that_keeps_an_answer_back_ends_with_its_client(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "rest_timeout", times=1)
    await unanswered_order(wire)
    await eventually(
        lambda: not any(face.unanswered_count for face in venue.running.faces.values()), what="the handler to end"
    )
