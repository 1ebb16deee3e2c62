"""Figures that an account has invented, or forgotten, are found."""

from typing import Any

import msgspec
import pytest

from actors.runtime import Reply
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID
from messages.commands import CancelAll, Command, GetOrder, PlaceOrder
from messages.enums import OrderStatus, SyncState
from messages.errors import KillSwitchError, RefusalReason, VenueRefusedError
from messages.events import ConnectionStatus
from messages.order import Order
from messages.snapshot import AccountSnapshot, LatencySummary
from messages.symbol import Symbol
from simulation.oracles.command_log import CommandLog
from simulation.oracles.statistics import statistics_differences
from simulation.oracles.watcher import Start, Told
from tests.support.books import Books
from tests.support.orders import SOL, order
from tests.support.stats import trading_stats

LIFE = 1
COMMANDS: tuple[tuple[Command, Any], ...] = (
    (PlaceOrder.market_sell(SOL, Books().place().amount), order()),
    (PlaceOrder.market_sell(SOL, Books().place().amount), VenueRefusedError(RefusalReason.OTHER, "NO")),
    (PlaceOrder.market_sell(SOL, Books().place().amount), KillSwitchError("alpha", "enough")),
    (GetOrder(symbol=SOL, order_id="1"), None),
    (CancelAll(), ()),
)


class Account:
    """alpha with an open and a finished order, five commands and two fills; and what it rightly says of that."""

    def __init__(self) -> None:
        self.books = Books()
        self.books.place()
        self.told = Told()
        self.told.starts = [Start(fills=2, synced=3)]
        self.listed: tuple[Order, ...] = ()
        self.log = CommandLog(lambda: 0.0)
        self.executed: dict[Symbol, tuple[Order, ...]] = {
            SOL: (order(OrderStatus.CANCELED),),
            Symbol("ETH", "USDT"): (),
        }
        for command, answer in COMMANDS:
            self.ask(command, answer)
        engine: Engine = self.books.engine
        self.stats = trading_stats(
            total_balances={name: each.total for name, each in engine.ledger.balances("alpha").items()},
            open_orders_count=1,
            executed_orders_count=1,
            symbols_with_executed_orders=1,
            fills_count=2,
            connection_status=ConnectionStatus(public_rest=True, public_ws=True, private_rest=True, private_ws=True),
            cache_hits=1,
            events_count=9,
            commands_count=5,
            rejected_count=1,
            denied_count=1,
            reconnects_count=2,
            event_latency=LatencySummary(count=4, p50_ms=1.0, p99_ms=2.0, max_ms=3.0),
            command_latency=LatencySummary(count=2, p50_ms=1.0, p99_ms=2.0, max_ms=3.0),
        )

    def ask(self, command: Command, answer: Any) -> None:
        reply: Reply[Any] = Reply()
        if isinstance(answer, Exception):
            reply.set_error(answer)
        else:
            reply.set(answer)
        self.log.file("alpha", command, reply).life = LIFE

    def wrong(self, **changes: object) -> list[str]:
        snapshot = AccountSnapshot(
            account="alpha",
            venue="gateio",
            sync_state=SyncState.LIVE,
            true_at_ms=1,
            stale_since_ms=None,
            balances={},
            open_orders=self.listed,
        )
        stats = msgspec.structs.replace(self.stats, **changes)
        return list(
            statistics_differences(
                self.books.exchange,
                stats,
                snapshot,
                self.executed,
                told=self.told,
                log=self.log,
                life=LIFE,
            )
        )


def test_an_account_that_counts_right_is_right() -> None:
    assert Account().wrong() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"total_balances": {}},
        {"sync_state": SyncState.DEGRADED},
        {"open_orders_count": 2},
        {"executed_orders_count": 2},
        {"symbols_with_executed_orders": 2},
        {"unresolved_orders": 1},
        {"has_credentials": False},
        {"connection_status": ConnectionStatus(public_rest=True)},
        {"fills_count": 3},
        {"fills_count": 0},
        {"reconnects_count": 3},
        {"commands_count": 4},
        {"commands_count": 6},
        {"rejected_count": 0},
        {"rejected_count": 2},
        {"denied_count": 0},
        {"denied_count": 2},
        {"cache_hits": 2},
        {"cache_hits": -1, "cache_misses": 2},
        {"event_latency": LatencySummary(count=10)},
        {"command_latency": LatencySummary(count=6)},
        {"command_latency": LatencySummary(count=1, p50_ms=2.0, p99_ms=1.0, max_ms=2.0)},
    ],
)
def test_every_invented_figure_is_found(changes: dict[str, object]) -> None:
    found = Account().wrong(**changes)

    assert found
    assert all(each.startswith("alpha: statistics: ") for each in found)


def test_an_odd_row_that_the_account_took_for_an_open_order_counts_and_no_other_that_the_books_lack() -> None:
    account = Account()
    account.listed = (order(order_id=str(FIRST_MADE_UP_ID)), order(order_id="912000009999"))
    assert account.wrong(open_orders_count=account.stats.open_orders_count + 1) == []
    assert account.wrong(open_orders_count=account.stats.open_orders_count + 2)


def test_after_a_crash_an_account_may_have_counted_less_but_not_more() -> None:
    account = Account()
    account.told.starts = [Start(fills=2, synced=3), Start(fills=1, synced=1, is_first=False)]

    assert account.wrong(fills_count=1, commands_count=2, rejected_count=0, denied_count=0, reconnects_count=1) == []
    assert account.wrong(fills_count=2, reconnects_count=1) != []
    assert account.wrong(fills_count=1, commands_count=6, reconnects_count=1) != []


def test_whoever_is_live_has_all_links() -> None:
    account = Account()

    assert account.wrong(connection_status=ConnectionStatus(public_ws=True, private_ws=True)) != []
    assert account.wrong(connection_status=ConnectionStatus(public_rest=True, private_rest=True)) != []


def test_commands_of_another_life_do_not_count() -> None:
    account = Account()
    account.ask(CancelAll(), ())
    account.log.commands[-1].life = LIFE + 1

    assert account.wrong() == []
