"""Lists with a row that is not like those that clients know: of REST, and of pushes."""

import json
from random import Random
from typing import Any

import msgspec
import pytest

from exchanges.simulator import Exchange
from exchanges.simulator.faces.gateio.odd_fields import BEYOND_64_BITS, FIRST_MADE_UP_ID, LARGE, WORDS
from exchanges.simulator.faults.odd_rows import FIELDS, PUSHED_ON, ListName, Oddity, OddRows

from .clocks import VirtualTime
from .conftest import QUIET, Venue
from .wire import Wire

PATHS = {
    "currency_pairs": ("/spot/currency_pairs", ""),
    "open_orders": ("/spot/orders", "currency_pair=SOL_USDT&status=open"),
    "finished_orders": ("/spot/orders", "currency_pair=SOL_USDT&status=finished"),
    "my_trades": ("/spot/my_trades", "currency_pair=SOL_USDT"),
    "accounts": ("/spot/accounts", ""),
}
EVERY = [(name, oddity) for name, oddities in FIELDS.items() for oddity in oddities]


@pytest.fixture
async def traded(wire: Wire) -> Wire:
    """Two open orders, a filled and a canceled one."""
    await wire.control("POST", "/market/SOL_USDT", {"ask": "141"})
    await wire.order(price="141", amount="1")
    cancelled = (await wire.order(price="98")).json["id"]
    await wire.call("DELETE", f"/spot/orders/{cancelled}", "currency_pair=SOL_USDT")
    await wire.order(price="100")
    await wire.order(price="99")
    return wire


async def odd(wire: Wire, name: str, oddity: str, **more: object) -> int:
    """Sets the fault and returns its id."""
    reply = await wire.control("POST", "/faults", {"kind": "odd_rows", "list": name, "oddity": oddity, **more})
    assert reply.status == 200, reply.json
    return int(reply.json["id"])


async def listed(wire: Wire, name: str, query: str = "") -> Any:
    path, usual = PATHS[name]
    return await wire.get(path, query or usual)


def is_odd(row: dict[str, Any], oddity: str, fields: tuple[str, ...], like: dict[str, Any]) -> bool:
    """Whether the row has the oddity, given an ordinary row of its list."""
    has = [name for name in fields if name in like]
    match oddity:
        case "unknown_word":
            return any(row[name] == WORDS[name] for name in has)
        case "null_field":
            return any(row[name] is None and like[name] is not None for name in has)
        case "empty_field":
            return any(row[name] == "" for name in has)
        case "missing_field":
            return any(name not in row for name in has)
        case "margin_order":
            return row["account"] in ("margin", "cross_margin")
        case "distant_time":
            return any(int(row[name]) == BEYOND_64_BITS for name in has if str(row[name]).isdecimal())
        case "unknown_market":
            return bool(row["currency_pair"] == "TOMORROW_USDT")
        case _:
            return any(row[name] == LARGE for name in has)


@pytest.mark.parametrize(("name", "oddity"), [pair for pair in EVERY if pair[1] != "unknown_market"])
async def test_one_row_more_is_odd_and_the_real_ones_stay(traded: Wire, name: ListName, oddity: Oddity) -> None:
    before = await listed(traded, name)
    fault = await odd(traded, name, oddity)
    rows = await listed(traded, name)
    (added,) = [row for row in rows if row not in before]
    assert [row for row in rows if row in before] == before
    assert is_odd(added, oddity, FIELDS[name][oddity], before[0])
    assert await listed(traded, name) == rows  # the same row again, not another one each time
    await traded.control("DELETE", f"/faults/{fault}")
    assert await listed(traded, name) == before


@pytest.mark.parametrize(("name", "oddity"), [pair for pair in EVERY if pair[1] != "margin_order"])
async def test_one_real_row_is_odd_instead(traded: Wire, name: ListName, oddity: Oddity) -> None:
    before = await listed(traded, name)
    await odd(traded, name, oddity, replace=True, times=1)
    rows = await listed(traded, name)
    assert len(rows) == len(before)
    ((changed, real),) = [(row, was) for row, was in zip(rows, before, strict=True) if row != was]
    assert is_odd(changed, oddity, FIELDS[name][oddity], real)
    assert sum(changed.get(field) != real[field] for field in real) == 1
    assert await listed(traded, name) == before


@pytest.mark.parametrize("name", ["open_orders", "my_trades"])
async def test_a_row_of_a_market_that_no_table_lists_stands_among_those_of_all(traded: Wire, name: ListName) -> None:
    await odd(traded, name, "unknown_market")
    assert {row["currency_pair"] for row in await listed(traded, name)} == {"SOL_USDT"}
    path = "/spot/open_orders" if name == "open_orders" else "/spot/my_trades"
    rows = await traded.get(path)
    assert "TOMORROW_USDT" in [row["currency_pair"] for row in rows]
    assert "TOMORROW_USDT" not in str(await traded.get("/spot/currency_pairs"))


