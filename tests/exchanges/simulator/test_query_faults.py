"""Queries that trail the engine or have lost an order, as a raw client sees them; commands act on what is."""

from typing import Any

import msgspec
import pytest

from exchanges.simulator import RateLimits

from .conftest import QUIET, Venue, VenueFactory
from .test_faults_rest import hits, set_fault
from .wire import Wire

PAIR = "currency_pair=SOL_USDT"
OPEN, FINISHED = f"{PAIR}&status=open", f"{PAIR}&status=finished"
KINDS = ("order_by_id", "order_by_text", "open_orders", "finished_orders", "balances", "my_trades")


@pytest.fixture
async def venue(start: VenueFactory) -> Venue:
    return await start(msgspec.structs.replace(QUIET, rate_limits=RateLimits(enabled=False)))


async def state(wire: Wire, item: str) -> str:
    """The order as a look-up shows it: its status and what is left of it, or the label of the refusal."""
    order = await wire.get(f"/spot/orders/{item}", PAIR)
    return str(order["label"]) if "label" in order else f"{order['status']} {order['left']}"


async def listed(wire: Wire, query: str) -> list[str]:
    return [order["id"] for order in await wire.get("/spot/orders", query)]


async def open_ids(wire: Wire) -> list[str]:
    return [order["id"] for entry in await wire.get("/spot/open_orders") for order in entry["orders"]]


async def locked(wire: Wire) -> str:
    return {entry["currency"]: str(entry["locked"]) for entry in await wire.get("/spot/accounts")}["USDT"]


async def traded(wire: Wire, query: str = PAIR) -> list[str]:
    return [fill["amount"] for fill in await wire.get("/spot/my_trades", query)]


async def fill(wire: Wire, order_id: str, amount: str) -> None:
    assert (await wire.control("POST", f"/orders/{order_id}/fill", {"amount": amount})).status == 200


async def test_an_order_just_placed_is_not_found_until_the_lag_has_passed(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "query_lag", lag_ms=4_000)
    order_id = (await wire.order(text="t-new")).json["id"]

    async def seen() -> list[object]:
        return [
            await state(wire, order_id),
            await state(wire, "t-new"),
            await open_ids(wire),
            await listed(wire, OPEN),
            await locked(wire),
        ]

    venue.ms += 3_999
    assert await seen() == ["ORDER_NOT_FOUND", "ORDER_NOT_FOUND", [], [], "0"]
    venue.ms += 1
    assert await seen() == ["open 1", "open 1", [order_id], [order_id], "100"]


async def test_what_became_of_an_order_is_told_with_the_lag(venue: Venue, wire: Wire) -> None:
    order_id = (await wire.order(amount="3")).json["id"]
    await set_fault(wire, "query_lag", lag_ms=10_000)
    venue.ms += 10_000
    await fill(wire, order_id, "1")
    venue.ms += 5_000
    await wire.call("DELETE", f"/spot/orders/{order_id}", PAIR)

    async def seen() -> list[object]:
        return [
            await state(wire, order_id),
            await open_ids(wire),
            await listed(wire, FINISHED),
            await locked(wire),
            await traded(wire),
            await traded(wire, f"{PAIR}&order_id={order_id}"),
        ]

    assert await seen() == ["open 3", [order_id], [], "300", [], []]
    venue.ms += 5_000
    assert await seen() == ["open 2", [order_id], [], "200", ["1"], ["1"]]
    venue.ms += 5_000
    assert await seen() == ["cancelled 2", [], [order_id], "0", ["1"], ["1"]]


async def test_an_order_that_lived_shorter_than_the_lag_is_listed_open_after_its_end(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "query_lag", lag_ms=5_000)
    order_id = (await wire.order()).json["id"]
    venue.ms += 1_000
    await wire.call("DELETE", f"/spot/orders/{order_id}", PAIR)
    assert await open_ids(wire) == []
    venue.ms += 4_000
    assert (await open_ids(wire), await listed(wire, FINISHED)) == ([order_id], [])
    venue.ms += 1_000
    assert (await open_ids(wire), await listed(wire, FINISHED)) == ([], [order_id])


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_of_query_lags_on_its_own(venue: Venue, wire: Wire, kind: str) -> None:
    await set_fault(wire, "query_lag", account="alpha", query=kind, lag_ms=1_000)
    done = (await wire.order()).json["id"]
    await fill(wire, done, "1")
    order_id = (await wire.order(text="t-1")).json["id"]
    seen: dict[str, Any] = {
        "order_by_id": await state(wire, order_id),
        "order_by_text": await state(wire, "t-1"),
        "open_orders": await open_ids(wire),
        "finished_orders": await listed(wire, FINISHED),
        "balances": await locked(wire),
        "my_trades": await traded(wire),
    }
    now = dict(zip(KINDS, ("open 1", "open 1", [order_id], [done], "100", ["1"]), strict=True))
    then = dict(zip(KINDS, ("ORDER_NOT_FOUND", "ORDER_NOT_FOUND", [], [], "0", []), strict=True))
    assert seen == now | {kind: then[kind]}
    assert await hits(wire) == [1]


async def test_another_account_sees_how_things_stand(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "query_lag", account="beta", lag_ms=1_000)
    assert await state(wire, (await wire.order()).json["id"]) == "open 1"
    beta = venue.wire("beta")
    assert await state(beta, (await beta.order()).json["id"]) == "ORDER_NOT_FOUND"


