"""Strategies on the loop, plain or async, and on a thread; and the quoter, against the embedded exchange."""

import threading
from decimal import Decimal
from typing import Any

import pytest

from actors.strategy.base import Strategy
from actors.strategy.quoter import Quoter, QuoterSettings
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import InvalidValueError, TellerError
from messages.events import ConnectionStatusEvent, ExecutionReportEvent, OrderUpdateEvent
from messages.market import BookTicker
from messages.order import Order
from tests.support.eventually import eventually
from tests.support.orders import SOL, fill, paid
from tests.support.proxy import Mode
from tests.support.world import Recorder, World, assert_agrees, until_async

ONE = Decimal(1)


class Plain(Strategy):
    """Callbacks return at once; replies come back as callbacks."""

    def __init__(self) -> None:
        super().__init__("plain", ("alpha",))
        self.placed: list[Order] = []
        self.refused: list[Exception] = []
        self.timers: list[str] = []
        self.tickers: list[BookTicker] = []

    def on_start(self) -> None:
        account = self.account("alpha")
        self.then(account.place(PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(139))), self.placed.append)
        too_fine = PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal("139.0001"))
        self.then(account.place(too_fine), self.placed.append, self.refused.append)
        self.set_timer(0.01, "tick")
        self.watch_book_ticker("gateio", SOL)

    def on_timer(self, name: str) -> None:
        self.timers.append(name)

    def on_book_ticker(self, ticker: BookTicker) -> None:
        self.tickers.append(ticker)


async def test_a_plain_strategy_gets_replies_timers_and_tickers_as_callbacks(world: World) -> None:
    strategy = Plain()
    await world.start(strategies=[strategy])
    await eventually(lambda: strategy.placed and strategy.refused and strategy.timers and strategy.tickers)
    assert strategy.placed[0].status is OrderStatus.NEW
    assert isinstance(strategy.refused[0], InvalidValueError)
    assert strategy.timers == ["tick"]
    assert (strategy.tickers[0].bid, strategy.tickers[0].ask) == (Decimal(140), Decimal(141))
    await world.market("SOL_USDT", "150", "151")
    await eventually(lambda: strategy.tickers[-1].bid == Decimal(150))


class Waiting(Strategy):
    """Async callbacks run one at a time, also while they wait."""

    def __init__(self) -> None:
        super().__init__("waiting", ("alpha",))
        self.inside = 0
        self.overlapped = False
        self.orders: list[Order] = []

    async def on_start(self) -> None:
        await self._one("130")

    async def on_order_update(self, event: OrderUpdateEvent) -> None:
        if event.order.status is OrderStatus.NEW and len(self.orders) < 3:
            await self._one(str(131 + len(self.orders)))

    async def _one(self, price: str) -> None:
        self.inside += 1
        self.overlapped |= self.inside > 1
        self.orders.append(await self.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(price))))
        self.inside -= 1


async def test_an_async_strategy_runs_one_callback_at_a_time(world: World) -> None:
    strategy = Waiting()
    await world.start(strategies=[strategy])
    await eventually(lambda: len(strategy.orders) == 3)
    assert not strategy.overlapped


class Blocking(Strategy):
    """On a thread of its own a callback may block for its reply."""

    on_thread = True

    def __init__(self) -> None:
        super().__init__("blocking", ("alpha",))
        self.thread: str | None = None
        self.ended: Order | None = None

    def on_start(self) -> None:
        self.thread = threading.current_thread().name
        account = self.account("alpha")
        placed = account.place(PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(139))).get(timeout=5)
        self.ended = account.cancel(placed).get(timeout=5)


async def test_a_strategy_on_a_thread_may_block_while_its_account_goes_on(world: World) -> None:
    strategy = Blocking()
    system = await world.start(strategies=[strategy])
    await eventually(lambda: strategy.ended)
    assert strategy.ended is not None
    assert strategy.ended.status is OrderStatus.CANCELED
    assert strategy.thread != threading.main_thread().name
    await assert_agrees(world, system.account("alpha"))


async def test_async_callbacks_on_a_thread_are_refused_with_the_reason(world: World) -> None:
    class Confused(Strategy):
        on_thread = True

        async def on_start(self) -> None:
            self.log.info("never")

    with pytest.raises(InvalidValueError, match=r"on_thread = True .* plain functions"):
        await world.start(strategies=[Confused("confused", ("alpha",))])


async def test_a_strategy_may_only_reach_its_own_accounts(world: World) -> None:
    class Curious(Recorder):
        def on_start(self) -> None:
            self.account("beta")

    with pytest.raises(TellerError):
        await world.start(world.plan("alpha"), world.plan("beta"), strategies=[Curious("curious", ("alpha",))])


async def test_names_that_are_not_there_are_refused_before_anything_starts(world: World) -> None:
    with pytest.raises(InvalidValueError, match=r"account of strategy 'recorder' = 'gamma' .* one of alpha"):
        world.build(strategies=[Recorder(accounts=("gamma",))])
    with pytest.raises(InvalidValueError, match="accounts = 'alpha'"):
        world.build(world.plan(), world.plan())


async def test_a_strategy_is_told_when_its_account_leaves_live_and_is_back(world: World) -> None:
    recorder = Recorder()
    await world.start(strategies=[recorder])
    await world.control("POST", "/sockets/cut", {"account": "alpha", "how": "reset"})

    def states() -> list[SyncState]:
        return [e.sync_state for e in recorder.events if isinstance(e, ConnectionStatusEvent) and e.name == "alpha"]

    await eventually(lambda: SyncState.DEGRADED in states() and states()[-1] is SyncState.LIVE)


