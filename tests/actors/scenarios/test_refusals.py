"""A refusal is the answer of what was asked, and nothing more (R5, R10), over real sockets."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import actors.account.session as session_module
from actors.market.messages import GetFeed
from actors.strategy.handle import AccountHandle
from exchanges.simulator import SimulatorConfig
from exchanges.simulator.core.config import AccountConfig, PairConfig
from messages.commands import CancelOrder, GetOrder, GetWithdrawals, PlaceOrder, Withdraw
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import InvalidValueError, RefusalReason, TellerError, UnknownMarketError, VenueRefusedError
from messages.events import ConnectionStatusEvent, ErrorEvent, ErrorKind
from messages.order import Order
from messages.symbol import Symbol
from tests.support.eventually import eventually
from tests.support.orders import BTC, SOL, order
from tests.support.world import Recorder, World, open_world, sync_state, until_async, until_state

ONE = Decimal(1)
NEW = Symbol("NEW", "USDT")
NEW_PAIR = {
    "id": "NEW_USDT",
    "start_price": "100",
    "price_precision": 2,
    "amount_precision": 3,
    "min_base_amount": "0.001",
}


def bid(price: str = "130", symbol: Symbol = SOL) -> PlaceOrder:
    return PlaceOrder.limit(symbol, Side.BUY, ONE, Decimal(price))


async def a_few_checks(world: World) -> None:
    """Waits until the exchange was asked for all balances twice more."""
    fault = await world.fault("rest_slow", endpoint="GET /spot/accounts", delay_ms=1)
    await until_async(lambda: _struck(world, fault), what="two checks")
    await world.clear(fault)


async def _struck(world: World, fault: int) -> bool:
    return await world.hits(fault) >= 2


async def test_r10_a_withdrawal_without_the_permission_is_refused_and_trading_goes_on() -> None:
    config = SimulatorConfig(traders_on=False, accounts=(AccountConfig(name="alpha", withdrawals_allowed=False),))
    async with open_world(config) as world:
        account = (await world.start(world.plan(allow_withdrawals=True), check_every_s=0.05)).account("alpha")
        with pytest.raises(VenueRefusedError) as refused:
            await account.ask(Withdraw(currency="USDT", amount=Decimal(50), chain="TRX", address="T1"))
        assert refused.value.reason is RefusalReason.PERMISSION
        await a_few_checks(world)
        assert await sync_state(account) is SyncState.LIVE
        assert (await account.place(bid())).status is OrderStatus.NEW


@pytest.mark.parametrize(
    ("endpoint", "command"),
    [
        ("GET /wallet/withdrawals", GetWithdrawals()),
        ("POST /spot/orders", bid()),
        ("POST /spot/orders", bid("99", BTC)),
    ],
    ids=["withdrawals are read", "an order is placed", "one market is not allowed for the key"],
)
@pytest.mark.parametrize("label", ["FORBIDDEN", "READ_ONLY", "INVALID_KEY"])
async def test_r10_whatever_command_is_refused_for_permission_or_key_the_account_stays_live(
    world: World, endpoint: str, command: Any, label: str
) -> None:
    account = (await world.start(world.plan(symbols=(SOL, BTC)), check_every_s=0.05)).account("alpha")
    resting = await account.place(bid("120"))
    fault = await world.fault("rest_refusal", endpoint=endpoint, status=403, label=label, message="no")
    with pytest.raises(TellerError):
        await account.ask(command)
    await world.clear(fault)
    await a_few_checks(world)
    assert await sync_state(account) is SyncState.LIVE
    assert (await account.cancel(resting)).status is OrderStatus.CANCELED


async def test_r10_a_key_that_is_refused_on_every_question_ends_failed(world: World) -> None:
    account = (await world.start(check_every_s=0.05)).account("alpha")
    await world.fault("rest_refusal", access="private", status=401, label="INVALID_KEY", message="Invalid key")
    await until_state(account, SyncState.FAILED)


async def test_r10_a_pair_whose_subscription_is_refused_keeps_only_itself_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.market.session._FIRST_PAUSE_S", 0.05)
    recorder = Recorder()
    fault = await world.fault("subscription_refused", channel="spot.book_ticker", pair="BTC_USDT")
    system = await world.start(world.plan(symbols=(SOL, BTC)), strategies=[recorder], check_every_s=0.05)
    account = system.account("alpha")
    feed = await system.market("gateio").ask(GetFeed())
    assert list(feed.unavailable) == [BTC]
    assert "unknown currency pair" in feed.unavailable[BTC]
    assert (await account.place(bid())).status is OrderStatus.NEW

    world.ws.cut()  # and after a reconnect it is so still
    await until_async(lambda: _is_live(system.market("gateio")), what="the feed to be live again")
    assert list((await system.market("gateio").ask(GetFeed())).unavailable) == [BTC]
    await world.clear(fault)

    async def is_there() -> bool:
        return not (await system.market("gateio").ask(GetFeed())).unavailable

    await until_async(is_there, what="the market to be there again")


async def _is_live(feed: Any) -> bool:
    return bool((await feed.ask(GetFeed())).sync_state is SyncState.LIVE)


async def test_r10_a_first_ticker_that_is_refused_keeps_only_its_market_away_and_its_watchers_are_told(
    world: World,
) -> None:
    watcher = BookWatcher()
    await world.fault("rest_refusal", endpoint="GET /spot/order_book", pair="BTC_USDT", label="INVALID_CURRENCY_PAIR")
    await world.start(world.plan(symbols=(SOL, BTC)), strategies=[watcher])

    def is_told() -> bool:
        statuses = [e for e in watcher.events if isinstance(e, ConnectionStatusEvent) and e.name == "gateio"]
        return bool(statuses) and statuses[-1].is_live_for(SOL) and not statuses[-1].is_live_for(BTC)

    await eventually(is_told, what="the watcher to be told")


class BookWatcher(Recorder):
    def on_start(self) -> None:
        self.watch_book_ticker("gateio", SOL)
        self.watch_book_ticker("gateio", BTC)


# -- rules that age ----------------------------------------------------------------------------------------------------


async def test_a_market_that_was_listed_while_we_run_can_be_traded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_INSTRUMENTS_GOOD_FOR_S", 0.05)
    account = (await world.start(check_every_s=0.05)).account("alpha")
    await world.control("POST", "/markets", NEW_PAIR)

    async def is_taken() -> bool:
        try:
            return (await account.place(bid("90", NEW))).status is OrderStatus.NEW
        except InvalidValueError:
            return False

    await until_async(is_taken, what="the new market to be known")


async def test_an_order_refused_here_by_old_rules_makes_them_be_read_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_DOUBTED_INSTRUMENTS_GOOD_FOR_S", 0.0)
    account = (await world.start()).account("alpha")  # no check is due for a while
    await world.control("POST", "/markets", NEW_PAIR)
    with pytest.raises(InvalidValueError, match="lists"):
        await account.place(bid("90", NEW))

    async def is_known() -> bool:
        try:
            return bool(await account.instrument(NEW))
        except InvalidValueError:
            return False

    await until_async(is_known, what="the rules to be read anew")
    assert (await account.place(bid("90", NEW))).status is OrderStatus.NEW


async def test_rules_that_cannot_be_read_anew_do_not_keep_an_account_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_INSTRUMENTS_GOOD_FOR_S", 0.0)
    account = (await world.start(check_every_s=0.05)).account("alpha")
    fault = await world.fault("rest_error", endpoint="GET /spot/currency_pairs", status=502)
    await a_few_checks(world)
    assert await sync_state(account) is SyncState.LIVE
    world.ws.cut()

    async def is_back() -> bool:
        stats = await account.get_trading_stats()
        return stats.sync_state is SyncState.LIVE and stats.reconnects_count > 0

    await until_async(is_back, what="the account to be back")
    assert (await account.place(bid())).status is OrderStatus.NEW
    assert await world.hits(fault)


async def test_r5_a_live_snapshot_is_true_as_of_its_last_proof(world: World) -> None:
    account = (await world.start(check_every_s=0.05)).account("alpha")
    first = await account.snapshot()
    await asyncio.sleep(0)
    again = await account.snapshot()
    assert first.true_at_ms <= again.true_at_ms <= world.environment.clock.now_ms()

    async def is_newer() -> bool:
        return (await account.snapshot()).true_at_ms > first.true_at_ms

    await until_async(is_newer, what="a check to prove it")
    fault = await world.fault("rest_limit", endpoint="GET /spot/accounts", retry_after_s=0)
    await until_async(lambda: _struck(world, fault), what="checks to be refused")
    proven_ms = (await account.snapshot()).true_at_ms
    await account.place(bid())  # an event proves nothing
    assert (await account.snapshot()).true_at_ms == proven_ms
    await until_state(account, SyncState.DEGRADED)  # R5: what cannot be checked is not live for long
    assert (await account.snapshot()).true_at_ms == proven_ms
    await world.clear(fault)
    await until_state(account, SyncState.LIVE)


# -- markets that come and go ------------------------------------------------------------------------------------------


async def test_r10_a_delisted_market_stops_itself_alone_and_its_subscribers_are_told_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_INSTRUMENTS_GOOD_FOR_S", 0.0)
    recorder = Recorder()
    account = (await world.start(world.plan(symbols=(SOL, BTC)), strategies=[recorder], check_every_s=0.05)).account(
        "alpha"
    )
    resting, gone = await account.place(bid()), await account.place(bid("50", BTC))
    await world.control("DELETE", "/markets/BTC_USDT", {})

    async def is_unknown() -> bool:
        return BTC in (await account.snapshot()).unknown_markets

    await until_async(is_unknown, what="the market to be unknown")
    with pytest.raises(UnknownMarketError, match=r"BTC/USDT is unknown to account 'alpha'.*does not list it any more"):
        await account.place(bid("50", BTC))
    assert (await account.place(bid("129"))).status is OrderStatus.NEW
    world.ws.cut()  # and through a reconnect, feed and all

    async def is_back() -> bool:
        stats = await account.get_trading_stats()
        return stats.sync_state is SyncState.LIVE and stats.reconnects_count > 0

    await until_async(is_back, what="the account to be live again")
    assert (await account.cancel(resting)).status is OrderStatus.CANCELED
    await until_async(lambda: _is_finished(account, gone), what="the delisted market's order to be known as ended")
    errors = [event for event in recorder.events if isinstance(event, ErrorEvent) and event.where == "market BTC/USDT"]
    assert [error.kind for error in errors] == [ErrorKind.VENUE_REFUSED]

    await world.control("POST", "/markets", {**NEW_PAIR, "id": "BTC_USDT"})
    await eventually(lambda: _statuses(recorder)[-1].is_live_for(BTC), what="the market to be told as known again")
    assert (await account.place(bid("50", BTC))).status is OrderStatus.NEW


def _statuses(recorder: Recorder) -> list[ConnectionStatusEvent]:
    return [e for e in recorder.events if isinstance(e, ConnectionStatusEvent) and e.name == "alpha"]


async def _is_finished(account: AccountHandle, order: Order) -> bool:
    return order.order_id not in {each.order_id for each in (await account.snapshot()).open_orders}


@pytest.mark.parametrize("what", ["executed", "order", "cancel", "instrument"])
async def test_r10_a_question_about_a_mistyped_symbol_changes_nothing(world: World, what: str) -> None:
    account = (await world.start(check_every_s=0.05)).account("alpha")
    mistyped = Symbol("SLO", "USDT")
    if what == "executed":
        assert await account.executed_orders(mistyped) == ()
    elif what == "instrument":
        with pytest.raises(InvalidValueError):
            await account.instrument(mistyped)
    else:
        command = GetOrder if what == "order" else CancelOrder
        with pytest.raises(TellerError):
            await account.ask(command(symbol=mistyped, order_id="1"))
    world.ws.cut()

    async def is_back() -> bool:
        stats = await account.get_trading_stats()
        return stats.sync_state is SyncState.LIVE and stats.reconnects_count > 0

    await until_async(is_back, what="the account to be live again")
    await a_few_checks(world)
    assert await sync_state(account) is SyncState.LIVE
    assert (await account.snapshot()).unknown_markets == {}


async def test_an_account_that_has_traded_250_markets_starts_is_checked_and_reconnects(tmp_path: Path) -> None:
    pairs = tuple(msgspec.convert({**NEW_PAIR, "id": f"C{n}_USDT"}, PairConfig, strict=False) for n in range(250))
    sol = msgspec.convert({**NEW_PAIR, "id": "SOL_USDT"}, PairConfig, strict=False)
    async with open_world(SimulatorConfig(traders_on=False, pairs=(sol, *pairs))) as world:
        symbols = [Symbol(f"C{n}", "USDT") for n in range(250)]
        journal = world.journal(tmp_path / "alpha.sqlite")
        for number, symbol in enumerate(symbols, start=1):
            journal.record_order(
                order(
                    OrderStatus.CANCELED,
                    order_id=str(number),
                    client_order_id=None,
                    at=1_700_000_000_000,
                    symbol=symbol,
                )
            )
        await journal.flush()
        plan = world.plan(journal=journal, symbols=(SOL, *symbols))
        account = (await world.start(plan, check_every_s=0.05)).account("alpha")
        await a_few_checks(world)
        await a_few_checks(world)
        assert await sync_state(account) is SyncState.LIVE
        world.ws.cut()

        async def is_back() -> bool:
            stats = await account.get_trading_stats()
            return stats.sync_state is SyncState.LIVE and stats.reconnects_count > 0

        await until_async(is_back, what="the account to be live again")


async def test_r10_a_market_that_was_delisted_between_two_lives_does_not_keep_the_account_from_starting(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "alpha.sqlite"
    journal = world.journal(path)
    first = await world.start(world.plan(journal=journal, symbols=(SOL, BTC)))
    await first.account("alpha").place(bid("50", BTC))
    await first.stop(cancel_open_orders=False)
    await journal.close()
    await world.control("DELETE", "/markets/BTC_USDT", {})

    system = await world.start(world.plan(journal=world.journal(path), symbols=(SOL, BTC)))
    account = system.account("alpha")
    assert list((await account.snapshot()).unknown_markets) == [BTC]
    assert (await account.place(bid())).status is OrderStatus.NEW
    with pytest.raises(UnknownMarketError, match="does not list it any more"):
        await account.place(bid("50", BTC))


async def test_a_first_start_with_a_market_that_is_not_listed_says_so(world: World) -> None:
    with pytest.raises(TellerError, match="does not list NEW/USDT"):
        await world.start(world.plan(symbols=(SOL, NEW)))
