"""A margin account against the embedded exchange's perpetuals, over real sockets."""

import asyncio
import contextlib
import dataclasses
import random
import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.account.kinds.margin_session import margin_rest
from actors.strategy.handle import AccountHandle
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.transport import HttpResponse
from messages.commands import PlaceOrder
from messages.enums import OrderOrigin, OrderStatus, Side, SyncState
from messages.errors import (
    ConfigurationError,
    InsufficientBalanceError,
    InvalidValueError,
    KillSwitchError,
    TellerError,
    UnresolvedOrderError,
)
from messages.margin import LedgerKind
from messages.margin_snapshot import MarginAccountSnapshot, MarginTradingStats
from messages.position import MarginMode, Position, PositionMode, PositionSide
from messages.position_commands import ClosePosition, SetLeverage
from messages.position_events import LedgerEvent, MarginBalanceUpdateEvent, PositionMismatchEvent, PositionUpdateEvent
from tests.support.eventually import eventually
from tests.support.futures_world import SOL, FuturesWorld, open_futures_world
from tests.support.proxy import Mode
from tests.support.recorder import Recorder
from tests.support.world import until_state


@pytest.fixture
async def world() -> AsyncIterator[FuturesWorld]:
    async with open_futures_world() as opened:
        yield opened


def market(side: Side, quantity: str, *, reduce_only: bool = False) -> PlaceOrder:
    return PlaceOrder.market(SOL, side, Decimal(quantity), reduce_only=reduce_only)


async def snapshot_of(account: AccountHandle) -> MarginAccountSnapshot:
    snapshot = await account.snapshot()
    assert isinstance(snapshot, MarginAccountSnapshot)
    return snapshot


async def until_held(account: AccountHandle, quantity: str) -> MarginAccountSnapshot:
    """Waits until the account has this net position in SOL."""
    deadline = asyncio.get_running_loop().time() + 5
    while True:
        snapshot = await snapshot_of(account)
        held = sum((each.quantity for each in snapshot.positions if each.symbol == SOL), Decimal(0))
        if held == Decimal(quantity):
            return snapshot
        assert asyncio.get_running_loop().time() < deadline, f"{held}, not {quantity}"


def ledger_kinds(recorder: Recorder) -> list[LedgerKind]:
    return [event.entry.kind for event in recorder.events if isinstance(event, LedgerEvent)]


def told_positions(recorder: Recorder) -> list[Position]:
    return [event.position for event in recorder.events if isinstance(event, PositionUpdateEvent)]


async def test_a_position_is_opened_told_and_closed(world: FuturesWorld) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    account = system.account("alpha")
    before = await snapshot_of(account)
    assert (before.position_mode, before.positions) == (PositionMode.ONE_WAY, ())
    assert before.margins["USDT"].wallet_balance == before.balances["USDT"].total > 0

    placed = await account.place(market(Side.BUY, "0.4"))
    assert placed.status is OrderStatus.FILLED
    (held,) = (await until_held(account, "0.4")).positions
    assert (held.symbol, held.side, held.entry_price) == (SOL, PositionSide.NET, 142)
    books = await world.positions()
    assert Decimal(books["SOL_USDT"]["size"]) * Decimal("0.01") == held.quantity

    await account.place(market(Side.SELL, "0.4", reduce_only=True))
    await until_held(account, "0")
    kinds = [LedgerKind.FEE, LedgerKind.FEE, LedgerKind.REALIZED_PNL]
    await eventually(lambda: sorted(ledger_kinds(recorder), key=lambda kind: kind.value) == kinds)
    told = [position.quantity for position in told_positions(recorder)]
    assert Decimal("0.4") in told
    assert told[-1] == 0
    await eventually(lambda: any(isinstance(event, MarginBalanceUpdateEvent) for event in recorder.events))
    stats = await account.get_trading_stats()
    assert isinstance(stats, MarginTradingStats)
    assert (stats.active_positions, stats.position_mismatches) == (0, 0)


async def test_positions_are_loaded_at_start_and_after_a_gap(world: FuturesWorld) -> None:
    first = await world.start()
    await first.account("alpha").place(market(Side.BUY, "1"))
    await until_held(first.account("alpha"), "1")
    await first.stop(cancel_open_orders=False)

    system = await world.start()
    account = system.account("alpha")
    (held,) = (await snapshot_of(account)).positions
    assert (held.quantity, held.mark_price, held.unrealized_pnl) == (1, 141, -1)
    stats: Any = await account.get_trading_stats()
    assert (stats.active_positions, stats.unrealized_pnl) == (1, {"USDT": -1})
    assert stats.margin_used["USDT"] > 0


