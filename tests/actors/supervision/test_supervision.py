"""Crashes and restarts under the root supervisor, over the embedded exchange (R8, R10)."""

import asyncio
import contextlib
from decimal import Decimal
from typing import Any

import msgspec
import pykka
import pytest
from structlog.testing import capture_logs

import actors.system as system_module
from actors.account.actor import AccountActor
from actors.connection.supervisor import ConnectionSupervisor
from actors.market.actor import MarketActor
from actors.runtime import Reply
from actors.strategy.base import Strategy
from actors.supervision.plans import RestartSettings
from actors.system import TradingSystem
from messages.commands import Command, PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import InvalidValueError, KillSwitchError, StoppedError, TellerError, UnresolvedOrderError
from messages.events import ConnectionStatusEvent, ExecutionReportEvent
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import Recorder, World, assert_agrees, until_async

ONE = Decimal(1)


class Crash(Command, frozen=True):
    """What no actor of ours survives."""


@pytest.fixture(autouse=True)
def _actors_that_crash_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real fault inside the real actors' turn: whoever gets `Crash` divides by zero."""
    for kind in (AccountActor, ConnectionSupervisor, MarketActor):
        monkeypatch.setitem(kind._handlers, Crash, lambda _actor, _message: 1 / 0)


def bid(price: str = "139", client_order_id: str | None = None) -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price), client_order_id=client_order_id)


async def restarts(system: TradingSystem, group: str) -> int:
    return next(status.restarts for status in await system.supervision() if status.name == group)


async def until_live_again(system: TradingSystem, name: str = "alpha") -> None:
    async def is_live() -> bool:
        try:
            return (await system.account(name).snapshot()).is_live
        except TellerError:
            return False

    await until_async(is_live, what=f"{name} to be live again")


async def test_r8_a_crashed_account_comes_back_under_the_same_address_with_what_the_exchange_knows(
    world: World,
) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[recorder])
    account = system.account("alpha")
    placed = await account.place(bid(client_order_id="before"))

    with pytest.raises(TellerError, match="crashed"):
        await account.ask(Crash())
    await eventually(lambda: any(e.sync_state is SyncState.RECOVERING for e in statuses(recorder)))
    await until_live_again(system)

    assert await restarts(system, "account alpha") == 1
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [placed.order_id]
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await eventually(lambda: recorder.orders("before")[-1].status is OrderStatus.FILLED)
    assert statuses(recorder)[-1].sync_state is SyncState.LIVE
    await assert_agrees(world, account)


def statuses(recorder: Recorder) -> list[ConnectionStatusEvent]:
    return [e for e in recorder.events if isinstance(e, ConnectionStatusEvent) and e.name == "alpha"]


async def test_an_account_that_comes_back_asks_first_whether_its_kill_switch_is_engaged(world: World) -> None:
    asked: list[str | None] = []

    def rule(remembered: str | None) -> str | None:
        asked.append(remembered)
        return None if len(asked) == 1 else "engaged meanwhile"

    system = await world.start(msgspec.structs.replace(world.plan(), kill_switch=rule))
    account = system.account("alpha")
    resting = await account.place(bid())
    account.ask(Crash())
    await until_live_again(system)
    with pytest.raises(KillSwitchError, match="engaged meanwhile"):
        await account.place(bid("138"))

    async def is_canceled() -> bool:
        order = await account.get_active_order(SOL, resting.order_id)
        return order is not None and order.status is OrderStatus.CANCELED

    await until_async(is_canceled, what="what was open to be cancelled")
    assert asked == [None, None]


async def test_r8_commands_in_the_mailbox_of_a_crashing_account_are_each_answered_once(world: World) -> None:
    system = await world.start()
    account = system.account("alpha")
    crash = account.ask(Crash())
    replies = [account.place(bid("130")) for _ in range(20)]
    answers: list[BaseException | None] = []
    for reply in replies:
        reply.add_done_callback(lambda settled: answers.append(settled.error))
    with pytest.raises(TellerError):
        await crash
    await eventually(lambda: len(answers) == 20)
    assert all(isinstance(error, StoppedError | TellerError) for error in answers)
    await until_live_again(system)
    assert (await world.books())["orders"] == []