@pytest.mark.parametrize("name", ["open_orders", "finished_orders", "my_trades", "accounts"])
async def test_a_list_that_is_empty_gets_a_row_from_nothing(wire: Wire, name: ListName) -> None:
    before = len(await listed(wire, name))
    await odd(wire, name, "large_number")
    rows = await listed(wire, name)
    assert len(rows) == before + 1
    assert LARGE in rows[0].values()


async def test_the_field_can_be_chosen(traded: Wire) -> None:
    await odd(traded, "my_trades", "null_field", field="order_id", replace=True)
    assert [row["order_id"] for row in await listed(traded, "my_trades")] == [None]


async def test_an_added_order_stands_in_its_group_and_counts_there(traded: Wire) -> None:
    await odd(traded, "open_orders", "unknown_word", field="side")
    (group,) = await traded.get("/spot/open_orders")
    assert (group["currency_pair"], group["total"], len(group["orders"])) == ("SOL_USDT", 3, 3)
    assert group["orders"][0]["side"] == WORDS["side"]
    assert int(group["orders"][0]["id"]) > FIRST_MADE_UP_ID


async def test_an_added_row_stands_on_the_last_page_only(traded: Wire) -> None:
    await odd(traded, "open_orders", "unknown_word", field="type")
    pages = [await listed(traded, "open_orders", f"{PATHS['open_orders'][1]}&limit=2&page={page}") for page in (1, 2)]
    assert [len(page) for page in pages] == [2, 0]
    pages = [await listed(traded, "open_orders", f"{PATHS['open_orders'][1]}&limit=3&page={page}") for page in (1, 2)]
    assert [len(page) for page in pages] == [3, 0]


async def test_a_fault_of_one_account_leaves_the_others_alone(traded: Wire, venue: Venue) -> None:
    await odd(traded, "accounts", "large_number", account="beta")
    assert LARGE not in str(await listed(traded, "accounts"))
    assert LARGE in str(await listed(venue.wire("beta"), "accounts"))


# -- made-up orders ---------------------------------------------------------------------------------------------------


async def test_an_added_margin_order_is_margin_to_whoever_looks_and_not_in_the_books(traded: Wire) -> None:
    books = (await traded.control("GET", "/accounts/alpha/books")).json
    await odd(traded, "open_orders", "margin_order", times=1)
    rows = await listed(traded, "open_orders")
    (margin,) = [row for row in rows if row["account"] != "spot"]
    assert margin["status"] == "open"
    path = f"/spot/orders/{margin['id']}"
    assert await traded.get(path, "currency_pair=SOL_USDT&account=spot") == margin
    assert (await traded.call("DELETE", path, "currency_pair=SOL_USDT&account=spot")).label == "ORDER_NOT_FOUND"
    assert (await traded.control("GET", "/accounts/alpha/books")).json == books


async def test_an_added_order_can_be_canceled_by_id(traded: Wire, venue: Venue) -> None:
    await odd(traded, "open_orders", "unknown_word", field="time_in_force")
    order_id = (await listed(traded, "open_orders"))[0]["id"]
    path = f"/spot/orders/{order_id}"
    assert (await venue.wire("beta").call("DELETE", path, "currency_pair=SOL_USDT")).label == "ORDER_NOT_FOUND"
    assert (await traded.call("DELETE", path, "currency_pair=SOL_USDT&account=spot")).json["status"] == "cancelled"
    assert order_id not in [row["id"] for row in await listed(traded, "open_orders")]
    assert (await traded.get(path, "currency_pair=SOL_USDT"))["finish_as"] == "cancelled"
    assert (await traded.call("DELETE", path, "currency_pair=SOL_USDT")).label == "ORDER_CANCELLED"


async def test_an_order_of_an_unknown_status_has_a_known_one_when_it_was_canceled(traded: Wire) -> None:
    await odd(traded, "open_orders", "unknown_word", field="status")
    order_id = (await listed(traded, "open_orders"))[0]["id"]
    path = f"/spot/orders/{order_id}"
    assert (await traded.get(path, "currency_pair=SOL_USDT"))["status"] == WORDS["status"]
    assert (await traded.call("DELETE", path, "currency_pair=SOL_USDT")).json["status"] == "cancelled"


async def test_canceling_all_takes_added_orders_of_spot_along(traded: Wire) -> None:
    await odd(traded, "open_orders", "large_number", field="amount")
    await listed(traded, "open_orders")
    await odd(traded, "open_orders", "margin_order")
    reply = await traded.call("DELETE", "/spot/orders", "currency_pair=SOL_USDT&account=spot&side=buy")
    assert [row["status"] for row in reply.json] == ["cancelled"] * 3
    assert LARGE in [row["amount"] for row in reply.json]
    assert [row["account"] == "spot" for row in await listed(traded, "open_orders")] == [False]


# -- pushes -----------------------------------------------------------------------------------------------------------


