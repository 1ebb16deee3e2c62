"""R4: what an account files before the wire, and how its next life takes it up."""

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.journal import HistoryFilter, Journal, JournalSettings, read_history
from actors.strategy.handle import AccountHandle
from exchanges.base.credentials import Credentials
from exchanges.gateio.venue import GateioSettings
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import KillSwitchError, UnresolvedOrderError
from tests.support.eventually import eventually
from tests.support.orders import SOL
from tests.support.proxy import Mode
from tests.support.world import Recorder, World, assert_agrees, until_async

ONE = Decimal(1)
HASTY = GateioSettings(request_timeout_s=0.8, order_expiry_ms=300)


def bid(client_order_id: str | None = None, price: str = "139") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price), client_order_id=client_order_id)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alpha.sqlite"


async def life(world: World, path: Path, **options: object) -> tuple[AccountHandle, Journal, object]:
    """One life of the program: its account, its journal, and its system."""
    journal = world.journal(path)
    settings = {name: options.pop(name) for name in ("unresolved_patience_ms",) if name in options}
    system = await world.start(world.plan(journal=journal, **settings), gateio=HASTY, **options)
    return system.account("alpha"), journal, system


async def is_settled(account: AccountHandle) -> bool:
    return (await account.get_trading_stats()).unresolved_orders == 0


async def kill(world: World, journal: Journal, system: object) -> None:
    """What kill -9 leaves: nothing more is written, nothing more is sent."""
    journal.abandon()
    await system.stop(cancel_open_orders=False)  # type: ignore[attr-defined]  # a TradingSystem


async def test_r4_an_intent_whose_order_arrived_is_settled_before_the_next_life_trades(
    world: World, path: Path
) -> None:
    account, journal, system = await life(world, path)
    await world.rest.set_mode(Mode.STALL_ANSWERS)
    await world.ws.set_mode(Mode.STALL)
    placing = account.place(bid("cut-off"))

    async def arrived() -> bool:
        return len((await world.books())["orders"]) == 1

    await until_async(arrived, what="the order to arrive")
    await kill(world, journal, system)
    with pytest.raises(UnresolvedOrderError):
        await placing
    for proxy in (world.rest, world.ws):
        await proxy.set_mode(Mode.PASS)

    account, journal, _ = await life(world, path)
    (order,) = (await account.snapshot()).open_orders
    assert (order.client_order_id, order.status) == ("cut-off", OrderStatus.NEW)
    await journal.flush()
    assert journal.load().open_intents == ()
    assert len((await world.books())["orders"]) == 1
    await assert_agrees(world, account)


async def test_r4_an_intent_whose_order_never_arrived_is_settled_as_rejected_and_not_sent_again(
    world: World, path: Path
) -> None:
    account, journal, system = await life(world, path)
    await world.rest.set_mode(Mode.STALL)
    placing = account.place(bid("never-left"))

    async def filed() -> bool:
        await journal.flush()
        return bool(journal.load().open_intents)

    await until_async(filed, what="the intent to be filed")
    await kill(world, journal, system)
    with pytest.raises(UnresolvedOrderError):
        await placing
    world.rest.cut()
    await world.rest.set_mode(Mode.LOSE_REQUESTS)
    world.rest.cut()
    await world.rest.set_mode(Mode.PASS)

    account, journal, _ = await life(world, path)
    order = await account.get_active_order(SOL, client_order_id="never-left")
    assert order is not None
    assert order.status is OrderStatus.UNRESOLVED, "the next life knows of it before it trades"
    await until_async(lambda: is_settled(account), what="the order to be settled")
    (order,) = await account.executed_orders(SOL)
    assert (order.status, order.finish_reason) == (OrderStatus.REJECTED, "never_arrived")
    assert (await world.books())["orders"] == []
    await journal.flush()
    assert journal.load().open_intents == ()
    assert intents(path) == [("place", "rejected")]


