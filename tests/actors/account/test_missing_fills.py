"""Which fills are loaded with a snapshot: all from where they are known to be complete, whatever came since."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actors.account.context import AccountContext
from actors.account.journal_recovery import JournalRecovery
from actors.account.messages import FillsNeeded
from actors.account.orders.fills_coverage import FillsCoverage
from actors.account.settings import AccountSettings
from actors.journal import Journal, JournalSettings
from exchanges.base.clients import FillsReport, UnreadableRow
from messages.symbol import Symbol
from tests.support.orders import BTC, SOL
from tests.support.spot_state import spot_state

MINUTE_MS = 60_000
NOW_MS = 100 * MINUTE_MS


def row(symbol: Symbol | None = BTC, item_id: str = "7") -> UnreadableRow:
    return UnreadableRow(symbol, "BTC_USDT" if symbol else "币安人生_USDT", item_id, "price must be a number")


def load(
    coverage: FillsCoverage,
    through_ms: int,
    *unreadable: UnreadableRow,
    again: dict[Symbol, FillsReport | str] | None = None,
    now_s: float = 0.0,
) -> None:
    report = FillsReport((), through_ms, unreadable)
    coverage.loaded(report, again or {}, from_ms=coverage.from_ms(NOW_MS), lag_ms=0, now_s=now_s)


def test_before_the_first_load_fills_are_wanted_since_the_start() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    assert coverage.from_ms(NOW_MS) == coverage.complete_ms == MINUTE_MS
    load(coverage, MINUTE_MS - 1)  # an answer that lags behind the start moves nothing
    assert coverage.from_ms(NOW_MS) == MINUTE_MS


def test_a_clock_of_ours_that_is_ahead_takes_nothing_from_what_an_earlier_life_had_to_ask_for() -> None:
    coverage = FillsCoverage(10 * MINUTE_MS, age_ms=2 * MINUTE_MS)  # all by our own clock
    assert coverage.from_ms(7 * MINUTE_MS) == 5 * MINUTE_MS, "where our clock is five minutes ahead"
    assert coverage.from_ms(8 * MINUTE_MS) == 5 * MINUTE_MS


def test_a_clock_of_ours_that_is_behind_asks_for_more_and_not_for_less() -> None:
    coverage = FillsCoverage(10 * MINUTE_MS, age_ms=2 * MINUTE_MS)
    assert coverage.from_ms(20 * MINUTE_MS) == 10 * MINUTE_MS


def test_a_start_by_a_clock_that_was_ahead_of_the_exchanges_is_set_right_by_the_first_question() -> None:
    coverage = FillsCoverage(10 * MINUTE_MS)  # before the exchange's clock was known
    assert coverage.from_ms(now_ms=9 * MINUTE_MS) == 9 * MINUTE_MS
    load(coverage, 9 * MINUTE_MS - 10_000)
    assert coverage.from_ms(now_ms=30 * MINUTE_MS) == 9 * MINUTE_MS
    load(coverage, 20 * MINUTE_MS)
    assert 19 * MINUTE_MS < coverage.from_ms(now_ms=30 * MINUTE_MS) < 20 * MINUTE_MS


def test_each_load_moves_the_beginning_and_an_older_answer_does_not_move_it_back() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    for minutes in (10, 20, 15):
        load(coverage, minutes * MINUTE_MS)
    assert 19 * MINUTE_MS < coverage.from_ms(NOW_MS) < 20 * MINUTE_MS
    assert coverage.complete_ms == 20 * MINUTE_MS


def test_r10_a_fill_that_cannot_be_read_leaves_only_its_market_incomplete_from_before_that_load() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    load(coverage, 10 * MINUTE_MS)
    wanted_ms = coverage.from_ms(NOW_MS)
    load(coverage, 20 * MINUTE_MS, row(), row(None))
    assert coverage.causes() == {BTC: "its fill 7 cannot be read: price must be a number"}
    assert coverage.from_ms(NOW_MS) > 19 * MINUTE_MS  # of all others
    assert coverage.complete_ms == wanted_ms  # and a next life begins there
    assert coverage.again(29.9) == {}
    assert coverage.again(30.0) == {BTC: wanted_ms}


def test_r10_a_market_is_asked_for_again_with_growing_pauses_until_it_can_be_read() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    load(coverage, 10 * MINUTE_MS, row())
    now_s, pauses = 0.0, []
    for answer in ("refused", FillsReport((), 0, (row(item_id=""),)), "refused", "refused", "refused", "refused"):
        due_s = next(second for second in range(int(now_s), 10_000) if coverage.again(second))
        pauses.append(due_s - now_s)
        now_s = float(due_s)
        load(coverage, 20 * MINUTE_MS, again={BTC: answer}, now_s=now_s)
        expected = answer if isinstance(answer, str) else "its fill without an id cannot be read"
        assert coverage.causes()[BTC].startswith(expected)
    assert pauses == [30, 60, 120, 240, 480, 600]
    load(coverage, 30 * MINUTE_MS, again={BTC: FillsReport((), 0)}, now_s=now_s)
    assert coverage.causes() == {}
    assert coverage.complete_ms == 30 * MINUTE_MS


def test_the_same_row_in_the_next_load_changes_nothing() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    load(coverage, 10 * MINUTE_MS, row(), now_s=0.0)
    load(coverage, 11 * MINUTE_MS, row(), now_s=15.0)
    assert coverage.again(30.0) == {BTC: MINUTE_MS}


def memory_of(path: Path, *, at_ms: int) -> tuple[JournalRecovery, Journal]:
    journal = Journal.open(
        path,
        account="alpha",
        settings=JournalSettings(),
        loop=asyncio.get_running_loop(),
        executor=None,
        now_ms=lambda: at_ms,
    )
    state = spot_state()
    context = cast("AccountContext", SimpleNamespace(name="alpha", settings=AccountSettings(), state=state))
    nobody = cast("Any", None)
    recovery = JournalRecovery(
        journal, context, intents=nobody, reconciler=nobody, orders=nobody, mass_cancels=nobody, withdrawals=nobody
    )
    return recovery, journal


async def test_r4_after_a_restart_fills_are_wanted_from_a_little_before_they_were_complete(tmp_path: Path) -> None:
    """Our reading of the exchange's clock may run a little ahead of the stamps that it gives."""
    recovery, journal = memory_of(tmp_path / "alpha.sqlite", at_ms=7 * MINUTE_MS)
    assert await recovery.restore(7 * MINUTE_MS) == 7 * MINUTE_MS, "a new journal knows of nothing before"

    recovery.fills_loaded(10 * MINUTE_MS)

    assert 9 * MINUTE_MS < await recovery.restore(20 * MINUTE_MS) < 10 * MINUTE_MS
    await journal.close()


