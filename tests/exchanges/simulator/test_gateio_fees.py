"""Fees, GT, points and rebates as Gate writes them, in answers and pushes."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from exchanges.simulator import AccountConfig, FeeScheme, SimulatorConfig

from .conftest import BALANCES, QUIET, VenueFactory
from .wire import Wire

PARTS = ("fee", "fee_currency", "gt_fee", "point_fee")
REBATE = ("rebated_fee", "rebated_fee_currency")


def paying(*fees: FeeScheme) -> SimulatorConfig:
    alpha = AccountConfig(name="alpha", balances=BALANCES | {"GT": Decimal(1)}, fees=fees)
    return msgspec.structs.replace(QUIET, accounts=(alpha, QUIET.accounts[1]))


def shown(row: dict[str, Any], *names: str) -> tuple[str, ...]:
    return tuple(row[name] for name in names)


async def half_filled(wire: Wire) -> str:
    """A resting buy of 2 SOL at 100, one of them filled by the house: the id. Maker 0.02 %."""
    order_id = str((await wire.order(amount="2")).json["id"])
    await wire.control("POST", f"/orders/{order_id}/fill", {"amount": "1"})
    return order_id


@pytest.mark.parametrize(
    ("scheme", "parts", "rebate"),
    [
        (FeeScheme.RECEIVED, ("0.0002", "SOL", "0", "0"), "0"),
        (FeeScheme.GT, ("0", "SOL", "0.002", "0"), "0"),
        (FeeScheme.POINTS, ("0", "SOL", "0", "0.02"), "0"),
        (FeeScheme.SPLIT, ("0.0001", "SOL", "0.001", "0"), "0"),
        (FeeScheme.REBATE, ("0", "SOL", "0", "0"), "0.02"),
        (FeeScheme.ZERO, ("0", "SOL", "0", "0"), "0"),
    ],
)
async def test_every_answer_push_and_the_books_name_all_parts(
    start: VenueFactory, scheme: FeeScheme, parts: tuple[str, ...], rebate: str
) -> None:
    wire = (await start(paying(scheme))).wire()
    async with wire.socket() as socket:
        for channel in ("spot.orders", "spot.usertrades"):
            await socket.subscribe(channel, ["!all"], private=True)
        order_id = await half_filled(wire)
        assert shown((await socket.next_on("spot.usertrades"))["result"][0], *PARTS) == parts
        pushed = (await socket.next_on("spot.orders"))["result"][0]
        assert shown(pushed, *PARTS, *REBATE) == (*parts, rebate, "USDT")
    order = await wire.get(f"/spot/orders/{order_id}", "currency_pair=SOL_USDT")
    assert shown(order, *PARTS, *REBATE) == (*parts, rebate, "USDT")
    assert order["gt_discount"] is (parts[2] != "0")
    (fill,) = await wire.get("/spot/my_trades", "currency_pair=SOL_USDT")
    assert shown(fill, *PARTS) == parts
    books = (await wire.control("GET", "/accounts/alpha/books")).json
    for row in (*books["orders"], *books["trades"]):
        assert shown(row, *PARTS, *REBATE) == (*parts, rebate, "USDT")


async def test_gt_taken_is_pushed_with_its_own_word(start: VenueFactory) -> None:
    wire = (await start(paying(FeeScheme.GT))).wire()
    async with wire.socket() as socket:
        await socket.subscribe("spot.balances", private=True)
        await half_filled(wire)
        rows = [(await socket.next())["result"] for _ in range(3)]
    assert shown(rows[2][0], "currency", "change", "total", "change_type") == (
        "GT",
        "-0.002",
        "0.998",
        "trade-fee-deduct",
    )


async def test_the_fee_query_says_how_the_account_pays(start: VenueFactory) -> None:
    wire = (await start(paying(FeeScheme.GT))).wire()
    rates = await wire.get("/wallet/fee")
    assert (rates["gt_discount"], rates["gt_taker_fee"], rates["debit_fee"]) == (True, "0.0005", 1)
    wire = (await start(paying(FeeScheme.POINTS))).wire()
    assert (await wire.get("/wallet/fee"))["debit_fee"] == 2


async def test_gt_can_be_deposited_though_no_pair_trades_it(start: VenueFactory) -> None:
    wire = (await start(paying(FeeScheme.GT))).wire()
    reply = await wire.control("POST", "/accounts/alpha/deposit", {"currency": "GT", "amount": "2"})
    assert reply.json == {"currency": "GT", "available": "3", "locked": "0"}


async def test_a_trade_with_oneself_is_two_fills_of_one_id(start: VenueFactory) -> None:
    wire = (await start(msgspec.structs.replace(QUIET, self_trades_allowed=True))).wire()
    sold = (await wire.order(side="sell")).json["id"]
    bought = (await wire.order()).json
    assert bought["status"] == "closed"
    fills = await wire.get("/spot/my_trades", "currency_pair=SOL_USDT")
    assert {(fill["order_id"], fill["side"], fill["role"]) for fill in fills} == {
        (sold, "sell", "maker"),
        (bought["id"], "buy", "taker"),
    }
    assert len({fill["id"] for fill in fills}) == 1
