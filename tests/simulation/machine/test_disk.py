"""A journal on a bad disk: failing, stalling, without power, moved away; each time it is the journal's own code that
meets it."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.journal import Durability, JournalError
from actors.journal import journal as opening
from actors.journal.journal import open_database
from actors.journal.presence import Presence
from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.machine.disk import NOTICED_WITHIN_S, WRITEBACK_S, Disk
from simulation.machine.disk_errors import FULL, IO_ERROR, BadTime, DiskErrors
from simulation.trace import Trace, logging_into
from tests.actors.journal.samples import open_here, place
from tests.support.orders import fill


class Machine:
    """A disk without any fault yet, on virtual time."""

    def __init__(self, loop: VirtualLoop, directory: Path, seed: int) -> None:
        self.loop = loop
        self.path = directory / "alice.sqlite"
        self.errors = DiskErrors(random.Random(seed), loop.time, loop.spend, begins_s=0.0, ends_s=1e9)
        self.errors.bad_times, self.errors.stall_rate = [], 0.0
        self.broken: list[str] = []
        self.disk = Disk(self.errors, random.Random(seed), loop.time, Trace(loop.time, on=False), self.broken.append)

    def bad(self, **changes: Any) -> None:
        usual: dict[str, Any] = {
            "from_s": 1.0,
            "until_s": 3.0,
            "words": FULL,
            "rate": 1.0,
            "only_commits": False,
            "after_effect": False,
        }
        self.errors.bad_times.append(BadTime(**{**usual, **changes}))

    def fills(self) -> list[str]:
        with closing(sqlite3.connect(self.path)) as connection:
            return [trade_id for (trade_id,) in connection.execute("SELECT trade_id FROM fills ORDER BY rowid")]


def on_machine(directory: Path, test: Callable[[Machine], Coroutine[Any, Any, None]], seed: int = 1) -> None:
    loop = VirtualLoop()

    async def main() -> None:
        machine = Machine(loop, directory, seed)
        with machine.disk.holding_journals():
            await test(machine)

    with logging_into(Trace(loop.time, on=False)):
        run_on_virtual_time(loop, main())


@pytest.mark.parametrize(("words", "told"), [(FULL, "the disk is full"), (IO_ERROR, "the disk reports an error")])
def test_while_the_disk_takes_nothing_intents_fail_and_afterwards_nothing_else_is_missing(
    tmp_path: Path, words: tuple[str, str], told: str
) -> None:
    async def test(machine: Machine) -> None:
        machine.bad(words=words)
        journal = open_here(machine.path)
        await journal.record_intent(place("before"))
        await asyncio.sleep(1.5)
        journal.record_fill(fill("t1"))
        with pytest.raises(JournalError, match=told):
            await journal.record_intent(place("meanwhile"))
        await asyncio.sleep(10.0)
        await journal.record_intent(place("after"))
        await journal.close()
        assert machine.errors.failures > 1
        assert machine.fills() == ["t1"]

    on_machine(tmp_path, test)


def test_a_commit_that_is_refused_may_be_there_all_the_same(tmp_path: Path) -> None:
    async def test(machine: Machine) -> None:
        machine.bad(only_commits=True, after_effect=True, words=IO_ERROR)
        journal = open_here(machine.path)
        await asyncio.sleep(1.5)
        journal.record_fill(fill("t1"))
        with pytest.raises(JournalError):
            await journal.flush()
        assert machine.fills() == ["t1"]
        await asyncio.sleep(10.0)
        await journal.close()
        assert machine.fills() == ["t1"]

    on_machine(tmp_path, test)


def test_a_journal_cannot_be_opened_on_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    async def test(machine: Machine) -> None:
        machine.bad(from_s=0.0)
        with pytest.raises(JournalError, match="the disk is full"):
            open_here(machine.path)
        assert machine.disk.open_journals == ()
        await asyncio.sleep(4.0)
        await open_here(machine.path).close()

    on_machine(tmp_path, test)


def test_a_commit_may_take_its_time_and_nothing_else_runs_meanwhile(tmp_path: Path) -> None:
    async def test(machine: Machine) -> None:
        journal = open_here(machine.path)
        machine.errors.stall_rate = 1.0
        began_s = machine.loop.time()
        await journal.record_intent(place())
        assert 0.1 <= machine.loop.time() - began_s <= 5.0
        assert machine.errors.stalls == 1
        await journal.close()

    on_machine(tmp_path, test)


async def lose_power(machine: Machine, durability: Durability) -> list[str]:
    """Thirty fills, one a tenth of a second, and then the power goes."""
    journal = open_here(machine.path, durability=durability, linger_s=0.0)
    for number in range(30):
        journal.record_fill(fill(f"t{number}"))
        await asyncio.sleep(0.1)
    assert machine.fills() == [f"t{number}" for number in range(30)]
    with machine.disk.power_loss([machine.path]):
        journal.abandon()
    return machine.fills()


def test_with_the_power_go_the_last_moments_and_the_file_is_sound(tmp_path: Path) -> None:
    left: set[int] = set()
    for seed in range(30):
        directory = tmp_path / str(seed)

        async def test(machine: Machine) -> None:
            fills = await lose_power(machine, Durability.PROCESS_CRASH)
            assert fills == [f"t{number}" for number in range(len(fills))]
            left.add(len(fills))
            await open_here(machine.path).close()  # the journal checks the file when it opens it

        on_machine(directory, test, seed)
    assert min(left) < 5
    assert max(left) > 25


def test_a_journal_for_losses_of_power_loses_nothing(tmp_path: Path) -> None:
    for seed in range(5):

        async def test(machine: Machine) -> None:
            assert len(await lose_power(machine, Durability.POWER_LOSS)) == 30
            assert machine.disk.power_losses == 0

        on_machine(tmp_path / str(seed), test, seed)


def test_what_is_half_a_minute_old_is_on_the_disk(tmp_path: Path) -> None:
    for seed in range(10):

        async def test(machine: Machine) -> None:
            journal = open_here(machine.path, linger_s=0.0)
            for second in range(int(WRITEBACK_S) + 20):
                journal.record_fill(fill(f"t{second}"))
                await asyncio.sleep(0.5)
                machine.disk.look()
                await asyncio.sleep(0.5)
            with machine.disk.power_loss([machine.path]):
                journal.abandon()
            assert 20 <= len(machine.fills()) <= 50

        on_machine(tmp_path / str(seed), test, seed)


@pytest.mark.parametrize("with_log", [True, False])
def test_an_intent_that_goes_into_a_file_that_is_gone_is_a_broken_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_log: bool
) -> None:
    """Where nobody looks whether it is still there."""
    monkeypatch.setattr(Presence, "require", lambda _: None)
    monkeypatch.setattr(Presence, "is_gone", False)

    async def test(machine: Machine) -> None:
        journal = open_here(machine.path)
        await journal.record_intent(place("before"))
        machine.disk.move_away(machine.path, with_log=with_log)
        assert machine.disk.gone() == (machine.path,)
        assert not machine.path.exists()
        await asyncio.sleep(NOTICED_WITHIN_S / 2)
        await journal.record_intent(place("in-time"))
        assert machine.broken == []
        await asyncio.sleep(2.0)
        await journal.record_intent(place("too-late"))
        await journal.record_intent(place("told-once"))
        assert machine.broken == [
            "alice: an intent is filed in alice.sqlite, which has been gone for 2.5 s (R4)",
        ]
        machine.disk.put_back()
        assert machine.disk.gone() == ()
        await journal.close()
        again = open_here(machine.path)
        assert len(again.load().open_intents) == 4, "it is the file of before"
        await again.close()

    on_machine(tmp_path, test)


def test_r4_the_program_notices_that_its_journal_is_gone_and_that_it_is_back(tmp_path: Path) -> None:
    async def test(machine: Machine) -> None:
        journal = open_here(machine.path)
        machine.disk.move_away(machine.path, with_log=True)
        await asyncio.sleep(NOTICED_WITHIN_S)
        with pytest.raises(JournalError, match="is gone"):
            journal.require_writable()
        machine.disk.put_back()
        await asyncio.sleep(NOTICED_WITHIN_S)
        await journal.record_intent(place())
        await journal.close()
        assert machine.broken == []

    on_machine(tmp_path, test)


def test_afterwards_journals_are_opened_as_ever(tmp_path: Path) -> None:
    async def test(machine: Machine) -> None:
        assert opening.open_database is not open_database

    on_machine(tmp_path, test)
    assert opening.open_database is open_database


def test_each_run_has_its_own_mix() -> None:
    kinds: set[tuple[str, bool, bool]] = set()
    stalling = 0
    for seed in range(100):
        errors = DiskErrors(random.Random(seed), lambda: 0.0, lambda _: None, begins_s=2.0, ends_s=40.0)
        stalling += errors.stall_rate > 0
        assert all(2.0 <= bad.from_s < bad.until_s <= 40.0 for bad in errors.bad_times)
        kinds |= {(bad.words[0], bad.only_commits, bad.after_effect) for bad in errors.bad_times}
    assert len(kinds) == 8
    assert 20 < stalling < 80
