"""Margin orders: in the lists and channels of spot orders, but not of the spot account's money."""

from typing import Any

import pytest

from .conftest import Venue
from .wire import Wire

ORDER = {"currency_pair": "SOL_USDT", "side": "buy", "amount": "2", "price": "100"}


async def placed(wire: Wire, **changes: str) -> Any:
    return (await wire.control("POST", "/accounts/alpha/margin_orders", ORDER | changes)).json


async def ids(wire: Wire, account: str = "") -> tuple[list[str], list[str]]:
    """The ids that the two lists of open orders show."""
    query = f"account={account}" if account else ""
    flat = await wire.get("/spot/orders", f"currency_pair=SOL_USDT&status=open{'&' if query else ''}{query}")
    groups = await wire.get("/spot/open_orders", query)
    return [order["id"] for order in flat], [order["id"] for group in groups for order in group["orders"]]


async def test_margin_orders_stand_in_the_lists_as_gate_shows_them(wire: Wire) -> None:
    spot = (await wire.order()).json["id"]
    margin = (await placed(wire))["id"]
    cross = (await placed(wire, account="cross_margin"))["id"]
    later = (await wire.order(price="99")).json["id"]
    for account, shown in (
        ("", [later, margin, spot]),
        ("spot", [later, spot]),
        ("margin", [margin]),
        ("cross_margin", [cross]),
    ):
        assert await ids(wire, account) == (shown, shown)
    assert (await wire.get("/spot/orders", "currency_pair=SOL_USDT&status=open&account=options"))["label"] == (
        "INVALID_PARAM_VALUE"
    )


async def test_a_margin_order_is_told_with_its_account_and_locks_no_spot_money(wire: Wire) -> None:
    before = await wire.get("/spot/accounts")
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["!all"], private=True)
        order = await placed(wire, text="t-1")
        told = (await socket.next_on("spot.orders"))["result"][0]
        assert (told["id"], told["account"], told["event"], told["text"]) == (order["id"], "margin", "put", "t-1")
        cancelled = await wire.control("POST", f"/margin_orders/{order['id']}/cancel")
        assert cancelled.json["finish_as"] == "cancelled"
        told = (await socket.next_on("spot.orders"))["result"][0]
        assert (told["id"], told["account"], told["event"]) == (order["id"], "margin", "finish")
    assert await wire.get("/spot/accounts") == before
    assert (await wire.control("GET", "/accounts/alpha/books")).json["orders"] == []
    assert (await wire.control("GET", "/accounts/alpha/margin_orders")).json == []
    finished = await wire.get("/spot/orders", "currency_pair=SOL_USDT&status=finished")
    assert [(row["id"], row["account"]) for row in finished] == [(order["id"], "margin")]


async def test_a_margin_order_is_found_and_canceled_by_id_unless_spot_is_asked_for(venue: Venue, wire: Wire) -> None:
    path = f"/spot/orders/{(await placed(wire))['id']}"
    assert (await wire.get(path, "currency_pair=SOL_USDT"))["account"] == "margin"
    assert (await wire.get(path, "currency_pair=SOL_USDT&account=spot"))["label"] == "ORDER_NOT_FOUND"
    assert (await venue.wire("beta").get(path, "currency_pair=SOL_USDT"))["label"] == "ORDER_NOT_FOUND"
    assert (await wire.call("DELETE", path, "currency_pair=SOL_USDT&account=spot")).label == "ORDER_NOT_FOUND"
    assert (await wire.call("DELETE", path, "currency_pair=SOL_USDT")).json["status"] == "cancelled"
    assert (await wire.call("DELETE", path, "currency_pair=SOL_USDT")).label == "ORDER_CANCELLED"


async def test_canceling_all_spares_margin_orders_only_when_spot_is_named(wire: Wire) -> None:
    spot = (await wire.order()).json["id"]
    margin, cross = [(await placed(wire, account=account))["id"] for account in ("margin", "cross_margin")]
    reply = await wire.call("DELETE", "/spot/orders", "currency_pair=SOL_USDT&account=spot")
    assert [order["id"] for order in reply.json] == [spot]
    reply = await wire.call("DELETE", "/spot/orders", "currency_pair=SOL_USDT&side=sell")
    assert reply.json == []
    reply = await wire.call("DELETE", "/spot/orders")
    assert [(order["id"], order["account"]) for order in reply.json] == [(margin, "margin"), (cross, "cross_margin")]


async def test_margin_orders_end_with_their_market(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        order = await placed(wire)
        await wire.control("DELETE", "/markets/SOL_USDT")
        assert (await socket.next_on("spot.orders"))["result"][0]["event"] == "put"
        told = (await socket.next_on("spot.orders"))["result"][0]
        assert (told["id"], told["finish_as"]) == (order["id"], "cancelled")


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/accounts/nobody/margin_orders", ORDER, 404, "no account 'nobody'"),
        ("/accounts/alpha/margin_orders", ORDER | {"account": "spot"}, 400, "'spot'"),
        ("/accounts/alpha/margin_orders", ORDER | {"currency_pair": "FOO_USDT"}, 400, "unknown currency pair FOO_USDT"),
        ("/accounts/alpha/margin_orders", ORDER | {"price": "100.123"}, 400, "more than 2 decimals"),
        ("/margin_orders/7/cancel", None, 404, "no margin order 7"),
    ],
)
async def test_bad_control_requests_are_refused_in_clear_words(
    wire: Wire, path: str, body: object, status: int, said: str
) -> None:
    reply = await wire.control("POST", path, body)
    assert reply.status == status
    assert said in reply.json["error"]