# -- the quoter ------------------------------------------------------------------------------------------------------


def quoter(**changes: Any) -> Quoter:
    settings: dict[str, Any] = {
        "symbol": SOL,
        "quantity": ONE,
        "half_spread_bps": Decimal(20),
        "requote_bps": Decimal(5),
        "max_inventory": Decimal(2),
        "requote_every_s": 0.12,
        **changes,
    }
    return Quoter("quoter", "alpha", QuoterSettings(**settings))


async def open_quotes(world: World) -> dict[str, Decimal]:
    rows = (await world.books())["orders"]
    return {row["side"]: Decimal(row["price"]) for row in rows if row["status"] == "open"}


async def until_quotes(world: World, wanted: dict[str, str]) -> None:
    expected = {side: Decimal(price) for side, price in wanted.items()}

    async def there() -> bool:
        return await open_quotes(world) == expected

    await until_async(there, what=f"quotes {wanted}")


async def test_the_quoter_keeps_a_post_only_bid_and_ask_around_the_mid_and_moves_them(world: World) -> None:
    strategy = quoter()
    system = await world.start(strategies=[strategy])
    # mid 140.50, 20 bps away: 140.219 down to the tick, 140.781 up to it
    await until_quotes(world, {"buy": "140.21", "sell": "140.79"})
    assert {row["time_in_force"] for row in (await world.books())["orders"]} == {"post_only"}
    await world.market("SOL_USDT", "140.3", "141.3")
    await until_quotes(world, {"buy": "140.51", "sell": "141.09"})
    assert strategy.report().requotes_count >= 2
    await assert_agrees(world, system.account("alpha"))


async def test_the_quoter_stops_quoting_the_side_that_would_pass_its_inventory_limit(world: World) -> None:
    strategy = quoter(max_inventory=ONE)
    system = await world.start(strategies=[strategy])
    await until_quotes(world, {"buy": "140.21", "sell": "140.79"})
    bid = next(row for row in (await world.books())["orders"] if row["side"] == "buy" and row["status"] == "open")
    await world.control("POST", f"/orders/{bid['id']}/fill", {})
    await eventually(lambda: strategy.report().fills_count == 1)
    await world.market("SOL_USDT", "140.3", "141.3")
    await until_quotes(world, {"sell": "141.09"})
    report = strategy.report()
    fee = ONE - report.inventory
    assert Decimal(0) < fee < Decimal("0.01"), "the fee of a buy is paid in what was bought"
    assert report.pnl is not None
    assert report.pnl == -Decimal("140.21") + report.inventory * Decimal("140.8")
    await assert_agrees(world, system.account("alpha"))


async def test_the_quoter_takes_its_quotes_away_when_the_feed_is_lost_and_puts_them_back(world: World) -> None:
    await world.start(strategies=[quoter()])
    await until_quotes(world, {"buy": "140.21", "sell": "140.79"})
    await world.control("POST", "/sockets/cut", {"channel": "spot.book_ticker", "how": "reset"})

    async def was_withdrawn() -> bool:
        return any(row["finish_as"] == "cancelled" for row in (await world.books())["orders"])

    await until_async(was_withdrawn, what="the quotes to be withdrawn")
    await until_quotes(world, {"buy": "140.21", "sell": "140.79"})


async def test_the_quoter_never_has_two_orders_on_a_side_while_one_is_unresolved(world: World) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[quoter(), recorder])
    await until_quotes(world, {"buy": "140.21", "sell": "140.79"})
    await world.rest.set_mode(Mode.LOSE_ANSWERS)
    await world.market("SOL_USDT", "140.3", "141.3")
    await eventually(lambda: any(order.status is OrderStatus.CANCELED for order in recorder.orders()))
    await world.rest.set_mode(Mode.PASS)
    await until_quotes(world, {"buy": "140.51", "sell": "141.09"})
    rows = (await world.books())["orders"]
    assert len([row for row in rows if row["status"] == "open"]) == 2
    await assert_agrees(world, system.account("alpha"))


async def test_stopping_with_cancel_leaves_no_order_and_nothing_running(world: World) -> None:
    recorder = Recorder()
    system = await world.start(strategies=[quoter(), recorder])
    await until_quotes(world, {"buy": "140.21", "sell": "140.79"})
    assert await system.stop(cancel_open_orders=True) == {}
    assert await open_quotes(world) == {}
    fills = [event for event in recorder.events if isinstance(event, ExecutionReportEvent)]
    assert fills == []
    with pytest.raises(TellerError, match="alpha is unavailable"):
        await system.account("alpha").snapshot()


def test_r2_the_quoter_counts_every_fee_of_a_fill_in_its_currency() -> None:
    strategy = quoter()
    for side, fees in ((Side.BUY, ("0.001 SOL", "0.02 GT", "-0.5 USDT")), (Side.SELL, ("0.1 USDT", "0.01 GT"))):
        event = ExecutionReportEvent(account="alpha", fill=fill("t1", "2", price="100", side=side, fees=paid(*fees)))
        strategy.on_fill(event)
    strategy._mid = Decimal(1000)
    report = strategy.report()
    assert (report.inventory, report.pnl) == (Decimal("-0.001"), Decimal("0.4") - 1)
    assert report.note == "fees not in pnl: 0.03 GT"
