"""A file that cannot be trusted is refused by name, with what to do, and is left as it was."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actors.journal import Durability, HistoryFilter, JournalError, JournalSettings, Outcome, read_history
from actors.journal.database import open_database
from actors.journal.schema import APPLICATION_ID, MIGRATIONS, migrate, version_of
from messages.enums import Side
from messages.errors import ConfigurationError, InvalidValueError
from tests.actors.journal.samples import journal_at, place
from tests.support.orders import BTC, SOL, fill, order, paid
from tests.support.sealed import changing


async def _written(path: Path) -> Path:
    async with journal_at(path) as journal:
        for number in range(300):
            journal.record_order(order(order_id=str(number)))
            journal.record_fill(fill(str(number), order_id=str(number)))
        await journal.record_intent(place())
    return path


def _old_file(path: Path, version: int) -> None:
    """As the program of that version left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection, up_to=version)
        connection.execute("INSERT INTO about (id, account, created_ms) VALUES (1, 'alice', 5)")
        connection.execute(
            "INSERT INTO intents (id, kind, symbol, client_id, made_ms, command, outcome, outcome_ms)"
            " VALUES (7, 'place', 'SOL/USDT', 'c1', 10, ?, 'unresolved', 12)",
            (
                '{"symbol":{"base":"SOL","quote":"USDT"},"side":"buy","type":"limit","time_in_force":"gtc",'
                '"quantity":"2.50","price":"141.2","client_order_id":"c1"}',
            ),
        )


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_a_file_of_an_older_version_is_brought_up_to_date_with_what_it_holds(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "alice.sqlite"
    _old_file(path, version)
    with pytest.raises(JournalError, match="older version: start the account once"):
        read_history(path)
    async with journal_at(path) as journal:
        (intent,) = journal.load().open_intents
        assert (intent.intent_id, intent.command, intent.made_ms) == (7, place(), 10)
        assert intent.outcome is Outcome.UNRESOLVED
        assert await journal.record_intent(place("c2")) == 8
    with closing(sqlite3.connect(path)) as connection:
        assert version_of(connection) == len(MIGRATIONS) >= 2
        unresolved_ms = connection.execute("SELECT unresolved_ms FROM intents WHERE id = 7").fetchone()[0]
        assert unresolved_ms == (12 if version == 1 else None)


async def test_r2_fees_and_fills_of_a_file_of_version_4_are_all_there(tmp_path: Path) -> None:
    """The file was made by the program that still kept one fee for each fill, and one fill for each trade."""
    path = tmp_path / "alice.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "version_4.sql").read_text())
        connection.execute(
            "INSERT INTO fills (symbol, trade_id, order_id, time_ms, record) VALUES ('XRP/USDT', 'x', '1', 1, 'damage')"
        )
        connection.commit()
    async with journal_at(path) as journal:
        journal.record_fill(fill("t1", "1", order_id="8", side=Side.SELL, fees=paid("0.1 USDT", "0.01 GT")))
        await journal.flush()
        with pytest.raises(JournalError, match="a fill of XRP/USDT: JSON is malformed"):
            journal.load()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM fills WHERE symbol = 'XRP/USDT'")
            connection.commit()
        _, recovery = journal.load().symbols
        assert recovery.fill_ids == (("t1", "1"), ("t1", "8"), ("t2", "1"), ("t3", "4"))
    history = read_history(path, HistoryFilter(symbol=SOL))
    assert {known.order_id: known.fees for known in history.orders} == {
        "1": paid("0.0015 SOL"),
        "2": paid("-0.0025 GT"),
        "3": (),
        "4": paid("1E-8 ?"),
        None: (),
    }
    assert {known.client_order_id for known in history.orders} >= {'c€"\\1', "c1", "c9"}
    assert [(known.trade_id, known.order_id, known.fees) for known in reversed(history.fills)] == [
        ("t1", "1", paid("0.001 SOL")),
        ("t2", "1", ()),
        ("t1", "8", paid("0.1 USDT", "0.01 GT")),
        ("t3", "4", paid("1E-8 ?")),
    ]
    assert [known.fees for known in read_history(path, HistoryFilter(symbol=BTC)).fills] == [(), paid("-0.0025 GT")]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    _old_file(path, len(MIGRATIONS))
    failing = ("ALTER TABLE orders ADD COLUMN later TEXT", "ALTER TABLE nowhere ADD COLUMN later TEXT")
    broken = (*MIGRATIONS, failing)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        before = list(connection.iterdump())
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(connection, broken)
        assert list(connection.iterdump()) == before
        assert version_of(connection) == len(MIGRATIONS)


def test_a_file_of_this_version_is_not_migrated_again(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        migrate(connection)
        assert version_of(connection) == len(MIGRATIONS)


def _truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _garble(path: Path) -> None:
    """Every page but the first one."""
    with path.open("r+b") as file:
        for offset in range(4096, path.stat().st_size, 4096):
            file.seek(offset)
            file.write(b"\xff" * 512)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _replace_by_text(path: Path) -> None:
    path.write_text("account,balance\nalice,7\n")


def _replace_by_other_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")


def _run(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return change


def _sealed(statement: str) -> Callable[[Path], None]:
    """The same, as if it had been written so."""

    def change(path: Path) -> None:
        with changing(path) as connection:
            connection.execute(statement)

    return change


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (_truncate, "is damaged"),
        (_garble, "is damaged"),
        (_empty, "is damaged .it is empty"),
        (_replace_by_text, "is not a journal"),
        (_replace_by_other_database, "is a database of another program"),
        (_run("PRAGMA user_version = 99"), "is of version 99, newer than the 6 .*: run the newer program"),
        (_run("PRAGMA user_version = 0"), "is damaged .version 0"),
        (_run("DROP TABLE fills"), "table fills is missing"),
        (_run("DROP INDEX intents_open"), "index intents_open is missing"),
        (_run("ALTER TABLE orders ADD COLUMN note TEXT"), "table orders differs"),
        (_run("ALTER TABLE orders RENAME COLUMN record TO records"), "table orders differs"),
        (_run("CREATE TRIGGER t AFTER INSERT ON fills BEGIN DELETE FROM fills; END"), "trigger t does not belong"),
        (_sealed("UPDATE about SET account = 'bob'"), "journal of account 'bob', not of 'alice'"),
        (_run("DELETE FROM about"), "names 0 accounts"),
    ],
)
async def test_what_cannot_be_trusted_is_refused_and_left_alone(
    tmp_path: Path, harm: Callable[[Path], None], problem: str
) -> None:
    path = await _written(tmp_path / "alice.sqlite")
    harm(path)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(JournalError, match=problem) as refused:
            async with journal_at(path):
                pass
        assert isinstance(refused.value, ConfigurationError)
        assert str(path) in str(refused.value)
        assert refused.value.remedy
        assert path.read_bytes() == before


@pytest.mark.parametrize("offset", range(1, 12))
async def test_garbage_on_any_one_page_is_noticed_or_harms_nothing(tmp_path: Path, offset: int) -> None:
    path = await _written(tmp_path / "alice.sqlite")
    async with journal_at(path) as journal:
        whole = journal.load()
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        file.seek(4096 * (offset * pages // 12))
        file.write(b"\xa5" * 4096)
    with pytest.raises(JournalError, match="is damaged"):
        async with journal_at(path) as journal:
            assert journal.load() != whole


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE orders SET record = '{}' WHERE order_id = '7'", "an open order of SOL/USDT"),
        ("UPDATE fills SET record = 'x' WHERE trade_id = '7'", "a fill of SOL/USDT"),
        ("UPDATE intents SET kind = 'borrow'", "'borrow' is no kind of command"),
        ("UPDATE intents SET outcome = 'maybe'", "intent 1"),
        ("UPDATE orders SET symbol = 'SOLUSDT' WHERE order_id = '7'", "a symbol"),
    ],
)
async def test_a_record_that_nobody_wrote_is_named(tmp_path: Path, statement: str, what: str) -> None:
    path = await _written(tmp_path / "alice.sqlite")
    _sealed(statement)(path)
    async with journal_at(path) as journal:
        with pytest.raises(JournalError, match=f"is damaged .*{what}"):
            journal.load()


async def test_r14_a_file_that_is_damaged_after_it_was_opened_is_not_read_as_one_that_holds_nothing(
    tmp_path: Path,
) -> None:
    path = await _written(tmp_path / "alice.sqlite")
    async with journal_at(path) as journal:
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * (size - 4096))
        with pytest.raises(JournalError, match="is damaged"):
            journal.load()


