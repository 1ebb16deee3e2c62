"""A margin account against the embedded exchange's perpetuals, over real sockets."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from actors.account.kinds.margin_session import margin_rest
from actors.strategy.handle import AccountHandle
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.transport import HttpResponse
from messages.commands import PlaceOrder
from messages.enums import OrderOrigin, OrderStatus, Side, SyncState
from messages.errors import ConfigurationError, InsufficientBalanceError, InvalidValueError
from messages.margin import LedgerKind
from messages.margin_snapshot import MarginAccountSnapshot, MarginTradingStats
from messages.position import Position, PositionMode, PositionSide
from messages.position_events import LedgerEvent, MarginBalanceUpdateEvent, PositionUpdateEvent
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