async def test_r3_a_command_whose_request_may_have_left_a_crashing_account_is_unresolved(world: World) -> None:
    system = await world.start()
    account = system.account("alpha")
    await world.rest.set_mode(Mode.STALL_ANSWERS)
    placing = account.place(bid(client_order_id="in-flight"))

    async def arrived() -> bool:
        return len((await world.books())["orders"]) == 1

    await until_async(arrived, what="the order to arrive")
    account.ask(Crash())
    with pytest.raises(UnresolvedOrderError):
        await placing
    await world.rest.set_mode(Mode.PASS)
    await until_live_again(system)
    assert [order.client_order_id for order in (await account.snapshot()).open_orders] == ["in-flight"]
    await assert_agrees(world, account)


async def test_a_crashed_connection_supervisor_is_replaced_and_the_account_keeps_its_state(world: World) -> None:
    system = await world.start()
    account = system.account("alpha")
    ended = await account.cancel(await account.place(bid()))
    system.connection("alpha").tell(Crash())

    async def restarted() -> bool:
        return await restarts(system, "account alpha") == 1

    await until_async(restarted, what="the restart")
    await until_live_again(system)
    assert [order.order_id for order in await account.executed_orders(SOL)] == [ended.order_id]
    placed = await account.place(bid())
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await assert_agrees(world, account)


async def test_an_account_is_live_again_also_where_its_feed_crashes_in_the_middle_of_its_restart(world: World) -> None:
    system = await world.start()
    connection, market = system.connection("alpha"), system.market("gateio")
    before = connection.ref
    connection.tell(Crash())
    while connection.ref in (None, before):  # noqa: ASYNC110 - the very next turn counts
        await asyncio.sleep(0)
    market.tell(Crash())

    async def restarted() -> bool:
        return await restarts(system, "feed gateio") == 1

    await until_async(restarted, what="the restart of the feed")
    await until_live_again(system)
    assert await restarts(system, "account alpha") == 1


async def test_a_crashed_market_actor_comes_back_with_its_subscribers(world: World) -> None:
    class Watcher(Recorder):
        def on_start(self) -> None:
            self.watch_book_ticker("gateio", SOL)

    watcher = Watcher()
    system = await world.start(strategies=[watcher])
    system.market("gateio").tell(Crash())

    async def restarted() -> bool:
        return await restarts(system, "feed gateio") == 1

    await until_async(restarted, what="the restart")
    await until_live_again(system)
    await world.market("SOL_USDT", "150", "151")
    await eventually(lambda: getattr(watcher.events[-1], "bid", None) == Decimal(150))


class Fragile(Strategy):
    """Crashes at the first fill of its first life."""

    lives = 0
    fills: list[ExecutionReportEvent] = []

    def __init__(self) -> None:
        super().__init__("fragile", ("alpha",))
        type(self).lives += 1

    def on_fill(self, event: ExecutionReportEvent) -> None:
        if type(self).lives == 1:
            raise RuntimeError("a bug of the trader's")
        self.fills.append(event)


async def test_a_crashed_strategy_is_made_anew_and_its_account_goes_on(world: World) -> None:
    Fragile.lives, Fragile.fills = 0, []
    system = await world.start(strategies=[Fragile()])
    account = system.account("alpha")
    first, second = await account.place(bid()), await account.place(bid("138"))
    await world.control("POST", f"/orders/{first.order_id}/fill", {})
    await eventually(lambda: Fragile.lives == 2)

    async def is_up() -> bool:
        return all(status.is_up for status in await system.supervision())

    await until_async(is_up, what="the strategy")
    await until_async(lambda: subscribed(system), what="its subscription")
    await world.control("POST", f"/orders/{second.order_id}/fill", {})
    await eventually(lambda: Fragile.fills)
    assert (await account.get_trading_stats()).reconnects_count == 0
    await assert_agrees(world, account)


async def subscribed(system: TradingSystem) -> bool:
    return len(system.subscribers("alpha")) == 1


class Hopeless(Recorder):
    def on_order_update(self, event: Any) -> None:
        raise RuntimeError("always")


async def test_a_strategy_past_its_restart_intensity_is_given_up_and_its_orders_are_canceled(world: World) -> None:
    system = await world.start(
        strategies=[Hopeless("hopeless")], restart_settings=RestartSettings(max_restarts=2, within_s=60)
    )
    account = system.account("alpha")

    async def given_up() -> bool:
        if not any(status.is_given_up for status in await system.supervision()):
            await account.place(bid("130"))
            return False
        return True

    await until_async(given_up, what="the strategy to be given up")

    async def no_orders() -> bool:
        return not (await account.snapshot()).open_orders

    await until_async(no_orders, what="its orders to be cancelled")
    assert (await account.snapshot()).is_live
    await assert_agrees(world, account)


