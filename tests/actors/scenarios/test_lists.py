"""What an account makes of lists: long ones, odd ones, those of many markets (R6, R10, R14)."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from exchanges.base.clients import FillsReport
from exchanges.gateio.private_rest import GateioPrivateRest
from exchanges.simulator import SimulatorConfig
from exchanges.simulator.orders import NewOrder, Order, OrderType, TimeInForce
from exchanges.simulator.orders import Side as TheirSide
from messages.commands import PlaceOrder
from messages.enums import Side, SyncState
from messages.events import ExecutionReportEvent
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
        time_in_force=TimeInForce.GOOD_TILL_CANCELLED,
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


async def test_5c_an_account_with_many_orders_that_come_and_go_stays_live() -> None:
    """150 rest, and between any two answers one is placed and one cancelled."""
    config = SimulatorConfig(traders_on=False, rest_latency_ms=5)
    async with open_world(config) as world:
        recorder = Recorder()
        system = await world.start(strategies=[recorder], check_every_s=0.05)
        await until_state(system.account("alpha"), SyncState.LIVE)
        engine = world.exchange.exchange.engine

        def put(price: Decimal) -> Order:
            return engine.place("alpha", new_bid(price))

        for number in range(150):
            put(D(100) + number * D("0.01"))

        async def knows_all() -> bool:
            return len((await system.account("alpha").snapshot()).open_orders) >= 150

        await until_async(knows_all, what="150 open orders")
        recorder.events.clear()
        for _ in range(100):
            order = put(D(99))
            await asyncio.sleep(0.005)
            engine.cancel(order)
        assert not [
            event.cause for event in recorder.events if getattr(event, "sync_state", None) is SyncState.DEGRADED
        ]
        await assert_agrees(world, system.account("alpha"))
