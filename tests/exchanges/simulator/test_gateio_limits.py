"""Rate limits: what counts together, what the headers say, and when a client may come again."""

import msgspec
import pytest

from exchanges.simulator import RateLimits

from .conftest import QUIET, Venue, VenueFactory
from .test_faults_rest import set_fault
from .wire import Reply, Wire


def left(reply: Reply) -> int:
    return int(reply.headers["X-Gate-RateLimit-Requests-Remain"])


async def test_the_eleventh_order_within_a_second_is_too_many(venue: Venue, wire: Wire) -> None:
    replies = [await wire.order() for _ in range(10)]
    assert [reply.status for reply in replies] == [201] * 10
    assert [left(reply) for reply in replies] == list(range(9, -1, -1))
    venue.ms += 400
    refused = await wire.order()
    assert (refused.status, refused.label) == (429, "TOO_MANY_REQUESTS")
    assert refused.headers["X-Gate-RateLimit-Limit"] == "10"
    assert refused.headers["X-Gate-RateLimit-Requests-Remain"] == "0"
    assert int(refused.headers["X-Gate-RateLimit-Reset-Timestamp"]) == venue.ms + 600
    assert refused.headers["Retry-After"] == "1"
    venue.ms += 600
    assert (await wire.order()).status == 201


async def test_placing_and_amending_count_together_for_each_account_and_pair(venue: Venue, wire: Wire) -> None:
    order = (await wire.order()).json
    for price in range(101, 110):
        body = {"currency_pair": "SOL_USDT", "price": str(price)}
        assert (await wire.call("PATCH", f"/spot/orders/{order['id']}", body=body)).status == 200
    assert (await wire.order()).status == 429
    batch = [{"currency_pair": "SOL_USDT", "side": "buy", "amount": "1", "price": "100", "text": "t-1"}]
    assert (await wire.call("POST", "/spot/batch_orders", body=batch)).status == 429
    assert (await wire.order(currency_pair="ETH_USDT", price="3000", amount="0.1")).status == 201
    assert (await venue.wire("beta").order()).status == 201


async def test_canceling_has_an_allowance_of_its_own(wire: Wire) -> None:
    orders = [(await wire.order()).json["id"] for _ in range(10)]
    assert (await wire.order()).status == 429
    for order_id in orders:
        reply = await wire.call("DELETE", f"/spot/orders/{order_id}", "currency_pair=SOL_USDT")
        assert reply.status == 200
    assert left(reply) == 190


async def test_other_requests_count_for_each_endpoint(start: VenueFactory) -> None:
    limits = RateLimits(private_per_10s=3, public_per_10s=2)
    venue = await start(msgspec.structs.replace(QUIET, rate_limits=limits))
    wire = venue.wire()
    statuses = [(await wire.call("GET", "/spot/accounts")).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert (await wire.call("GET", "/spot/open_orders")).status == 200
    assert (await venue.wire("beta").call("GET", "/spot/accounts")).status == 200
    statuses = [(await wire.call("GET", "/spot/time", signed=False)).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    venue.ms += 10_000
    assert (await wire.call("GET", "/spot/accounts")).status == 200


async def test_a_request_that_is_not_let_in_counts_for_nobody(wire: Wire) -> None:
    for _ in range(20):
        assert (await wire.call("POST", "/spot/orders", body={}, headers={"SIGN": "0"})).status == 401
    assert left(await wire.order()) == 9


@pytest.mark.parametrize("fields", [{"amount": "99999"}, {"side": "hold"}])
async def test_a_refused_order_counts(wire: Wire, fields: dict[str, str]) -> None:
    assert (await wire.order(**fields)).status == 400
    assert left(await wire.order()) == 8


async def test_limits_can_be_turned_off(start: VenueFactory) -> None:
    venue = await start(msgspec.structs.replace(QUIET, rate_limits=RateLimits(enabled=False)))
    wire = venue.wire()
    assert {(await wire.order(amount="0.1")).status for _ in range(30)} == {201}


async def test_another_program_on_the_same_allowance_leaves_less_of_it(venue: Venue, wire: Wire) -> None:
    await set_fault(wire, "allowance_shared", account="alpha", more=3)
    assert [left(await wire.order()) for _ in range(3)] == [6, 2, 0]
    assert (await wire.order()).status == 429
    assert left(await venue.wire("beta").order()) == 9
    venue.ms += 1_000
    assert left(await wire.order()) == 6
