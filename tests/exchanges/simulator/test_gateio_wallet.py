"""Balances, fees, withdrawals and deposits."""

from decimal import Decimal
from random import Random

import msgspec
import pytest

from exchanges.simulator import AccountConfig, Exchange
from exchanges.simulator.core.transfers import chains_of

from .clocks import VirtualTime
from .conftest import QUIET, Venue, VenueFactory
from .wire import Wire

ADDRESS = "TDemoAddress111111111111111111111"
REQUEST = {"currency": "USDT", "amount": "120.5", "chain": "TRX", "address": ADDRESS, "withdraw_order_id": "payout-7"}


async def usdt(wire: Wire) -> tuple[str, str]:
    (entry,) = await wire.get("/spot/accounts", "currency=USDT")
    return entry["available"], entry["locked"]


async def test_balances_show_what_orders_lock(wire: Wire) -> None:
    before = await wire.get("/spot/accounts")
    assert {(entry["currency"], entry["available"], entry["locked"]) for entry in before} == {
        ("SOL", "1000", "0"),
        ("USDT", "100000", "0"),
    }
    await wire.order(amount="2.5", price="141.2")
    (after,) = await wire.get("/spot/accounts", "currency=USDT")
    assert (after["available"], after["locked"]) == ("99647", "353")
    assert after["update_id"] == before[1]["update_id"] + 1


async def test_fees_and_account_details(venue: Venue, wire: Wire) -> None:
    fee = await wire.get("/wallet/fee")
    assert (fee["maker_fee"], fee["taker_fee"], fee["debit_fee"]) == ("0.0002", "0.0005", 3)
    assert await wire.get("/spot/fee") == fee
    detail = await wire.get("/account/detail")
    assert detail["user_id"] == fee["user_id"]
    assert detail["key"] == {"mode": 1}
    assert (await venue.wire("beta").get("/account/detail"))["user_id"] != detail["user_id"]
    batch = await wire.get("/spot/batch_fee", "currency_pairs=SOL_USDT")
    assert batch["SOL_USDT"]["taker_fee"] == "0.0005"


async def test_a_withdrawal_takes_the_money_at_once_and_can_be_called_back(wire: Wire) -> None:
    reply = await wire.call("POST", "/withdrawals", body=REQUEST)
    assert (reply.status, reply.json["status"], reply.json["timestamp"]) == (200, "REQUEST", "1760000000")
    assert await usdt(wire) == ("99879.5", "0")
    (listed,) = await wire.get("/wallet/withdrawals", "withdraw_order_id=payout-7")
    assert {name: listed[name] for name in reply.json} == reply.json
    assert listed["fee"] == "1"
    cancelled = await wire.call("DELETE", f"/withdrawals/{reply.json['id']}")
    assert (cancelled.status, cancelled.json["status"]) == (202, "CANCEL")
    assert await usdt(wire) == ("100000", "0")
    again = await wire.call("DELETE", f"/withdrawals/{reply.json['id']}")
    assert again.label == "INVALID_WITHDRAW_CANCEL_STATUS"


async def test_a_withdrawal_can_be_led_through_its_life_by_hand(wire: Wire) -> None:
    withdrawal_id = (await wire.call("POST", "/withdrawals", body=REQUEST)).json["id"]
    path = f"/withdrawals/{withdrawal_id}/status"
    await wire.control("POST", path, {"status": "MANUAL"})
    await wire.control("POST", path, {"status": "DONE", "txid": "abc"})
    (listed,) = await wire.get("/wallet/withdrawals")
    assert (listed["status"], listed["txid"]) == ("DONE", "abc")
    assert int(listed["block_number"]) > 0
    refused = await wire.control("POST", path, {"status": "FAIL"})
    assert (refused.status, "has ended as DONE" in refused.json["error"]) == (400, True)


