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
from structlog.testing import capture_logs

from actors.account.intents import Intents
from actors.account.journal_recovery import JournalRecovery
from actors.journal import Journal, JournalError, JournalSettings
from messages.commands import CancelAll, CancelOrder, CancelWithdrawal, PlaceOrder, Withdraw
from messages.enums import OrderStatus, Side
from messages.order import VANISHED, Order
from tests.support.account_parts import START_MS, AccountParts, Fate
from tests.support.orders import SOL, order

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

    def __init__(self, path: Path, **settings: int) -> None:
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
        self.parts = AccountParts(executed_limit=1, **settings)

    async def restored(self) -> JournalRecovery:
        parts = self.parts
        recovery = JournalRecovery(
            self.journal,
            parts.context,
            intents=Intents(self.journal),
            reconciler=parts.reconciler,
            orders=parts.orders,
            mass_cancels=parts.mass_cancels,
            withdrawals=cast("Any", self.withdrawals),
        )
        await recovery.restore(START_MS)
        return recovery

    async def begin(self) -> JournalRecovery:
        recovery, parts = await self.restored(), self.parts
        parts.connect()
        recovery.settle_open_intents()
        parts.pass_time(120)
        return recovery

    def at_the_exchange(self, created_ms: int) -> Order:
        order = msgspec.structs.replace(
            self.parts.venue.add(client_order_id="mine"), created_ms=created_ms, updated_ms=created_ms
        )
        self.parts.venue.orders[str(order.order_id)] = order
        return order

    async def outcomes(self) -> list[tuple[str | None, str]]:
        await self.journal.flush()
        with closing(sqlite3.connect(self.journal.path)) as connection:
            return connection.execute("SELECT outcome, detail FROM intents ORDER BY id").fetchall()


@pytest.fixture
def patience_ms() -> int:
    return 30_000


@pytest.fixture
async def life(tmp_path: Path, patience_ms: int) -> AsyncIterator[NextLife]:
    life = NextLife(tmp_path / "alpha.sqlite", unresolved_patience_ms=patience_ms)
    yield life
    life.journal.abandon()


@pytest.mark.parametrize("patience_ms", [30_000, 5 * MINUTE_MS])
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
    assert [order.status for order in life.parts.told] == [OrderStatus.NEW]
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


async def test_r4_an_order_that_the_journal_knows_and_memory_has_no_room_for_has_happened(life: NextLife) -> None:
    await life.journal.record_intent(PLACING, arrives_by_ms=START_MS)
    first, second = life.at_the_exchange(START_MS), life.parts.venue.add()
    for each in (first, second):
        life.journal.record_order(life.parts.venue.end(each))
    await life.restored()
    assert life.parts.state.funds.available("USDT") == 100_000, "it has ended: no money is set aside for it"
    await life.begin()
    assert await life.outcomes() == [("confirmed", "asked later")]
    assert "get_order" not in life.parts.venue.requests, "a query that lags might deny it"


async def test_r4_an_order_that_the_journal_has_by_the_exchanges_name_is_not_asked_about(life: NextLife) -> None:
    await life.journal.record_intent(PLACING, arrives_by_ms=START_MS)
    life.journal.record_order(life.at_the_exchange(START_MS))
    await life.begin()
    assert await life.outcomes() == [("confirmed", "asked later")]
    assert life.parts.venue.requests == []


async def test_r4_withdrawals_and_their_cancels_are_looked_for(life: NextLife) -> None:
    """An intent of an older version does not say when it can no longer arrive: patience does."""
    calling_back = CancelWithdrawal(withdrawal_id="7")
    await life.journal.record_intent(WITHDRAWAL, arrives_by_ms=START_MS + 5)
    await life.journal.record_intent(calling_back)
    await life.begin()
    by_ms = START_MS + life.parts.context.settings.unresolved_patience_ms
    assert life.withdrawals.asked == [
        ("settle", WITHDRAWAL, START_MS + 5),
        ("settle_cancel", calling_back, by_ms),
    ]
    assert await life.outcomes() == [(None, ""), (None, "")]