async def test_r4_an_order_that_is_still_on_its_way_is_waited_for_whatever_clock_its_life_had(
    world: World, path: Path
) -> None:
    """Its life had a clock that was years slow and settings of its own; what counts is filed with the intent."""
    earlier = Journal.open(
        path,
        account="alpha",
        settings=JournalSettings(),
        loop=asyncio.get_running_loop(),
        executor=None,
        now_ms=lambda: 1_500_000_000_000,
    )
    arrives_by_ms = world.environment.clock.now_ms() + 3_000
    await earlier.record_intent(bid("on-its-way"), arrives_by_ms=arrives_by_ms)
    earlier.abandon()
    elsewhere = world.venue().create_private_rest(Credentials(*world.keys["alpha"]))

    with capture_logs() as logs:
        coming = asyncio.ensure_future(life(world, path))
        await eventually(
            lambda: len([row for row in logs if row.get("operation") == "get_order"]) >= 2, what="a second look-up"
        )
        account, journal, _ = await coming
        late = await elsewhere.place_order(bid("on-its-way"))
        await until_async(lambda: is_settled(account), what="the order to be settled")

    (order,) = (await account.snapshot()).open_orders
    assert (order.order_id, order.status) == (late.order_id, OrderStatus.NEW)
    await journal.flush()
    assert journal.load().open_intents == ()
    await assert_agrees(world, account)


async def test_orders_and_fills_of_the_time_away_are_taken_in_and_nothing_is_told_twice(
    world: World, path: Path
) -> None:
    account, journal, system = await life(world, path)
    filled, kept = await account.place(bid("filled-away")), await account.place(bid("kept", "138"))
    first = await account.place(bid("filled-before", "137"))
    await world.control("POST", f"/orders/{first.order_id}/fill", {})
    await until_async(lambda: account.executed_orders(SOL), what="the first fill")
    await journal.flush()
    await kill(world, journal, system)
    await world.control("POST", f"/orders/{filled.order_id}/fill", {})

    recorder = Recorder()
    account, journal, _ = await life(world, path, strategies=[recorder])
    executed = {order.client_order_id: order for order in await account.executed_orders(SOL)}
    assert {name: order.status for name, order in executed.items()} == {
        "filled-before": OrderStatus.FILLED,
        "filled-away": OrderStatus.FILLED,
    }
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [kept.order_id]
    await journal.flush()
    history = read_history(path, HistoryFilter())
    assert len(history.fills) == 2
    await assert_agrees(world, account)


async def test_the_kill_switch_survives_the_program(world: World, path: Path) -> None:
    account, journal, system = await life(world, path)
    await account.engage_kill_switch("over and out")
    await journal.flush()
    await kill(world, journal, system)
    account, _, _ = await life(world, path)
    with pytest.raises(KillSwitchError, match="over and out"):
        await account.place(bid())
    await account.release_kill_switch()
    assert (await account.place(bid())).status is OrderStatus.NEW


async def test_an_order_that_cannot_be_filed_is_not_sent_and_cancels_still_go_out(world: World, path: Path) -> None:
    account, journal, _ = await life(world, path)
    resting = await account.place(bid())
    journal.abandon()
    with pytest.raises(Exception, match="journal"):
        await account.place(bid())
    assert (await account.cancel(resting)).status is OrderStatus.CANCELED
    assert len((await world.books())["orders"]) == 1


async def test_a_crashed_account_knows_its_finished_orders_again(world: World, path: Path) -> None:
    account, _, system = await life(world, path)
    ended = await account.cancel(await account.place(bid("done")))
    unresolved = asyncio.ensure_future(lose_one(world, account))
    await unresolved
    await world.rest.set_mode(Mode.PASS)

    await until_async(lambda: is_settled(account), what="the lost order to be settled")
    assert ended.client_order_id in {o.client_order_id for o in await account.executed_orders(SOL)}
    await assert_agrees(world, account)
    assert system is not None