async def test_a_failed_withdrawal_gives_the_money_back(wire: Wire) -> None:
    withdrawal_id = (await wire.call("POST", "/withdrawals", body=REQUEST)).json["id"]
    await wire.control("POST", f"/withdrawals/{withdrawal_id}/status", {"status": "FAIL"})
    assert await usdt(wire) == ("100000", "0")


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({"amount": "100001"}, "BALANCE_NOT_ENOUGH"),
        ({"amount": "1"}, "INVALID_PARAM_VALUE"),
        ({"amount": 120.5}, "INVALID_PARAM_VALUE"),
        ({"chain": "BTC"}, "INVALID_PARAM_VALUE"),
        ({"chain": None}, "MISSING_REQUIRED_PARAM"),
        ({"address": ""}, "MISSING_REQUIRED_PARAM"),
        ({"currency": "FOO"}, "INVALID_CURRENCY"),
        ({"withdraw_order_id": 33 * "x"}, "INVALID_CLIENT_ORDER_ID"),
    ],
)
async def test_a_wrong_withdrawal_is_refused(wire: Wire, change: dict[str, object], label: str) -> None:
    body = {name: value for name, value in {**REQUEST, **change}.items() if value is not None}
    assert (await wire.call("POST", "/withdrawals", body=body)).label == label
    assert await usdt(wire) == ("100000", "0")


async def test_a_withdrawal_id_cannot_be_used_twice(venue: Venue, wire: Wire) -> None:
    await wire.call("POST", "/withdrawals", body=REQUEST)
    assert (await wire.call("POST", "/withdrawals", body=REQUEST)).label == "TOO_MANY_REQUESTS"
    venue.ms += 3_000
    assert (await wire.call("POST", "/withdrawals", body=REQUEST)).label == "DUPLICATE_REQUEST"
    unknown = await wire.call("DELETE", "/withdrawals/w1")
    assert unknown.label == "INVALID_WITHDRAW_ID"


async def test_a_key_without_the_permission_cannot_withdraw(start: VenueFactory) -> None:
    accounts = (AccountConfig(name="alpha", withdrawals_allowed=False),)
    wire = (await start(msgspec.structs.replace(QUIET, accounts=accounts))).wire()
    assert (await wire.call("POST", "/withdrawals", body=REQUEST)).label == "API_WITHDRAW_DISABLED"


async def test_deposits_are_listed(wire: Wire) -> None:
    await wire.control("POST", "/accounts/alpha/deposit", {"currency": "SOL", "amount": "2.5"})
    (deposit,) = await wire.get("/wallet/deposits", "currency=SOL")
    assert (deposit["amount"], deposit["status"], deposit["timestamp"]) == ("2.5", "DONE", "1760000000")
    assert await wire.get("/wallet/deposits", "currency=BTC") == []


async def test_chains_and_withdrawal_costs(wire: Wire) -> None:
    chains = await wire.get("/wallet/currency_chains", "currency=USDT")
    assert [(chain["chain"], chain["is_disabled"]) for chain in chains] == [("TRX", 0), ("ETH", 0)]
    (status,) = await wire.get("/wallet/withdraw_status", "currency=USDT")
    assert status["withdraw_fix_on_chains"] == {"TRX": "1", "ETH": "2.5"}


def exchange_on(time: VirtualTime) -> Exchange:
    return Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(1))


def test_a_withdrawal_left_alone_goes_through_its_usual_life() -> None:
    time = VirtualTime()
    exchange = exchange_on(time)
    transfers = exchange.services.transfers
    withdrawal = transfers.withdraw(
        "alpha", currency="SOL", amount=Decimal(3), chain=chains_of("SOL")[0], address="x", memo="", text=""
    )
    seen = [withdrawal.status.value]
    for _ in range(3):
        time.advance(1.5)
        seen.append(withdrawal.status.value)
    assert seen == ["REQUEST", "PROCES", "PEND", "DONE"]
    assert exchange.engine.ledger.balance("alpha", "SOL").available == 997


async def test_balances_of_zero_may_be_left_out(start: VenueFactory) -> None:
    accounts = (AccountConfig(name="alpha", balances={"SOL": Decimal(0), "USDT": Decimal(1_000)}),)
    for listed, expected in ((True, ["SOL", "USDT"]), (False, ["USDT"])):
        venue = await start(msgspec.structs.replace(QUIET, accounts=accounts, zero_balances_listed=listed))
        assert [entry["currency"] for entry in await venue.wire().get("/spot/accounts")] == expected
