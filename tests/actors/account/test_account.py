"""The account actor against the embedded exchange, over real sockets: the normal life, and what it refuses."""

import asyncio
import random
import time
from decimal import Decimal

import pytest

from actors.account.actor import AccountActor
from actors.account.funds.spot import SpotFunds
from actors.account.settings import AccountSettings
from actors.runtime import Address, LoopHost
from messages.commands import (
    CancelWithdrawal,
    GetSnapshot,
    PlaceOrder,
    Withdraw,
)
from messages.enums import OrderStatus, Side, SyncState, WithdrawalStatus
from messages.errors import (
    CanceledBeforeSentError,
    ConfigurationError,
    InsufficientBalanceError,
    InvalidValueError,
    NotLiveError,
    NotPermittedError,
    RefusalReason,
    VenueRefusedError,
)
from messages.events import BalanceUpdateEvent, ConnectionStatus, ExecutionReportEvent
from messages.order import Order
from messages.snapshot import AccountSnapshot
from messages.symbol import Symbol
from tests.support.eventually import eventually
from tests.support.orders import BTC, SOL
from tests.support.world import Recorder, World, assert_agrees, until_async

ONE = Decimal(1)


def bid(price: str = "139", quantity: str = "1", client_order_id: str | None = None) -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(quantity), Decimal(price), client_order_id=client_order_id)


async def test_r5_what_the_socket_told_and_nobody_could_read_is_found_out_by_a_check(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], check_every_s=3600.0)).account("alpha")
    placed = await account.place(bid(client_order_id="mine-1"))
    await world.fault(
        "odd_rows", list="my_trades", oddity="unknown_word", field="side", replace=True, push=True, times=1
    )
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await eventually(lambda: any(isinstance(event, ExecutionReportEvent) for event in recorder.events))
    assert (await account.snapshot()).is_live, "it was told, if in vain: the socket is not deaf"
    assert (await account.get_trading_stats()).reconnects_count == 0


async def test_an_order_lives_from_placing_through_fills_to_executed(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder])).account("alpha")

    placed = await account.place(bid(client_order_id="mine-1"))
    assert placed.status is OrderStatus.NEW
    assert placed.client_order_id == "mine-1"
    await world.control("POST", f"/orders/{placed.order_id}/fill", {"amount": "0.4"})
    await eventually(lambda: recorder.orders("mine-1")[-1].filled_quantity == Decimal("0.4"))
    assert recorder.orders("mine-1")[-1].status is OrderStatus.PARTIALLY_FILLED
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await eventually(lambda: recorder.orders("mine-1")[-1].status is OrderStatus.FILLED)

    statuses = [order.status for order in recorder.orders("mine-1")]
    assert statuses[0] is OrderStatus.PENDING
    assert statuses.count(OrderStatus.FILLED) == 1
    fills = [event.fill for event in recorder.events if isinstance(event, ExecutionReportEvent)]
    assert [fill.quantity for fill in fills] == [Decimal("0.4"), Decimal("0.6")]
    assert any(isinstance(event, BalanceUpdateEvent) for event in recorder.events)
    executed = await account.executed_orders(SOL)
    assert [order.client_order_id for order in executed] == ["mine-1"]
    assert (await account.snapshot()).open_orders == ()
    await assert_agrees(world, account)


async def test_a_canceled_order_is_answered_as_it_ended(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid())
    ended = await account.cancel(placed)
    assert ended.status is OrderStatus.CANCELED
    assert (await account.cancel(placed)).status is OrderStatus.CANCELED
    await assert_agrees(world, account)


async def test_a_cancel_sent_in_the_same_breath_as_the_order_waits_for_its_answer(world: World) -> None:
    account = (await world.start()).account("alpha")
    placing = account.place(bid(client_order_id="hasty"))
    await until_async(lambda: account.snapshot(), what="the order to be sent")
    pending = (await account.snapshot()).open_orders[0]
    ended = await account.cancel(pending)
    assert ended.status is OrderStatus.CANCELED
    assert (await placing).client_order_id == "hasty"
    await assert_agrees(world, account)


async def test_cancel_all_ends_every_order_in_scope_and_no_other(world: World) -> None:
    account = (await world.start(world.plan(symbols=(SOL, BTC)))).account("alpha")
    for price in ("130", "131", "132"):
        await account.place(bid(price))
    ask = await account.place(PlaceOrder.limit(SOL, Side.SELL, ONE, Decimal(150)))
    other = await account.place(PlaceOrder.limit(BTC, Side.BUY, Decimal("0.01"), Decimal(20000)))

    ended = await account.cancel_all(SOL, Side.BUY)
    assert {order.price for order in ended} == {Decimal(130), Decimal(131), Decimal(132)}
    left = {order.order_id for order in (await account.snapshot()).open_orders}
    assert left == {ask.order_id, other.order_id}
    assert len(await account.cancel_all()) == 2
    await assert_agrees(world, account)