async def test_r13_the_last_of_several_strategies_that_are_given_up_leaves_nothing_whatever_the_cancels_meet(
    world: World,
) -> None:
    """Each was the other's reason not to cancel; and the first cancels meet a gateway's page."""
    await world.fault("rest_error", endpoint="DELETE /spot/orders", times=2, status=502)
    system = await world.start(
        strategies=[Hopeless("first"), Hopeless("second")],
        restart_settings=RestartSettings(max_restarts=1, within_s=60),
    )
    account = system.account("alpha")

    async def both_given_up() -> bool:
        with contextlib.suppress(TellerError):
            await account.place(bid("130"))
        return sum(status.is_given_up for status in await system.supervision()) == 2

    await until_async(both_given_up, what="both strategies to be given up")
    placed = len((await world.books())["orders"])

    async def no_orders() -> bool:
        return not [row for row in (await world.books())["orders"][: placed - 1] if row["status"] == "open"]

    await until_async(no_orders, what="their orders to be cancelled")


async def test_r13_the_cancels_of_an_end_go_on_and_what_is_left_is_told(world: World) -> None:
    system = await world.start()
    account = system.account("alpha")
    order = await account.place(bid("130"))
    await world.fault("rest_error", endpoint="DELETE /spot/orders", times=2, status=502)
    await world.rest.set_mode(Mode.PASS)
    assert await system.stop(cancel_open_orders=True) == {}
    (row,) = (await world.books())["orders"]
    assert (row["id"], row["finish_as"]) == (order.order_id, "cancelled")


async def test_r14_an_end_whose_patience_is_over_says_why(world: World) -> None:
    system = await world.start(world.plan(cancel_patience_s=0.2))
    await system.account("alpha").place(bid("130"))
    await world.fault("rest_error", endpoint="DELETE /spot/orders", status=502)
    problems = await system.stop(cancel_open_orders=True, patience_s=0.5)
    assert "status 502" in problems["alpha"] or "did not confirm within 0.5 s" in problems["alpha"]


class Waits(Strategy):
    """Waits for an answer that never comes."""

    async def on_start(self) -> None:
        self.set_timer(0.0, "wait")

    async def on_timer(self, _name: str) -> None:
        await Reply()


async def test_stopping_strategies_has_a_bound_also_when_one_waits_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_module, "_REPORT_WITHIN_S", 0.2)
    system = await world.start(strategies=[Waits("waits", ("alpha",)), Recorder()])
    await asyncio.sleep(0)
    with capture_logs() as logs:
        async with asyncio.timeout(4):
            reports = await system.stop_strategies()
    assert [report.strategy for report in reports] == ["recorder"]
    missing = [row for row in logs if row["event"] == "strategy_report_missing"]
    assert [(row["strategy"], row["error"]) for row in missing] == [("waits", "it is busy for 0.2 s")]


async def test_an_account_that_crashes_again_and_again_is_given_up_and_the_other_goes_on(world: World) -> None:
    recorder = Recorder()
    system = await world.start(
        world.plan("alpha"),
        world.plan("beta"),
        strategies=[recorder],
        restart_settings=RestartSettings(max_restarts=1, within_s=60),
    )
    beta = system.account("beta")
    for _ in range(2):
        await until_live_again(system)
        with pytest.raises(TellerError):
            await system.account("alpha").ask(Crash())
    await eventually(lambda: statuses(recorder) and statuses(recorder)[-1].sync_state is SyncState.FAILED)
    with pytest.raises(TellerError, match="alpha is unavailable"):
        await system.account("alpha").snapshot()
    assert (await beta.place(bid())).status is OrderStatus.NEW
    await assert_agrees(world, beta)


async def test_everything_stops_in_reverse_with_nothing_left_running(world: World) -> None:
    before = len(pykka.ActorRegistry.get_all())
    system = await world.start(strategies=[Recorder()])
    assert len(pykka.ActorRegistry.get_all()) == before + 6
    await system.stop(cancel_open_orders=True)
    assert len(pykka.ActorRegistry.get_all()) == before


def test_restart_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="max_restarts"):
        RestartSettings(max_restarts=-1)
    with pytest.raises(InvalidValueError, match="within_s"):
        RestartSettings(within_s=0)
