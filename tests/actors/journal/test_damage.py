"""R4, R14: what the disk has changed in a journal is noticed before anything of it is believed."""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from actors.journal import Durability, JournalError, Outcome, holder_of, inspect_journal, read_history
from actors.journal.checksums import CHECKED, add_checksums, require_sound_records
from actors.journal.records import FILLS_THROUGH
from messages.enums import OrderStatus
from tests.actors.journal.samples import journal_at, open_here, place
from tests.support.orders import fill, order

FLIPS = 400
READ_HISTORY = """
import sys
from pathlib import Path
from actors.journal import read_history
history = read_history(Path(sys.argv[1]))
print(len(history.orders), len(history.fills))
"""


async def _traded(path: Path, *, through: int = 40) -> Path:
    """Every kind of record, most of them changed after they were first written."""
    async with journal_at(path, keep_finished_orders=10) as journal:
        for number in range(through):
            intent = await journal.record_intent(place(f"c{number}"))
            known = order(order_id=str(number), client_order_id=f"c{number}")
            journal.record_order(known)
            journal.record_outcome(intent, Outcome.UNRESOLVED, "no answer")
            journal.record_fill(fill(str(number), order_id=str(number)))
            journal.record_outcome(intent, Outcome.CONFIRMED)
            journal.record_order(msgspec.structs.replace(known, client_order_id=None, updated_ms=known.updated_ms + 1))
        journal.record_fills_through(7)
        await journal.set_state("kill_switch", "enough")
        await journal.flush()
    return path


async def test_every_record_has_its_checksum_however_it_was_written(tmp_path: Path) -> None:
    path = await _traded(tmp_path / "alice.sqlite")
    async with journal_at(path) as journal:  # dropped for room at the start
        journal.record_order(order(status=OrderStatus.CANCELED, order_id="1"))
        await journal.set_state(FILLS_THROUGH, None)
    with closing(sqlite3.connect(path)) as connection:
        for table in CHECKED:
            missing = f"SELECT count(*) FROM {table} WHERE checksum IS NULL"  # noqa: S608 our own words
            assert connection.execute(missing).fetchone()[0] == 0
    assert inspect_journal(path, account="alice").orders_count > 0


@pytest.mark.parametrize("table", CHECKED)
async def test_each_column_of_a_record_is_covered(tmp_path: Path, table: str) -> None:
    path = await _traded(tmp_path / "alice.sqlite")
    columns = [column for column in CHECKED[table] if (table, column) != ("about", "id")]  # that can only be 1
    for column in columns:
        harmed = shutil.copyfile(path, tmp_path / "harmed.sqlite")
        with closing(sqlite3.connect(harmed, isolation_level=None)) as connection:
            if connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0:  # noqa: S608
                connection.execute(f"INSERT INTO {table} VALUES ('orders', 'SOL/USDT', 1, 1, 7)")  # noqa: S608
            other = f"CASE WHEN typeof({column}) = 'text' THEN {column} || 'x' ELSE coalesce({column}, 1) + 9999 END"
            connection.execute(
                f"UPDATE {table} SET {column} = {other} WHERE rowid = (SELECT min(rowid) FROM {table})"  # noqa: S608
            )
            add_checksums(connection)
            with pytest.raises(JournalError, match=f"is damaged .*in {table} does not have the checksum"):
                require_sound_records(connection, harmed)


async def test_a_bit_that_is_flipped_anywhere_is_noticed_or_harms_nothing(tmp_path: Path) -> None:
    path = await _traded(tmp_path / "alice.sqlite")
    sound = read_history(path)
    rng, noticed = random.Random(1), 0
    harmed = tmp_path / "harmed.sqlite"
    for _ in range(FLIPS):
        content = bytearray(path.read_bytes())
        content[rng.randrange(100, len(content))] ^= 1 << rng.randrange(8)
        harmed.write_bytes(content)
        try:
            found = read_history(harmed)
        except JournalError as error:
            noticed += "is damaged" in str(error)
        else:
            assert found == sound
    assert noticed > FLIPS / 4


@pytest.mark.parametrize("by", ["history", "power_loss", "process_crash"])
async def test_a_log_that_is_damaged_before_its_end_is_not_cut_short_without_a_word(tmp_path: Path, by: str) -> None:
    """SQLite takes the log for ended there: the newest fills would be gone."""
    path = tmp_path / "alice.sqlite"
    journal = open_here(path)
    for number in range(30):
        await journal.record_intent(place(f"c{number}"))
    killed = tmp_path / "killed" / "alice.sqlite"
    killed.parent.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(path.with_name(path.name + ending), killed.with_name(killed.name + ending))
    await journal.close()
    log = killed.with_name(killed.name + "-wal")
    content = bytearray(log.read_bytes())
    content[32 + 10 * (24 + 4096) + 100] ^= 1
    log.write_bytes(content)
    if by == "process_crash":  # a loss of power may leave that: the exchange is asked for the rest
        with capture_logs() as lines:
            async with journal_at(killed) as later:
                assert 0 < len(later.load().open_intents) < 30
        (line,) = (line for line in lines if line["event"] == "journal_log_cut_short")
        assert line["lost_transactions"] > 0
        return
    look = read_history if by == "history" else partial(open_here, durability=Durability(by))
    with pytest.raises(JournalError, match=r"is damaged .the last [0-9]+ transactions of its log cannot be read"):
        look(killed)
    assert log.read_bytes() == bytes(content)


async def test_the_log_of_a_program_that_was_killed_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    journal = open_here(path)
    await journal.record_intent(place("c1"))
    journal.abandon()
    with path.open("rb"):
        assert holder_of(path) is None
    assert [known.client_order_id for known in read_history(path).orders] == ["c1"]


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("unshare") is None, reason="needs a mount of its own")
@pytest.mark.parametrize("was_killed", [True, False])
async def test_history_is_read_from_a_file_system_that_cannot_be_written(tmp_path: Path, was_killed: bool) -> None:
    directory = tmp_path / "journals"
    path = await _traded(directory / "alice.sqlite", through=3)
    if was_killed:
        journal = open_here(path)
        journal.record_fill(fill("last", order_id="1"))
        await journal.flush()
        for ending in ("", "-wal"):
            kept = path.with_name(f"kept.sqlite{ending}")
            shutil.copyfile(path.with_name(path.name + ending), kept)
        await journal.close()
        for ending in ("", "-wal"):
            path.with_name(f"kept.sqlite{ending}").replace(path.with_name(path.name + ending))
    read_only = f"mount --bind -o ro {directory} {directory} && mount -o remount,bind,ro {directory}"
    command = f"{read_only} && ! touch {directory}/new 2>/dev/null && exec {sys.executable} -c '{READ_HISTORY}' {path}"
    done = await asyncio.to_thread(
        subprocess.run,
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"no mount of its own here: {done.stderr.strip()}")
    assert (done.stdout.split(), done.stderr) == (["3", "4" if was_killed else "3"], "")
