"""What no file can hold is refused alone, with a word; everything else is written, and nothing stops (R10, R14)."""

import asyncio
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs

from actors.journal import (
    Durability,
    HistoryFilter,
    Journal,
    JournalError,
    JournalSettings,
    Missing,
    Outcome,
    read_history,
    read_state,
)
from actors.journal.database import open_database
from actors.journal.store import Store
from messages.commands import CancelOrder
from messages.enums import OrderStatus
from messages.errors import InvalidValueError
from messages.order import Fee, Fill, Order
from tests.actors.journal import samples
from tests.actors.journal.samples import NOW_MS, journal_at, open_here, place
from tests.actors.journal.test_failures import full_disk
from tests.support.orders import BTC, SOL, fill, order

BEYOND = 2**63
HALF = "\ud83d"
"""A lone surrogate: half a character, which no encoding can write."""

_any_text = st.text(min_size=1, max_size=5) | st.just(HALF) | st.just(f"a{HALF}b") | st.just("\x00")
_any_time = st.integers(-(2**70), 2**70) | st.sampled_from([BEYOND - 1, BEYOND, -BEYOND, -BEYOND - 1, 2**64, 10**4000])
_any_amount = st.sampled_from([Decimal("1e999999"), Decimal("1e-999999"), Decimal(10) ** 40, Decimal("Infinity")])
_any_fees = st.lists(st.builds(Fee, samples.currencies | st.just(HALF), _any_amount), max_size=2).map(tuple)
_orders = st.builds(
    lambda one, texts, times, fees: replace(
        one, order_id=texts[0], finish_reason=texts[1], created_ms=times[0], updated_ms=times[1], fees=fees
    ),
    samples.orders,
    st.tuples(_any_text, _any_text),
    st.tuples(_any_time | samples.times, _any_time | samples.times),
    _any_fees,
)
_fills = st.builds(
    lambda one, texts, time_ms, fees: replace(
        one, trade_id=texts[0], order_id=texts[1], client_order_id=texts[2], time_ms=time_ms, fees=fees
    ),
    samples.fills,
    st.tuples(_any_text, _any_text, _any_text),
    _any_time | samples.times,
    _any_fees,
)
_records = st.lists(
    samples.orders | samples.fills | _orders | _fills,
    max_size=12,
    unique_by=lambda one: (one.symbol, one.order_id, getattr(one, "trade_id", None)),
)


def _is_writable(record: Order | Fill) -> bool:
    time_ms = record.updated_ms if isinstance(record, Order) else record.time_ms
    texts = [value for value in (getattr(record, name) for name in record.__struct_fields__) if isinstance(value, str)]
    texts += [fee.currency for fee in record.fees]
    return -BEYOND <= time_ms < BEYOND and not any(HALF in text for text in texts)


@settings(max_examples=60, deadline=None)
@given(records=_records)
def test_r10_of_any_batch_all_is_written_but_what_cannot_be(records: list[Order | Fill]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "a.sqlite")
        connection = open_database(path, account="a", durability=Durability.PROCESS_CRASH, now_ms=1)
        store = Store(connection, path, JournalSettings(), str)
        refused = [refusal.record for refusal in store.write(records)]
        store.close()
        history = read_history(path, HistoryFilter(limit=100))
    assert all(one in refused for one in records if not _is_writable(one))
    written = [one for one in records if one not in refused]
    assert all(_is_writable(one) for one in written)
    assert len(written) == len(records) - len(refused)
    assert sorted(map(repr, (*history.orders, *history.fills))) == sorted(map(repr, written))
    assert sum(missing.count for missing in history.missing) == len(refused)
    assert all(missing.was_refused for missing in history.missing)


async def test_r10_an_order_that_cannot_be_written_stops_nothing_and_is_logged_once(
    tmp_path: Path, executor: ThreadPoolExecutor | None
) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path, executor=executor) as journal:
        journal.record_order(order(order_id="1"))
        with capture_logs() as logs:
            for _ in range(3):
                journal.record_order(order(order_id="2", at=BEYOND))
                journal.record_fill(fill("t1", order_id="1", at=7))
                journal.record_fill(fill(HALF, order_id="2", symbol=BTC))
                await journal.flush()
        intent = await journal.record_intent(place("c1"))
        journal.record_outcome(intent, Outcome.CONFIRMED, HALF)
        await journal.flush()
        journal.require_writable()
        figures = journal.figures
        assert (figures.waiting, figures.lost, figures.refused, figures.failure) == (0, 0, 6, "")
    assert [(line["event"], line["record"]) for line in logs] == [
        ("journal_record_refused", "order 2 of SOL/USDT"),
        ("journal_record_refused", "fill ? of order 2 of BTC/USDT"),
    ]
    history = read_history(path)
    assert [known.order_id for known in history.orders] == ["1"]
    assert [known.trade_id for known in history.fills] == ["t1"]
    assert [str(missing) for missing in history.missing] == [
        "3 fills of BTC/USDT could not be written (the log names each)",
        "3 orders of SOL/USDT could not be written (the log names each)",
    ]
    assert read_history(path, HistoryFilter(symbol=SOL)).missing == (
        Missing(what="orders", symbol="SOL/USDT", count=3, through_ms=0, was_refused=True),
    )