FRAMES_SO_FAR = {"open_orders": 2, "my_trades": 1, "accounts": 2}  # of an order that is placed and filled in part


@pytest.mark.parametrize(
    ("name", "oddity", "replace"),
    [
        (name, oddity, replace)
        for name, oddity in EVERY
        for replace in (False, True)
        if name in PUSHED_ON and not (replace and oddity == "margin_order")
    ],
)
async def test_the_next_push_has_an_odd_row_when_wanted(
    wire: Wire, name: ListName, oddity: Oddity, replace: bool
) -> None:
    channel = PUSHED_ON[name][0]
    async with wire.socket() as socket:
        await socket.subscribe(channel, ["!all"], private=True)
        order_id = (await wire.order()).json["id"]
        await wire.control("POST", f"/orders/{order_id}/fill", {"amount": "0.5"})
        *_, before = [(await socket.next_on(channel))["result"] for _ in range(FRAMES_SO_FAR[name])]
        fault = await odd(wire, name, oddity, push=True, replace=replace, times=1)
        await wire.control("POST", f"/orders/{order_id}/fill", {"amount": "0.25"})
        rows = (await socket.next_on(channel))["result"]
        assert len(rows) == (len(before) if replace else len(before) + 1)
        assert is_odd(rows[0 if replace else -1], oddity, FIELDS[name][oddity], before[0])
        assert (await wire.control("DELETE", f"/faults/{fault}")).status == 404  # it has struck its one time
        await wire.control("POST", f"/orders/{order_id}/fill", {"amount": "0.25"})
        assert len((await socket.next_on(channel))["result"]) == len(before)


async def test_a_made_up_order_is_the_same_one_in_the_list_and_in_the_push(traded: Wire) -> None:
    await odd(traded, "open_orders", "margin_order", push=True)
    (margin,) = [row for row in await listed(traded, "open_orders") if row["account"] != "spot"]
    async with traded.socket() as socket:
        await socket.subscribe("spot.orders", ["!all"], private=True)
        await traded.order(price="97")
        real, told = (await socket.next_on("spot.orders"))["result"]
        assert (real["account"], real["price"]) == ("spot", "97")
        shown = ("id", "account", "currency_pair", "price", "text", "left")
        assert [told[name] for name in shown] == [margin[name] for name in shown]
        stamps = ("create_time_ms", "update_time_ms")
        assert [int(told[name]) for name in stamps] == [margin[name] for name in stamps]
        assert type(told["update_time_ms"]) is type(real["update_time_ms"])


async def test_pushes_stay_as_they_are_unless_wanted(wire: Wire) -> None:
    await odd(wire, "open_orders", "large_number")
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["!all"], private=True)
        await wire.order()
        assert len((await socket.next_on("spot.orders"))["result"]) == 1


# -- bad input, and the same again ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"list": "tickers", "oddity": "null_field"}, "'tickers'"),
        ({"list": "accounts", "oddity": "unknown_word"}, "oddity: unknown_word must be for accounts one of null_field"),
        (
            {"list": "my_trades", "oddity": "large_number", "field": "left"},
            "field: left must be null, or one of amount",
        ),
        ({"list": "finished_orders", "oddity": "null_field", "push": True}, "push: True must be false, or list one of"),
        ({"list": "open_orders", "oddity": "margin_order", "replace": True}, "replace: True must be false"),
        ({"list": "currency_pairs", "oddity": "null_field", "account": "alpha"}, "account: alpha must be null"),
        ({"list": "accounts", "oddity": "null_field", "account": "nobody"}, "account: 'nobody' is not one of"),
    ],
)
async def test_odd_rows_that_cannot_be_are_refused(wire: Wire, fields: dict[str, object], said: str) -> None:
    reply = await wire.control("POST", "/faults", {"kind": "odd_rows", **fields})
    assert reply.status == 400
    assert said in reply.json["error"]


def test_the_same_randomness_makes_the_same_rows() -> None:
    def run(seed: int) -> str:
        time = VirtualTime()
        exchange = Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(seed))
        lists = exchange.face.odd_lists
        for name, oddity in EVERY:
            if name not in ("currency_pairs", "finished_orders"):
                exchange.faults.add(OddRows(list=name, oddity=oddity, push=True, times=1))
                lists.pushed(PUSHED_ON[name][0], "alpha", [dict.fromkeys(FIELDS[name][oddity], "1")])
        return json.dumps([(made.number, msgspec.to_builtins(made.row)) for made in lists.made_up.values()])

    assert run(1) == run(1)
    assert run(1) != run(2)


async def test_an_answer_that_is_no_list_has_no_odd_row(wire: Wire) -> None:
    await wire.control("POST", "/faults", {"kind": "odd_rows", "list": "currency_pairs", "oddity": "null_field"})
    one = await wire.call("GET", "/spot/currency_pairs/SOL_USDT")
    assert (one.status, one.json["id"]) == (200, "SOL_USDT")
