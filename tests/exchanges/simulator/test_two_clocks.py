"""The gateway's clock and the engine's: which is shown where, how they disagree, step and go back."""

from random import Random

import msgspec
import pytest

from exchanges.simulator import Exchange
from exchanges.simulator.faults.faults import ClockSkew
from exchanges.simulator.faults.queries import QueryLag

from .clocks import START_MS, VirtualTime
from .conftest import QUIET, Venue, VenueFactory
from .wire import Wire

FINISHED = "currency_pair=SOL_USDT&status=finished"
TRADES = "currency_pair=SOL_USDT"
QUERIES = (("/spot/my_trades", TRADES), ("/spot/orders", FINISHED))


def skew(venue: Venue, offset_ms: int, **fields: object) -> None:
    fault = msgspec.convert({"kind": "clock_skew", "offset_ms": offset_ms, **fields}, ClockSkew)
    venue.running.exchange.faults.add(fault)


async def filled(wire: Wire) -> int:
    """Places an order and lets the house fill it: the time of the fill in ms."""
    order_id = (await wire.order()).json["id"]
    return int((await wire.control("POST", f"/orders/{order_id}/fill")).json["updated_ms"])


async def test_the_gateways_clock_alone_is_off(venue: Venue, wire: Wire) -> None:
    skew(venue, 50_000, clock="gateway")
    reply = await wire.order()
    assert reply.json["create_time_ms"] == venue.ms
    assert int(reply.headers["X-In-Time"]) == (venue.ms + 50_000) * 1000
    assert (await wire.get("/spot/time"))["server_time"] == venue.ms + 50_000
    expired = {"X-Gate-Exptime": str(venue.ms + 40_000)}
    assert (await wire.call("DELETE", "/spot/orders", "", headers=expired)).label == "REQUEST_EXPIRED"
    skew(venue, 20_000, clock="gateway")
    assert (await wire.order()).label == "REQUEST_EXPIRED"


async def test_the_engines_clock_alone_is_off(venue: Venue, wire: Wire) -> None:
    skew(venue, 90_000, clock="engine")
    async with wire.socket() as socket:
        for channel, payload in (("spot.balances", None), ("spot.usertrades", ["!all"])):
            await socket.subscribe(channel, payload, private=True)
        assert await filled(wire) == venue.ms + 90_000
        told = await socket.next_on("spot.balances")
        assert (told["time_ms"], told["result"][0]["timestamp_ms"]) == (venue.ms, str(venue.ms + 90_000))
        told = await socket.next_on("spot.usertrades")
        assert (told["time_ms"], told["result"][0]["create_time"]) == (venue.ms, (venue.ms + 90_000) // 1000)
    assert (await wire.get("/spot/time"))["server_time"] == venue.ms
    assert len(await wire.get("/spot/my_trades", TRADES)) == 1


async def test_an_engine_that_steps_gives_several_changes_one_stamp(start: VenueFactory) -> None:
    venue = await start(msgspec.structs.replace(QUIET, engine_clock_step_ms=1_000))
    wire = venue.wire()
    venue.ms += 250
    first = (await wire.order()).json
    venue.ms += 500
    second = (await wire.order()).json
    venue.ms += 250
    third = (await wire.order()).json
    assert [order["create_time_ms"] - START_MS for order in (first, second, third)] == [0, 0, 1_000]
    assert (await wire.get("/spot/time"))["server_time"] == START_MS + 1_000


async def test_an_engine_that_steps_back_keeps_its_lists_in_the_order_of_time(venue: Venue, wire: Wire) -> None:
    first = await filled(wire)
    skew(venue, -5_000, clock="engine", stepwise_back=True)
    venue.ms += 1_000
    second = await filled(wire)
    assert second == first - 4_000
    times = [int(float(fill["create_time_ms"])) for fill in await wire.get("/spot/my_trades", TRADES)]
    assert times == [first, second]
    until = f"from={second // 1000}&to={second // 1000}"
    assert len(await wire.get("/spot/my_trades", f"{TRADES}&{until}")) == 1
    assert len(await wire.get("/spot/orders", f"{FINISHED}&{until}")) == 1


@pytest.mark.parametrize(
    ("stepwise_back", "shown"), [(False, [0, 8_000, 9_000, 9_000]), (True, [0, 8_000, 2_000, 3_000])]
)
def test_what_ends_lets_time_step_back_only_if_told(stepwise_back: bool, shown: list[int]) -> None:
    time = VirtualTime()
    exchange = Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(7))
    seen = [exchange.services.now_ms()]
    time.advance(1)
    exchange.faults.add(ClockSkew(offset_ms=7_000, stepwise_back=stepwise_back, for_s=1))
    seen.append(exchange.services.now_ms())
    for _ in range(2):
        time.advance(1)
        seen.append(exchange.services.now_ms())
    assert [ms - START_MS for ms in seen] == shown
    assert exchange.engine.now_ms() == seen[-1]


async def test_a_gateway_that_steps_back_does_not_stretch_the_rate_limits(start: VenueFactory) -> None:
    venue = await start(QUIET)
    wire = venue.wire()
    for _ in range(10):
        await wire.order()
    assert (await wire.order()).label == "TOO_MANY_REQUESTS"
    skew(venue, -20_000, clock="gateway", stepwise_back=True)
    assert (await wire.order()).status == 201


async def test_what_a_query_shows_that_lags_does_not_depend_on_the_engines_clock(venue: Venue, wire: Wire) -> None:
    exchange = venue.running.exchange
    await filled(wire)
    venue.ms += 60_000
    skew(venue, -120_000, clock="engine", stepwise_back=True)
    await filled(wire)
    exchange.faults.add(QueryLag(lag_ms=5_000))
    assert [len(await wire.get(*query)) for query in QUERIES] == [1, 1]
    exchange.faults.clear()
    assert [len(await wire.get(*query)) for query in QUERIES] == [2, 2]