async def test_an_amended_order_keeps_its_identity_and_changes_its_terms(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid("139", "2"))
    amended = await account.amend(placed, price=Decimal("138.5"), quantity=Decimal("1.5"))
    assert amended.order_id == placed.order_id
    assert (amended.price, amended.quantity) == (Decimal("138.5"), Decimal("1.5"))
    await assert_agrees(world, account)


@pytest.mark.parametrize(
    ("order", "status", "filled"),
    [
        (PlaceOrder.market_buy(SOL, Decimal(282)), OrderStatus.FILLED, "2"),
        (PlaceOrder.market_sell(SOL, ONE), OrderStatus.FILLED, "1"),
        (PlaceOrder.ioc(SOL, Side.BUY, Decimal(500), Decimal(141)), OrderStatus.EXPIRED, "100"),
        (PlaceOrder.fok(SOL, Side.BUY, Decimal(3), Decimal(141)), OrderStatus.FILLED, "3"),
        (PlaceOrder.limit(SOL, Side.BUY, Decimal(4), Decimal(142)), OrderStatus.FILLED, "4"),
    ],
    ids=["market buy", "market sell", "ioc", "fok", "marketable limit"],
)
async def test_an_order_that_takes_ends_as_the_books_say(
    world: World, order: PlaceOrder, status: OrderStatus, filled: str
) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(order)
    ended = await account.get_active_order(SOL, placed.order_id)
    assert ended is not None
    assert (ended.status, ended.filled_quantity) == (status, Decimal(filled))
    await assert_agrees(world, account)


async def test_a_refusal_of_the_exchange_is_typed_and_leaves_a_rejected_order(world: World) -> None:
    recorder = Recorder()
    account = (await world.start(strategies=[recorder])).account("alpha")
    with pytest.raises(VenueRefusedError) as refused:
        await account.place(PlaceOrder.post_only(SOL, Side.BUY, ONE, Decimal(141), client_order_id="poc-1"))
    assert refused.value.reason is RefusalReason.WOULD_TAKE
    with pytest.raises(VenueRefusedError) as refused:
        await account.place(PlaceOrder.fok(SOL, Side.BUY, Decimal(500), Decimal(141), client_order_id="fok-1"))
    assert refused.value.reason is RefusalReason.WOULD_NOT_FILL

    await eventually(lambda: len(recorder.orders("fok-1")) == 2)
    assert [order.status for order in recorder.orders("poc-1")] == [OrderStatus.PENDING, OrderStatus.REJECTED]
    assert (await account.snapshot()).open_orders == ()
    assert (await account.get_trading_stats()).rejected_count == 2
    await assert_agrees(world, account)


@pytest.mark.parametrize(
    ("order", "error", "text"),
    [
        (bid("139.001"), InvalidValueError, "price = .* multiple of the tick 0.01"),
        (bid("139", "0.00001"), InvalidValueError, "quantity = .* multiple of the lot"),
        (bid("139", "0.001"), InvalidValueError, "at least 3 USDT"),
        (PlaceOrder.limit(Symbol("NO", "SUCH"), Side.BUY, ONE, ONE), InvalidValueError, "symbol = 'NO/SUCH'"),
        (bid("139", "1000000"), (InsufficientBalanceError, InvalidValueError), "USDT|at most"),
        (PlaceOrder.limit(SOL, Side.SELL, Decimal(6000), Decimal(150)), InsufficientBalanceError, "SOL: 6000 needed"),
    ],
    ids=["tick", "lot", "minimum", "unknown symbol", "too much", "insufficient balance"],
)
async def test_what_cannot_be_right_is_refused_before_the_wire(
    world: World, order: PlaceOrder, error: type[Exception], text: str
) -> None:
    account = (await world.start()).account("alpha")
    requests = world.rest.requests
    with pytest.raises(error, match=text):
        await account.place(order)
    assert world.rest.requests == requests
    assert (await world.books())["orders"] == []
    assert (await account.get_trading_stats()).denied_count == 1


async def test_a_client_order_id_is_not_used_twice(world: World) -> None:
    account = (await world.start()).account("alpha")
    await account.place(bid(client_order_id="once"))
    with pytest.raises(InvalidValueError, match="client_order_id = 'once'"):
        await account.place(bid(client_order_id="once"))


