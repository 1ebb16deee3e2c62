"""R4 with real processes: whatever an intent's receipt promised is in the file after ``kill -9``."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.journal import Durability, HistoryFilter, JournalError, JournalState, read_history
from actors.journal.lock import JournalLock
from tests.actors.journal.samples import journal_at
from tests.support.eventually import eventually_blocking

KILLS = 6
"""Of each of the four kinds of writer."""


class Victims:
    """Writers of journals that run and can be killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._running: set[int] = set()

    def start(self, path: Path, durability: Durability = Durability.PROCESS_CRASH, **options: Any) -> int:
        """The pid of a process that writes to ``path``; it may not have opened it yet."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        acks(path).unlink(missing_ok=True)
        self._process.stdin.write(json.dumps({"path": str(path), "durability": durability.value, **options}) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        self._running.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self._running.discard(pid)
        eventually_blocking(lambda: not _exists(pid), what=f"the end of {pid}")

    def kill_all(self) -> None:
        """Those that a failed test left behind."""
        for pid in list(self._running):
            self.kill(pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def acks(path: Path) -> Path:
    return path.with_name(path.name + ".acks")


def promised(path: Path) -> list[int]:
    """The ids that the process had been told are durable, whole lines only."""
    return [int(line) for line in acks(path).read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


@pytest.fixture(scope="module")
def victims() -> Iterator[Victims]:
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.actors.journal.victim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    started = Victims(process)
    yield started
    started.kill_all()
    process.communicate()


async def _load(path: Path) -> JournalState:
    async with journal_at(path) as journal:
        return journal.load(executed_limit=10)


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("durability", list(Durability))
async def test_r4_no_intent_is_lost_to_kill_9_at_any_moment(
    tmp_path: Path, victims: Victims, durability: Durability, threads: bool
) -> None:
    path = tmp_path / "alice.sqlite"
    rng = random.Random(f"{durability.value} {threads}")
    before = 0
    for kills in range(1, KILLS + 1):
        pid = victims.start(path, durability, threads=threads)
        eventually_blocking(lambda: promised(path), what="the first intent")
        await asyncio.sleep(rng.uniform(0, 0.03))  # a random moment is the point
        victims.kill(pid)
        fills_count = len(read_history(path, HistoryFilter(limit=100_000)).fills)
        state = await _load(path)
        assert fills_count == state.fills_count, "history tells the same before the next start"
        open_ids = [intent.intent_id for intent in state.open_intents]
        assert set(promised(path)) <= set(open_ids), "an intent that was promised is not there"
        assert open_ids == list(range(1, len(open_ids) + 1)), "what is in the file is what came first"
        assert min(promised(path)) > before, "ids go on where they were"
        before = len(open_ids)
        assert 0 <= state.orders_count - state.fills_count <= kills, (
            "an order is told before its fill, so lost after it"
        )


async def test_a_second_process_is_refused_and_told_who_has_it(tmp_path: Path, victims: Victims) -> None:
    path = tmp_path / "alice.sqlite"
    pid = victims.start(path, holder=True)
    eventually_blocking(lambda: acks(path).read_bytes(), what="the other process to open it")
    with pytest.raises(JournalError, match=rf"alice\.sqlite is in use by process {pid}"):
        await _load(path)
    victims.kill(pid)
    assert await _load(path) == JournalState()


async def test_the_same_process_is_refused_a_second_time_too(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    async with journal_at(path):
        link = tmp_path / "other.sqlite"
        link.symlink_to(path)
        for name in (path, link):
            with pytest.raises(JournalError, match=f"in use by process {os.getpid()}"):
                await _load(name)
    await _load(path)


def test_a_lock_file_that_is_left_over_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    (tmp_path / "alice.sqlite.lock").write_text("12345\n")
    lock = JournalLock(path)
    assert (tmp_path / "alice.sqlite.lock").read_text() == f"{os.getpid()}\n"
    lock.release()
    lock.release()