async def test_r4_a_cancel_is_filed_as_the_order_shows_it(life: NextLife) -> None:
    order = life.at_the_exchange(START_MS)
    cancel = CancelOrder(symbol=SOL, order_id=order.order_id)
    await life.journal.record_intent(cancel, arrives_by_ms=START_MS + 50_000)
    life.journal.record_order(order)
    await life.begin()
    assert await life.outcomes() == [("rejected", "asked later")]
    assert life.parts.venue.requests == ["get_order"]


async def test_r13_a_cancel_of_all_goes_on_for_what_was_placed_before_it(life: NextLife) -> None:
    await life.journal.record_intent(PLACING, arrives_by_ms=START_MS)
    mine = life.at_the_exchange(START_MS)
    life.journal.record_order(mine)
    await life.journal.record_intent(CancelAll(), arrives_by_ms=START_MS + 1)
    await life.begin()
    assert life.parts.venue.open == {}
    assert life.parts.told[-1].status is OrderStatus.CANCELED
    assert [outcome for outcome, _ in await life.outcomes()] == ["confirmed", "confirmed"]


async def test_r4_the_kill_switch_is_kept_under_a_name_that_later_versions_read(life: NextLife) -> None:
    recovery = await life.restored()
    life.parts.context.kill_switch = "stop"
    recovery.kill_switch_changed()
    assert life.journal.get_state("kill_switch") == "stop"
    life.parts.context.kill_switch = None
    await recovery.restore(START_MS)
    assert life.parts.context.kill_switch == "stop"
    life.parts.context.kill_switch = "x" * 1_000_001  # more than a journal takes
    with capture_logs() as logs:
        recovery.kill_switch_changed()
    assert [row["event"] for row in logs] == ["kill_switch_not_in_journal"]


async def test_r4_what_is_known_of_fills_is_kept_less_a_little(life: NextLife) -> None:
    recovery = await life.restored()
    assert await recovery.restore(START_MS) == START_MS, "a new journal knows of nothing before"
    recovery.fills_loaded(START_MS + MINUTE_MS)
    assert START_MS < await recovery.restore(START_MS + HOUR_MS) < START_MS + MINUTE_MS


async def test_r4_an_order_that_cannot_be_filed_sets_no_money_aside(life: NextLife) -> None:
    parts = AccountParts(journal=life.journal)
    parts.connect()
    life.journal.abandon()
    with pytest.raises(JournalError):
        parts.place()
    assert parts.state.funds.available("USDT") == 100_000
    assert parts.told == []


async def test_r13_a_cancel_of_all_covers_an_order_placed_before_it_that_arrives_after_it(life: NextLife) -> None:
    await life.journal.record_intent(PLACING, arrives_by_ms=START_MS + 60_000)
    await life.journal.record_intent(CancelAll(), arrives_by_ms=START_MS - 1_000)
    life.at_the_exchange(START_MS)
    strangers = life.parts.venue.add()
    await life.begin()
    assert list(life.parts.venue.open) == [strangers.order_id]


async def test_r13_a_cancel_of_all_is_sent_again_whole_where_nothing_else_is_open(life: NextLife) -> None:
    await life.journal.record_intent(CancelAll(), arrives_by_ms=START_MS + 1)
    life.at_the_exchange(START_MS)
    life.parts.venue.fates = [Fate.DONE, Fate.UNREACHABLE]
    await life.begin()
    assert life.parts.venue.open == {}
    assert life.parts.venue.requests[:3] == ["open_orders", "cancel", "cancel_all"]
    assert [outcome for outcome, _ in await life.outcomes()] == ["confirmed"]


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (OrderStatus.CANCELED, "cancelled", "confirmed"),
        (OrderStatus.FILLED, "filled", "rejected"),
        (OrderStatus.CANCELED, VANISHED, "rejected"),
    ],
)
async def test_r4_a_cancel_is_filed_by_the_end_on_record_though_the_exchange_has_forgotten_the_order(
    life: NextLife, status: OrderStatus, reason: str, outcome: str
) -> None:
    """The account keeps one finished order in memory, and it is another."""
    for number, at in (("77", START_MS - HOUR_MS), ("78", START_MS)):
        life.journal.record_order(order(status, order_id=number, client_order_id=f"c{number}", at=at, reason=reason))
    await life.journal.record_intent(CancelOrder(symbol=SOL, order_id="77", client_order_id="c77"))
    await life.begin()
    assert [each for each, _ in await life.outcomes()] == [outcome]
