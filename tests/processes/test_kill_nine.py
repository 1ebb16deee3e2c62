"""`kill -9` of the real program at random moments, over and over; the exchanges it trades on go on without it.

It has an account at every kind of venue.
Whatever the moment: nothing is lost, nothing is doubled, and the next life knows it all (R3, R4).
More kills, other moments: ``TELLER_KILLS=25 TELLER_KILL_SEED=7``; ``make kill-test``.
"""

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.journal import HistoryFilter, read_history
from console.account_records import AccountRecords, RecordedFill, compare
from console.record_readers import ControlRecordReader
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.simulator.faults.faults import (
    Fault,
    FrameDrop,
    FrameDuplicate,
    FrameReorder,
    RestAbort,
    RestError,
    RestLimit,
)
from exchanges.simulator.faults.queries import OrderUnknown, QueryLag
from exchanges.simulator.faults.refusals import RestRefusal
from exchanges.simulator.faults.texts import TextMissing
from simulation.venues.wires import VENUE_WIRES, WIRE, translated
from tests.console.programs import Exchange, Program, exchange, program
from tests.support.eventually import eventually_blocking

KILLS = int(os.environ.get("TELLER_KILLS", "5"))
_MANY = 10
SEED = int(os.environ.get("TELLER_KILL_SEED", "1"))
EVERYTHING = HistoryFilter(limit=10**6)
HOSTILE: tuple[Fault, ...] = (
    QueryLag(lag_ms=3_000, probability=0.5),
    OrderUnknown(by="text", probability=0.3),
    TextMissing(probability=0.3),
    RestAbort(endpoint=WIRE.endpoints.place, effect="done", probability=0.1),
    RestError(endpoint=WIRE.endpoints.place, effect="late", late_ms=500, probability=0.05),
    RestRefusal(endpoint=WIRE.endpoints.cancel, status=403, effect="done", probability=0.1),
    RestLimit(endpoint=WIRE.endpoints.cancel, probability=0.1),
    FrameDrop(probability=0.1),
    FrameDuplicate(probability=0.2),
    FrameReorder(window=3, hold_ms=200, probability=0.2),
)
"""In the words of the first venue.

Queries lag, orders and texts are missing, commands end without the exchange's own word, pushes are lost."""


class Moment(msgspec.Struct, frozen=True):
    """When a life ends: so many seconds after a line of its log."""

    after: str
    delay_s: float