async def test_a_log_without_its_file_is_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "alice.sqlite"
    log = tmp_path / "alice.sqlite-wal"
    log.write_bytes(b"the last records")
    with pytest.raises(JournalError, match=r"is missing while .*-wal is there"):
        async with journal_at(path):
            pass
    assert log.read_bytes() == b"the last records"
    assert not path.exists()


async def test_a_start_that_was_killed_while_it_made_the_file_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "alice.sqlite.new").write_bytes(b"SQLite format 3\0 and then nothing")
    async with journal_at(tmp_path / "alice.sqlite") as journal:
        assert await journal.record_intent(place()) == 1


@pytest.mark.parametrize("name", ["file/alice.sqlite", "directory"])
async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    with pytest.raises(JournalError, match=str(tmp_path / name)):
        async with journal_at(tmp_path / name):
            pass


def test_history_of_a_journal_that_does_not_exist_makes_none(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"alice\.sqlite does not exist"):
        read_history(tmp_path / "alice.sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"keep_fills": 0},
        {"keep_finished_orders": -1},
        {"keep_settled_intents": 0},
        {"linger_s": -1.0},
        {"backlog_limit": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError, match=next(iter(settings))):
        JournalSettings(**settings)  # type: ignore[arg-type]  # floats stand for all numbers here


@pytest.mark.parametrize(("durability", "synchronous"), [(Durability.PROCESS_CRASH, 1), (Durability.POWER_LOSS, 2)])
def test_what_power_loss_costs_is_asked_of_the_disk_only_where_it_is_promised(
    tmp_path: Path, durability: Durability, synchronous: int
) -> None:
    """2 waits for the disk at every commit, 1 only when the log is moved into the file (SQLite manual, synchronous)."""
    path = tmp_path / "alice.sqlite"
    with closing(open_database(path, account="alice", durability=durability, now_ms=1)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