async def test_a_position_that_is_liquidated_in_a_gap_is_gone_after_it(world: FuturesWorld) -> None:
    system = await world.start()
    account = system.account("alpha")
    await account.place(market(Side.BUY, "100"))
    await until_held(account, "100")
    for link in (world.ws, world.rest):
        await link.set_mode(Mode.REFUSE)
        link.cut()
    await until_state(account, SyncState.RECOVERING)
    await world.prices("115")
    assert await world.positions() == {}
    for link in (world.ws, world.rest):
        await link.set_mode(Mode.PASS)
    await until_state(account, SyncState.LIVE)
    assert (await snapshot_of(account)).positions == ()
    stats: Any = await account.get_trading_stats()
    assert stats.position_mismatches == 0


async def test_what_the_exchange_would_refuse_is_refused_here(world: FuturesWorld) -> None:
    system = await world.start()
    account = system.account("alpha")
    await account.place(market(Side.BUY, "1"))
    await until_held(account, "1")
    with pytest.raises(InvalidValueError, match="reduce"):
        await account.place(market(Side.BUY, "1", reduce_only=True))
    with pytest.raises(InsufficientBalanceError):
        await account.place(PlaceOrder.limit(SOL, Side.BUY, Decimal("200"), Decimal("130")))


class Rewriting(AiohttpTransport):
    """The network, with one text in the answers to one path written otherwise."""

    def __init__(self, path: str, before: bytes, after: bytes) -> None:
        super().__init__()
        self._path, self._before, self._after = path, before, after

    async def request(self, method: str, url: str, **options: Any) -> HttpResponse:
        answer = await super().request(method, url, **options)
        if not url.endswith(self._path):
            return answer
        assert self._before in answer.body
        return replace(answer, body=answer.body.replace(self._before, self._after))


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (b'"margin_mode":0', b'"margin_mode":2', "portfolio"),
        (b'"position_mode":"single"', b'"position_mode":"dual_plus"', "dual_plus"),
    ],
)
async def test_an_account_in_a_mode_that_we_do_not_support_does_not_start(
    world: FuturesWorld, before: bytes, after: bytes, name: str
) -> None:
    await world.environment.http.close()
    world.environment = dataclasses.replace(world.environment, http=Rewriting("/futures/usdt/accounts", before, after))
    with pytest.raises(ConfigurationError, match=name):
        await world.start()


async def test_a_fill_that_the_socket_does_not_tell_is_asked_for(world: FuturesWorld) -> None:
    system = await world.start()
    account = system.account("alpha")
    dropped = await world.fault("frame_drop", channel="futures.usertrades")
    await account.place(market(Side.BUY, "1"))
    await until_held(account, "1")
    assert await world.hits(dropped) == 1
    deadline = asyncio.get_running_loop().time() + 5
    while (stats := await account.get_trading_stats()).fills_count == 0:
        assert asyncio.get_running_loop().time() < deadline
    assert isinstance(stats, MarginTradingStats)
    assert stats.position_mismatches == 0


async def test_a_position_that_the_socket_does_not_tell_follows_its_fills(world: FuturesWorld) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    account = system.account("alpha")
    await world.fault("frame_drop", channel="futures.positions")
    await account.place(market(Side.BUY, "1"))
    await account.place(market(Side.SELL, "3"))
    (held,) = (await until_held(account, "-2")).positions
    assert held.entry_price == 140
    # The doubt that it leaves is asked about, and the exchange says the same.
    await eventually(lambda: any(each.update_id for each in told_positions(recorder)))
    assert {each.quantity for each in told_positions(recorder) if each.update_id} == {Decimal(-2)}
    stats: Any = await account.get_trading_stats()
    assert stats.position_mismatches == 0


async def test_a_liquidation_and_a_funding_payment_are_told_as_what_they_are(world: FuturesWorld) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    account = system.account("alpha")
    await account.place(market(Side.BUY, "100"))
    await until_held(account, "100")
    await world.control("POST", "/funding/SOL_USDT", {"rate": "0.001"})
    await eventually(lambda: LedgerKind.FUNDING in ledger_kinds(recorder))
    (paid,) = [e.entry.funding for e in recorder.events if isinstance(e, LedgerEvent) and e.entry.funding is not None]
    assert (paid.symbol, paid.amount) == (SOL, Decimal("-14.1"))
    await world.prices("115")
    await until_held(account, "0")
    await eventually(lambda: recorder.fills()[-1].origin is OrderOrigin.LIQUIDATION)
    stats: Any = await account.get_trading_stats()
    assert (stats.active_positions, stats.position_mismatches) == (0, 0)