def moments(rng: random.Random) -> Iterator[Moment]:
    """Three of four while it trades; the fourth while it takes up its journal and settles what the last life left."""
    for _ in range(KILLS):
        if rng.random() < 0.75:
            yield Moment("system_started", rng.uniform(0.3, 1.5))
        else:
            yield Moment("journal_recalled", rng.uniform(0.0, 0.3))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Exchange]:
    """Exchanges as slow as near ones, so that at every moment some command is on its way."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    slow = ("--rest-latency-ms", "40", "--push-latency-ms", "10")
    with exchange(folder, *slow, "--seed", str(SEED), each_kind=True) as running:
        yield running


@pytest.mark.timeout(120 + 15 * KILLS)  # starts may wait for a limit that the lives before have used up
@pytest.mark.parametrize("faults", [(), HOSTILE], ids=["sound", "hostile"])
def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_doubled(
    outside: Exchange, tmp_path: Path, faults: tuple[Fault, ...]
) -> None:
    for kind in outside.kinds.values():
        for fault in faults:
            there = translated(fault, VENUE_WIRES[kind])
            assert there is not None, f"{kind} has all that is asked for"
            outside.ask(f"/{kind}/faults", **msgspec.to_builtins(there))
    config = outside.config(tmp_path)
    path = Path(config)
    path.write_text(path.read_text().replace("requote_bps = 2", "requote_bps = 0.5\nrequote_every_s = 0.1"))
    taken_up: list[int] = []
    for number, moment in enumerate(moments(random.Random(SEED)), start=1):
        with life(config, tmp_path, outside) as run:
            run.wait_until_logged(moment.after)
            run.expect_alive_for(moment.delay_s)
            run.send(signal.SIGKILL)
            assert run.end() == -signal.SIGKILL
            taken_up += open_intents(run)
        say(f"seed {SEED} kill {number}: {moment.delay_s:.3f} s after {moment.after}; {told(outside)}")

    outside.end_faults()
    with life(config, tmp_path, outside) as run:
        run.wait_until_logged("system_started")
        before = {name: len(outside.books(name)["orders"]) for name in outside.accounts}
        for name, count in before.items():
            eventually_blocking(
                lambda name=name, count=count: len(outside.books(name)["orders"]) > count + 1,  # type: ignore[misc]
                within_s=45,  # what the last life left may be waited for: lists lag ten seconds
                what=f"{name} to trade on",
            )
        run.send(signal.SIGTERM)
        assert run.end() == 0, run.err
        (summary,) = run.records("summary")
        taken_up += open_intents(run)
    say(f"commands without an answer at the starts: {taken_up}; {told(outside)}")

    assert summary["verdict"] == "AGREE"
    assert [end["verdict"] for end in summary["accounts"]] == ["AGREE"] * len(outside.accounts)
    # Of a few kills by chance none does: one in two of them falls there.
    assert any(taken_up) or KILLS < _MANY, "some kill fell between a command and its answer"
    counts = [assert_journal_is_what_the_exchange_says(outside, tmp_path, name) for name in outside.accounts]
    assert sum(counts) > KILLS, "most lives had traded"
    assert processes_with(config) == []


def life(config: str, folder: Path, outside: Exchange) -> Any:
    how = ("--config", config, "--json", "--json-logs")
    return program("start", *how, folder=folder, secrets=outside.secrets, **outside.environ)


def open_intents(run: Program) -> list[int]:
    return [record["open_intents"] for record in run.logged("journal_recalled")]


def say(text: str) -> None:
    """Shown when the test fails, and by ``make kill-test``."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def told(outside: Exchange) -> str:
    books = {name: outside.books(name) for name in outside.accounts}
    return ", ".join(
        f"{outside.kinds[name]} {len(b['orders'])} orders {len(b['trades'])} fills" for name, b in books.items()
    )


def assert_journal_is_what_the_exchange_says(outside: Exchange, folder: Path, name: str) -> int:
    """Every order and fill since the first life, and no order twice; returns how many orders there were."""
    path = folder / "journal" / f"{name}.sqlite"
    history, theirs = read_history(path, EVERYTHING), asyncio.run(books_of(outside, name))
    ours = AccountRecords(balances=theirs.balances)
    for order in history.orders:
        ours.add_order(order)
    for fill in history.fills:
        ours.add_fill(RecordedFill.of(fill))
    comparison = compare(ours, theirs)
    assert comparison.differences == ()
    assert comparison.finished_orders == len(theirs.orders)
    assert comparison.fills == len(theirs.fills) > 0
    client_ids = Counter(order.client_order_id for order in theirs.orders.values())
    assert None not in client_ids, "each order is one of ours"
    assert max(client_ids.values()) == 1, "no order doubled"
    with closing(sqlite3.connect(path)) as connection:
        left = connection.execute("SELECT kind, symbol, made_ms FROM intents WHERE is_open = 1").fetchall()
    # A cancel of all that a kill interrupted goes on until a list is certain to be younger, if need be after an end.
    assert {kind for kind, *_ in left} <= {"cancel_all"}, left
    assert all(order.status.is_finished for order in history.orders), "no fate is open"
    return len(theirs.orders)


async def books_of(outside: Exchange, name: str) -> AccountRecords:
    http = AiohttpTransport()
    try:
        return await ControlRecordReader(http, outside.control, outside.kinds[name], name).read(())
    finally:
        await http.close()


def processes_with(word: str) -> list[str]:
    """Command lines of running processes that hold ``word``, where the system can tell."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in command:
            found.append(command)
    return found
