"""What Gate's clients in use send and expect, where the manual alone leaves room."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from exchanges.simulator.core.config import SimulatorConfig
from exchanges.simulator.server import is_loopback
from tests.exchanges.simulator.conftest import QUIET, VenueFactory
from tests.exchanges.simulator.wire import Wire
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[3]
PAIR = "currency_pair=SOL_USDT"


@pytest.mark.parametrize("text", ["true", "True", "1"])
async def test_booleans_come_as_clients_write_them(wire: Wire, text: str) -> None:
    assert "id" in await wire.get("/spot/order_book", f"{PAIR}&with_id={text}")
    assert "id" not in await wire.get("/spot/order_book", f"{PAIR}&with_id=False")
    assert (await wire.call("GET", "/spot/order_book", f"{PAIR}&with_id=yes")).label == "INVALID_PARAM_VALUE"


async def test_fields_that_nobody_knows_are_ignored_and_null_is_not_given(wire: Wire) -> None:
    newer = {"slippage": "0.1", "trade_quote": False, "stop_profit": None, "fee_discount": "0", "until": 1}
    optional = dict.fromkeys(("iceberg", "stp_act", "auto_borrow", "action_mode", "time_in_force", "type", "account"))
    placed = await wire.order(**newer, **optional)
    assert (placed.status, placed.json["time_in_force"], placed.json["type"]) == (201, "gtc", "limit")
    listed = await wire.get("/spot/orders", f"{PAIR}&status=open&until=1")
    assert [order["id"] for order in listed] == [placed.json["id"]]
    amended = await wire.call("PATCH", f"/spot/orders/{placed.json['id']}", PAIR, body={"price": "99", "amount": None})
    assert (amended.json["price"], amended.json["amount"]) == ("99", placed.json["amount"])
    # null in the body leaves what the query says
    also = await wire.call("PATCH", f"/spot/orders/{placed.json['id']}", PAIR, {"price": "98", "currency_pair": None})
    assert also.json["price"] == "98"
    put = {"side": "buy", "amount": "1", "price": "1", "type": None, "account": None, "time_in_force": None}
    waits = {"market": "SOL_USDT", "trigger": {"price": "1", "rule": "<=", "expiration": 60}, "put": put}
    assert (await wire.call("POST", "/spot/price_orders", body=waits)).status == 201
    lacking = {"currency_pair": "SOL_USDT", "side": "buy", "amount": None, "price": "100"}
    assert (await wire.call("POST", "/spot/orders", body=lacking)).label == "MISSING_REQUIRED_PARAM"


async def test_a_payload_may_be_an_empty_object_where_none_is_needed(wire: Wire) -> None:
    async with wire.socket() as socket:
        answer = await socket.subscribe("spot.balances", {}, private=True)
        assert answer["result"] == {"status": "success"}


@pytest.mark.parametrize(("has_past", "candles", "trades"), [(True, 1_000, 500), (False, 0, 0)])
async def test_candles_and_trades_of_before_the_start_fit_together(
    start: VenueFactory, has_past: bool, candles: int, trades: int
) -> None:
    wire = (await start(SimulatorConfig(traders_on=False, public_past=has_past))).wire()
    minutes = await wire.get("/spot/candlesticks", f"{PAIR}&interval=1m&limit=1000")
    traded = await wire.get("/spot/trades", f"{PAIR}&limit=1000")
    assert (len(minutes), len(traded)) == (candles, trades)
    if has_past:
        assert await wire.get("/spot/candlesticks", f"{PAIR}&interval=1m&limit=1000") == minutes
        within = [row for row in minutes if int(row[0]) <= int(traded[250]["create_time"]) < int(row[0]) + 60]
        assert float(within[0][4]) * 0.99 < float(traded[250]["price"]) < float(within[0][3]) * 1.01
        assert minutes[-1][2] == "141"


async def test_a_past_goes_over_into_what_is_traded(start: VenueFactory) -> None:
    venue = await start(SimulatorConfig(traders_on=False, public_past=True))
    wire, other = venue.wire("alpha"), venue.wire("beta")
    start_s = venue.ms // 1000

    async def candles(interval: str, span: str = "") -> list[list[str]]:
        rows: list[list[str]] = await wire.get("/spot/candlesticks", f"{PAIR}&interval={interval}{span}")
        return rows

    async def until_now(interval: str) -> list[str]:
        return (await candles(interval))[-1]

    hour, month = await until_now("1h"), await until_now("30d")
    venue.ms += 1_000
    await other.order(side="sell", price="150", amount="2")
    await wire.order(price="150", amount="2")
    for interval, before in (("1h", hour), ("30d", month)):
        after = await until_now(interval)
        assert (after[0], after[5], after[4]) == (before[0], before[5], before[4]), "what had been stays"
        assert (after[2], Decimal(after[6]) - Decimal(before[6])) == ("150", 2)
        assert Decimal(after[3]) == max(Decimal(before[3]), 150)

    quarter_s = 900
    quarters = await candles("15m", f"&from={start_s - 23 * 3_600 - start_s % quarter_s}&to={start_s}")
    (ticker,) = await wire.get("/spot/tickers", PAIR)
    assert Decimal(ticker["base_volume"]) > sum(Decimal(row[6]) for row in quarters) > 0
    assert Decimal(ticker["low_24h"]) <= min(Decimal(row[4]) for row in quarters)
    assert ticker["high_24h"] == "150"

    first_s = start_s - start_s % 3_600 - 24 * 3_600
    within = f"&from={first_s}&to={first_s + 86_399 - 60}"
    hours, minutes = await candles("1h", within), await candles("5m", within)
    assert (len(hours), len(minutes)) == (24, 288)
    assert sum(Decimal(row[6]) for row in hours) == sum(Decimal(row[6]) for row in minutes), "they count one market"
    assert (hours[0][5], hours[-1][2]) == (minutes[0][5], minutes[-1][2])

    far = f"&from={start_s - 9_990 * 60}&to={start_s - 9_000 * 60}"
    assert len(await candles("1m", far)) == 991, "a client that loads a long past gets it"


async def test_a_triggered_order_that_cannot_be_placed_has_failed_and_one_that_waits_too_long_has_expired(
    start: VenueFactory,
) -> None:
    venue = await start(QUIET)
    wire, other = venue.wire("alpha"), venue.wire("beta")

    def waiting(price: str, amount: str, expiration: int) -> dict[str, object]:
        put = {"side": "buy", "amount": amount, "price": "100", "type": "limit", "time_in_force": "gtc"}
        return {
            "market": "SOL_USDT",
            "trigger": {"price": price, "rule": "<=", "expiration": expiration},
            "put": {**put, "account": "normal"},
        }

    too_much = (await wire.call("POST", "/spot/price_orders", body=waiting("141", "40000", 60))).json["id"]
    late = (await wire.call("POST", "/spot/price_orders", body=waiting("1", "1", 1))).json["id"]
    assert (await wire.call("POST", "/spot/price_orders", body=waiting("1", "1", 0))).label == "INVALID_PARAM_VALUE"
    assert (await other.call("GET", f"/spot/price_orders/{late}")).label == "ORDER_NOT_FOUND"
    await other.order(side="sell", price="140", amount="1")
    await wire.order(side="buy", price="140", amount="1")

    triggers = venue.running.exchange.services.triggers
    ended = {too_much: "failed", late: "expired"}
    await eventually(lambda: {each.id: each.status.value for each in triggers.of("alpha", is_open=False)} == ended)
    rows = await wire.get("/spot/price_orders", "status=finished")
    assert {row["id"]: row["status"] for row in rows} == ended
    failed = await wire.get(f"/spot/price_orders/{too_much}")
    assert (failed["fired_order_id"], bool(failed["reason"])) == (0, True)
    assert (await wire.call("DELETE", f"/spot/price_orders/{late}")).label == "ORDER_CLOSED"


@pytest.mark.parametrize(
    ("host", "is_safe"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.2.3", False)],
)
def test_what_only_this_machine_reaches(host: str, is_safe: bool) -> None:
    assert is_loopback(host) is is_safe


def test_an_exchange_that_others_can_reach_says_so_and_protects_its_control_api() -> None:
    command = [sys.executable, "-m", "exchanges.simulator", "--host", "0.0.0.0", "--exit-when-stdin-closes"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        endpoints = json.loads(process.stdout.readline())
        url = endpoints["control"].replace("0.0.0.0", "127.0.0.1") + "/health"

        def status(**headers: str) -> int:
            return requests.get(url, headers=headers, timeout=10).status_code

        assert status() == status(Authorization="Bearer wrong") == 401
        assert status(Authorization=f"Bearer {endpoints['control_token']}") == 200
        process.terminate()
        assert "WARNING: 0.0.0.0 can be reached from other machines" in process.communicate(timeout=10)[1]
