"""What a loss of power leaves of a log is a beginning of it, and with the file it is a sound database."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from simulation.machine.write_ahead_log import LogMark, cut, mark_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.sqlite"


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER, padding TEXT)")
    return connection


def add(connection: sqlite3.Connection, numbers: range) -> None:
    for number in numbers:
        connection.execute("INSERT INTO numbers VALUES (?, ?)", (number, "x" * 500))


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def numbers_after(path: Path, log: bytes, directory: Path) -> list[int]:
    """What a database of the file and this log holds, if it is sound."""
    copy = directory / "copy.sqlite"
    shutil.copy(path, copy)
    log_of(copy).write_bytes(log)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY rowid")]


def test_any_cut_leaves_a_sound_database_with_the_first_records_and_none_of_the_last(path: Path) -> None:
    with closing(opened(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        add(connection, range(40))
        log = log_of(path).read_bytes()
        lengths = set()
        for seed in range(60):
            left = numbers_after(path, cut(log, LogMark(), random.Random(seed)), path.parent)
            assert left == list(range(len(left)))
            lengths.add(len(left))
    assert min(lengths) < 5
    assert max(lengths) > 35


def test_what_was_safe_stays(path: Path) -> None:
    with closing(opened(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        add(connection, range(20))
        safe = mark_of(log_of(path).read_bytes())
        add(connection, range(20, 40))
        log = log_of(path).read_bytes()
        lengths = {len(numbers_after(path, cut(log, safe, random.Random(seed)), path.parent)) for seed in range(40)}
    assert min(lengths) >= 20
    assert min(lengths) < 25


def test_a_log_that_has_been_moved_into_the_file_and_begins_anew_counts_from_its_new_beginning(path: Path) -> None:
    with closing(opened(path)) as connection:
        add(connection, range(30))
        before = mark_of(log_of(path).read_bytes())
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        assert mark_of(log_of(path).read_bytes()) == before, "it begins anew with the next record only"
        add(connection, range(30, 35))
        log = log_of(path).read_bytes()
        assert 0 < mark_of(log).frames < before.frames
        assert mark_of(log).at_least(before) == 0
        for seed in range(20):
            left = numbers_after(path, cut(log, before, random.Random(seed)), path.parent)
            assert left == list(range(len(left)))
            assert 30 <= len(left) <= 35


def test_no_log_no_loss() -> None:
    assert mark_of(b"") == LogMark()
    assert cut(b"", LogMark(), random.Random(1)) == b""