async def test_orders_in_flight_do_not_spend_the_same_money(world: World) -> None:
    account = (await world.start()).account("alpha")
    half = Decimal(4000)
    first = account.place(PlaceOrder.limit(SOL, Side.SELL, half, Decimal(150)))
    second = account.place(PlaceOrder.limit(SOL, Side.SELL, half, Decimal(151)))
    assert (await first).status is OrderStatus.NEW
    with pytest.raises(InsufficientBalanceError):
        await second
    await assert_agrees(world, account)


async def test_r8_every_command_of_a_burst_gets_exactly_one_answer(world: World) -> None:
    account = (await world.start()).account("alpha")
    replies = [account.place(bid("130", "0.1")) for _ in range(8)]
    replies += [account.cancel_all() for _ in range(2)]
    answers: list[object] = []
    for reply in replies:
        reply.add_done_callback(lambda settled: answers.append(settled.error or settled.result()))
    ends = await asyncio.gather(*(wait(reply) for reply in replies), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, Exception)]
    assert all(isinstance(error, CanceledBeforeSentError) for error in refused), "told before the cancels"
    assert len(answers) == len(replies)
    await account.cancel_all()
    await assert_agrees(world, account)


async def wait(reply: object) -> object:
    return await reply  # type: ignore[misc]  # a Reply, which asyncio.gather cannot take itself


# -- look-ups -------------------------------------------------------------------------------------------------------


async def test_look_up_answers_from_open_orders_then_executed_then_the_exchange(world: World) -> None:
    account = (await world.start()).account("alpha")
    opened = await account.place(bid(client_order_id="open-1"))
    closed = await account.cancel(await account.place(bid("138", client_order_id="closed-1")))
    requests = world.rest.requests

    for order_id, client_order_id, order in (
        (opened.order_id, None, opened),
        (None, "open-1", opened),
        (closed.order_id, None, closed),
        (None, "closed-1", closed),
    ):
        found = await account.get_active_order(SOL, order_id, client_order_id=client_order_id)
        assert found is not None
        assert (found.order_id, found.status) == (order.order_id, order.status)
    stats = await account.get_trading_stats()
    assert (stats.cache_hits, stats.cache_misses) == (4, 0)
    assert world.rest.requests == requests


async def test_look_up_by_rest_enters_the_cache_and_shares_one_request(world: World) -> None:
    system = await world.start()
    account = system.account("alpha")
    ended = await account.cancel(await account.place(bid(client_order_id="old")))
    await system.stop(cancel_open_orders=False)
    account = (await world.start()).account("alpha")
    requests = world.rest.requests

    lookups = [account.get_active_order(SOL, ended.order_id) for _ in range(20)]
    found = [await lookup for lookup in lookups]
    assert {order.status for order in found if order is not None} == {OrderStatus.CANCELED}
    assert world.rest.requests == requests + 1
    again = await account.get_active_order(SOL, ended.order_id)
    assert again is not None
    assert world.rest.requests == requests + 1
    assert (await account.get_trading_stats()).executed_orders_count == 1


async def test_r5_an_account_that_has_not_heard_of_its_connection_yet_says_since_when_it_does_not_know() -> None:
    ref = AccountActor.start(
        account="alpha",
        venue="gateio",
        settings=AccountSettings(),
        supervisor=Address("its connection"),
        has_credentials=True,
        symbols=(SOL,),
        subscribers={},
        make_funds=SpotFunds,
        server_now_ms=lambda: 1_790_000_000_000,
        monotonic_s=time.monotonic,
        rng=random.Random(1),
        host=LoopHost.current(),
    )
    await ref.started
    snapshot: AccountSnapshot = await ref.ask(GetSnapshot())
    assert (snapshot.sync_state, snapshot.stale_since_ms) == (SyncState.DOWN, 1_790_000_000_000)
    with pytest.raises(NotLiveError) as refused:
        await ref.ask(bid())
    assert refused.value.stale_since_ms == snapshot.stale_since_ms
    await ref.stop()


async def test_no_such_order_is_none(world: World) -> None:
    account = (await world.start()).account("alpha")
    assert await account.get_active_order(SOL, "424242") is None
    assert await account.get_active_order(SOL, client_order_id="never-was") is None


# -- start -----------------------------------------------------------------------------------------------------------


async def test_r7_orders_that_were_open_before_the_start_are_known_and_kept_in_step(world: World) -> None:
    system = await world.start()
    placed = await system.account("alpha").place(bid(client_order_id="survivor"))
    await system.stop(cancel_open_orders=False)

    account = (await world.start()).account("alpha")
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [placed.order_id]
    await world.control("POST", f"/orders/{placed.order_id}/fill", {})
    await until_async(lambda: account.executed_orders(SOL), what="the fill to arrive")
    await assert_agrees(world, account)


