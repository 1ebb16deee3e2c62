"""R4: what the next life makes of commands whose end the earlier one did not see, on virtual time."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from actors.account.memory import Memory
from actors.journal import Journal, JournalSettings
from messages.commands import CancelWithdrawal, PlaceOrder, Withdraw
from messages.enums import OrderStatus, Side
from messages.order import Order
from tests.support.desks import START_MS, Desks
from tests.support.orders import SOL

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
PLACING = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(100), client_order_id="mine")
WITHDRAWAL = Withdraw(currency="USDT", amount=Decimal(50), chain="TRX", address="T1", client_withdrawal_id="w1")


class Withdrawals:
    """What the desk of withdrawals is asked to settle."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object, int]] = []

    def settle(self, intent: object, command: object, arrives_by_ms: int) -> None:
        self.asked.append(("settle", command, arrives_by_ms))

    def settle_cancel(self, intent: object, command: object, arrives_by_ms: int) -> None:
        self.asked.append(("settle_cancel", command, arrives_by_ms))


class NextLife:
    """The desks of an account that starts at `START_MS`, and the journal of the life before."""

    def __init__(self, path: Path) -> None:
        self.wall_clock_ms = START_MS
        self.journal = Journal.open(
            path,
            account="alpha",
            settings=JournalSettings(),
            loop=asyncio.get_running_loop(),
            executor=None,
            now_ms=lambda: self.wall_clock_ms,
        )
        self.withdrawals = Withdrawals()
        self.desks = Desks(executed_limit=1, unresolved_patience_ms=5 * MINUTE_MS)

    async def begin(self) -> None:
        desks = self.desks
        memory = Memory(
            self.journal,
            desks.context,
            intents=desks.intents,
            doubts=desks.doubts,
            orders=desks.orders,
            mass_cancels=desks.mass_cancels,
            withdrawals=cast("Any", self.withdrawals),
        )
        desks.intents._journal = self.journal
        await memory.restore(START_MS)
        desks.connect()
        memory.settle_open_intents()
        desks.pass_time(120)

    def at_the_exchange(self, created_ms: int) -> Order:
        order = msgspec.structs.replace(
            self.desks.venue.add(client_order_id="mine"), created_ms=created_ms, updated_ms=created_ms
        )
        self.desks.venue.orders[str(order.order_id)] = order
        return order

    async def outcomes(self) -> list[tuple[str | None, str]]:
        await self.journal.flush()
        with closing(sqlite3.connect(self.journal.path)) as connection:
            return connection.execute("SELECT outcome, detail FROM intents ORDER BY id").fetchall()


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[NextLife]:
    life = NextLife(tmp_path / "alpha.sqlite")
    yield life
    life.journal.abandon()


@pytest.mark.parametrize("clock_error_ms", [0, -HOUR_MS, HOUR_MS], ids=["right", "slow", "fast"])
async def test_r4_an_order_that_arrived_is_ours_whatever_clock_its_life_had(
    life: NextLife, clock_error_ms: int
) -> None:
    """It was created well before this life began: that does not make it another order with the same id."""
    decided_ms = START_MS - 10 * MINUTE_MS
    life.wall_clock_ms = decided_ms + clock_error_ms
    await life.journal.record_intent(PLACING, arrives_by_ms=decided_ms + 6_000)
    life.at_the_exchange(decided_ms + 10)
    await life.begin()
    assert [order.status for order in life.desks.told] == [OrderStatus.NEW]
    assert await life.outcomes() == [("confirmed", "asked later")]


@pytest.mark.parametrize("clock_error_ms", [0, -24 * HOUR_MS], ids=["right", "slow"])
async def test_r4_an_older_order_with_the_same_id_is_not_taken_for_the_one_that_was_to_be_sent(
    life: NextLife, clock_error_ms: int
) -> None:
    decided_ms = START_MS - 10 * MINUTE_MS
    life.wall_clock_ms = decided_ms + clock_error_ms
    await life.journal.record_intent(PLACING, arrives_by_ms=decided_ms + 6_000)
    life.at_the_exchange(decided_ms - 2 * HOUR_MS)
    await life.begin()
    assert await life.outcomes() == [("rejected", "never_arrived")]


async def test_r4_an_order_that_the_journal_knows_and_memory_has_no_room_for_is_asked_about(life: NextLife) -> None:
    await life.journal.record_intent(PLACING, arrives_by_ms=START_MS)
    first, second = life.at_the_exchange(START_MS), life.desks.venue.add()
    for order in (first, second):
        life.journal.record_order(life.desks.venue.end(order))
    await life.begin()
    assert await life.outcomes() == [("confirmed", "asked later")]
    assert "get_order" in life.desks.venue.requests


async def test_r4_an_order_that_the_journal_has_by_the_exchanges_name_is_not_asked_about(life: NextLife) -> None:
    await life.journal.record_intent(PLACING, arrives_by_ms=START_MS)
    life.journal.record_order(life.at_the_exchange(START_MS))
    await life.begin()
    assert await life.outcomes() == [("confirmed", "asked later")]
    assert life.desks.venue.requests == []


async def test_r4_withdrawals_and_their_cancels_are_looked_for(life: NextLife) -> None:
    """An intent of an older version does not say when it can no longer arrive: patience does."""
    calling_back = CancelWithdrawal(withdrawal_id="7")
    await life.journal.record_intent(WITHDRAWAL, arrives_by_ms=START_MS + 5)
    await life.journal.record_intent(calling_back)
    await life.begin()
    by_ms = START_MS + life.desks.context.settings.unresolved_patience_ms
    assert life.withdrawals.asked == [
        ("settle", WITHDRAWAL, START_MS + 5),
        ("settle_cancel", calling_back, by_ms),
    ]
    assert await life.outcomes() == [(None, ""), (None, "")]
