"""Pushes of balances that leave later than those of orders and than answers."""

import json
from typing import Any

import msgspec
import pytest

from .conftest import QUIET, Venue, VenueFactory
from .wire import Socket


@pytest.fixture
async def venue(start: VenueFactory) -> Venue:
    return await start(msgspec.structs.replace(QUIET, balance_push_delay_ms=150))


async def told(socket: Socket, count: int) -> list[Any]:
    return [await socket.next() for _ in range(count)]


async def test_balances_come_after_the_order_and_after_the_answer_in_their_order(venue: Venue) -> None:
    wire = venue.wire()
    async with wire.socket() as socket:
        await socket.subscribe("spot.balances", private=True)
        await socket.subscribe("spot.orders", ["!all"], private=True)
        for _ in range(2):
            assert (await wire.order()).status == 201
        frames = await told(socket, 4)
    assert [frame["channel"] for frame in frames] == 2 * ["spot.orders"] + 2 * ["spot.balances"]
    assert [frame["result"][0]["available"] for frame in frames[2:]] == ["99900", "99800"]


async def test_a_balance_says_what_it_was_when_it_changed(venue: Venue) -> None:
    wire = venue.wire()
    async with wire.socket() as socket:
        await socket.subscribe("spot.balances", private=True)
        order_id = (await wire.order()).json["id"]
        venue.ms += 20
        await wire.call("DELETE", f"/spot/orders/{order_id}", "currency_pair=SOL_USDT")
        rows = [frame["result"][0] for frame in await told(socket, 2)]
    assert [(row["available"], int(row["timestamp_ms"]) - venue.ms) for row in rows] == [("99900", -20), ("100000", 0)]


async def test_who_subscribes_meanwhile_is_told_of_what_is_on_its_way(venue: Venue) -> None:
    wire = venue.wire()
    await wire.order()
    async with wire.socket() as socket:
        await socket.subscribe("spot.balances", private=True)
        (frame,) = await told(socket, 1)
    assert json.loads(frame["result"][0]["freeze"]) == 100