async def test_r4_a_journal_that_lost_all_its_records_wants_fills_from_its_beginning_on(tmp_path: Path) -> None:
    """With the power, or because its first life was over before anything was loaded; the file's history says that it is
    complete from there on (R14)."""
    path = tmp_path / "alpha.sqlite"
    _, journal = memory_of(path, at_ms=7 * MINUTE_MS)
    await journal.close()

    recovery, journal = memory_of(path, at_ms=20 * MINUTE_MS)
    assert await recovery.restore(20 * MINUTE_MS) == 7 * MINUTE_MS
    assert await recovery.restore(3 * MINUTE_MS) == 3 * MINUTE_MS, "our clock was ahead then"
    await journal.close()


async def test_r6_fills_are_wanted_from_the_first_contact_on_though_our_clock_was_ahead_then(tmp_path: Path) -> None:
    """A life asks the exchange, whose clock it knows by then, and is over before the answer."""
    path = tmp_path / "alpha.sqlite"
    recovery, journal = memory_of(path, at_ms=7 * MINUTE_MS)
    await recovery.restore(7 * MINUTE_MS)
    recovery.fills_asked(6 * MINUTE_MS)
    recovery.fills_asked(8 * MINUTE_MS)
    await journal.close()

    recovery, journal = memory_of(path, at_ms=20 * MINUTE_MS)
    assert await recovery.restore(20 * MINUTE_MS) == 6 * MINUTE_MS
    await journal.close()


def take_turn(
    coverage: FillsCoverage,
    markets: Iterable[Symbol],
    *,
    at_ms: int,
    now_s: float = 0.0,
    refused: Mapping[Symbol, str] = {},
    no_room_for: Collection[Symbol] = (),
) -> FillsNeeded:
    """One snapshot at a venue that lists by market only, answered at once."""
    needed = coverage.turn(at_ms, now_s, tuple(markets))
    again = {
        symbol: refused.get(symbol) or FillsReport((), at_ms) for symbol in needed.again if symbol not in no_room_for
    }
    report = FillsReport((), at_ms, (), frozenset(needed.turn) - frozenset(no_room_for))
    coverage.loaded(report, again, from_ms=needed.from_ms, lag_ms=0, now_s=now_s)
    return needed