async def test_r14_profit_of_a_market_with_a_fill_that_could_not_be_written_is_not_called_complete(
    tmp_path: Path,
) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        journal.record_fill(fill("t1", at=5))
        journal.record_fill(fill("t1", at=5, symbol=BTC))
        journal.record_fill(fill("t2", at=BEYOND))
    profits = {str(profit.symbol): profit.is_complete for profit in read_history(path).profits}
    assert profits == {"SOL/USDT": False, "BTC/USDT": True}


async def test_of_several_reports_of_one_order_the_last_that_can_be_written_is(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        journal.record_order(order(at=1))
        journal.record_order(order(at=2, filled="3"))
        journal.record_order(order(OrderStatus.FILLED, at=BEYOND, filled="10"))
        await journal.flush()
        (recovery,) = journal.load().symbols
        assert [(known.updated_ms, known.filled_quantity) for known in recovery.open_orders] == [(2, 3)]


async def test_a_disk_that_is_full_meanwhile_is_waited_for_and_nothing_is_refused_for_it(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path, linger_s=0)
    with full_disk():
        journal.record_order(order(order_id="1"))
        journal.record_order(order(order_id="2", at=BEYOND))
        with pytest.raises(JournalError, match="disk"):
            await journal.flush()
        assert (journal.figures.waiting, journal.figures.refused) == (2, 0)
    await asyncio.wait_for(_written(journal), 10)
    assert journal.figures.refused == 1
    await journal.close()
    assert [known.order_id for known in read_history(path).orders] == ["1"]


async def _written(journal: Journal) -> None:
    while True:
        try:
            await journal.flush()
        except JournalError:
            await asyncio.sleep(0.02)
        else:
            return


@pytest.mark.parametrize(
    "error",
    [sqlite3.OperationalError("disk I/O error"), sqlite3.DatabaseError("malformed"), OSError(5, "I/O"), MemoryError()],
    ids=repr,
)
@pytest.mark.parametrize("is_met_at_once", [True, False], ids=["at once", "while each is tried"])
def test_an_error_of_the_file_is_raised_and_no_record_is_blamed_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, is_met_at_once: bool
) -> None:
    path = tmp_path / "a.sqlite"
    connection = open_database(path, account="a", durability=Durability.PROCESS_CRASH, now_ms=1)
    store = Store(connection, path, JournalSettings(), str)

    execute = store._execute

    def fail(rows: Any) -> None:
        if is_met_at_once or len(rows.order_rows) == 1:
            raise error
        execute(rows)

    with monkeypatch.context() as patched:
        patched.setattr(store, "_execute", fail)
        with pytest.raises(type(error)):
            store.write([order(order_id="1"), order(order_id="2", at=BEYOND)])
    assert [refusal.what for refusal in store.write([order(order_id="1"), order(order_id="2", at=BEYOND)])] == [
        "order 2 of SOL/USDT"
    ]
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.write([order(order_id="3")])
    assert [known.order_id for known in read_history(path).orders] == ["1"]


async def test_each_refusal_names_its_record_and_is_noted_with_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        monkeypatch.setattr("actors.journal.refusals._NAMES_LIMIT", 5)
        with capture_logs() as logs:
            for _ in range(2):
                journal.record_outcome(BEYOND, Outcome.CONFIRMED)
                journal.record_fill(fill(HALF, order_id="x" * 300, at=BEYOND - 1))
                journal.record_fill(fill(HALF, order_id="y", at=5))
                journal.record_order(order(order_id="z", client_order_id=HALF, at=6))
                untyped = order(order_id="1")
                msgspec.structs.force_setattr(untyped, "order_id", [7])
                journal.record_order(untyped)
                await journal.flush()
            journal.record_fill(fill(HALF, order_id="six", at=5))
            journal.record_fill(fill(HALF, order_id="y", at=5))
            await journal.flush()
    assert [line["record"] for line in logs] == [
        f"outcome of intent {BEYOND}",
        f"fill ? of order {'x' * 100} of SOL/USDT",
        "fill ? of order y of SOL/USDT",
        "order z of SOL/USDT",
        "order <list> of SOL/USDT",
        "fill ? of order six of SOL/USDT",
        "fill ? of order y of SOL/USDT",
    ]
    assert {line["account"] for line in logs} == {"alice"}
    assert {line["path"] for line in logs} == {str(path)}
    assert {(known.what, known.count, known.through_ms) for known in read_history(path).missing} == {
        ("intents", 2, 0),
        ("fills", 6, BEYOND - 1),
        ("orders", 4, 6),
    }


# -- commands --------------------------------------------------------------------------------------------------------


def _untyped(**fields: Any) -> CancelOrder:
    """As a strategy may make one that got round the checks."""
    command = CancelOrder(symbol=SOL, order_id="1")
    for name, value in fields.items():
        msgspec.structs.force_setattr(command, name, value)
    return command