async def test_a_wrong_secret_fails_the_start_with_its_cause_and_does_not_loop(world: World) -> None:
    system = world.build(world.plan(secret="wrong"))
    with pytest.raises(VenueRefusedError) as refused:
        await system.start()
    assert refused.value.reason is RefusalReason.AUTHENTICATION
    assert "wrong" not in str(refused.value)
    requests = world.rest.requests
    await asyncio.sleep(0)
    assert world.rest.requests == requests


async def test_a_symbol_that_the_venue_does_not_list_fails_the_start_by_name(world: World) -> None:
    system = world.build(world.plan(symbols=(Symbol("NO", "SUCH"),)))
    with pytest.raises((ConfigurationError, VenueRefusedError), match=r"NO[/_]SUCH"):
        await system.start()


async def test_two_accounts_on_one_venue_do_not_see_each_other(world: World) -> None:
    system = await world.start(world.plan("alpha"), world.plan("beta"))
    alpha, beta = system.account("alpha"), system.account("beta")
    await alpha.place(bid(client_order_id="same"))
    await beta.place(bid("138", client_order_id="same"))
    assert [order.price for order in (await alpha.snapshot()).open_orders] == [Decimal(139)]
    assert [order.price for order in (await beta.snapshot()).open_orders] == [Decimal(138)]
    await assert_agrees(world, alpha)
    await assert_agrees(world, beta)


async def test_accounts_trade_with_each_other_and_both_agree_with_the_books(world: World) -> None:
    await world.market("SOL_USDT", None, None)
    system = await world.start(world.plan("alpha"), world.plan("beta"))
    alpha, beta = system.account("alpha"), system.account("beta")
    resting = await alpha.place(bid("140", "3"))
    await beta.place(PlaceOrder.ioc(SOL, Side.SELL, Decimal(2), Decimal(140)))

    async def filled() -> Order | None:
        order = await alpha.get_active_order(SOL, resting.order_id)
        return order if order is not None and order.filled_quantity == 2 else None

    await until_async(filled, what="alpha's order to be filled by beta")
    await assert_agrees(world, alpha)
    await assert_agrees(world, beta)


async def test_reload_joins_a_fresh_snapshot_without_leaving_live(world: World) -> None:
    account = (await world.start()).account("alpha")
    placed = await account.place(bid())
    snapshot = await account.reload()
    assert snapshot.sync_state is SyncState.LIVE
    assert [order.order_id for order in snapshot.open_orders] == [placed.order_id]


# -- figures ---------------------------------------------------------------------------------------------------------


async def test_trading_stats_tell_what_the_account_holds_and_how_it_is_connected(world: World) -> None:
    account = (await world.start()).account("alpha")
    await account.place(bid())
    await account.cancel(await account.place(bid("138")))
    stats = await account.get_trading_stats()
    assert stats.total_balances["USDT"] > 0
    assert (stats.open_orders_count, stats.executed_orders_count, stats.symbols_with_executed_orders) == (1, 1, 1)
    assert stats.has_credentials
    links = stats.connection_status
    assert links == ConnectionStatus(public_rest=True, public_ws=True, private_rest=True, private_ws=True)
    assert stats.command_latency.count == 3
    assert stats.event_latency.count > 0
    assert stats.mailbox_depth == 0


# -- withdrawals -----------------------------------------------------------------------------------------------------

PAYOUT = Withdraw(currency="USDT", amount=Decimal(120), chain="TRX", address="TDemoAddress111111111111111111111")


async def test_withdrawals_are_refused_unless_the_settings_allow_them(world: World) -> None:
    account = (await world.start()).account("alpha")
    requests = world.rest.requests
    with pytest.raises(NotPermittedError, match="allow_withdrawals"):
        await account.ask(PAYOUT)
    with pytest.raises(NotPermittedError):
        await account.ask(CancelWithdrawal(withdrawal_id="w1"))
    assert world.rest.requests == requests


async def test_a_withdrawal_can_be_followed_and_called_back(world: World) -> None:
    account = (await world.start(world.plan(allow_withdrawals=True))).account("alpha")
    requested = await account.withdraw(PAYOUT)
    assert requested.status in {WithdrawalStatus.REQUESTED, WithdrawalStatus.PROCESSING}
    found = await account.get_withdrawal(requested.withdrawal_id)
    assert found is not None
    assert found.amount == 120
    assert await account.get_withdrawal("w0") is None
    canceled = await account.cancel_withdrawal(requested)
    assert canceled.status is WithdrawalStatus.CANCELED
    history = await account.withdrawals("USDT")
    assert [item.withdrawal_id for item in history] == [requested.withdrawal_id]
    await assert_agrees(world, account)
