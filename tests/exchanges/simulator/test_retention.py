"""What the exchange forgets, and how it answers a question about what it does not know."""

import msgspec
import pytest

from exchanges.simulator import Retention

from .conftest import QUIET, Venue, VenueFactory
from .wire import Wire

PAIR = "currency_pair=SOL_USDT"
FINISHED = f"{PAIR}&status=finished"
DAY_S = 86_400


async def venue_with(start: VenueFactory, **fields: int | bool) -> Venue:
    return await start(msgspec.structs.replace(QUIET, retention=Retention(**fields)))


async def cancelled(wire: Wire, text: str) -> str:
    """The id of an order that was placed and canceled."""
    order_id = str((await wire.order(text=text)).json["id"])
    assert (await wire.call("DELETE", f"/spot/orders/{order_id}", PAIR)).status == 200
    return order_id


async def status(wire: Wire, item: str) -> str:
    order = await wire.get(f"/spot/orders/{item}", PAIR)
    return str(order.get("label") or order["status"])


async def test_a_text_is_forgotten_after_the_time_that_is_set(start: VenueFactory) -> None:
    venue = await venue_with(start, text_kept_s=1_800)
    wire = venue.wire()
    order_id = await cancelled(wire, "t-1")
    venue.ms += 1_800_000
    assert await status(wire, "t-1") == "cancelled"
    venue.ms += 1
    assert [await status(wire, item) for item in ("t-1", order_id)] == ["ORDER_NOT_FOUND", "cancelled"]


async def test_an_order_that_ended_without_a_fill_is_forgotten_altogether(start: VenueFactory) -> None:
    venue = await venue_with(start, unfilled_cancel_kept_s=60)
    wire = venue.wire()
    empty = await cancelled(wire, "t-empty")
    half = (await wire.order(text="t-half")).json["id"]
    await wire.control("POST", f"/orders/{half}/fill", {"amount": "0.4"})
    await wire.call("DELETE", f"/spot/orders/{half}", PAIR)
    still_open = (await wire.order(text="t-open")).json["id"]
    items = (empty, "t-empty", half, still_open)
    venue.ms += 60_000
    assert [await status(wire, item) for item in items] == ["cancelled", "cancelled", "cancelled", "open"]
    assert [order["id"] for order in await wire.get("/spot/orders", FINISHED)] == [half, empty]
    venue.ms += 1
    assert [await status(wire, item) for item in items] == ["ORDER_NOT_FOUND", "ORDER_NOT_FOUND", "cancelled", "open"]
    reply = await wire.call("GET", "/spot/orders", FINISHED)
    assert [order["id"] for order in reply.json] == [half]
    assert reply.headers["X-Pagination-Total"] == "1"
    assert (await wire.call("DELETE", f"/spot/orders/{empty}", PAIR)).label == "ORDER_NOT_FOUND"
    assert (await wire.call("DELETE", f"/spot/orders/{half}", PAIR)).label == "ORDER_CANCELLED"


async def test_the_fills_of_an_unknown_order_are_none_or_refused(start: VenueFactory) -> None:
    lenient, strict = (await start()).wire(), (await venue_with(start, unknown_order_trades_refused=True)).wire()
    for item in ("5", "t-1"):
        assert await lenient.get("/spot/my_trades", f"{PAIR}&order_id={item}") == []
        reply = await strict.call("GET", "/spot/my_trades", f"{PAIR}&order_id={item}")
        assert (reply.status, reply.label) == (404, "ORDER_NOT_FOUND")
    order_id = (await strict.order()).json["id"]
    assert await strict.get("/spot/my_trades", f"{PAIR}&order_id={order_id}") == []
    elsewhere = await strict.call("GET", "/spot/my_trades", f"currency_pair=ETH_USDT&order_id={order_id}")
    assert elsewhere.label == "ORDER_NOT_FOUND"


async def test_fills_asked_for_from_a_time_on_end_some_days_later(start: VenueFactory) -> None:
    for days, expected in ((None, ["2", "1"]), (7, ["1"])):
        venue = await start() if days is None else await venue_with(start, trades_from_alone_days=days)
        wire, begin_s = venue.wire(), venue.ms // 1000
        for amount, days_later in (("1", 7), ("2", 5)):
            venue.ms += days_later * DAY_S * 1000
            order_id = (await wire.order(amount=amount)).json["id"]
            await wire.control("POST", f"/orders/{order_id}/fill", {})

        async def amounts(query: str, wire: Wire = wire) -> list[str]:
            return [fill["amount"] for fill in await wire.get("/spot/my_trades", f"{PAIR}{query}")]

        assert await amounts(f"&from={begin_s}") == expected
        assert await amounts(f"&from={begin_s}&to={begin_s + 12 * DAY_S}") == ["2", "1"]
        assert await amounts("") == ["2", "1"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text_kept_s": -1}, "text_kept_s: -1 must be 0 or more seconds"),
        ({"unfilled_cancel_kept_s": -1}, "unfilled_cancel_kept_s: -1 must be null, or 0 or more seconds"),
        ({"trades_from_alone_days": 0}, "trades_from_alone_days: 0 must be null, or from 1 to 30"),
        ({"trades_from_alone_days": 31}, "trades_from_alone_days: 31"),
    ],
)
def test_a_retention_that_makes_no_sense_is_refused(fields: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Retention(**fields)