async def test_in_hedge_mode_a_market_has_a_long_and_a_short_position(world: FuturesWorld) -> None:
    rest = margin_rest(world.venue().create_private_rest(world.plan().credentials))
    await rest.set_position_mode(PositionMode.HEDGE)
    system = await world.start()
    account = system.account("alpha")
    await account.place(market(Side.BUY, "2"))
    await account.place(market(Side.SELL, "3"))
    await account.place(market(Side.SELL, "0.5", reduce_only=True))
    snapshot = await until_held(account, "-1.5")
    assert snapshot.position_mode is PositionMode.HEDGE
    assert {each.side: each.quantity for each in snapshot.positions} == {
        PositionSide.LONG: Decimal("1.5"),
        PositionSide.SHORT: Decimal(-3),
    }
    stats: Any = await account.get_trading_stats()
    assert (stats.active_positions, stats.position_mismatches) == (2, 0)


class WithoutFills(AiohttpTransport):
    """The network, with every list of fills empty."""

    async def request(self, method: str, url: str, **options: Any) -> HttpResponse:
        answer = await super().request(method, url, **options)
        return replace(answer, body=b"[]") if "/my_trades" in url else answer


async def test_a_position_that_no_fill_explains_stands_and_is_told(world: FuturesWorld) -> None:
    await world.environment.http.close()
    world.environment = dataclasses.replace(world.environment, http=WithoutFills())
    await world.fault("frame_drop", channel="futures.usertrades")
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    account = system.account("alpha")
    await account.place(market(Side.BUY, "1"))
    await until_held(account, "1")
    await eventually(lambda: any(isinstance(event, PositionMismatchEvent) for event in recorder.events))
    (event,) = [event for event in recorder.events if isinstance(event, PositionMismatchEvent)]
    assert (event.symbol, event.side, event.quantity, event.by_fills) == (SOL, PositionSide.NET, 1, 0)
    stats: Any = await account.get_trading_stats()
    assert (stats.position_mismatches, stats.active_positions) == (1, 1)
    await until_held(account, "1")


# -- commands ------------------------------------------------------------------------------------------------------


async def test_a_whole_position_is_closed_however_large_it_is(world: FuturesWorld) -> None:
    system = await world.start()
    account = system.account("alpha")
    await account.place(market(Side.BUY, "1.23"))
    await until_held(account, "1.23")
    order = await account.close_position((await snapshot_of(account)).positions[0])
    assert (order.status, order.filled_quantity, order.reduce_only) == (OrderStatus.FILLED, Decimal("1.23"), True)
    assert order.client_order_id is not None
    await until_held(account, "0")
    assert await world.positions() == {}
    with pytest.raises(InvalidValueError, match="no position"):
        await account.ask(ClosePosition(symbol=SOL, side=Side.SELL))


async def test_r3_a_close_whose_answer_is_lost_is_looked_up(world: FuturesWorld) -> None:
    system = await world.start()
    account = system.account("alpha")
    await account.place(market(Side.BUY, "1"))
    await until_held(account, "1")
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    with pytest.raises(UnresolvedOrderError):
        await account.ask(ClosePosition(symbol=SOL, side=Side.SELL, client_order_id="close-1"))
    await world.rest.set_mode(Mode.PASS)
    await until_held(account, "0")
    found = await account.get_active_order(SOL, client_order_id="close-1")
    assert found is not None
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, 1)


async def test_closing_passes_while_the_kill_switch_is_engaged(world: FuturesWorld) -> None:
    system = await world.start()
    account = system.account("alpha")
    await account.place(market(Side.SELL, "1"))
    await until_held(account, "-1")
    await account.engage_kill_switch("enough")
    with pytest.raises(KillSwitchError):
        await account.place(market(Side.SELL, "1"))
    await account.ask(ClosePosition(symbol=SOL, side=Side.BUY))
    await until_held(account, "0")


async def test_leverage_and_margin_mode_are_set(world: FuturesWorld) -> None:
    system = await world.start()
    account = system.account("alpha")
    await account.place(market(Side.BUY, "1"))
    await until_held(account, "1")
    (told,) = await account.set_leverage(SOL, Decimal(4), MarginMode.ISOLATED)
    assert (told.leverage, told.margin_mode, told.quantity) == (4, MarginMode.ISOLATED, 1)
    (held,) = (await snapshot_of(account)).positions
    assert (held.leverage, held.margin_mode, held.quantity) == (4, MarginMode.ISOLATED, 1)
    (told,) = await account.set_margin_mode(SOL, MarginMode.CROSS)
    assert (told.margin_mode, told.quantity) == (MarginMode.CROSS, 1)
    with pytest.raises(InvalidValueError, match="leverage"):
        await account.ask(SetLeverage(symbol=SOL, leverage=Decimal(1000), margin_mode=MarginMode.CROSS))


