"""A listener to all events notices every one that a right account would not have told."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest

from actors.runtime import DeadLetters, LoopHost
from messages.enums import OrderStatus, Side, SyncState, TimeInForce
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatus,
    ConnectionStatusEvent,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.order import Fill, Order
from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.oracles.watcher import Told, Watcher
from simulation.trace import Trace
from tests.support.orders import balance, fill, order

NEW = OrderStatus.NEW
CANCELED = OrderStatus.CANCELED


def heard(*events: object) -> tuple[list[str], Told]:
    """What a watcher finds wrong in these events of alpha, told a second apart, and what it keeps."""
    told, violations = {"alpha": Told()}, list[str]()
    loop = VirtualLoop()

    async def main() -> None:
        host = LoopHost.current(dead_letters=DeadLetters(clock=loop.time))
        watcher = Watcher.start(told, violations, Trace(loop.time, on=False), host=host)
        await watcher.started
        for event in events:
            watcher.tell(event)
            await asyncio.sleep(1.0)
        await watcher.stop()

    run_on_virtual_time(loop, main())
    return violations, told["alpha"]


def status(sync_state: SyncState, *, since_ms: int = 1, public_ws: bool = True) -> ConnectionStatusEvent:
    links = ConnectionStatus(public_ws=public_ws)
    return ConnectionStatusEvent(name="alpha", sync_state=sync_state, links=links, since_ms=since_ms)


def orders(*reports: Order) -> list[OrderUpdateEvent]:
    return [OrderUpdateEvent("alpha", each) for each in reports]


def fills(*reports: Fill) -> list[ExecutionReportEvent]:
    return [ExecutionReportEvent("alpha", each) for each in reports]


def test_the_life_of_an_order_with_its_fill_is_right() -> None:
    pending = order(OrderStatus.PENDING, order_id=None, at=0)
    partly = order(filled="4", at=3)
    wrong, told = heard(
        status(SyncState.LIVE),
        *orders(pending, order(at=2)),
        *fills(fill("7", "4", at=3)),
        *orders(partly, partly, order(CANCELED, filled="4", at=5)),
    )

    assert wrong == []
    assert told.starts[-1].fills == 1


@pytest.mark.parametrize(
    ("reports", "finding"),
    [
        ((order(filled="4", at=2), order(filled="3", at=3)), "fell from 4 to 3"),
        ((order(CANCELED, at=2), order(at=3)), "went from canceled to new"),
        ((order(at=2), order(at=2)), "told again with nothing new"),
        ((order(at=3), order(at=2, price="101")), "went back to 2 ms"),
        ((order(at=2), order(at=3, side=Side.SELL)), "was (Symbol"),
        ((order(at=2), msgspec.structs.replace(order(at=3), time_in_force=TimeInForce.IOC)), "was (Symbol"),
        ((order(OrderStatus.PENDING, order_id=None), order(at=2), order(at=3, order_id="1002")), "doubled"),
    ],
)
def test_what_an_order_can_never_do_is_found(reports: Sequence[Order], finding: str) -> None:
    wrong, _ = heard(status(SyncState.LIVE), *orders(*reports))

    assert any(finding in each for each in wrong)


def test_an_order_that_is_told_of_again_is_not_the_one_that_has_its_client_id_now() -> None:
    first = order(CANCELED, at=2)
    anew = order(OrderStatus.PENDING, order_id=None, at=0, side=Side.SELL)
    second = order(at=5, order_id="1002", side=Side.SELL)
    assert heard(status(SyncState.LIVE), *orders(order(at=1), first, anew, first, second, first))[0] == []
    refused = order(OrderStatus.REJECTED, order_id=None, at=0, side=Side.SELL)
    assert heard(status(SyncState.LIVE), *orders(order(at=1), first, anew, refused, first))[0] == []

    others = order(CANCELED, at=2), order(at=5, order_id="1002", side=Side.SELL)  # nobody here has placed them
    assert heard(status(SyncState.LIVE), *orders(*others))[0] == []

    reopened = [*orders(order(at=1), first, anew), *orders(order(at=3))]
    assert any("went from canceled to new" in each for each in heard(status(SyncState.LIVE), *reopened)[0])
    third = order(at=6, order_id="1003", side=Side.SELL)
    doubled = orders(order(at=1), first, anew, second, first, third)
    assert any("doubled" in each for each in heard(status(SyncState.LIVE), *doubled)[0])


def test_an_order_that_is_taken_while_not_live_is_found() -> None:
    wrong, _ = heard(status(SyncState.DEGRADED), *orders(order(OrderStatus.PENDING, order_id=None)))

    assert wrong == ["alpha: order c1 was taken while degraded (R5)"]


def test_a_fill_is_told_once() -> None:
    wrong, _ = heard(*fills(fill("7"), fill("8"), fill("7")))

    assert wrong == ["alpha: fill 7 of SOL/USDT was told twice (R2)"]


def test_a_balance_is_told_once_while_live_and_once_more_after_a_break() -> None:
    usdt = BalanceUpdateEvent("alpha", (balance("USDT", "5"),))
    wrong, told = heard(status(SyncState.LIVE), usdt, status(SyncState.DEGRADED), status(SyncState.LIVE), usdt)
    assert wrong == []
    assert told.balances_now["USDT"].available == Decimal(5)

    wrong, _ = heard(status(SyncState.LIVE), usdt, usdt)
    assert wrong == ["alpha: USDT was told again with nothing new (R2)"]


def test_it_keeps_since_when_an_account_is_live_and_how_often_it_came_back() -> None:
    _, told = heard(status(SyncState.SYNCING), status(SyncState.LIVE), status(SyncState.LIVE))
    assert told.live_since_s == 1.0
    assert told.starts[-1].synced == 1

    _, told = heard(status(SyncState.SYNCING), status(SyncState.LIVE), status(SyncState.DEGRADED))
    assert told.live_since_s is None

    crashed = status(SyncState.RECOVERING, since_ms=0)
    _, told = heard(status(SyncState.SYNCING), status(SyncState.LIVE), crashed, *fills(fill("7")))
    assert [start.synced for start in told.starts] == [1, 0]
    assert [start.fills for start in told.starts] == [0, 1]


def test_a_balance_never_goes_back_while_the_account_is_live() -> None:
    new, old = (BalanceUpdateEvent("alpha", (each,)) for each in (balance("USDT", "5", at=9), balance("USDT", "6")))
    assert heard(status(SyncState.LIVE), new, old)[0] == ["alpha: USDT went back to 1 ms (R2)"]
    assert heard(status(SyncState.LIVE), new, status(SyncState.DEGRADED), old)[0] == []


def test_an_account_is_live_only_with_the_market_data_of_its_venue() -> None:
    wrong, _ = heard(status(SyncState.SYNCING, public_ws=False), status(SyncState.LIVE, public_ws=False))
    assert wrong == ["alpha: is live without the market data of its venue (R5)"]