async def test_commands_work_on_orders_that_queries_do_not_show_yet(wire: Wire) -> None:
    await set_fault(wire, "query_lag", lag_ms=10_000)
    ids = [(await wire.order(text=f"t-{number}")).json["id"] for number in range(4)]
    amended = await wire.call("PATCH", f"/spot/orders/{ids[0]}", body={"currency_pair": "SOL_USDT", "price": "99"})
    assert (amended.status, amended.json["price"]) == (200, "99")
    assert (await wire.call("DELETE", f"/spot/orders/{ids[0]}", PAIR)).json["status"] == "cancelled"
    assert (await wire.call("DELETE", "/spot/orders/t-1", PAIR)).json["status"] == "cancelled"
    batch = [{"currency_pair": "SOL_USDT", "id": ids[2]}]
    assert (await wire.call("POST", "/spot/cancel_batch_orders", body=batch)).json[0]["succeeded"]
    assert [order["id"] for order in (await wire.call("DELETE", "/spot/orders")).json] == [ids[3]]


async def test_a_lagging_answer_bears_the_time_of_now(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "query_lag", lag_ms=10_000)
    venue.ms += 3_000
    reply = await wire.call("GET", "/spot/open_orders")
    assert reply.headers["X-In-Time"] == str(venue.ms * 1000)


async def test_the_lag_does_not_follow_the_clock_of_the_exchange(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "query_lag", lag_ms=5_000)
    order_id = (await wire.order()).json["id"]
    await set_fault(wire, "clock_skew", offset_ms=20_000)
    assert await open_ids(wire) == []
    venue.ms += 5_000
    assert await open_ids(wire) == [order_id]


async def test_a_text_that_is_used_again_leads_to_the_order_that_had_it_then(venue: Venue, wire: Wire) -> None:
    first = (await wire.order(text="t-1")).json["id"]
    await wire.call("DELETE", f"/spot/orders/{first}", PAIR)
    venue.ms += 5_000
    second = (await wire.order(text="t-1")).json["id"]
    assert (await wire.get("/spot/orders/t-1", PAIR))["id"] == second
    await set_fault(wire, "query_lag", lag_ms=1_000)
    assert (await wire.get("/spot/orders/t-1", PAIR))["id"] == first


async def test_a_fill_after_the_cancel_of_long_ago_is_told_with_the_lag(venue: Venue, wire: Wire) -> None:
    order_id = (await wire.order(amount="2")).json["id"]
    await wire.call("DELETE", f"/spot/orders/{order_id}", PAIR)
    venue.ms += 3_600_000
    engine = venue.running.exchange.engine
    order = engine.accounts["alpha"].orders[int(order_id)]
    engine.fill_late(order, order.amount / 4)
    await set_fault(wire, "query_lag", lag_ms=5_000)
    assert (await state(wire, order_id), await traded(wire)) == ("cancelled 2", [])
    venue.ms += 5_000
    assert (await state(wire, order_id), await traded(wire)) == ("cancelled 1.5", ["0.5"])
    assert await listed(wire, f"{FINISHED}&to={venue.ms // 1000 - 3_600}") == [order_id]  # by its end, not its fill


async def test_an_order_that_is_there_may_be_denied(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "order_unknown", account="alpha", times=1)
    order_id = (await wire.order(text="t-1")).json["id"]
    reply = await wire.call("GET", f"/spot/orders/{order_id}", PAIR)
    assert (reply.status, reply.label) == (404, "ORDER_NOT_FOUND")
    assert await state(wire, order_id) == "open 1"


@pytest.mark.parametrize(
    ("fields", "denied"),
    [
        ({}, "open by id, open by text, ended by id, ended by text"),
        ({"by": "id"}, "open by id, ended by id"),
        ({"by": "text"}, "open by text, ended by text"),
        ({"for_order": "open"}, "open by id, open by text"),
        ({"for_order": "finished", "by": "id"}, "ended by id"),
        ({"pair": "ETH_USDT"}, ""),
        ({"account": "beta"}, ""),
    ],
)
async def test_which_orders_are_denied_can_be_chosen(wire: Wire, fields: dict[str, object], denied: str) -> None:
    open_id = (await wire.order(text="t-open")).json["id"]
    ended_id = (await wire.order(text="t-ended")).json["id"]
    await wire.call("DELETE", f"/spot/orders/{ended_id}", PAIR)
    await set_fault(wire, "order_unknown", **fields)
    items = {"open by id": open_id, "open by text": "t-open", "ended by id": ended_id, "ended by text": "t-ended"}
    assert ", ".join([name for name, item in items.items() if await state(wire, item) == "ORDER_NOT_FOUND"]) == denied
    assert (await open_ids(wire), await listed(wire, FINISHED)) == ([open_id], [ended_id])
    assert (await wire.call("DELETE", "/spot/orders/t-open", PAIR)).status == 200


async def test_an_order_that_is_not_there_uses_no_denial_up(wire: Wire) -> None:
    await set_fault(wire, "order_unknown", times=1)
    assert await state(wire, "5") == "ORDER_NOT_FOUND"
    assert await hits(wire) == [0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "query_lag"}, "lag_ms"),
        ({"kind": "query_lag", "lag_ms": 10_001}, "lag_ms: 10001 must be from 0 to 10000 ms"),
        ({"kind": "query_lag", "lag_ms": -1}, "lag_ms: -1"),
        ({"kind": "query_lag", "lag_ms": 1, "query": "tickers"}, "tickers"),
        ({"kind": "query_lag", "lag_ms": 1, "account": "nobody"}, "'nobody'"),
        ({"kind": "order_unknown", "by": "name"}, "name"),
        ({"kind": "order_unknown", "for_order": "lost"}, "lost"),
        ({"kind": "order_unknown", "pair": "FOO_USDT"}, "'FOO_USDT' is not traded here"),
    ],
)
async def test_a_query_fault_that_makes_no_sense_is_refused(wire: Wire, body: object, said: str) -> None:
    reply = await wire.control("POST", "/faults", body)
    assert reply.status == 400
    assert said in reply.json["error"]
