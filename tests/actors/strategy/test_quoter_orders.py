"""The quoter's own orders, whatever its account says of them in between: never two on a side, never blind (R3, R6)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest

from actors.runtime import Reply
from actors.strategy.base import StrategyHost
from actors.strategy.quoter import Quoter, QuoterSettings
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side, SyncState, TimeInForce
from messages.errors import CancelGoesOnError, NotLiveError, TellerError, UnresolvedOrderError
from messages.events import ConnectionStatus, ConnectionStatusEvent, OrderUpdateEvent
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Order
from messages.snapshot import AccountSnapshot
from tests.support.orders import BTC, SOL, order

LOST = UnresolvedOrderError("canceling", None, "lost")


class Account:
    """An account that says what it is told to say.

    Attributes:
        orders: as it knows them, by the exchange's id. refuses_cancels: with these, in turn. loses_places: so many.
    """

    venue = "gateio"

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.refuses_cancels: list[TellerError] = []
        self.refuses_all: list[TellerError] = []
        self.loses_places = 0
        self.unnamed: list[Order] = []
        self.placed = 0
        self.is_away = False

    @property
    def open(self) -> list[Order]:
        return [each for each in self.orders.values() if each.is_open]

    def place(self, command: PlaceOrder) -> Reply[Any]:
        self.placed += 1
        reply: Reply[Any] = Reply()
        named = msgspec.structs.replace(command, client_order_id=f"c{self.placed}")
        made = msgspec.structs.replace(named.as_order(OrderStatus.NEW), order_id=str(self.placed))
        if self.loses_places:
            self.loses_places -= 1
            lost = msgspec.structs.replace(made, status=OrderStatus.UNRESOLVED, order_id=None)
            self.unnamed.append(lost)
            reply.set_error(UnresolvedOrderError("placing", made.client_order_id, "lost"))
            return reply
        self.orders[str(self.placed)] = made
        reply.set(made)
        return reply

    def cancel(self, order: Order) -> Reply[Any]:
        reply: Reply[Any] = Reply()
        if self.refuses_cancels:
            reply.set_error(self.refuses_cancels.pop(0))
        else:
            reply.set(self.end(order))
        return reply

    def end(self, order: Order) -> Order:
        ended = msgspec.structs.replace(order, status=OrderStatus.CANCELED, finish_reason="vanished")
        self.orders[str(order.order_id)] = ended
        return ended

    def cancel_all(self, symbol: Any = None) -> Reply[Any]:
        assert symbol == SOL
        reply: Reply[Any] = Reply()
        if self.refuses_all:
            reply.set_error(self.refuses_all.pop(0))
            return reply
        reply.set(tuple(self.end(each) for each in self.open))
        return reply

    def snapshot(self) -> Reply[Any]:
        reply: Reply[Any] = Reply()
        if self.is_away:
            reply.set_error(NotLiveError("alpha", "down", None))
            return reply
        reply.set(
            AccountSnapshot(
                account="alpha",
                venue="gateio",
                sync_state=SyncState.LIVE,
                true_at_ms=1,
                stale_since_ms=None,
                balances={},
                open_orders=(*self.open, *self.unnamed),
            )
        )
        return reply

    def executed_orders(self, symbol: Any) -> Reply[Any]:
        return Reply.of(tuple(each for each in self.orders.values() if each.is_finished and each.symbol == symbol))

    def instrument(self, symbol: Any) -> Reply[Any]:
        return Reply.of(
            Instrument(symbol=symbol, tick=Decimal("0.01"), lot=Decimal("0.01"), quote_step=Decimal("0.01"))
        )


class Host:
    """What a strategy is hosted by, on time that is moved by hand."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.time_s = 0.0
        self.timers: list[float] = []
        self.watches = False

    def account(self, name: str) -> Any:
        assert name == "alpha"
        return self._account

    def watch_book_ticker(self, *_: object) -> None:
        self.watches = True

    def set_timer(self, delay_s: float, name: str) -> None:
        assert name == "requote"
        self.timers.append(self.time_s + delay_s)

    def now_s(self) -> float:
        return self.time_s

    def then(self, reply: Reply[Any], callback: Callable[[Any], Any], failed: Callable[[Exception], Any]) -> None:
        def settled(done: Reply[Any]) -> None:
            if isinstance(done.error, Exception):
                failed(done.error)
            else:
                callback(done.result())

        reply.add_done_callback(settled)


