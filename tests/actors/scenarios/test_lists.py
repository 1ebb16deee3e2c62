"""What an account makes of lists: long ones, odd ones, those of many markets (R6, R10, R14)."""

import asyncio
import itertools
import random
from decimal import Decimal
from typing import Any

import pytest

from exchanges.base.clients import FillsReport, OpenOrdersReport
from exchanges.gateio.spot.private_rest import GateioPrivateRest
from exchanges.simulator import SimulatorConfig
from exchanges.simulator.core.orders import NewOrder, OrderType, TimeInForce
from exchanges.simulator.core.orders import Side as TheirSide
from exchanges.simulator.core.other_program import OtherProgram
from messages.commands import PlaceOrder
from messages.enums import Side, SyncState
from messages.events import ConnectionStatusEvent, ExecutionReportEvent
from messages.symbol import Symbol
from tests.support.eventually import eventually
from tests.support.orders import BTC, SOL
from tests.support.world import Recorder, World, assert_agrees, open_world, sync_state, until_async, until_state

D = Decimal


def new_bid(price: Decimal, *, pair: str = "SOL_USDT", amount: str = "0.1") -> NewOrder:
    return NewOrder(
        pair=pair,
        side=TheirSide.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        amount=D(amount),
        price=price,
        text="",
        origin="web",
    )


async def test_5d_the_fills_of_many_markets_are_one_query(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Symbol | None] = []
    real = GateioPrivateRest.load_fills

    async def load_fills(self: GateioPrivateRest, symbol: Symbol | None, **options: Any) -> FillsReport:
        asked.append(symbol)
        return await real(self, symbol, **options)

    monkeypatch.setattr(GateioPrivateRest, "load_fills", load_fills)
    await world.start(world.plan(symbols=(SOL, BTC, Symbol("ETH", "USDT"))), check_every_s=1000.0)
    assert asked == [None]


async def test_a_fill_in_a_market_that_nobody_named_is_heard_with_the_snapshot(world: World) -> None:
    """Another program traded there while we were away (R6)."""
    recorder = Recorder()
    await world.start(strategies=[recorder], check_every_s=0.3)
    engine = world.exchange.exchange.engine
    await world.market("BTC_USDT", "60000", "60001", "1")
    await world.fault("socket_deaf", account="alpha")
    engine.place("alpha", new_bid(D(60001), pair="BTC_USDT", amount="0.001"))

    await eventually(
        lambda: [e.fill.symbol for e in recorder.events if isinstance(e, ExecutionReportEvent)] == [BTC],
        what="the fill in a market of nobody's",
    )


async def test_r2_fills_of_an_outage_are_told_in_the_order_in_which_they_happened(world: World) -> None:
    """Those that are known come first, before newer ones can push them out of what is remembered."""
    recorder = Recorder()
    await world.start(strategies=[recorder], check_every_s=0.3)
    await world.fault("socket_deaf", account="alpha")
    engine = world.exchange.exchange.engine
    for _ in range(5):
        engine.place("alpha", new_bid(D(141)))

    def told() -> list[str]:
        return [event.fill.trade_id for event in recorder.events if isinstance(event, ExecutionReportEvent)]

    await eventually(lambda: len(told()) == 5, what="five fills")
    assert told() == sorted(told(), key=int)


@pytest.mark.parametrize("oddity", ["unknown_word", "null_field", "large_number", "distant_time", "missing_field"])
async def test_r10_an_odd_row_in_any_list_keeps_the_account_in(world: World, oddity: str) -> None:
    """The rows are of SOL/USDT, which may be unknown for it; another market is traded on."""
    for name in ("my_trades", "accounts", "currency_pairs"):
        if (name, oddity) not in {("accounts", "unknown_word"), ("accounts", "distant_time")}:
            await world.fault("odd_rows", list=name, oddity=oddity)
    last = await world.fault("odd_rows", list="open_orders", oddity=oddity)
    system = await world.start(world.plan(symbols=(SOL, BTC)), check_every_s=0.05)
    account = system.account("alpha")
    assert await sync_state(account) is SyncState.LIVE
    placed = await account.place(PlaceOrder.limit(BTC, Side.BUY, D("0.001"), D(30_000)))
    seen = await world.hits(last)

    async def was_listed_again() -> bool:
        return await world.hits(last) > seen + 3

    await until_async(was_listed_again, what="some checks")
    snapshot = await account.snapshot()
    assert snapshot.is_live
    assert placed.order_id in {order.order_id for order in snapshot.open_orders}


async def test_5c_an_account_with_450_orders_that_churn_beside_another_program_starts_and_stays_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between any two answers orders are placed and canceled, and another program trades on the same account."""
    read: list[int] = []
    real = GateioPrivateRest.load_open_orders

    async def load_open_orders(self: GateioPrivateRest) -> OpenOrdersReport:
        report = await real(self)
        read.append(len(report.orders))
        return report

    monkeypatch.setattr(GateioPrivateRest, "load_open_orders", load_open_orders)
    config = SimulatorConfig(traders_on=False, rest_latency_ms=5)
    async with open_world(config) as world:
        engine = world.exchange.exchange.engine
        other = OtherProgram(engine, "alpha", random.Random(1), max_open=50)
        resting = [engine.place("alpha", new_bid(D(100) + number * D("0.01"))) for number in range(450)]

        async def churn() -> None:
            for turn in itertools.count():
                engine.cancel(resting.pop(turn * 7 % len(resting)))
                resting.append(engine.place("alpha", new_bid(D(99) - turn % 100 * D("0.01"))))
                other.act()
                await asyncio.sleep(0.005)

        churning = asyncio.ensure_future(churn())
        recorder = Recorder()
        system = await world.start(strategies=[recorder], check_every_s=0.05)
        alpha = system.account("alpha")
        await until_state(alpha, SyncState.LIVE)
        recorder.events.clear()
        await eventually(lambda: len(read) > 10, what="ten checks")
        assert min(read) > 400  # those that come and go meanwhile may be in no answer
        assert not churning.done()
        churning.cancel()
        assert not [event for event in recorder.events if isinstance(event, ConnectionStatusEvent)]
        assert [event for event in recorder.events if isinstance(event, ExecutionReportEvent)]
        await assert_agrees(world, alpha)