async def lose_one(world: World, account: AccountHandle) -> None:
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    with pytest.raises(UnresolvedOrderError):
        await account.place(bid("lost"))


# -- commands of an earlier life that were no orders -------------------------------------------------------------------


def intents(path: Path) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT kind, outcome FROM intents ORDER BY id").fetchall()


async def until_filed(journal: Journal, kind: str) -> None:
    async def filed() -> bool:
        await journal.flush()
        return any(kind == each for each, _ in intents(journal.path))

    await until_async(filed, what=f"the {kind} to be filed")


async def lose_what_is_under_way(world: World) -> None:
    """What is held up on its way is lost, and the link is sound again."""
    world.rest.cut()
    await world.rest.set_mode(Mode.LOSE_REQUESTS)
    world.rest.cut()
    await world.rest.set_mode(Mode.PASS)


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("kind", ["amend", "cancel"])
async def test_r4_an_earlier_lifes_command_is_filed_as_the_exchange_shows_it(
    world: World, path: Path, kind: str, arrives: bool
) -> None:
    account, journal, system = await life(world, path, unresolved_patience_ms=500)
    placed = await account.place(bid("resting"))
    await journal.flush()
    await world.rest.set_mode(Mode.STALL_ANSWERS if arrives else Mode.STALL)
    command = account.amend(placed, price=Decimal(138)) if kind == "amend" else account.cancel(placed)
    await until_filed(journal, kind)

    async def has_arrived() -> bool:
        (row,) = (await world.books())["orders"]
        return row["status"] == "finished" or Decimal(row["price"]) == 138

    if arrives:
        await until_async(has_arrived, what="it to arrive")
    await kill(world, journal, system)
    with pytest.raises(UnresolvedOrderError):
        await command
    await lose_what_is_under_way(world)

    account, journal, _ = await life(world, path, unresolved_patience_ms=500)

    async def settled() -> bool:
        await journal.flush()
        return not journal.load().open_intents

    await until_async(settled, within_s=8, what="it to be settled")
    assert (kind, "confirmed" if arrives else "rejected") in intents(path)
    await assert_agrees(world, account)


async def test_r13_a_cancel_of_all_that_an_earlier_life_left_open_goes_on(world: World, path: Path) -> None:
    account, journal, system = await life(world, path)
    placed = await account.place(bid("resting"))
    await journal.flush()
    await world.rest.set_mode(Mode.STALL)
    canceling = account.cancel_all(SOL)
    await until_filed(journal, "cancel_all")
    await kill(world, journal, system)
    with pytest.raises(UnresolvedOrderError):
        await canceling
    await lose_what_is_under_way(world)

    account, journal, _ = await life(world, path)

    async def is_canceled() -> bool:
        (row,) = (await world.books())["orders"]
        return row["finish_as"] == "cancelled"

    await until_async(is_canceled, what="the order to be cancelled")

    async def settled() -> bool:
        await journal.flush()
        return ("cancel_all", "confirmed") in intents(path)

    await until_async(settled, what="the cancel to be filed")
    assert (await account.get_active_order(SOL, placed.order_id)).status is OrderStatus.CANCELED
    assert (await account.place(bid("new"))).status is OrderStatus.NEW
    await assert_agrees(world, account)


async def test_r13_a_kill_switch_that_could_not_cancel_goes_on_in_the_next_life(world: World, path: Path) -> None:
    account, journal, system = await life(world, path)
    await account.place(bid("resting"))
    await world.rest.set_mode(Mode.STALL)
    engaging = account.engage_kill_switch("stop")
    await account.snapshot()
    await journal.flush()
    await kill(world, journal, system)
    with pytest.raises(UnresolvedOrderError):
        await engaging
    await lose_what_is_under_way(world)

    account, _, _ = await life(world, path)

    async def none_open() -> bool:
        return all(row["status"] != "open" for row in (await world.books())["orders"])

    await until_async(none_open, what="the order to be cancelled")
    with pytest.raises(KillSwitchError):
        await account.place(bid("new"))