class Desk:
    """The quoter with its account and its host; quotes as soon as it is `live`."""

    def __init__(self) -> None:
        self.account = Account()
        self.host = Host(self.account)
        self.quoter = Quoter(
            "quoter",
            "alpha",
            QuoterSettings(
                symbol=SOL,
                quantity=Decimal(1),
                half_spread_bps=Decimal(20),
                requote_bps=Decimal(5),
                max_inventory=Decimal(5),
                requote_every_s=1.0,
            ),
        )
        self.quoter.attach(cast("StrategyHost", self.host))

    async def live(self) -> None:
        await self.quoter.on_start()
        await self.status("gateio", SyncState.LIVE)
        await self.ticker("100", "101")

    async def status(self, name: str, sync_state: SyncState) -> None:
        await self.quoter.on_connection_status(
            ConnectionStatusEvent(name=name, sync_state=sync_state, links=ConnectionStatus(), since_ms=1, cause="")
        )

    async def ticker(self, bid: str, ask: str) -> None:
        await self.quoter.on_book_ticker(
            BookTicker(
                symbol=SOL,
                bid=Decimal(bid),
                bid_quantity=Decimal(9),
                ask=Decimal(ask),
                ask_quantity=Decimal(9),
                update_id=1,
                time_ms=1,
            )
        )

    async def told(self, *orders: Order) -> None:
        for each in orders:
            await self.quoter.on_order_update(OrderUpdateEvent("alpha", each))

    async def pass_time(self, seconds: float) -> None:
        until_s = self.host.time_s + seconds
        while self.host.timers and min(self.host.timers) <= until_s:
            self.host.time_s = min(self.host.timers)
            self.host.timers.remove(self.host.time_s)
            await self.quoter.on_timer("requote")
        self.host.time_s = until_s

    def on(self, side: Side) -> list[Order]:
        return [each for each in self.account.open if each.side is side]

    def quote(self, side: Side) -> Order:
        (found,) = self.on(side)
        return found


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.live()
    assert len(desk.account.open) == 2
    return desk


async def test_an_order_that_shows_again_beside_its_successor_is_canceled(desk: Desk) -> None:
    first = desk.quote(Side.BUY)
    await desk.told(desk.account.end(first))
    await desk.pass_time(2)
    second = desk.quote(Side.BUY)
    assert second.order_id != first.order_id
    desk.account.orders[str(first.order_id)] = first
    await desk.told(first)
    assert desk.quote(Side.BUY).order_id == second.order_id


async def test_an_order_that_shows_again_where_there_is_none_is_the_quote(desk: Desk) -> None:
    first = desk.quote(Side.SELL)
    await desk.told(desk.account.end(first))
    placed = desk.account.placed
    desk.account.orders[str(first.order_id)] = first
    await desk.told(first)
    await desk.pass_time(5)
    assert desk.quote(Side.SELL).order_id == first.order_id
    assert desk.account.placed == placed


async def test_while_the_one_too_many_cannot_be_canceled_its_side_is_left_alone(desk: Desk) -> None:
    first = desk.quote(Side.BUY)
    await desk.told(desk.account.end(first))
    await desk.pass_time(2)
    desk.account.orders[str(first.order_id)] = first
    desk.account.refuses_cancels = [LOST, LOST]
    placed = desk.account.placed
    await desk.told(first)
    await desk.ticker("90", "91")
    assert desk.account.placed == placed + 1, "the other side is quoted"
    assert len(desk.on(Side.BUY)) == 2
    await desk.pass_time(5)
    assert len(desk.on(Side.BUY)) == 1
    assert desk.quote(Side.BUY).price is not None
    assert desk.quote(Side.BUY).price < Decimal(91)  # type: ignore[operator]  # moved, when it could be


