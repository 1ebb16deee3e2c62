"""Who is let in: signatures, timestamps, keys and permissions of REST requests."""

from decimal import Decimal

import msgspec
import pytest

from exchanges.simulator import AccountConfig

from .conftest import QUIET, Venue, VenueFactory
from .wire import Wire

# vectors worked out by hand from the manual's rules: key demo-key, secret s3cr3t-demo, time 1760000000
DEMO = AccountConfig(
    name="demo", key="demo-key", secret="s3cr3t-demo", balances={"USDT": Decimal(10_000), "SOL": Decimal(10)}
)
BODY_A = (
    b'{"text":"t-desk7-000042","currency_pair":"SOL_USDT","type":"limit","account":"spot","side":"buy",'
    b'"amount":"2.5","price":"141.20","time_in_force":"gtc"}'
)
SIGN_A = (
    "1e3745d8dced384f45a1fe7ea1387806613aed7f34e9ca409c5bd1193c43d7c6"
    "e1d443f5369aa9232631c49dfef429dca89fbdf2e46f191dd347dd6d569f00bc"
)
SIGN_B = (
    "5106d55888f2ff34d57b8f53b8bdd06bbe8b68e3acd3f17afec014c22cc55a43"
    "8d3df6fcfecddb9e770ec48756441d1cc66d23c3f71341152657497b3c834b10"
)
SIGN_C = (
    "1bb1b37d9e05c0b5f9d583a1f2cfe5e019c5b0956a3a3ddae0b109f2b6ab180c"
    "441d9bfce5165c1852444ca9df8a1bbab3555dad773ad46017b8a7d5df19e5e9"
)


@pytest.fixture
async def demo(start: VenueFactory) -> Wire:
    venue = await start(msgspec.structs.replace(QUIET, accounts=(DEMO,)))
    return venue.wire("demo")


def with_sign(sign: str) -> dict[str, str]:
    return {"KEY": "demo-key", "Timestamp": "1760000000", "SIGN": sign}


async def test_the_signed_order_of_vector_a_is_accepted(demo: Wire) -> None:
    reply = await demo.call("POST", "/spot/orders", body=BODY_A, signed=False, headers=with_sign(SIGN_A))
    assert reply.status == 201
    assert reply.json["text"] == "t-desk7-000042"


async def test_the_signed_query_of_vector_b_is_accepted(demo: Wire) -> None:
    path = "/spot/orders/912345678901"
    reply = await demo.call("GET", path, "currency_pair=SOL_USDT", signed=False, headers=with_sign(SIGN_B))
    assert (reply.status, reply.label) == (404, "ORDER_NOT_FOUND")


async def test_the_signed_subscription_of_vector_c_is_accepted(demo: Wire) -> None:
    async with demo.socket() as socket:
        auth = {"method": "api_key", "KEY": "demo-key", "SIGN": SIGN_C}
        frame = {"time": 1_760_000_000, "channel": "spot.orders", "event": "subscribe", "payload": ["SOL_USDT"]}
        await socket.send(frame | {"auth": auth})
        assert (await socket.next())["result"] == {"status": "success"}


@pytest.mark.parametrize(
    ("wrong", "status", "label"),
    [
        ({"KEY": "", "Timestamp": "1", "SIGN": "0"}, 400, "MISSING_REQUIRED_HEADER"),
        ({"KEY": "nobody", "Timestamp": "", "SIGN": "0"}, 400, "MISSING_REQUIRED_HEADER"),
        ({"KEY": "nobody", "Timestamp": "1", "SIGN": ""}, 400, "MISSING_REQUIRED_HEADER"),
        ({"KEY": "nobody", "SIGN": "0"}, 401, "INVALID_KEY"),
        ({"KEY": "nobody", "Timestamp": "1", "SIGN": "0"}, 403, "REQUEST_EXPIRED"),
        ({"Timestamp": "1", "SIGN": "0"}, 403, "REQUEST_EXPIRED"),
        ({"Timestamp": "1760000000000", "SIGN": "0"}, 403, "REQUEST_EXPIRED"),
        ({"Timestamp": "soon", "SIGN": "0"}, 403, "REQUEST_EXPIRED"),
        ({"Timestamp": "NaN", "SIGN": "0"}, 403, "REQUEST_EXPIRED"),
        ({"SIGN": "0"}, 401, "INVALID_SIGNATURE"),
        ({"Timestamp": "1760000001"}, 401, "INVALID_SIGNATURE"),
    ],
)
async def test_a_wrong_request_fails_at_the_first_check_that_it_misses(
    wire: Wire, wrong: dict[str, str], status: int, label: str
) -> None:
    reply = await wire.call("GET", "/spot/accounts", headers=wrong)
    assert (reply.status, reply.label) == (status, label)
    assert reply.json["message"]


