"""A journal looked at from outside: who has it, what is in it, and nothing is changed."""

import os
from pathlib import Path

import pytest

from actors.journal import JournalError, holder_of, inspect_journal, read_state
from tests.actors.journal.samples import journal_at, place
from tests.support.orders import fill, order


async def test_what_is_in_it_is_told_while_its_writer_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path) as journal:
        journal.record_order(order(order_id="1"))
        journal.record_fill(fill("1", order_id="1"))
        await journal.record_intent(place())
        await journal.set_state("kill_switch", "enough")
        await journal.flush()
        report = inspect_journal(path, account="alice")
        assert (report.orders_count, report.fills_count, report.open_intents_count) == (1, 1, 1)
        assert report.state["kill_switch"] == read_state(path, "kill_switch") == "enough"
        assert read_state(path, "other") is None


async def test_its_holder_is_named_for_as_long_as_it_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    assert holder_of(path) is None
    async with journal_at(path):
        assert holder_of(path) == f"process {os.getpid()}"
    assert holder_of(path) is None


async def test_what_a_start_would_refuse_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    with pytest.raises(JournalError, match="does not exist"):
        inspect_journal(path, account="alice")
    async with journal_at(path):
        pass
    with pytest.raises(JournalError, match="is the journal of account 'alice', not of 'bob'"):
        inspect_journal(path, account="bob")
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)
    with pytest.raises(JournalError, match="is damaged"):
        inspect_journal(path, account="alice")
    assert path.read_bytes() == bytes(data)