async def test_a_quote_that_was_lost_is_taken_up_by_its_update(desk: Desk) -> None:
    desk.account.loses_places = 1
    desk.account.cancel(desk.quote(Side.BUY))
    (ended,) = [each for each in desk.account.orders.values() if each.is_finished]
    await desk.told(ended)
    await desk.pass_time(2)
    assert desk.on(Side.BUY) == []
    (lost,) = desk.account.unnamed
    desk.account.unnamed.clear()
    there = msgspec.structs.replace(lost, status=OrderStatus.NEW, order_id="77")
    desk.account.orders["77"] = there
    await desk.told(there)
    await desk.pass_time(5)
    assert desk.quote(Side.BUY).order_id == "77"


async def test_a_fate_that_was_settled_while_nobody_told_does_not_leave_a_side_blind(desk: Desk) -> None:
    desk.account.loses_places = 1
    await desk.told(desk.account.end(desk.quote(Side.BUY)))
    await desk.pass_time(3)
    assert desk.on(Side.BUY) == []
    desk.account.unnamed.clear()  # settled while the account was away
    await desk.status("alpha", SyncState.RECOVERING)
    await desk.status("alpha", SyncState.LIVE)
    await desk.pass_time(3)
    assert len(desk.on(Side.BUY)) == 1


async def test_while_the_account_cannot_be_asked_what_is_known_stands(desk: Desk) -> None:
    quotes = desk.account.open
    desk.account.is_away = True
    await desk.status("alpha", SyncState.LIVE)
    await desk.pass_time(5)
    assert desk.account.open == quotes


async def test_a_cancel_that_is_lost_is_tried_again(desk: Desk) -> None:
    desk.account.refuses_cancels = [LOST, LOST, LOST]
    await desk.pass_time(2)
    await desk.ticker("90", "91")
    await desk.pass_time(5)
    assert [float(each.price or 0) < 95 for each in desk.account.open] == [True, True]


async def test_without_a_feed_quotes_are_withdrawn_also_when_that_takes_several_tries(desk: Desk) -> None:
    desk.account.refuses_cancels = [LOST] * 3
    await desk.status("gateio", SyncState.DEGRADED)
    assert desk.account.open
    await desk.pass_time(5)
    assert desk.account.open == []
    await desk.status("gateio", SyncState.LIVE)
    await desk.pass_time(2)
    assert len(desk.account.open) == 2


@pytest.mark.parametrize("changes", [{"client_order_id": "others"}, {"symbol": BTC}])
async def test_orders_of_others_are_left_alone(desk: Desk, changes: dict[str, Any]) -> None:
    theirs = msgspec.structs.replace(order(order_id="900"), **changes)
    desk.account.orders["900"] = theirs
    await desk.told(theirs)
    await desk.pass_time(5)
    assert desk.account.orders["900"].is_open


async def test_what_an_earlier_life_has_left_is_canceled_first_and_known_again() -> None:
    desk = Desk()
    earlier = msgspec.structs.replace(
        order(order_id="900", client_order_id="earlier", quantity="1"), time_in_force=TimeInForce.POST_ONLY
    )
    desk.account.orders["900"] = earlier
    desk.account.refuses_all = [CancelGoesOnError(10.0, 1, "nobody answers")] * 2
    await desk.live()
    assert desk.account.orders["900"].is_finished
    assert len(desk.account.open) == 2
    desk.account.orders["900"] = earlier
    await desk.told(earlier)
    assert desk.account.orders["900"].is_finished, "beside the new quote it is one too many"
    assert len(desk.on(Side.BUY)) == 1


async def test_r13_a_start_does_not_wait_for_the_cancel_of_earlier_quotes_and_no_quote_comes_before_it() -> None:
    desk = Desk()
    pending: Reply[Any] = Reply()
    desk.account.cancel_all = lambda _: pending  # type: ignore[method-assign,assignment]
    await desk.quoter.on_start()
    assert not desk.host.watches
    pending.set(())
    assert desk.host.watches