def many(count: int) -> list[Symbol]:
    return [Symbol(f"C{number}", "USDT") for number in range(count)]


def test_r6_where_the_venue_lists_by_market_a_new_market_is_asked_for_from_the_beginning() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    assert take_turn(coverage, [SOL], at_ms=10 * MINUTE_MS).again == {SOL: MINUTE_MS}
    assert coverage.complete_ms == 10 * MINUTE_MS

    needed = coverage.turn(11 * MINUTE_MS, 2.0, (SOL, BTC))
    assert (needed.again, needed.turn) == ({BTC: MINUTE_MS}, (SOL,))
    assert 9 * MINUTE_MS < needed.from_ms < 10 * MINUTE_MS
    assert (coverage.complete_ms, coverage.causes()) == (MINUTE_MS, {})

    needed = take_turn(coverage, [SOL, BTC], at_ms=11 * MINUTE_MS, now_s=3.0)
    assert coverage.complete_ms == 11 * MINUTE_MS
    assert take_turn(coverage, [SOL, BTC], at_ms=12 * MINUTE_MS).again == {}


def test_r6_a_new_market_whose_fills_cannot_be_had_is_told_and_asked_for_again() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    take_turn(coverage, [SOL], at_ms=10 * MINUTE_MS)
    take_turn(coverage, [SOL, BTC], at_ms=11 * MINUTE_MS, now_s=1.0, refused={BTC: "not now"})
    assert coverage.causes() == {BTC: "not now"}
    assert take_turn(coverage, [SOL, BTC], at_ms=12 * MINUTE_MS, now_s=2.0).again == {}
    assert take_turn(coverage, [SOL, BTC], at_ms=13 * MINUTE_MS, now_s=100.0).again == {BTC: MINUTE_MS}
    assert coverage.causes() == {}


@pytest.mark.parametrize("count", [3, 40, 200])
def test_r10_however_many_markets_there_are_a_snapshot_asks_for_few_and_all_get_their_turn(count: int) -> None:
    coverage, markets = FillsCoverage(MINUTE_MS), many(count)
    at_ms, asked_first = 10 * MINUTE_MS, dict[Symbol, int]()
    while len(asked_first) < count:
        at_ms += 1000
        needed = take_turn(coverage, markets, at_ms=at_ms)
        assert needed.markets == tuple(markets)
        assert 0 < len(needed.again) + len(needed.turn) <= 12
        asked_first.update(dict.fromkeys(needed.again, at_ms))
        waiting = set(markets) - asked_first.keys()
        assert coverage.causes().keys() == waiting, "nothing is known of those that have not been asked for (R14)"
        assert not waiting or coverage.complete_ms == MINUTE_MS
    assert all(cause == "its fills have not been asked for yet" for cause in coverage.causes().values())

    turns = 0
    while coverage.complete_ms <= at_ms:
        turns += 1
        needed = take_turn(coverage, markets, at_ms=at_ms + turns * 1000)
        assert needed.again == {}
        assert needed.from_ms <= coverage.complete_ms
    assert turns <= -(-count // 12)


def test_r10_markets_that_fail_do_not_keep_others_from_their_turn() -> None:
    coverage, markets = FillsCoverage(MINUTE_MS), many(30)
    bad = dict.fromkeys(markets[:20], "not now")
    for minute in range(10, 40):
        take_turn(coverage, markets, at_ms=minute * MINUTE_MS, now_s=60.0 * minute, refused=bad)
    assert coverage.causes() == bad
    needed = coverage.turn(41 * MINUTE_MS, 1e9, tuple(markets))
    assert len(needed.turn) >= 6
    assert set(needed.turn) <= set(markets[20:])


def test_r14_a_market_for_which_the_rate_limit_had_no_room_is_not_taken_for_known() -> None:
    coverage = FillsCoverage(MINUTE_MS)
    take_turn(coverage, [SOL, BTC], at_ms=10 * MINUTE_MS, no_room_for={BTC})
    assert (set(coverage.causes()), coverage.complete_ms) == ({BTC}, MINUTE_MS)
    take_turn(coverage, [SOL, BTC], at_ms=11 * MINUTE_MS)
    take_turn(coverage, [SOL, BTC], at_ms=12 * MINUTE_MS, no_room_for={SOL})
    assert (coverage.causes(), coverage.complete_ms) == ({}, 11 * MINUTE_MS)
    assert coverage.turn(13 * MINUTE_MS, 1.0, (SOL, BTC)).turn == (SOL, BTC), "the one that waits longest is first"