@pytest.mark.parametrize("fields", [{"order_id": value} for value in (HALF, 7, 2**70, b"7")] + [{"symbol": "SOL"}])
async def test_r4_a_command_that_could_not_be_read_at_the_next_start_is_refused_before_it_is_sent(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        with pytest.raises(JournalError, match=r"cannot hold a command to cancel \(.+this one was not written"):
            journal.record_intent(_untyped(**fields))
        assert await journal.record_intent(place("c2")) == 1
        journal.require_writable()
    async with journal_at(path) as journal:
        assert [intent.command for intent in journal.load().open_intents] == [place("c2")]


@pytest.mark.parametrize("durability", Durability)
async def test_r4_an_intent_with_a_time_beyond_64_bits_fails_alone(tmp_path: Path, durability: Durability) -> None:
    async with journal_at(tmp_path / "alice.sqlite", durability=durability) as journal:
        first = journal.record_intent(place("c1"))
        second = journal.record_intent(place("c2"), arrives_by_ms=BEYOND)
        third = journal.record_intent(place("c3"), arrives_by_ms=BEYOND - 1)
        with pytest.raises(JournalError, match=r"cannot hold intent 2 \(.*too large"):
            await second
        assert (await first, await third) == (1, 3)
        with pytest.raises(JournalError, match="cannot hold intent 4"):
            await journal.record_intent(place("c4"), arrives_by_ms=BEYOND)
        journal.require_writable()
        assert [intent.intent_id for intent in journal.load().open_intents] == [1, 3]


# -- state -----------------------------------------------------------------------------------------------------------


async def test_r13_a_kill_switch_reason_of_any_length_and_of_any_characters_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        await journal.set_state("kill_switch", "x" * 5_000 + HALF)
        assert journal.get_state("kill_switch") == "x" * 5_000 + "?"
        await journal.set_state("kill_switch", "x" * 1_000_000)
        with pytest.raises(
            InvalidValueError, match=r"value of kill_switch = '1,000,001 characters' .* at most 1,000,000"
        ):
            journal.set_state("kill_switch", "x" * 1_000_001)
        with pytest.raises(InvalidValueError, match="1 to 64 characters"):
            journal.set_state("", "x")
    assert read_state(path, "kill_switch") == "x" * 1_000_000


async def test_a_key_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        refused, kept = journal.set_state(HALF, "x"), journal.set_state("key", "x")
        with pytest.raises(JournalError, match=r"cannot hold state \?"):
            await refused
        await kept
        assert [str(missing) for missing in read_history(journal.path).missing] == [
            "1 states could not be written (the log names each)"
        ]


# -- until when all is known -----------------------------------------------------------------------------------------


async def test_r14_history_says_since_when_and_until_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        assert journal.fills_through_ms is None
        await journal.flush()
        assert read_history(path).complete_through_ms is None
        journal.record_fills_through(5_000)
        assert journal.fills_through_ms == 5_000
    history = read_history(path)
    assert (history.complete_from_ms, history.complete_through_ms, history.missing) == (NOW_MS, 5_000, ())


async def test_r14_fills_that_were_lost_are_asked_for_again_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path, backlog_limit=3, linger_s=0)
    journal.record_fills_through(1_000)
    await journal.flush()
    with full_disk():
        for number in range(4):
            journal.record_fill(fill(f"t{number}", at=1_000 + number))
        with pytest.raises(JournalError):
            await journal.flush()
        assert journal.figures.lost == 1
        journal.record_fills_through(9_000)
    assert journal.fills_through_ms == 1_000
    with pytest.raises(JournalError, match="takes no more records"):
        await journal.close()
    async with journal_at(path) as again:
        assert again.fills_through_ms == 1_000, "later ones are in the file only in part"


# -- opening ---------------------------------------------------------------------------------------------------------


async def _leaves_nothing_behind(path: Path) -> None:
    async with journal_at(path) as journal:
        assert await journal.record_intent(place()) >= 1


async def test_opening_on_a_full_disk_is_one_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    with full_disk():
        for _ in range(3):
            with pytest.raises(JournalError, match=r"alice\.sqlite cannot be (written|read or written)"):
                open_here(path)
    await _leaves_nothing_behind(path)


@pytest.mark.parametrize("broken", [sqlite3.OperationalError("disk I/O error"), OSError(5, "Input/output error")])
@pytest.mark.parametrize("step", ["newest_intent_id", "read_state"])
async def test_whatever_goes_wrong_while_opening_is_one_error_and_frees_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, broken: Exception
) -> None:
    path = tmp_path / "alice.sqlite"

    def fail(_: Store) -> None:
        raise broken

    with monkeypatch.context() as patched:
        patched.setattr(Store, step, fail)
        with pytest.raises(JournalError, match=r"alice\.sqlite cannot be"):
            open_here(path)
    await _leaves_nothing_behind(path)


async def test_recalling_without_a_thread_is_one_error(tmp_path: Path) -> None:
    pool = ThreadPoolExecutor(1)
    journal = open_here(tmp_path / "alice.sqlite", executor=pool)
    pool.shutdown()
    with pytest.raises(JournalError):
        await journal.recall()
    journal.abandon()