async def test_r3_a_leverage_whose_answer_is_lost_is_asked_about(world: FuturesWorld, tmp_path: Path) -> None:
    journal = world.journal(tmp_path / "alpha.journal")
    system = await world.start(world.plan(journal=journal, unresolved_patience_ms=300))
    account = system.account("alpha")
    await account.place(market(Side.BUY, "1"))
    await until_held(account, "1")
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    with pytest.raises(UnresolvedOrderError, match="leverage"):
        await account.ask(SetLeverage(symbol=SOL, leverage=Decimal(4), margin_mode=MarginMode.CROSS))
    await world.rest.set_mode(Mode.PASS)
    deadline = asyncio.get_running_loop().time() + 5
    while (await journal.recall(executed_limit=10)).open_intents:
        assert asyncio.get_running_loop().time() < deadline
    assert (await snapshot_of(account)).positions[0].leverage == 4


@pytest.mark.parametrize("has_arrived", [True, False])
async def test_r4_a_setting_of_an_earlier_life_is_settled(
    world: FuturesWorld, tmp_path: Path, has_arrived: bool
) -> None:
    journal = world.journal(tmp_path / "alpha.journal")
    command = SetLeverage(symbol=SOL, leverage=Decimal(4), margin_mode=MarginMode.CROSS)
    await journal.record_intent(command, arrives_by_ms=0)
    if has_arrived:
        rest = margin_rest(world.venue().create_private_rest(world.plan().credentials))
        await rest.set_leverage(command)
    await world.start(world.plan(journal=journal))
    deadline = asyncio.get_running_loop().time() + 5
    while (await journal.recall(executed_limit=10)).open_intents:
        assert asyncio.get_running_loop().time() < deadline
    with sqlite3.connect(tmp_path / "alpha.journal") as connection:
        (outcome,) = connection.execute("SELECT outcome FROM intents").fetchone()
    assert outcome == ("confirmed" if has_arrived else "rejected")


STORM: list[tuple[str, dict[str, Any]]] = [
    ("query_lag", {"lag_ms": 40}),
    ("frame_reorder", {"window": 4, "hold_ms": 30}),
    ("frame_duplicate", {"delay_ms": 20, "probability": 0.3}),
    ("frame_late", {"delay_ms": 60, "probability": 0.2}),
    ("frame_drop", {"channel": "futures.positions", "probability": 0.3}),
    ("frame_drop", {"channel": "futures.usertrades", "probability": 0.2}),
]


# -- storms --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", PositionMode)
@pytest.mark.parametrize("seed", range(3))
async def test_after_frames_were_lost_late_and_doubled_positions_are_those_of_the_books(
    world: FuturesWorld, seed: int, mode: PositionMode
) -> None:
    rng = random.Random(seed)
    rest = margin_rest(world.venue().create_private_rest(world.plan().credentials))
    await rest.set_position_mode(mode)
    recorder = Recorder()
    system = await world.start(strategies=[recorder], check_every_s=1.0)
    account = system.account("alpha")
    for kind, options in STORM:
        await world.fault(kind, **options)
    for number in range(40):
        side, quantity = rng.choice([Side.BUY, Side.SELL]), str(rng.choice([1, 2, 3, 5]))
        with contextlib.suppress(TellerError):
            await account.place(market(side, quantity, reduce_only=rng.random() < 0.2))
        if number == 20:
            world.ws.cut()
            await until_state(account, SyncState.RECOVERING)
            await until_state(account, SyncState.LIVE)
        if rng.random() < 0.1:
            await world.control("POST", "/funding/SOL_USDT", {"rate": "0.0001"})
    await world.clear()
    await until_state(account, SyncState.LIVE)
    await account.reload()
    rows = (await world.control("GET", "/accounts/alpha/positions"))["positions"]
    wanted = sorted(Decimal(row["size"]) / 100 for row in rows if Decimal(row["size"]))
    deadline = asyncio.get_running_loop().time() + 5
    while wanted != (held := sorted(each.quantity for each in (await snapshot_of(account)).positions)):
        assert asyncio.get_running_loop().time() < deadline, f"{held} here, {wanted} there"
    stats: Any = await account.get_trading_stats()
    assert stats.position_mismatches == 0
    told = {each.side: each.quantity for each in told_positions(recorder)}
    assert sorted(quantity for quantity in told.values() if quantity) == wanted
