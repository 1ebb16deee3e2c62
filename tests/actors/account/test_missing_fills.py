"""Which fills are loaded with a snapshot: all from where they are known to be complete, whatever came since."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from actors.account.context import AccountContext
from actors.account.memory import Memory
from actors.account.settings import AccountSettings
from actors.account.state import AccountState
from actors.journal import Journal, JournalSettings
from tests.support.orders import BTC, SOL, fill, order

MINUTE_MS = 60_000


def test_before_the_first_load_fills_are_wanted_since_the_start() -> None:
    state = AccountState()

    assert state.fills_needed((SOL,), since_ms=MINUTE_MS) == {SOL: MINUTE_MS}


def test_a_newer_fill_that_the_socket_told_does_not_hide_an_older_one_that_it_lost() -> None:
    state = AccountState()
    state.fills_loaded((SOL,), through_ms=10 * MINUTE_MS)
    state.hear_order(order(at=10 * MINUTE_MS))
    state.hear_fill(fill("7", at=19 * MINUTE_MS))  # the one before it never came

    assert state.fills_needed((SOL,), since_ms=MINUTE_MS)[SOL] <= 10 * MINUTE_MS


def test_each_load_moves_the_beginning_and_an_older_answer_does_not_move_it_back() -> None:
    state = AccountState()
    state.fills_loaded((SOL,), through_ms=10 * MINUTE_MS)
    state.fills_loaded((SOL,), through_ms=20 * MINUTE_MS)
    state.fills_loaded((SOL,), through_ms=15 * MINUTE_MS)

    wanted = state.fills_needed((SOL,), since_ms=MINUTE_MS)[SOL]
    assert 19 * MINUTE_MS < wanted <= 20 * MINUTE_MS


def test_a_market_with_orders_is_asked_about_even_if_it_is_not_among_the_accounts_own() -> None:
    state = AccountState()
    state.hear_order(order(symbol=BTC))

    assert state.fills_needed((SOL,), since_ms=MINUTE_MS) == {SOL: MINUTE_MS, BTC: MINUTE_MS}


async def test_r4_after_a_restart_fills_are_wanted_from_a_little_before_they_were_complete(tmp_path: Path) -> None:
    """Our reading of the exchange's clock may run a little ahead of the stamps that it gives."""
    journal = Journal.open(
        tmp_path / "alpha.sqlite",
        account="alpha",
        settings=JournalSettings(),
        loop=asyncio.get_running_loop(),
        executor=None,
        now_ms=lambda: 0,
    )
    state = AccountState()
    context = cast("AccountContext", SimpleNamespace(name="alpha", settings=AccountSettings(), state=state))
    nobody = cast("Any", None)
    memory = Memory(
        journal, context, intents=nobody, doubts=nobody, orders=nobody, mass_cancels=nobody, withdrawals=nobody
    )
    assert await memory.restore(7 * MINUTE_MS) == 7 * MINUTE_MS, "a new journal knows of nothing before"

    memory.fills_loaded(10 * MINUTE_MS)

    assert 9 * MINUTE_MS < await memory.restore(20 * MINUTE_MS) < 10 * MINUTE_MS
    await journal.close()