@pytest.mark.parametrize(("seconds", "status"), [(-61, 403), (-60, 200), (60, 200), (61, 403)])
async def test_a_timestamp_may_be_a_minute_off(venue: Venue, seconds: int, status: int) -> None:
    wire = venue.wire()
    wire.now_s = lambda: venue.ms // 1000 + seconds
    assert (await wire.call("GET", "/spot/accounts")).status == status


async def test_a_timestamp_may_have_decimals_and_is_signed_as_written(wire: Wire) -> None:
    headers = wire.headers("GET", "/spot/accounts", "", b"", timestamp="1760000000.123")
    assert (await wire.call("GET", "/spot/accounts", signed=False, headers=headers)).status == 200


async def test_a_query_is_signed_before_it_is_encoded(wire: Wire) -> None:
    reply = await wire.call("GET", "/spot/batch_fee", "currency_pairs=BTC_USDT,SOL_USDT")
    assert (reply.status, list(reply.json)) == (200, ["BTC_USDT", "SOL_USDT"])


async def test_the_signature_covers_the_body(wire: Wire) -> None:
    headers = wire.headers("POST", "/spot/orders", "", b'{"amount":"1"}')
    reply = await wire.call("POST", "/spot/orders", body=b'{"amount":"2"}', signed=False, headers=headers)
    assert reply.label == "INVALID_SIGNATURE"


async def test_a_key_that_may_only_read_can_look_but_not_trade(start: VenueFactory) -> None:
    readers = (AccountConfig(name="alpha", read_only=True),)
    wire = (await start(msgspec.structs.replace(QUIET, accounts=readers))).wire()
    assert (await wire.call("GET", "/spot/accounts")).status == 200
    reply = await wire.order()
    assert (reply.status, reply.label) == (403, "READ_ONLY")


async def test_an_order_request_that_comes_too_late_is_refused(venue: Venue, wire: Wire) -> None:
    body = {"currency_pair": "SOL_USDT", "side": "buy", "amount": "1", "price": "100"}
    for expires_ms, status in ((venue.ms - 1, 403), (venue.ms, 201)):
        headers = {"X-Gate-Exptime": str(expires_ms)}
        reply = await wire.call("POST", "/spot/orders", body=body, headers=headers)
        assert reply.status == status
    assert len(await wire.get("/spot/orders", "currency_pair=SOL_USDT&status=open")) == 1


async def test_public_endpoints_need_no_signature(wire: Wire, venue: Venue) -> None:
    reply = await wire.call("GET", "/spot/time", signed=False)
    assert reply.json == {"server_time": venue.ms}
    assert int(reply.headers["X-In-Time"]) == venue.ms * 1000
    assert reply.headers["X-Out-Time"]
    assert reply.headers["X-Gate-Trace-ID"]


@pytest.mark.parametrize(
    ("method", "path", "status", "label"),
    [
        ("GET", "/spot/nothing", 404, "NOT_FOUND"),
        ("GET", "/spot/", 404, "NOT_FOUND"),
        ("PUT", "/spot/orders", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/spot/time", 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_what_does_not_exist_is_said_in_gates_form(
    wire: Wire, method: str, path: str, status: int, label: str
) -> None:
    reply = await wire.call(method, path)
    assert (reply.status, reply.label) == (status, label)
